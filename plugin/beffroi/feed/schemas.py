# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading the nation's file of hints: `docs/reference/hints.md`. What it says is a stranger's.

First who signed it, then what was signed, then for whom and of which day; only then its texts, each
with the fields and sizes of a record and through the strong detectors. An answer that does not
fit, or in which a person is found, is left out; the others are read.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import EXCLUDE, ValidationError

from beffroi.feed.rules import is_timely
from beffroi.kernel.extension import AskedElsewhere, TopicElsewhere
from beffroi_federation import canonical
from beffroi_federation.errors import Inconsistent, Malformed, ProtocolError, Unsigned
from beffroi_federation.notes import Verifier, open_note
from beffroi_federation.record_schemas import RequestSchema
from beffroi_privacy.strong import find_strong
from beffroi_web.words import N_

FIRST_LINE = "beffroi hints v1"
MOST_REQUESTS, MOST_ANSWERS = 100, 5
MOST_TOWNS = 100_000
NAME, URL = 120, 500
"""The most characters of a town's name, and of an address."""
_RECORD_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SAID = RequestSchema(
    only=("title", "outcome", "ground", "answer", "answered", "published_url"), unknown=EXCLUDE
)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a file must be: signed by a key, of a nation, for a SIREN; `held` is the day of the
    file that was read last, `today` the day of now in UTC.
    """

    key: str
    nation: str
    siren: str
    today: date
    held: date | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """A file that was read: its day, and what was answered to which record (by its `id`)."""

    day: date
    answers: Mapping[str, list[AskedElsewhere]]


def read_hints(body: bytes, awaited: Awaited) -> Hints:
    """Return what a file says; raise ProtocolError for one that is not what is awaited.

    Unsigned: not by the pinned key; Malformed: no such file; Inconsistent: another town's, another
    nation's, of another day, or other words than those that were signed.
    """
    hints, note = _parts(body)
    try:
        signed, _ = open_note(note, [Verifier.from_text(awaited.key)])
    except ProtocolError as error:
        sentence = N_("The file of hints is not signed with the key that is pinned")
        raise Unsigned(sentence, because=error.sentence) from None
    try:
        digest = hashlib.sha256(canonical.encode(hints)).digest()
    except (TypeError, ValueError, RecursionError):
        raise Malformed(N_("The file of hints has no canonical form")) from None
    said = (FIRST_LINE, hints.get("siren"), hints.get("day"), base64.b64encode(digest).decode())
    if signed.text != "".join(f"{line}\n" for line in said):
        raise Inconsistent(N_("The file of hints is not the one that was signed"))
    if hints.get("v") != 1 or hints.get("siren") != awaited.siren:
        raise Inconsistent(N_("The file of hints is for another town, or of another version"))
    if hints.get("nation") != awaited.nation:
        raise Inconsistent(N_("The file of hints is of another nation than the one that is set"))
    day = _day(hints.get("day"))
    if not is_timely(day, held=awaited.held, today=awaited.today):
        raise Inconsistent(
            N_("The file of hints is too old, older than the last one, or of a day to come"),
            day=day.isoformat(), held=awaited.held, today=awaited.today,
        )  # fmt: skip
    return Hints(day, _answers(hints.get("requests"), awaited))


def _parts(body: bytes) -> tuple[dict[str, Any], str]:
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed(N_("The file of hints is no JSON")) from None
    hints, note = (whole.get("hints"), whole.get("note")) if isinstance(whole, dict) else (0, 0)
    if not isinstance(hints, dict) or not isinstance(note, str):
        raise Malformed(N_("The file of hints has not the members that it should have"))
    return hints, note


def _day(said: object) -> date:
    try:
        if isinstance(said, str) and _DAY.fullmatch(said):
            return date.fromisoformat(said)
    except ValueError:
        pass
    raise Malformed(N_("The file of hints has not the members that it should have"))


def _answers(requests: object, awaited: Awaited) -> dict[str, list[AskedElsewhere]]:
    found: dict[str, list[AskedElsewhere]] = {}
    for one in requests[:MOST_REQUESTS] if isinstance(requests, list) else []:
        record = one.get("id") if isinstance(one, dict) else None
        if not isinstance(record, str) or not _RECORD_ID.fullmatch(record):
            continue
        topic, answers = read_topic(one.get("topic"), awaited.nation), one.get("answers")
        known = [
            read
            for answer in (answers[:MOST_ANSWERS] if isinstance(answers, list) else [])
            if (read := _answer(answer, topic, awaited)) is not None
        ]
        if known:
            found[record] = known
    return found


def _answer(said: Any, topic: TopicElsewhere | None, awaited: Awaited) -> AskedElsewhere | None:
    if not isinstance(said, Mapping) or said.get("siren") == awaited.siren:
        return None
    town, url = said.get("town"), said.get("url")
    if not is_name(town) or not is_address(url, f"{awaited.nation}/requests/"):
        return None
    try:
        known = _SAID.load(said)
    except (ValidationError, ValueError, TypeError):
        return None
    if not (known.get("answer") or known.get("published_url")):
        return None
    if has_person(town, known["title"], known.get("answer")):
        return None
    return of_record(str(town), str(url), known, topic)


# ---- what a live answer of the nation is held to as well ----------------------------------------


def is_name(town: object) -> bool:
    """Say whether a value can be a town's name."""
    return isinstance(town, str) and 0 < len(town) <= NAME and town.isprintable()


def is_address(url: object, below: str) -> bool:
    """Say whether a value is an address below another one."""
    return isinstance(url, str) and len(url) <= URL and url.isprintable() and url.startswith(below)


def has_person(*texts: object) -> bool:
    """Say whether a strong detector finds something in a text, or dies of it."""
    try:
        return any(find_strong(str(one)) for one in texts if one)
    except Exception:  # a text that kills a detector is not known to be clean
        return True


def of_record(
    town: str, url: str, known: Mapping[str, Any], topic: TopicElsewhere | None
) -> AskedElsewhere:
    """Return a town's answer from the members of its record."""

    def text(name: str) -> str | None:
        return str(known[name]) if known.get(name) else None

    return AskedElsewhere(
        town=town,
        title=str(known["title"]),
        answer=text("answer"),
        url=url,
        published_url=text("published_url"),
        topic=topic,
        outcome=text("outcome"),
        answered=text("answered"),
    )


def read_topic(said: object, nation: str) -> TopicElsewhere | None:
    """Return a topic if it has the nation's own address and counts that can be."""
    if not isinstance(said, Mapping) or not is_address(said.get("url"), f"{nation}/topics/"):
        return None
    counts = [
        one
        for one in (said.get("published"), said.get("refused"))
        if type(one) is int and 0 <= one <= MOST_TOWNS
    ]
    return TopicElsewhere(str(said["url"]), counts[0], counts[1]) if len(counts) == 2 else None
