# SPDX-License-Identifier: AGPL-3.0-or-later
"""The map for everyone: cells and counts that agree with what everyone sees, and never a point."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import json

from beffroi.incidents import service
from beffroi.incidents.queries import listed, maps
from beffroi.incidents.rules import cells
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.maps import Window
from beffroi_web.migrating import downgrade, upgrade
from support.databases import fresh
from support.town import PUBLIC_URL, Town, open_town

HERE = {"latitude": 48.1147, "longitude": -1.6794}
NEAR = {"latitude": 48.1148, "longitude": -1.6795}
FAR = {"latitude": 48.2, "longitude": -1.5}
WIDE = Window(47, -3, 49, 0)
SPOTS = "SELECT case_id, y, x, category, open FROM incident_spot ORDER BY case_id"
SUMS = "SELECT level, y, x, category, open, reports FROM incident_area ORDER BY 1, 2, 3, 4, 5"


def recounted(town: Town) -> list[tuple[Any, ...]]:
    """The sums as they follow from the spots."""
    counts: dict[tuple[Any, ...], int] = {}
    for row in town.rows(SPOTS):
        for level in cells.SUMMED:
            for category in ("", row.category):
                key = (level, row.y >> level, row.x >> level, category, row.open)
                counts[key] = counts.get(key, 0) + 1
    return sorted((*key, number) for key, number in counts.items())


def areas(town: Town, window: Window = WIDE, **more: Any) -> list[maps.Area]:
    with town.look():
        return maps.areas(window, **more)


def test_the_sums_follow_whatever_happens_to_a_report(town: Town) -> None:
    first, second = town.report(**HERE), town.report(**NEAR)
    town.report(**HERE, category="neighbours")
    assert town.rows(SPOTS) == []  # nobody has read the words yet
    town.release(first)
    town.release(second)
    assert [(a.reports, a.open) for a in areas(town)] == [(2, 2)]
    town.close(first, "resolved")
    assert [(a.reports, a.open) for a in areas(town)] == [(2, 1)]
    assert [a.reports for a in areas(town, open_only=True)] == [1]
    assert areas(town, category="waste") == []
    town.hold(second, "description")
    assert [(a.reports, a.open) for a in areas(town)] == [(1, 0)]
    placed = service.ImportedReport("x:1", "waste", town.now, None, "Un tas", position=(48.2, -1.5))
    unread = service.ImportedReport(
        "x:2", "waste", town.now, None, "", unread="Qui l’a lu", position=(48, -2)
    )
    with town.change():
        service.import_reports([placed, unread], communes=town.settings.communes, now=town.now)
    assert sum(a.reports for a in areas(town)) == 2
    assert recounted(town) == [tuple(row) for row in town.rows(SUMS)]
    town.remove(first, code="erasure")
    assert town.one("SELECT count(*) FROM incident_position") == 4
    assert [row.category for row in town.rows(SPOTS)] == ["waste"]
    assert recounted(town) == [tuple(row) for row in town.rows(SUMS)]


def test_the_cell_stays_when_the_time_of_the_point_is_over(village: Town) -> None:
    ref = village.report(**HERE)
    village.release(ref)
    village.close(ref, "resolved")
    with village.change():
        service.forget_positions([village.id_of(ref)])
    village.comment(ref, "Merci")
    assert village.one("SELECT count(*) FROM incident_position") == 0
    assert [a.reports for a in areas(village)] == [1]


def shown(
    filters: dict[str, Any], window: Window | None = None, *, finest: int = 0
) -> Sequence[Any]:
    part = listed.Part(window, finest) if window is not None else None
    page, _ = listed.cards(filters, part)
    named, _ = listed.items(filters, PUBLIC_URL, part)
    assert [json.decode(one)["ref"] for one in named.items] == [row.ref for row in page.items]
    return page.items


def test_a_list_is_narrowed_to_cells_the_same_however_it_is_found(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = [town.report(**where) for where in (HERE, NEAR, FAR)]
    nowhere = town.report()
    for ref in (*refs, nowhere):
        town.release(ref)
    around = Window.at(48.1147, -1.6794, 0.01, 0.01)
    for few in (maps.FEW, 0):
        monkeypatch.setattr(maps, "FEW", few)
        with town.look():
            for sort in ("newest", "oldest", "supported"):
                found = [row.ref for row in shown({"sort": sort}, around)]
                assert sorted(found) == sorted(refs[:2])
            assert len(shown({})) == 4


def test_no_window_tells_more_than_the_cells_that_the_town_shows(village: Town) -> None:
    """A window smaller than a cell, or across its edge, gives the cell, and never a part of it."""
    for where in (HERE, NEAR):
        village.release(village.report(**where))
    inside = cells.window_of(*cells.cell(48.1147, -1.6794, 1), 1)
    tiny = Window.at(inside.south + 1e-5, inside.west + 1e-5, 1e-5, 1e-5)
    [area] = areas(village, tiny, finest=1)
    assert (area.level, area.reports) == (1, 2)
    with village.look():
        assert len(shown({}, tiny, finest=1)) == 2


def test_pages_and_api_give_cells_and_no_point(tmp_path: Any, database_url: str) -> None:
    with open_town(tmp_path, database_url, map_cell=500) as town:
        ref = town.visitor().sends_report(latitude="48.1147123", longitude="-1.6794321")
        town.release(ref)
        visitor = town.visitor()
        [cell] = visitor.get(f"/api/v1/incidents/map?window={WIDE}").get_json()["items"]
        assert cell["reports"] == cell["open"] == 1
        assert cell["north"] - cell["south"] >= 2 * cells.STEP_LATITUDE - 1e-4
        for path in ("/incidents", f"/incidents?window={WIDE}", f"/incidents/{ref}"):
            page = visitor.page(path)
            assert '<svg class="map-picture"' in page
            for told in ("48.1147", "1.6794", "1147123"):
                assert told not in page, path
        for wrong in ("", "1,2", "2,0,1,1"):
            answer = visitor.get(f"/api/v1/incidents/map?window={wrong}")
            assert answer.status_code == 422
        assert ref in visitor.page("/incidents?window=what")
        assert visitor.page("/incidents?window=10,10,11,11").count("map-mark") == 0


def test_a_town_may_have_no_public_map(village: Town, tmp_path: Any) -> None:
    with open_town(tmp_path / "x", fresh("sqlite", MIGRATIONS, tmp_path), map_cell=0) as town:
        ref = town.report(**HERE)
        town.release(ref)
        visitor = town.visitor()
        assert "map-picture" not in visitor.page("/incidents") + visitor.page(f"/incidents/{ref}")
        answer = visitor.get(f"/api/v1/incidents/map?window={WIDE}")
        assert answer.get_json() == {"items": []}


def test_agents_see_points_of_reports_that_nobody_else_sees(village: Town) -> None:
    seen = village.report(**HERE)
    hidden = village.report(**NEAR, category="neighbours")
    gone = village.report(**NEAR)
    village.remove(gone)
    with village.look():
        found, more = maps.desk_points(WIDE)
        assert {point.ref for point in found} == {seen, hidden}
        assert not more
        assert maps.desk_points(WIDE, most=1)[1]


def test_reports_of_before_the_map_are_on_it_after_the_upgrade(town: Town) -> None:
    first, second = town.report(**HERE), town.report(**FAR)
    town.release(first)
    town.release(second)
    town.report(**NEAR)
    town.later(days=1)
    before, sums = town.rows(SPOTS), town.rows(SUMS)
    url = town.settings.database_url
    with town.look():
        pass
    downgrade(MIGRATIONS, url, "0018")
    upgrade(MIGRATIONS, url)
    assert town.rows(SPOTS) == before
    assert town.rows(SUMS) == sums
