# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration from outside: what it prints, and what others find when they check its logs."""

import base64
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from beffroi_web.clock import FixedClock, SystemClock
from support.attacking import attacked
from support.databases import discard, empty
from support.demo_run import ROOT, Demo, Ended, free_base, run_once, staying
from support.nation import Nation
from support.real_slice import sliced
from support.second_reader import (
    listed,
    listed_at,
    read_alone,
    records_of,
    second_aggregator,
    trees,
)

STEPS = [
    "sign-in", "request-submitted", "incident-submitted", "triaged", "answered",
    "followers-notified", "released", "logged", "pulled", "verified", "on-national-dashboard",
    "withdrawn", "withdrawal-honoured", "tampering-detected",
]  # fmt: skip
EVIDENCE = {
    "sign-in": {"url"},
    "request-submitted": {"ref", "url"},
    "incident-submitted": {"ref", "url"},
    "triaged": {"ref", "url"},
    "answered": {"ref", "url"},
    "followers-notified": {"ref", "mail"},
    "released": {"ref", "url"},
    "logged": {"index", "size", "root", "url"},
    "pulled": {"url"},
    "verified": {"size", "root", "url"},
    "on-national-dashboard": {"url"},
    "withdrawn": {"ref", "url", "index"},
    "withdrawal-honoured": {"url"},
    "tampering-detected": {"url"},
}
"""What each step shows of itself, at least."""
TOWN = {"name", "siren", "kind", "communes", "url", "origin", "vkey", "cases", "log"}
NATION = {"url", "towns", "verified", "entries", "records", "refused"}

JUDGE = ROOT / ".venv-judge"
AUDIT = """
import sys
from aics_tlog import HttpTileReader, TileVerificationError
from aics_tlog import audit_tiles, parse_checkpoint, parse_note
note, prefix = sys.argv[1:]
checkpoint = parse_checkpoint(parse_note(open(note, encoding="utf-8").read()).text)
try:
    print(audit_tiles(HttpTileReader(prefix, proxies={}), checkpoint.size, checkpoint.root))
except TileVerificationError as error:
    sys.exit(f"refused: {error}")
"""

pytestmark = pytest.mark.slow
judged = pytest.mark.skipif(
    not (JUDGE / "bin/aics-tlog").exists(),
    reason="not run: the independent judge of the log is not installed (.venv-judge)",
)
REAL_DATA = os.environ.get("BEFFROI_REAL_DATA", "")
WITH = (
    pytest.param("", id="own-texts"),
    pytest.param(
        REAL_DATA,
        id="real-data",
        marks=[
            pytest.mark.real_data,
            pytest.mark.skipif(not REAL_DATA, reason="not run: there is no real data here"),
        ],
    ),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A demonstration that is up, and the run before it on the same folder, to its end.

    With real data there is one run only: what a second run finds does not depend on whose rows
    they are.
    """

    ended: Ended | None
    notes: dict[str, str]
    up: Demo

    @property
    def first(self) -> Ended:
        assert self.ended is not None
        return self.ended

    @property
    def shown(self) -> dict[str, Any]:
        return self.up.shown


@pytest.fixture(scope="module", params=WITH)
def seen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    if not request.param:
        yield request.getfixturevalue("own")
        return
    real = sliced(Path(REAL_DATA), tmp_path_factory.mktemp("real"))
    with staying(free_base(), tmp_path_factory.mktemp("demo"), ("--data", str(real))) as up:
        yield Seen(None, {}, up)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Two runs with the program's own texts: the first to its end, the second still up."""
    folder = tmp_path_factory.mktemp("demo")
    base = free_base()
    first = run_once(base, folder)
    assert first.status == 0, (first.out, first.words[-3000:])
    notes = signed_notes(folder)
    with staying(base, folder) as up:
        yield Seen(first, notes, up)


def signed_notes(folder: Path) -> dict[str, str]:
    """Return the checkpoint of each town as it is on disk now, by its origin."""
    notes = {}
    for path in folder.glob("*/town.sqlite3"):
        with sqlite3.connect(path) as connection:
            [[note]] = connection.execute("SELECT note FROM log_state").fetchall()
        connection.close()
        notes[note.split("\n")[0]] = note
    return notes


def object_of(ended: Ended) -> dict[str, Any]:
    """Return the only JSON object on standard output."""
    lines = ended.out.splitlines()
    assert len(lines) == 1, lines
    shown = json.loads(lines[0])
    assert isinstance(shown, dict)
    return shown


def judge(command: str, town: dict[str, Any], folder: Path, *more: str) -> dict[str, Any]:
    """Return the verdict of the independent judge on a town's log over HTTP."""
    key = folder / f"{town['siren']}.vkey"
    key.write_text(town["vkey"] + "\n")
    options = ["--vkey-file", str(key), "--tiles", town["url"] + "/log"]
    options += ["--origin", town["origin"]] if command == "verify-checkpoint" else []
    done = run(str(JUDGE / "bin/aics-tlog"), command, *options, *more)
    assert done.stdout, done.stderr
    verdict: dict[str, Any] = json.loads(done.stdout)
    assert verdict["ok"] is (done.returncode == 0)
    return verdict


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)


