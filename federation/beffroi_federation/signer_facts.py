# SPDX-License-Identifier: AGPL-3.0-or-later
"""What everybody may know of a town's log, in a file that the signer writes and the web reads.

    {"epoch":1,"origin":"demandes.ville.example/beffroi/210000006/1","v":1,"vkeys":["…"]}

`vkeys` has the current key first. Nothing in it is secret, and whoever changes it changes nothing
of what is signed.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from beffroi_federation.canonical import encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.errors import Malformed, ProtocolError, SignerLocked
from beffroi_federation.notes import Verifier

FACTS_NAME = "log.json"
MAX_FACTS = 4_096

_EPOCH = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class LogFacts:
    """A log's origin, its epoch and the keys that sign it, the current one first."""

    origin: str
    epoch: int
    vkeys: tuple[str, ...]


def epoch_of(origin: str) -> int:
    """Return the epoch that an origin ends with; 1 for one that ends with no number."""
    last = origin.rpartition("/")[2]
    return int(last) if _EPOCH.fullmatch(last) else 1


def facts_of(vkeys: tuple[str, ...]) -> LogFacts:
    """Return the facts of a log by its keys; all go by the name of its origin."""
    origin = Verifier.from_text(vkeys[0]).name
    return LogFacts(origin, epoch_of(origin), vkeys)


def write_facts(path: Path, facts: LogFacts) -> None:
    """Put the facts in place, readable by everybody who may enter the folder."""
    members = {"epoch": facts.epoch, "origin": facts.origin, "v": 1, "vkeys": list(facts.vkeys)}
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(encode(members) + b"\n")
    draft.chmod(0o644)
    os.replace(draft, path)


def read_facts(path: Path) -> LogFacts:
    """Return the facts of a file; SignerLocked, with what to do, when there are none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FACTS + 1)
    except FileNotFoundError:
        raise SignerLocked("The log has no key yet: run `beffroi init`") from None
    except OSError as error:
        raise SignerLocked("The log's public facts cannot be read", reason=error.strerror) from None
    try:
        return _parse(data)
    except ProtocolError as error:
        raise SignerLocked("The log's public facts are not in their format") from error


def _parse(data: bytes) -> LogFacts:
    match parse_json(data[:MAX_FACTS], max_depth=2):
        case {"epoch": int(epoch), "origin": str(origin), "v": 1, "vkeys": [_, *_] as keys}:
            vkeys = tuple(str(key) for key in keys)
            if len(vkeys) <= 2 and all(Verifier.from_text(k).name == origin for k in vkeys):
                return LogFacts(origin, epoch, vkeys)
    raise Malformed("These are no public facts of a log")
