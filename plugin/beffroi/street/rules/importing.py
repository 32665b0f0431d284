# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules as a TOML file: departments, bodies, areas, delays, and who handles what. Plain Python.

    [departments]
    "Voirie" = "voirie@ville.example"
    [bodies."Eau du Val"]
    kind = "water"
    email = "reseau@eau.example"
    [areas."Centre"]
    words = ["rue Haute", "place du Marché"]
    corners = [[48.85, 2.34], [48.86, 2.34], [48.86, 2.36]]
    [delays]
    lighting = { working_days = 5, remind_days = 5 }
    [[rules]]
    category = "lighting"
    department = "Voirie"

Names that are not known, and what is missing, are all said at once.
"""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from beffroi.kernel.errors import Invalid
from beffroi.street.rules import BODY_KINDS, corners_of, lines_of
from beffroi.street.rules.delays import LONGEST, Target
from beffroi_web.maps import Point
from beffroi_web.words import N_

LARGEST = 200_000
"""Characters of a file."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a file or a form names it."""

    name: str
    kind: str = "other"
    email: str = ""
    tool: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule as a file names it: by names, not by numbers."""

    category: str = ""
    commune: str = ""
    area: str = ""
    words: tuple[str, ...] = ()
    department: str = ""
    body: str = ""


@dataclass(slots=True)
class Read:
    """A whole file."""

    departments: dict[str, str] = field(default_factory=dict)
    bodies: list[Body] = field(default_factory=list)
    areas: dict[str, tuple[tuple[Point, ...], tuple[str, ...]]] = field(default_factory=dict)
    delays: dict[str, Target] = field(default_factory=dict)
    rules: list[Condition] = field(default_factory=list)


def read(
    text: str, *, categories: Collection[str], communes: Collection[str], known: Collection[str]
) -> Read:
    """Return what a file says; `known` are the departments that are there already.

    Raises Invalid with a sentence for each fault.
    """
    if len(text) > LARGEST:
        raise Invalid(N_("The file is too long."), errors={"file": [N_("200 kB at most.")]})
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise Invalid(
            N_("This is no TOML file: %(why)s"), errors={"file": [str(fault)[:200]]}, why=str(fault)
        ) from None
    faults = [f"unknown: {name}" for name in said if name not in Read.__dataclass_fields__]
    found = Read()
    for part in (_departments, _bodies, _areas, _delays):
        part(said, found, categories, faults)
    _rules(said, found, (categories, communes, known), faults)
    if faults:
        raise Invalid(N_("The file cannot be taken."), errors={"file": faults[:20]})
    return found


def _table(said: Mapping[str, Any], name: str, faults: list[str]) -> Mapping[str, Any]:
    found = said.get(name, {})
    if not isinstance(found, Mapping):
        faults.append(f"{name}: a table is expected")
        return {}
    return found


def _departments(said: Any, found: Read, _: Collection[str], faults: list[str]) -> None:
    for name, email in _table(said, "departments", faults).items():
        if not isinstance(email, str) or not 2 <= len(name) <= 120:
            faults.append(f"departments.{name}: an e-mail address or an empty text is expected")
        else:
            found.departments[name] = email


def _bodies(said: Any, found: Read, _: Collection[str], faults: list[str]) -> None:
    for name, body in _table(said, "bodies", faults).items():
        try:
            made = Body(name=name, **body)
        except TypeError:
            faults.append(f"bodies.{name}: kind, email, tool and contact are known")
            continue
        texts = (made.kind, made.email, made.tool, made.contact)
        if made.kind not in BODY_KINDS or not all(isinstance(one, str) for one in texts):
            faults.append(f"bodies.{name}: kind is one of {', '.join(BODY_KINDS)}")
        else:
            found.bodies.append(made)


def _areas(said: Any, found: Read, _: Collection[str], faults: list[str]) -> None:
    for name, area in _table(said, "areas", faults).items():
        try:
            corners = "\n".join(f"{lat} {lon}" for lat, lon in area.get("corners", ()))
            words = lines_of("\n".join(area.get("words", ())))
            found.areas[name] = corners_of(corners), words
        except (Invalid, TypeError, ValueError, AttributeError):
            faults.append(f"areas.{name}: corners are pairs of degrees, words are texts")
            continue
        if not any(found.areas[name]):
            faults.append(f"areas.{name}: corners or words are needed")


def _delays(said: Any, found: Read, categories: Collection[str], faults: list[str]) -> None:
    for category, delay in _table(said, "delays", faults).items():
        try:
            target = Target(**delay)
            fits = all(1 <= n <= LONGEST for n in (target.working_days, target.remind_days))
        except TypeError:
            fits = False
        if not fits or category not in categories:
            faults.append(f"delays.{category}: working_days and remind_days, from 1 to {LONGEST}")
        else:
            found.delays[category] = target


def _rules(
    said: Any,
    found: Read,
    known: tuple[Collection[str], Collection[str], Collection[str]],
    faults: list[str],
) -> None:
    categories, communes, departments = known
    bodies = {body.name for body in found.bodies}
    rules = said.get("rules", [])
    for number, one in enumerate(rules if isinstance(rules, list) else [None], 1):
        try:
            words = lines_of("\n".join(one.pop("words", ())))
            rule = Condition(words=words, **one)
        except (Invalid, TypeError, AttributeError):
            faults.append(f"rule {number}: it cannot be read")
            continue
        for name, value, allowed in (
            ("category", rule.category, categories),
            ("commune", rule.commune, communes),
            ("area", rule.area, found.areas),
            ("department", rule.department, {*departments, *found.departments}),
            ("body", rule.body, bodies),
        ):
            if value and value not in allowed:
                faults.append(f"rule {number}: {name} {value!r} is not known")
        if not rule.department and not rule.body:
            faults.append(f"rule {number}: it names neither a department nor a body")
        found.rules.append(rule)
