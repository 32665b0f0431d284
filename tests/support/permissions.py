# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may open which address, as a page of the docs says it, and as an application declares it.

python tests/support/permissions.py      # writes the two tables of the page anew
"""

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from beffroi_web.bearer import SCOPES
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard_of
from beffroi_web.visitors import Visitor

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "permissions.md"
TOWN = ("citizen", "agent", "moderator", "access_officer", "cyber_officer", "administrator")
NATION = ("citizen", "operator")
YES, NO = "yes", "–"

Row = tuple[str, str, tuple[str, ...], str]
"""An address, its methods, the roles that open it (`everybody` alone), a token's scopes."""


def _ways(app: Flask) -> list[tuple[str, str, str]]:
    """Return (address, methods, endpoint) of everything that an application answers."""
    return sorted(
        (rule.rule, " ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})), rule.endpoint)
        for rule in app.url_map.iter_rules()
    )


def declared(app: Flask, roles: Sequence[str]) -> list[Row]:
    """Return what an application declares."""
    rows: list[Row] = []
    for address, methods, endpoint in _ways(app):
        who = guard_of(app, endpoint) or frozenset()
        scopes: frozenset[str] = getattr(app.view_functions[endpoint], SCOPES, frozenset())
        rows.append((address, methods, _opening(who, roles), " ".join(sorted(scopes))))
    return rows


def _opening(who: frozenset[str], roles: Sequence[str]) -> tuple[str, ...]:
    if who == {PUBLIC}:
        return ("everybody",)
    return tuple(
        role
        for role in roles
        if who == {SIGNED_IN} or Visitor(1, "", frozenset({role}), None, "").may(*who)
    )


def as_table(rows: Sequence[Row], roles: Sequence[str]) -> str:
    """Return the rows as the page has them."""
    lines = [
        f"| address | | {' | '.join(roles)} | by token |",
        f"|---|---|{'---|' * len(roles)}---|",
    ]
    for address, methods, who, scopes in rows:
        marks = [YES if who == ("everybody",) or role in who else NO for role in roles]
        marks = ["everybody", *[""] * (len(roles) - 1)] if who == ("everybody",) else marks
        lines.append(f"| `{address}` | {methods} | {' | '.join(marks)} | {scopes} |")
    return "\n".join(lines)


def written(text: str, name: str, roles: Sequence[str]) -> list[Row]:
    """Return the rows of one table of the page: `town` or `nation`."""
    part = text.partition(f"<!-- {name} -->\n")[2].partition("\n\n")[0]
    rows: list[Row] = []
    for line in part.splitlines()[2:]:
        address, methods, *marks, scopes = (cell.strip() for cell in line.strip("|").split("|"))
        named = tuple(role for role, mark in zip(roles, marks, strict=True) if mark == YES)
        who = ("everybody",) if marks[0] == "everybody" else named
        rows.append((address.strip("`"), methods, who, scopes))
    return rows


def filled(address: str) -> str:
    """Return an address with something in each of its places."""
    chosen = re.sub(r"<any\((\w+)[^>]*>", r"\1", address)
    return re.sub(r"<(\w+:)?\w+>", lambda found: "1" if found[1] == "int:" else "2027-0001", chosen)


def rewrite(apps: Sequence[tuple[str, Flask, Sequence[str]]]) -> None:
    """Write the tables of the page anew."""
    text = PAGE.read_text(encoding="utf-8")
    for name, app, roles in apps:
        head, mark, rest = text.partition(f"<!-- {name} -->\n")
        old = rest.partition("\n\n")[0]
        text = head + mark + as_table(declared(app, roles), roles) + rest.removeprefix(old)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    from beffroi.kernel.db import MIGRATIONS
    from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATIONS
    from beffroi_web.clock import FixedClock
    from support.databases import fresh
    from support.nation import Nation
    from support.town import NOON, open_town

    with TemporaryDirectory() as folder:
        place = Path(folder)
        with (
            open_town(place, fresh("sqlite", MIGRATIONS, place)) as town,
            Nation.on(fresh("sqlite", NATIONS, place), place, FixedClock(NOON)) as nation,
        ):
            rewrite([("town", town.app, TOWN), ("nation", nation.app, NATION)])
