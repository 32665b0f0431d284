# SPDX-License-Identifier: AGPL-3.0-or-later
"""A withdrawal followed everywhere at the nation: pages, search, API, Atom, CSV, Parquet, hints.

The town writes its withdrawal at once, the nation pulls six hours later, the worker's own two
minutes follow: well within the 36 hours of design.md 3.6.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet
import pytest

from beffroi_federation.aggregator.exports import commands as exports
from beffroi_federation.aggregator.following import on_settled
from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_federation.aggregator.witness import commands as witness
from beffroi_web.clock import FixedClock
from support.databases import fresh
from support.nation import Nation, make_town, request_content

MOMENT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
TITLE = "Menus Zirconium des cantines"
ANSWER = "Les menus Zirconium sont publiés chaque semaine."
REF = "210000006-1-0"
ASKING = "210000014"


@pytest.fixture
def nation(tmp_path: Path) -> Iterator[Nation]:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with Nation.on(url, tmp_path, FixedClock(MOMENT)) as made:
        witness.init(made.settings.data_dir, made.settings.public_url)
        yield made


def worked(nation: Nation) -> None:
    """Do what the worker does at its next look."""
    with nation.app.app_context():
        on_settled(None, nation.clock.now())
        if exports.is_due(nation.clock.now()):
            exports.make(now=nation.clock.now())


def said(nation: Nation, path: str) -> tuple[int, str]:
    """What an address answers; Parquet as the words in it."""
    with nation.client().get(path) as answer:
        body = answer.get_data()
        assert "immutable" not in answer.headers.get("Cache-Control", "")
        assert "Set-Cookie" not in answer.headers
    if path.endswith(".parquet") and answer.status_code == 200:
        return 200, str(pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist())
    return answer.status_code, body.decode()


def test_a_withdrawal_is_followed_everywhere_within_the_time_that_is_promised(
    nation: Nation,
) -> None:
    answering, asking = make_town(), make_town(ASKING, "Beffroi-qui-demande")
    answering.record(request_content(
        1, title=TITLE, status="published", outcome="published", answer=ANSWER,
        answered="2026-W41", published_url="https://data.example.org/zirconium.csv",
    ))  # fmt: skip
    asking.record(request_content(2, title="Menus des cantines scolaires"))
    with answering.served(), asking.served():
        for town in (answering, asking):
            town.publish()
            nation.know(town)
        nation.pull()
        worked(nation)
        topic = nation.client().get("/api/v1/similar?q=menus+cantine").json["items"][0]["topic"]
        hints = f"/hints/{ASKING}.json"
        places = (
            "/", "/requests", "/requests?q=zirconium", f"/requests/{REF}", "/towns/210000006",
            "/topics", f"/topics/{topic['id']}", f"/topics/{topic['id']}.csv",
            "/api/v1/records", "/api/v1/records?q=zirconium", "/api/v1/similar?q=menus+cantine",
            "/api/v1/topics", f"/api/v1/topics/{topic['id']}", "/feeds/requests.atom",
            f"/feeds/requests.atom?topic={topic['id']}", "/feeds/requests.atom?theme=TRAN",
            "/data/requests.csv", "/data/requests.parquet", "/data/requests-2026.csv",
            "/data/requests-2026.parquet", "/data/topics.csv", hints,
        )  # fmt: skip
        told = {path for path in places if "irconium" in said(nation, path)[1]}
        never = {path for path in places if path not in told}
        assert never <= {"/topics", "/api/v1/topics", "/data/topics.csv"}, never  # another's title
        known = nation.client().get("/requests?q=zirconium").headers["ETag"]
        acted = nation.clock.now()
        answering.withdraw(0)
        answering.publish()
        nation.clock.move(timedelta(hours=6))
        nation.pull()
        worked(nation)
        again = nation.client().get("/requests?q=zirconium", headers={"If-None-Match": known})
        assert again.status_code == 200, "a copy in somebody's cache is not called current"
        nation.clock.move(timedelta(minutes=2))
        left = {path for path in places if "irconium" in said(nation, path)[1].split("<form")[0]}
        assert left <= {"/requests?q=zirconium"}, left
        assert TITLE not in said(nation, "/requests?q=zirconium")[1]
        assert said(nation, f"/requests/{REF}")[0] == 410
        assert f"/requests/{REF}" in said(nation, "/feeds/requests.atom")[1]
        assert "deleted-entry" in said(nation, "/feeds/requests.atom")[1]
        assert nation.clock.now() - acted <= timedelta(hours=36)
        assert "irconium" not in nation.dump()
        assert [row for row in nation.rows("topic_place") if row[0] >> 40 == 1] == []
        for path in (nation.settings.data_dir / "exports").iterdir():
            assert b"irconium" not in path.read_bytes()
