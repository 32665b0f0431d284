# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures for the operator: true, over all processes, and for nobody else."""

import json
import multiprocessing
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from beffroi.app import create_app
from beffroi.backups.adapters import ledger, newest
from beffroi.kernel.db import db
from beffroi.watching.adapters import NAME
from beffroi_federation.aggregator.intake.commands import pulls
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATIONAL_MIGRATIONS
from beffroi_web.clock import FixedClock
from beffroi_web.tallies import Tally
from support.databases import fresh
from support.deployed import ROOT
from support.nation import Nation
from support.town import NOON, PUBLIC_URL, Town

LINE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+)\})? (-?[0-9][0-9.e+-]*)$')
TOKEN = "a-token-of-the-tests-that-is-long-enough"
MONITORING = ROOT / "deploy" / "monitoring"
METRICS = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")


def figures(body: str) -> dict[str, float]:
    """Every figure by name and labels; every line must be one of the format."""
    found: dict[str, float] = {}
    for line in body.splitlines():
        if line.startswith("# "):
            assert re.match(r"# (HELP|TYPE) beffroi_[a-z_]+ \S", line), line
            continue
        fits = LINE.match(line)
        assert fits, line
        key = fits[1] + (f"{{{fits[2]}}}" if fits[2] else "")
        assert key not in found, key
        found[key] = float(fits[3])
    return found


def asked(town: Town, **options: object) -> TestResponse:
    return town.app.test_client().get("/metrics", base_url=PUBLIC_URL, **options)  # type: ignore[arg-type]


def test_the_figures_are_those_of_the_town(village: Town) -> None:
    agent = village.signed_in("agent")
    first = figures(asked(village).text)
    assert first['beffroi_texts_waiting{status="review"}'] == 0
    assert "beffroi_worker_seen_seconds" not in first  # there never was one
    assert not any(name.startswith("beffroi_backup") for name in first)
    newest.note(village.settings.data_dir, village.now)
    ledger.verified(village.settings.data_dir, made_at=village.now, now=village.now)
    village.mail.refusals = 100
    ref = village.request(title="Zqxoriginal", email="zqxaddress@citizens.example")
    village.release(ref)
    village.request(title="Une autre", email="b@citizens.example")
    village.work()
    village.later(days=45)
    now = figures(asked(village).text)
    assert now["beffroi_log_entries"] > 0
    assert now["beffroi_log_batch_age_days"] >= 45
    assert now["beffroi_clocks_late"] == 2  # a month is over and no worker was there
    assert now["beffroi_clock_lateness_days"] >= 13
    assert now["beffroi_texts_oldest_seconds"] == 45 * 86400
    assert now['beffroi_mail_failures{state="retrying"}'] > 0
    assert now["beffroi_worker_seen_seconds"] == 45 * 86400
    assert now["beffroi_jobs_oldest_due_seconds"] > 44 * 86400
    assert now["beffroi_backup_age_seconds"] == 45 * 86400
    assert now["beffroi_backup_verified_age_seconds"] == 45 * 86400
    assert now["beffroi_signer_up"] == 1
    assert now["beffroi_signer_locked"] == 0
    for _ in range(3):
        agent.page("/requests")
    agent.get("/nowhere")
    after = figures(asked(village).text)
    answers = 'beffroi_requests_total{route="/requests",status="2xx"}'
    assert after[answers] == now.get(answers, 0) + 3
    assert after['beffroi_requests_total{route="(none)",status="4xx"}'] >= 1
    assert (
        after['beffroi_request_seconds_bucket{le="+Inf"}'] == after["beffroi_request_seconds_count"]
    )
    said = asked(village).text
    assert not re.search(rf"zqx|citizens\.example|{ref}", said, re.IGNORECASE)
    with village.change():
        db.session.execute(text("UPDATE log_state SET behind_since = :now"), {"now": "2027-01-01"})
    assert figures(asked(village).text)["beffroi_log_shut_seconds"] > 0