def get(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=30)


# ---- what it prints -----------------------------------------------------------------------------


def test_every_step_is_shown_in_order_and_held(seen: Seen) -> None:
    every_step_is_there(seen.shown)


def test_every_step_is_held_in_a_run_that_ends_by_itself(own: Seen) -> None:
    every_step_is_there(object_of(own.first))


def every_step_is_there(shown: dict[str, Any]) -> None:
    journey = shown["journey"]
    assert [entry["step"] for entry in journey] == STEPS
    assert [entry["step"] for entry in journey if entry["ok"] is not True] == []
    assert all(isinstance(entry["ms"], int) and entry["ms"] >= 0 for entry in journey)
    assert not any("error" in entry for entry in journey)


def test_each_step_carries_its_evidence(seen: Seen) -> None:
    lacking = {
        entry["step"]: EVIDENCE[entry["step"]] - entry.keys()
        for entry in seen.shown["journey"]
        if not EVIDENCE[entry["step"]] <= entry.keys()
    }
    assert lacking == {}


def test_the_object_has_the_promised_shape(own: Seen) -> None:
    shown = object_of(own.first)
    assert set(shown) == {"ok", "provider", "towns", "aggregator", "journey"}
    assert shown["ok"] is True
    assert set(shown["provider"]) == {"url"}
    assert set(shown["aggregator"]) == NATION
    for town in shown["towns"]:
        assert set(town) == TOWN
        assert set(town["cases"]) == {"data_requests", "incidents"}
        assert set(town["log"]) == {"size", "root"}
        assert len(base64.b64decode(town["log"]["root"], validate=True)) == 32


def test_the_three_towns_are_those_that_are_promised(seen: Seen) -> None:
    towns = seen.shown["towns"]
    assert [town["name"] for town in towns] == [
        "Beffroi-sur-Seine", "Beffroi-sur-Garonne", "Communauté de Beffroi-en-Vilaine",
    ]  # fmt: skip
    assert [town["kind"] for town in towns] == ["commune", "commune", "epci"]
    assert [town["communes"] for town in towns[:2]] == [["75056"], ["31555"]]
    assert len(towns[2]["communes"]) > 1
    assert all(code.startswith("35") for code in towns[2]["communes"])
    assert all(sum(town["cases"].values()) > 0 for town in towns)


def test_the_nation_counts_every_town_and_leaf_and_refuses_none(own: Seen) -> None:
    shown = object_of(own.first)
    nation, towns = shown["aggregator"], shown["towns"]
    assert (nation["towns"], nation["verified"], nation["refused"]) == (3, 3, 0)
    assert 0 < nation["records"] < nation["entries"]
    assert nation["entries"] <= sum(town["log"]["size"] for town in towns)


def test_all_that_is_not_the_object_goes_to_standard_error(own: Seen) -> None:
    assert "the journey:" in own.first.words
    assert "the journey:" not in own.first.out


# ---- what can be fetched while it stays up ------------------------------------------------------


def test_the_evidence_can_be_fetched(seen: Seen) -> None:
    steps = {entry["step"]: entry for entry in seen.shown["journey"]}
    assert get(steps["logged"]["url"]).text.startswith("c2sp.org/tlog-proof@v1\n")
    assert get(steps["withdrawn"]["url"]).status_code == 410
    assert get(steps["pulled"]["url"]).status_code == 200
    assert get(steps["verified"]["url"]).status_code == 200
    for path in steps["followers-notified"]["mail"]:
        assert steps["followers-notified"]["ref"] in Path(path).read_text()


def test_every_site_says_that_it_is_a_demonstration(seen: Seen) -> None:
    for site in [*seen.shown["towns"], seen.shown["aggregator"]]:
        assert "démonstration" in get(site["url"] + "/?lang=fr").text.lower(), site["url"]


def test_the_identity_file_says_what_the_object_says(seen: Seen) -> None:
    for town in seen.shown["towns"]:
        identity = get(town["url"] + "/.well-known/beffroi.json").json()
        assert identity["vkeys"][0] == town["vkey"]
        assert identity["prefix"] == town["url"] + "/log"
        for member in ("origin", "siren", "kind", "communes", "name"):
            assert identity[member] == town[member]


