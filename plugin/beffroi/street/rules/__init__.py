# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who handles a street report: conditions on category, place and words. Plain Python.

Rules are tried in their order. The first that fits and names a department gives the department,
the first that fits and names another body says who is competent: the two are decided apart, so that
a department may follow up what a water company repairs.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from beffroi.kernel.errors import Invalid
from beffroi_web.maps import Outline, Point
from beffroi_web.words import N_

BODY_KINDS: Mapping[str, str] = {
    "town": N_("Another town"),
    "department": N_("The département"),
    "water": N_("A water or energy company"),
    "epci": N_("The group of communes"),
    "other": N_("Another body"),
}
MOST_WORDS = 200
"""Lines of words that a rule or an area may have."""
MOST_CORNERS = 500


@dataclass(frozen=True, slots=True)
class Area:
    """A named part of the town: corners of a polygon, words of its places, or both."""

    id: int
    name: str
    corners: tuple[Point, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions, all of which must hold (an empty one always does), and what follows."""

    id: int
    category: str | None = None
    commune: str | None = None
    area: Area | None = None
    words: tuple[str, ...] = ()
    department_id: int | None = None
    body_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """What rules look at in a report; `text` is its description and place, as they were written."""

    category: str
    commune: str | None = None
    position: Point | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who handles a report, and by which rules; None where no rule says."""

    department_id: int | None = None
    body_id: int | None = None
    rule_id: int | None = None
    body_rule_id: int | None = None


def decide(rules: Iterable[Rule], report: Reported) -> Decision:
    """Return who handles a report by the rules in their order."""
    department = body = None
    folded = fold(report.text)
    for rule in rules:
        wanted = (department is None and rule.department_id is not None) or (
            body is None and rule.body_id is not None
        )
        if not wanted or not _fits(rule, report, folded):
            continue
        if department is None and rule.department_id is not None:
            department = rule
        if body is None and rule.body_id is not None:
            body = rule
        if department and body:
            break
    return Decision(
        department.department_id if department else None,
        body.body_id if body else None,
        department.id if department else None,
        body.id if body else None,
    )


def fits(rule: Rule, report: Reported) -> bool:
    """Say whether every condition of a rule holds for a report."""
    return _fits(rule, report, fold(report.text))


def _fits(rule: Rule, report: Reported, folded: str) -> bool:
    return (
        (rule.category is None or rule.category == report.category)
        and (rule.commune is None or rule.commune == report.commune)
        and (rule.area is None or _in_area(rule.area, report, folded))
        and (not rule.words or _says(folded, rule.words))
    )


def _in_area(area: Area, report: Reported, folded: str) -> bool:
    if report.position and area.corners:
        if Outline((area.corners,)).holds(*report.position):
            return True
    return bool(area.words) and _says(folded, area.words)


def _says(folded: str, words: Sequence[str]) -> bool:
    return any(_pattern(one).search(folded) for one in words)


@lru_cache(maxsize=4096)
def _pattern(words: str) -> re.Pattern[str]:
    """Return what finds words as whole ones; a star at the end stands for any ending."""
    any_end = words.rstrip().endswith("*")
    said = re.escape(fold(words))
    return re.compile(rf"(?<!\w){said}" + ("" if any_end else r"(?!\w)"))


_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Return a text in small letters without accents, its words parted by single spaces."""
    plain = unicodedata.normalize("NFD", text.casefold())
    for one in set(plain):
        if one > "\x7f" and unicodedata.combining(one):
            plain = plain.replace(one, "")
    return " ".join(_WORD.findall(plain))


def lines_of(text: str) -> tuple[str, ...]:
    """Return the words of a field, one a line or parted by commas or semicolons, each once."""
    parts = (" ".join(one.split()) for one in re.split(r"[\n;,]", text))
    found = tuple(dict.fromkeys(one for one in parts if one))
    if len(found) > MOST_WORDS or any(len(one) > 120 or not fold(one) for one in found):
        raise Invalid(
            N_("These words cannot be taken."),
            errors={"words": [N_("One a line, at most 200, each of letters or figures.")]},
        )
    return found


def corners_of(text: str) -> tuple[Point, ...]:
    """Return the corners of a polygon, "latitude longitude" a line; Invalid for anything else."""
    found = []
    for line in text.splitlines():
        parts = line.replace(";", " ").replace(",", " ").split()
        if not parts:
            continue
        try:
            latitude, longitude = (float(one) for one in parts)
        except ValueError:
            raise _no_polygon() from None
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise _no_polygon()
        found.append((latitude, longitude))
    if len(found) > 1 and found[0] == found[-1]:
        found.pop()
    if found and not 3 <= len(found) <= MOST_CORNERS:
        raise _no_polygon()
    return tuple(found)


def _no_polygon() -> Invalid:
    said = N_(
        "Write at least three corners, one a line: latitude and longitude, such as 48.85 2.35."
    )
    return Invalid(N_("This is no polygon."), errors={"corners": [said]})
