# SPDX-License-Identifier: AGPL-3.0-or-later
"""A question in GraphQL and its answer, of which a part may be missing: what is there is used."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from beffroi.bridges.adapters.talking import Talk, as_json
from beffroi.bridges.rules import BadSource, NoSuchField
from beffroi_web.words import N_

_NO_FIELD = re.compile(
    r"(?:Field '(?P<ruby>\w+)' doesn't exist on type|Cannot query field '(?P<core>\w+)')"
)
GONE_CODES = frozenset({"NOT_FOUND_ERROR", "UNAUTHORIZED_OBJECT_ERROR"})
MOST_WARNINGS = 20


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered: the data that came, and what was said of the rest, by code and message."""

    data: Mapping[str, Any]
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """The errors beside good data, in a line each."""
        return tuple(f"{code} {message}".strip() for code, message in self.errors[:MOST_WARNINGS])


def ask(
    talk: Talk,
    address: str,
    query: str,
    variables: Mapping[str, Any],
    *,
    bearer: str = "",
    once: bool = False,
) -> Said:
    """Return the data of an answer, also where errors stand beside it.

    Raises NoSuchField or BadSource where there is no data at all.
    """
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Authorization": f"Bearer {bearer}" if bearer else "",
    }
    body = json.dumps({"query": query, "variables": dict(variables)}).encode()
    document = as_json(talk.ask(address, headers, body, once=once))
    if not isinstance(document, dict):
        raise BadSource(N_("What came is no answer of GraphQL"))
    errors = tuple(_error(one) for one in _list(document.get("errors")))
    data = document.get("data")
    if isinstance(data, dict) and data:
        return Said(data, errors)
    for _, message in errors:
        missing = _NO_FIELD.search(message)
        if missing:
            raise NoSuchField(missing["ruby"] or missing["core"])
    if any(code in GONE_CODES for code, _ in errors):
        return Said({}, errors)
    raise BadSource(errors[0][1] if errors else "The answer holds no data")


def _error(one: Any) -> tuple[str, str]:
    """Return code and message of an error; the message of some codes is a list of its own."""
    said = one if isinstance(one, dict) else {}
    extensions = said.get("extensions")
    code = extensions.get("code", "") if isinstance(extensions, dict) else ""
    message = said.get("message")
    if isinstance(message, list):
        message = "; ".join(str(m.get("message")) for m in message if isinstance(m, dict))
    return str(code)[:60], " ".join(str(message or "an error without a word").split())[:200]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def within(data: Any, *path: str) -> Any:
    """Return what stands at a path of objects, None where one of them is missing."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def translations(value: Any) -> dict[str, str]:
    """Return the texts of a `TranslatedField` by locale; a plain text stands for itself."""
    if isinstance(value, str):
        return {"": value}
    found = {}
    for one in _list(within(value, "translations")):
        locale, text = within(one, "locale"), within(one, "text")
        if isinstance(locale, str) and isinstance(text, str) and text.strip():
            found[locale[:8]] = text
    return found


def moment(value: Any) -> datetime | None:
    """Return the moment in an ISO 8601 text (or Ruby's `2026-01-02 03:04:05 UTC`), or None."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip().replace(" UTC", "+00:00"))
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if 1990 < found.year < 2100 else None


def number(value: Any) -> int | None:
    """Return a count, None where it is none (hidden votes, say)."""
    right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if right else None
