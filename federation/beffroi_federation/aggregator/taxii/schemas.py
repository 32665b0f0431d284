# SPDX-License-Identifier: AGPL-3.0-or-later
"""What TAXII asks in an address, read strictly: whatever does not read is a 400, never a guess."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from beffroi_federation.aggregator.taxii.queries import Wanted

MOST = 1000
"""Objects a page."""
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z")
_ID = re.compile(r"[a-z][a-z0-9-]{1,40}--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS = frozenset({"first", "last", "all"})


class Unreadable(Exception):
    """A part of the address does not read; the words say which, and what is expected."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted, and how much of it; `nothing` where it can be none of ours."""

    wanted: Wanted
    limit: int = MOST
    nothing: bool = False


def is_id(text: str) -> bool:
    """Say whether a text is an identifier of STIX."""
    return bool(_ID.fullmatch(text))


def moment(name: str, text: str) -> datetime:
    """Return a moment (RFC 3339, UTC); Unreadable where it is none."""
    if not _MOMENT.fullmatch(text):
        raise Unreadable(f"{name} is a moment such as 2027-01-12T11:00:00.000000Z")
    whole, _, part = text[:-1].partition(".")
    try:
        read = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise Unreadable(f"{name} is a moment of the calendar") from None
    return read + timedelta(microseconds=int((part + "000000")[:6]))


def cursor(after: datetime) -> str:
    """Return the place after an object, as `next` gives it back."""
    return str((after - _EPOCH) // timedelta(microseconds=1))


def _place(text: str) -> datetime:
    if not re.fullmatch(r"[0-9]{1,17}", text):
        raise Unreadable("next is what an earlier answer gave; begin with the first page")
    return _EPOCH + timedelta(microseconds=int(text))


def asked(args: Mapping[str, str]) -> Asked:
    """Return what an address asks for; Unreadable says what does not read.

    Sources: TAXII 2.1, 3.4 (filters) and 3.5 (pages). Filters that the text does not name are
    ignored. Objects have one version, the newest: `first`, `last` and `all` are the same.
    """
    wanted, nothing = Wanted(), False
    after = [moment("added_after", args["added_after"])] if "added_after" in args else []
    after += [_place(args["next"])] if "next" in args else []
    if after:
        wanted = replace(wanted, after=max(after))
    if "match[id]" in args:
        ids = [one for one in args["match[id]"].split(",")[:200] if is_id(one)]
        wanted, nothing = replace(wanted, ids=ids), not ids
    if "match[type]" in args:
        wanted = replace(wanted, types=args["match[type]"].split(",")[:50])
    if "match[version]" in args:
        said = set(args["match[version]"].split(","))
        if not said & _WORDS:
            named = [moment("match[version]", one) for one in sorted(said)[:50]]
            wanted = replace(wanted, versions=named)
    if "match[spec_version]" in args and "2.1" not in args["match[spec_version]"].split(","):
        nothing = True
    limit = args.get("limit", str(MOST))
    if not re.fullmatch(r"[1-9][0-9]{0,8}", limit):
        raise Unreadable("limit is a number above zero")
    return Asked(wanted, min(int(limit), MOST), nothing)


def narrowed(asked: Asked, only: str) -> Asked:
    """Return the same for one object only."""
    return replace(asked, wanted=replace(asked.wanted, ids=[only]))
