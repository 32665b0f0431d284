# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bringing a register in: tried dry, then once, then again with what changed."""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from beffroi import operating
from beffroi.cases.service import keeping
from beffroi.data_requests import commands
from beffroi.data_requests.adapters.sources import How
from beffroi.data_requests.commands import Report
from beffroi.kernel.db import db
from beffroi.legal.law import law_of
from support.town import Town

MAPPING = """
[file]
name = "registre"
language = "fr"
words = "{words}"
[columns]
id = "id"
title = "titre"
wanted = "texte"
received = "le"
answered = "clos"
outcome = "suite"
answer = "réponse"
url = "lien"
authors = ["nom", "courriel"]
"""
HEAD = ("id", "nom", "courriel", "titre", "texte", "le", "clos", "suite", "réponse", "lien")
ALINE = ("Aline Exemple", "aline@courriel.example")
OPEN = ("1", *ALINE, "Les arbres", "Les arbres. Aline Exemple", "2026-01-05", "", "", "", "")
REFUSED = (
    "2",
    *ALINE,
    "Les caves",
    "Les caves du quai.",
    "2025-01-06",
    "2025-03-01",
    "refused",
    "",
    "",
)
WHO = "Voyez avec jean.dupont@courriel.example."
BENCHES = "https://donnees.ville.example/bancs"
TOLD = (
    "3",
    *ALINE,
    "Les bancs",
    "Les bancs publics.",
    "2025-01-07",
    "2025-03-01",
    "published",
    WHO,
    BENCHES,
)
SOON = ("4", *ALINE, "Les ponts", "Les ponts.", "2031-01-01", "", "", "", "")
ROWS = (OPEN, REFUSED, TOLD, SOON, OPEN)


def written(folder: Path, *rows: tuple[str, ...], words: str = "citizen") -> tuple[Path, How]:
    (folder / "m.toml").write_text(MAPPING.format(words=words), encoding="utf-8")
    path = folder / "registre.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows((HEAD, *rows))
    return path, How(folder / "m.toml")


def brought(town: Town, file: tuple[Path, How], *, dry_run: bool = False, **more: Any) -> Report:
    with town.app.app_context():
        return commands.import_file(
            "requests-csv", file[0], how=file[1], shift=timedelta(), now=town.now,
            progress=lambda _: None, dry_run=dry_run, **more,
        )  # fmt: skip


def everything(town: Town) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with town.look():
        names = [f'"{name}"' for name in inspect(db.engine).get_table_names()]
        return {n: [repr(r) for r in db.session.execute(text(f"SELECT * FROM {n}"))] for n in names}


def test_a_dry_run_says_what_the_real_one_does_and_writes_nothing(
    town: Town, tmp_path: Path
) -> None:
    file, before = written(tmp_path, *ROWS), everything(town)
    dry = brought(town, file, dry_run=True)
    assert everything(town) == before
    done = brought(town, file)
    assert (dry.added, dry.known, dry.refused) == (done.added, done.known, done.refused)
    assert (done.added, done.known, dry.waiting) == (3, 0, 3)
    assert done.refused == [
        "csv:registre:4: a day that has not come yet",
        "csv:registre:1: this name stands in the file before",
    ]
    assert town.one('SELECT count(*) FROM "case"') == 3
    stored = repr(everything(town))
    for personal in ("Aline", "aline", "Exemple"):
        assert personal not in stored


def test_a_citizens_words_wait_and_the_institutions_pass_the_gate(
    town: Town, tmp_path: Path
) -> None:
    brought(town, written(tmp_path, REFUSED, TOLD))
    states = {(t.role, t.state) for t in town.rows("SELECT role, state FROM case_text")}
    assert states == {
        ("title", "pending"), ("wanted", "pending"), ("answer", "released"), ("answer", "pending")
    }  # fmt: skip
    answers = town.rows("SELECT outcome, ground, url FROM official_answer ORDER BY id")
    assert [tuple(a) for a in answers] == [
        ("refused", "not_stated", None),
        ("published", None, "https://donnees.ville.example/bancs"),
    ]
    assert town.one("SELECT count(*) FROM outbox") == 0
    ref = str(town.one("SELECT ref FROM \"case\" WHERE status = 'refused'"))
    page = town.visitor().page(f"/requests/{ref}")
    assert "ont pas été repris" in page
    assert "Non précisé" in page
    assert "caves" not in page
    other = tmp_path / "own"
    other.mkdir()
    file = written(
        other, ("9", *OPEN[1:4], "Les arbres de la ville.", *OPEN[5:]), words="institution"
    )
    brought(town, file)
    assert (
        town.one("SELECT count(*) FROM case_text WHERE state = 'released' AND role = 'title'") == 1
    )


