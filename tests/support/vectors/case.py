# SPDX-License-Identifier: AGPL-3.0-or-later
"""One way of being wrong, and how it is written as a file."""

import base64
import json
from dataclasses import dataclass

BESIDE = ("kept/", "log/tail/", "log/proof/")
"""What stands beside the log; a case that is not about it leaves it as it was."""


@dataclass
class Case:
    """One way of being wrong: what is served instead, what the reader knew, what it must say.

    `known` is a note that it had accepted, `vkeys` the keys it knows where they are not those of
    the good history.
    """

    name: str
    title: str
    expect: dict[str, object]
    served: dict[str, bytes]
    known: str | None = None
    vkeys: tuple[str, ...] = ()

    def to_json(self, good: dict[str, bytes]) -> str:
        """Return the case as a file: only what differs from the good history."""
        files: dict[str, object] = {
            path: _text(data) for path, data in self.served.items() if good.get(path) != data
        }
        gone = (path for path in good if path not in self.served)
        files |= {path: None for path in gone if not path.startswith(BESIDE)}
        members: dict[str, object] = {"title": self.title, "expect": self.expect}
        if self.known is not None:
            members["known"] = self.known
        if self.vkeys:
            members["vkeys"] = list(self.vkeys)
        members["files"] = dict(sorted(files.items()))
        return json.dumps(members, ensure_ascii=False, indent=1) + "\n"


def _text(data: bytes) -> object:
    """Return bytes as a string where they are text, else as base64."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def error(name: str) -> dict[str, object]:
    """Return the expectation of an error, by the name of its class or of a parent of it."""
    return {"error": name}


def state(name: str, index: int) -> dict[str, object]:
    """Return the expectation that a reader finds the content of an entry in a state."""
    return {"state": name, "index": index}


def found_in(where: str, name: str) -> dict[str, object]:
    """Return the expectation of an error when something other than the log is read."""
    return {"error": name, "where": where}


SPARE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def loosened(text: str) -> str:
    """Return base64 or base64url of 32 bytes with a spare bit set, padded or not."""
    body, padding = text.rstrip("="), text[len(text.rstrip("=")) :]
    last = (SPARE + "+/").find(body[-1])
    if last < 0:
        last = (SPARE + "-_").find(body[-1])
    return body[:-1] + (SPARE + "-_")[last ^ 1] + padding
