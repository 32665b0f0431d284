# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts to publish: written with the change itself, without a word of anybody."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from beffroi.cases.events import PublicVersionChanged, RequestReceived
from beffroi.kernel.db import MIGRATIONS
from beffroi.outbox import service
from beffroi.subscribers import HANDLERS
from support.databases import fresh
from support.town import REPORT, REQUEST, Town, open_town


class Broken(Exception):
    """A handler of a test fails."""


def fails(_event: Any) -> None:
    raise Broken


@contextmanager
def town_whose_handlers_fail(folder: Path, event: type) -> Iterator[Town]:
    handlers = {**HANDLERS, event: (*HANDLERS[event], fails)}
    with open_town(folder, fresh("sqlite", MIGRATIONS, folder), handlers=handlers) as town:
        yield town


def counts(town: Town) -> dict[str, int]:
    tables = ('"case"', "case_text", "timeline", "outbox", "delivery", "job", "data_request")
    return {table: town.one(f"SELECT count(*) FROM {table}") for table in tables}


def test_a_received_request_has_its_fact_in_the_same_transaction(town: Town) -> None:
    ref = town.request()
    [row] = town.rows("SELECT fact, case_id, version, codes, done_at FROM outbox")
    assert (row.fact, row.case_id, row.done_at) == ("received", town.id_of(ref), None)


def test_a_handler_that_fails_undoes_the_whole_reception(tmp_path: Path) -> None:
    with town_whose_handlers_fail(tmp_path, RequestReceived) as town:
        with pytest.raises(Broken):
            town.request()
        assert set(counts(town).values()) == {0}


def test_a_handler_that_fails_undoes_the_whole_release(tmp_path: Path) -> None:
    with town_whose_handlers_fail(tmp_path, PublicVersionChanged) as town:
        ref = town.request()
        before = counts(town)
        with pytest.raises(Broken):
            town.release(ref)
        assert counts(town) == before
        assert town.one("SELECT count(*) FROM case_text WHERE state = 'released'") == 0
        assert town.one('SELECT version FROM "case"') == 0


def test_no_row_of_the_outbox_holds_a_word_of_anybody(village: Town) -> None:
    texts = {
        role: f"Mot-témoin {role} {n}"
        for n, role in enumerate(("title", "wanted", "purpose", "area", "period", "format"))
    }
    ref = village.request(email="temoin@citizens.example", organisation="210000006", **texts)
    village.release(ref)
    village.comment(ref, "Mot-témoin du commentaire")
    village.release(ref, "comment")
    village.answer(ref, "refused", "Mot-témoin de la réponse", ground="privacy")
    village.hold(ref, "title", reason="Mot-témoin du motif")
    village.publish()
    village.remove(ref, reason="Mot-témoin du retrait")
    village.publish()
    rows = village.rows("SELECT * FROM outbox")
    assert {r.fact for r in rows} == {"received", "request", "withdraw"}
    dump = json.dumps([dict(r._mapping) for r in rows], default=str, ensure_ascii=False)
    for word in ("témoin", "temoin", "moin", ref, "citizens.example", "210000006"):
        assert word not in dump


def test_whatever_is_written_in_a_case_no_cell_of_the_outbox_repeats_it(village: Town) -> None:
    """Compared column by column with every text of the case tables."""
    for number in range(3):
        ref = village.request(
            title=f"Menus distincts {number}", wanted=f"Souhait bien long {number}"
        )
        village.release(ref)
        village.answer(ref, "redirected", f"Voyez le département {number}")
    cells = {
        str(value)
        for row in village.rows("SELECT codes, result FROM outbox")
        for value in row
        if value is not None
    }
    texts = village.rows("SELECT original, public FROM case_text")
    for said in {t for row in texts for t in row if t}:
        assert not [cell for cell in cells if said in cell]


def test_incidents_put_nothing_into_the_outbox_when_they_change(village: Town) -> None:
    ref = village.report(**{**REPORT, "category": "lighting"})
    village.release(ref)
    village.close(ref, "resolved")
    assert village.rows("SELECT fact FROM outbox") == []


def test_facts_are_forgotten_thirty_days_after_they_were_dealt_with(village: Town) -> None:
    village.request(**REQUEST)
    village.publish()
    village.request(**REQUEST)
    village.later(days=31)
    with village.change():
        assert service.purge(village.now) == 1
    [left] = village.rows("SELECT done_at FROM outbox")
    assert left.done_at is None  # what still waits is never forgotten