def test_a_second_run_adds_nothing_and_says_what_the_file_has_changed(
    town: Town, tmp_path: Path
) -> None:
    file = written(tmp_path, OPEN, REFUSED, TOLD)
    brought(town, file)
    again = brought(town, file)
    assert (again.added, again.known, again.changed, again.refused) == (0, 3, [], [])
    published = "SELECT ref FROM \"case\" WHERE status = 'published'"
    town.remove(str(town.one(published)), code="erasure")
    before = everything(town)
    changed = written(
        tmp_path,
        (*OPEN[:4], "Les arbres, tous.", "2026-01-04", "2026-02-01", "published", "Voici.", ""),
        REFUSED,
        (*TOLD[:4], "Tout autre chose.", *TOLD[5:]),
    )
    third = brought(town, changed)
    assert (third.added, third.known) == (0, 3)
    assert third.changed == [
        "csv:registre:1: known already, and the file now says otherwise:"
        " received, wanted, outcome, answer"
    ]
    assert everything(town) == before


def test_what_was_closed_long_ago_is_kept_until_agents_could_read_it(
    town: Town, tmp_path: Path
) -> None:
    file = written(tmp_path, (*REFUSED[:5], "2021-01-06", "2021-03-01", *REFUSED[7:]))
    brought(town, file)
    days = timedelta(days=town.settings.keep_originals_days)

    def forget() -> list[int]:
        with town.change():
            return keeping.forget_originals(town.today - days, 10)

    assert town.today - date(2021, 3, 1) > days
    town.later(days=days.days - 1)
    assert forget() == []
    town.later(days=2)
    assert len(forget()) == 1
    assert brought(town, file).changed == []


def strike(town: Town) -> None:
    town.later(days=90)
    with town.app.app_context():
        law = law_of(town.settings.communes)
        assert commands.strike_clocks(law, now=town.now, today=town.today) == 0


def test_no_legal_clock_runs_for_what_was_brought_in(town: Town, tmp_path: Path) -> None:
    brought(town, written(tmp_path, OPEN))
    strike(town)
    ref = str(town.one('SELECT ref FROM "case"'))
    town.answer(ref, "refused", "Le fichier n’est pas achevé.", ground="unfinished")
    strike(town)
    assert [tuple(r) for r in town.rows("SELECT clock, clock_on FROM data_request")] == [
        (None, None)
    ]
    steps = {r.step for r in town.rows("SELECT step FROM timeline")}
    assert not steps & {"implicit_refusal", "confirmed_refusal"}


def test_what_was_read_before_a_file_ends_is_kept(village: Town, tmp_path: Path) -> None:
    path, how = written(tmp_path, OPEN, REFUSED)
    path.write_text(path.read_text(encoding="utf-8") + '5,"x', encoding="utf-8")
    report = brought(village, (path, how))
    assert report.added == 2
    assert "this is not CSV" in report.stopped
    ticks = iter((0.0, commands.MOST_SECONDS + 1.0))
    late = brought(village, written(tmp_path, OPEN), seconds=lambda: next(ticks))
    assert late.stopped == "after 60 minutes; run it again for the rest"


def test_the_command_prints_and_keeps_what_was_refused(
    village: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, how = written(tmp_path, OPEN, *((f"x\x1b]0;{n}", *OPEN[1:]) for n in range(25)))
    kept = tmp_path / "refused.csv"

    def run(*words: str) -> int:
        args = operating._parser().parse_args(["import", "requests-csv", str(path), *words])
        with village.app.app_context():
            return operating.import_file(args, village.settings, village.now)

    mapped = ("--mapping", str(how.mapping), "--report", str(kept))
    assert run("--dry-run", *mapped) == 0
    said = capsys.readouterr().out
    assert "registre.csv: 1 would be added, 0 known already, 25 refused" in said
    assert "… and 5 more" in said
    assert "\x1b" not in said
    assert village.one('SELECT count(*) FROM "case"') == 0
    with kept.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert len(lines) == 26
    assert lines[1] == ["refused", "line 3: id: a control character (NUL or the like)"]
    assert kept.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        run(*mapped)
    assert how.mapping is not None
    how.mapping.write_text("[file]\nname = 3", encoding="utf-8")
    kept.unlink()
    assert run(*mapped) == 2
    assert "m.toml: [file]: “name”: a text was expected" in capsys.readouterr().err
    assert not kept.exists()
    path.write_text('"', encoding="utf-8")
    assert run("--mapping", str(how.mapping)) == 2
    assert run() == 1
    assert "stopped: line 1: this is not CSV" in capsys.readouterr().out
    args = ["import", "udata-discussions", str(path), "--mapping", "m.toml"]
    assert (
        operating.import_file(operating._parser().parse_args(args), village.settings, village.now)
        == 2
    )