def test_figures_are_for_this_machine_or_for_who_has_the_token(village: Town) -> None:
    far = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    assert asked(village, **far).status_code == 403
    assert asked(village, headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert asked(village, headers=bearer, **far).status_code == 403  # none is set
    app = create_app(replace(village.settings, metrics_token=TOKEN), clock=village.clock)
    guarded = replace(village, app=app)
    answer = asked(guarded, headers=bearer, **far)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert asked(guarded, headers={"Authorization": f"Bearer {TOKEN}x"}, **far).status_code == 403
    assert asked(guarded, **far).status_code == 403
    proxied = replace(village.settings, behind_proxy=True)
    behind = replace(village, app=create_app(proxied, clock=village.clock))
    forwarded = {"X-Forwarded-For": "192.0.2.7"}
    assert asked(behind, headers=forwarded).status_code == 403


def _count(folder: Path, times: int) -> None:
    tally = Tally(folder, "t", [("a",), ("b",)])
    for _ in range(times):
        tally.add(("a",))


def test_counts_hold_over_processes_and_over_their_deaths(tmp_path: Path) -> None:
    mine = Tally(tmp_path, "t", [("a",), ("b",)])
    mine.add(("b",), 2.5)
    mine.add(("unknown",))
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_count, args=(tmp_path, 500)) for _ in range(3)]
    for one in others:
        one.start()
    for one in others:
        one.join()
    assert mine.sums() == {("a",): 1500.0, ("b",): 2.5}
    assert len(list(tmp_path.glob("t-*.past"))) == 1
    assert len(list(tmp_path.glob("t-*"))) == 2  # what is gone, and this process
    _count(tmp_path, 1)
    assert mine.sums()[("a",)] == 1501.0
    assert Tally(tmp_path, "t", [("c",)]).sums() == {("c",): 0.0}


def test_a_town_whose_database_is_away_is_not_ready_and_says_so(
    village: Town, tmp_path: Path
) -> None:
    away = replace(village.settings, database_url="postgresql+psycopg://nobody@127.0.0.1:9/town")
    client = replace(village, app=create_app(away, clock=village.clock)).app.test_client()
    answer = client.get("/readyz", base_url=PUBLIC_URL)
    assert (answer.status_code, answer.get_json()) == (503, {"ok": False, "schema": None})
    assert client.get("/healthz", base_url=PUBLIC_URL).status_code == 200
    assert not (tmp_path / NAME).exists()


@pytest.fixture
def small_nation(tmp_path: Path) -> Iterator[Nation]:
    """A nation that knows no town yet."""
    (tmp_path / "nation").mkdir()
    url = fresh("sqlite", NATIONAL_MIGRATIONS, tmp_path)
    with Nation.on(url, tmp_path / "nation", FixedClock(NOON)) as made:
        yield made


@pytest.mark.parametrize("file", sorted(MONITORING.glob("beffroi-*")), ids=lambda path: path.name)
def test_every_name_in_the_files_for_monitoring_is_served_and_documented(
    village: Town, small_nation: Nation, file: Path
) -> None:
    village.request()
    village.work()
    pulls(small_nation.settings.data_dir).add(("taken",))
    bodies = asked(village).text + small_nation.client().get("/metrics").text
    typed = re.findall(r"^# TYPE (\S+) (\S+)", bodies, re.MULTILINE)
    assert len(typed) > 20
    served = {name for name, _ in typed}
    served |= {f"{name}_bucket" for name, kind in typed if kind == "histogram"}
    said = file.read_text()
    used = set(re.findall(r"\bbeffroi_[a-z_]+", said))
    assert len(used) > 10
    assert used <= served
    assert {name for name, _ in typed} == set(re.findall(r"`(beffroi_[a-z_]+)`", METRICS))
    if file.suffix == ".json":
        json.loads(said)
    else:
        alerts = re.findall(r"- alert: (\w+)", said)
        assert len(alerts) == len(set(alerts)) == said.count("action:") == said.count("expr:")