def test_the_second_run_on_the_same_folder_goes_on_with_the_same_logs(own: Seen) -> None:
    before = {town["siren"]: town for town in object_of(own.first)["towns"]}
    for town in own.shown["towns"]:
        old = before[town["siren"]]
        assert (town["origin"], town["vkey"]) == (old["origin"], old["vkey"])
        assert town["log"]["size"] >= old["log"]["size"]
    first = own.shown["towns"][0]
    assert first["log"]["size"] > before[first["siren"]]["log"]["size"]


# ---- what others find ---------------------------------------------------------------------------


def test_our_auditor_finds_every_log_sound(own: Seen, tmp_path: Path) -> None:
    for town in own.shown["towns"]:
        key, earlier = tmp_path / "vkey", tmp_path / "earlier"
        key.write_text(town["vkey"] + "\n")
        earlier.write_text(own.notes[town["origin"]])
        done = run(
            str(Path(sys.executable).parent / "beffroi-verify"), town["url"], "--json",
            "--vkey-file", str(key), "--from", str(earlier),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        verdict = json.loads(done.stdout)
        assert verdict["ok"] is True
        assert verdict["key"] == "pinned"
        assert verdict["size"] >= town["log"]["size"]


@judged
def test_the_independent_judge_accepts_every_checkpoint(seen: Seen, tmp_path: Path) -> None:
    for town in seen.shown["towns"]:
        verdict = judge("verify-checkpoint", town, tmp_path)
        assert verdict["ok"] is True, verdict
        assert verdict["size"] >= town["log"]["size"]


@judged
def test_the_independent_judge_finds_every_log_continued(own: Seen, tmp_path: Path) -> None:
    for town in own.shown["towns"]:
        earlier = tmp_path / f"{town['siren']}.checkpoint"
        earlier.write_text(own.notes[town["origin"]])
        verdict = judge("verify-consistency", town, tmp_path, "--old-checkpoint", str(earlier))
        assert verdict["ok"] is True, verdict


@judged
def test_the_independent_judge_refuses_an_earlier_root_that_was_never_ours(
    own: Seen, tmp_path: Path
) -> None:
    """The judge can say no: otherwise its yes would mean nothing."""
    first, second = own.shown["towns"][:2]
    other = tmp_path / "checkpoint of another log"
    other.write_text(own.notes[second["origin"]])
    verdict = judge("verify-consistency", first, tmp_path, "--old-checkpoint", str(other))
    assert verdict["ok"] is False


@judged
def test_the_independent_judge_reads_every_tile_and_bundle(seen: Seen, tmp_path: Path) -> None:
    for town in seen.shown["towns"]:
        note = tmp_path / f"{town['siren']}.note"
        note.write_text(get(town["url"] + "/log/checkpoint").text)
        size = int(note.read_text().split("\n")[1])
        done = run(str(JUDGE / "bin/python"), "-c", AUDIT, str(note), town["url"] + "/log")
        assert done.returncode == 0, done.stderr
        assert f"size={size}" in done.stdout


@pytest.mark.database
def test_a_second_aggregator_agrees_and_so_does_a_reader_from_the_pages(
    own: Seen, tmp_path: Path
) -> None:
    towns = own.shown["towns"]
    url = empty("postgresql", tmp_path)
    try:
        second_aggregator(towns, url, tmp_path)
        readings = [read_alone(town["url"]) for town in towns]
        said = {
            town["origin"]: (town["log"]["size"], base64.b64decode(town["log"]["root"]))
            for town in towns
        }
        assert {one.origin: (one.size, one.root) for one in readings} == said
        with Nation.on(url, tmp_path, FixedClock(SystemClock().now())) as second:
            assert trees(second) == said
            ours = listed(second)
            faults = second.client().get("/api/v1/audit?limit=200").json
    finally:
        discard(url)
    alone = records_of(readings)
    assert ours == listed_at(own.shown["aggregator"]["url"])
    assert ours.items() <= alone.items()
    assert faults is not None
    kept_back = [one for one in faults["items"] if one["fault"]]
    assert len(alone) - len(ours) == len(kept_back)
    assert len(ours) >= 10


def test_an_attack_with_all_that_is_public_finds_nothing(own: Seen) -> None:
    for town in own.shown["towns"]:
        status, said = attacked(town["url"], own.shown["aggregator"]["url"])
        assert said["findings"] == [], town["name"]
        assert status == 0
        assert said["read"]["listed"] > 20
