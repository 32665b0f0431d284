# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many rows at once: what ends up in the table is what one row at a time would have put there."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from beffroi.cases.models import Case, TimelineRow
from beffroi.kernel import bulk
from beffroi.kernel.db import db
from support.town import Town

AT = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)
EAST = datetime(2026, 3, 29, 12, 30, 0, 7, tzinfo=timezone(timedelta(hours=2)))


def _case(ref: str, **other: Any) -> dict[str, Any]:
    usual = {
        "ref": ref, "kind": "street", "status": "open", "visibility": "public", "channel": "import",
        "lang": "fr", "received_on": AT.date(), "received_at": AT, "changed_at": EAST,
        "due_on": None, "sensitive": True,
    }  # fmt: skip
    return usual | other


def _as_kept(model: Any, but: tuple[str, ...]) -> list[dict[str, Any]]:
    names = [c.name for c in model.__table__.columns if c.name not in but]
    return [{n: getattr(row, n) for n in names} for row in db.session.scalars(select(model))]


def test_rows_at_once_are_as_rows_one_by_one(town: Town) -> None:
    rows = [_case("2026-1"), _case("2026-2", due_on=date(2026, 4, 30))]
    with town.change():
        bulk.insert(Case, rows)
        db.session.add_all(Case(**row | {"ref": f"{row['ref']}1"}) for row in rows)
    with town.look():
        kept = _as_kept(Case, ("id", "ref"))
        assert kept[:2] == kept[2:]
        assert kept[1]["due_on"] == date(2026, 4, 30)
        assert kept[0]["changed_at"] == EAST
        case_id = db.session.scalar(select(Case.id).limit(1))
    step = {"case_id": case_id, "at": AT, "step": "received", "voice": "system", "public": True}
    steps = [step | {"codes": codes} for codes in ({"channel": "import"}, {"é": [1, None]})]
    with town.change():
        bulk.insert(TimelineRow, steps)
        db.session.add_all(TimelineRow(**one) for one in steps)
    with town.look():
        kept = _as_kept(TimelineRow, ("id",))
        assert kept[:2] == kept[2:]
        assert kept[1]["codes"] == {"é": [1, None]}


def test_a_moment_without_a_zone_is_refused_and_nothing_stays(village: Town) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a time zone"), village.change():
        bulk.insert(Case, [_case("2026-1"), _case("2026-2", received_at=naive)])
    assert village.one('SELECT count(*) FROM "case"') == 0
