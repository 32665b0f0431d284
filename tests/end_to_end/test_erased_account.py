# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody erases the account; two nights later no page of the nation and no file knows of it.

From the button to the aggregator: the town publishes by the week and withdraws by the day, a real
aggregator pulls over HTTP, anybody's auditor is asked. The clock is moved, nothing else is made up.
"""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from beffroi.feed.commands import calendar_of
from beffroi.kernel.db import MIGRATIONS
from beffroi_federation import auditor
from beffroi_federation.aggregator.intake import commands as intake
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATIONAL_MIGRATIONS
from beffroi_federation.aggregator.kernel.db import db as nation_db
from beffroi_federation.aggregator.national.commands import rewrite_files
from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.routes import cookie_name
from support.browser import served
from support.databases import BOTH, Kind, discard, fresh
from support.demo_run import free_base
from support.everything import everything_in
from support.nation import Nation
from support.needles import in_files, inside, spellings
from support.town import ISSUER, PROVIDER, PUBLIC_URL, Person, Town, open_town

pytestmark = pytest.mark.slow

BOUND = timedelta(hours=36)
TURN = timedelta(hours=3)
PUBLIC = {"title": "Ambrezilore", "wanted": "Vorquelene", "comment": "Frostebril"}
PRIVATE = {"purpose": "Zibethanor", "name": "Wendaline"}
WORDS = PUBLIC | PRIVATE
MARKS = spellings({name: word.encode() for name, word in WORDS.items()}, words=WORDS)


@dataclass
class Followed:
    """A town, its nation, and the person who will leave."""

    town: Town
    nation: Nation
    folder: Path
    alix: Person
    refs: dict[str, str] = field(default_factory=dict)

    def pass_time(self, until: datetime) -> None:
        """Move the clock, the workers of both turning all the while."""
        while self.town.now < until:
            self.town.clock.moment = min(self.town.now + TURN, until)
            self.town.work()
            intake.pull(self.nation.app, self.nation.connect(), self.nation.rhythm, due_only=True)
            with self.nation.app.app_context():
                zone = self.nation.settings.time_zone
                rewrite_files(now=self.nation.clock.now(), zone=zone)
                nation_db.session.remove()

    def nation_says(self) -> bytes:
        """Everything that the aggregator says in public, searches for the marks included."""
        client, row = self.nation.client(), self.nation.town()
        paths = ["/", "/requests", f"/towns/{row.siren}", "/api/v1/records", "/audit?all=1"]
        paths += [f"/api/v1/records?q={word}" for word in PUBLIC.values()]
        items = client.get("/api/v1/records").get_json()["items"]
        paths += [f"/requests/{item['ref']}" for item in items]
        return b"\n".join(client.get(path).get_data() for path in paths)

    def town_says(self) -> bytes:
        """Everything that the town says in public near the person's cases."""
        paths = ["/", "/requests", "/api/v1/requests", "/log/content/000", "/log/tail/0"]
        paths += [f"/requests/{ref}" for ref in self.refs.values()]
        client = self.town.app.test_client()
        site = self.town.settings.public_url
        return b"\n".join(client.get(path, base_url=site).get_data() for path in paths)


@pytest.fixture(params=BOTH)
def followed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Followed]:
    kind: Kind = request.param
    port = free_base()
    url = f"http://127.0.0.1:{port}"
    for name in ("town", "nation", "databases"):
        (tmp_path / name).mkdir()
    urls = [fresh(kind, m, tmp_path / "databases") for m in (MIGRATIONS, NATIONAL_MIGRATIONS)]
    with ExitStack() as stack:
        town = stack.enter_context(
            open_town(tmp_path / "town", urls[0], publish="weekly", public_url=url)
        )
        nation = stack.enter_context(Nation.on(urls[1], tmp_path / "nation", town.clock))
        stack.enter_context(served(town.app, port))
        town.work()
        nation.know(SimpleNamespace(prefix=f"{url}/log"))  # type: ignore[arg-type]
        yield Followed(town, nation, tmp_path, town.signed_in(name=PRIVATE["name"]))
    for one in urls:
        discard(one)


def live(followed: Followed) -> None:
    """Bring a request and a comment of the person from the form to the national page."""
    town, alix = followed.town, followed.alix
    followed.refs["mine"] = alix.sends_request(
        title=f"Menus {PUBLIC['title']}",
        wanted=f"Tous les menus {PUBLIC['wanted']} depuis 2020.",
        purpose=f"Pour {PRIVATE['purpose']}",
    )
    followed.refs["other"] = town.request(title="Le budget de la ville")
    for ref in followed.refs.values():
        town.release(ref, "title", "wanted")
    alix.post(f"/requests/{followed.refs['other']}/comment", {"comment": PUBLIC["comment"]})
    town.release(followed.refs["other"], "comment")
    town.answer(followed.refs["mine"], "published", url="https://data.example/menus")
    opens = calendar_of(town.settings).next_week(town.now).opens
    followed.pass_time(opens + timedelta(hours=8))


def comes_back(followed: Followed) -> None:
    """Sign the person in again: days have passed."""
    town, token = followed.town, "comes back " + "x" * 32
    with town.change():
        town.app.extensions["beffroi"].sign_in.sign_in(
            Identity(
                PROVIDER, ISSUER, "person-1", PRIVATE["name"], followed.alix.email, True,
                frozenset(), "none",
            ),
            token=token,
            now=town.now,
        )  # fmt: skip
    cookie = cookie_name(town.app.extensions["beffroi_web"].site)
    followed.alix.client.set_cookie(cookie, token, domain=PUBLIC_URL.removeprefix("https://"))


def audited(url: str) -> tuple[int, dict[str, Any]]:
    """Ask anyone's auditor about the town."""
    said, aside = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(aside):
        code = auditor.main([url, "--json"])
    return code, json.loads(said.getvalue() or aside.getvalue())


def test_an_erased_account_is_nowhere_in_the_nation_and_its_record_is_withdrawn(
    followed: Followed,
) -> None:
    live(followed)
    town = followed.town
    url = followed.nation.town().prefix.removesuffix("/log")
    assert inside(MARKS, followed.town_says()) == set(PUBLIC)
    assert inside(MARKS, followed.nation_says()) == {"title", "wanted"}
    assert audited(url)[1]["contents"]["withdrawn"] == 0

    comes_back(followed)
    page = followed.alix.post("/account/erase", {"word": "effacer"})
    assert page.status_code == 200
    assert "conservé à part" not in page.get_data(as_text=True)  # it was answered

    # At once in the town; in the nation it waits for the daily batch.
    assert inside(MARKS, followed.town_says()) == set()
    assert inside(MARKS, everything_in(town, but=("job",)).encode()) == set()
    code, report = audited(url)
    assert (code, report["contents"]["pending"]) == (0, 1)

    followed.pass_time(town.now + BOUND)

    assert inside(MARKS, followed.nation_says()) == set()
    assert b"Le budget de la ville" in followed.nation_says()
    assert inside(MARKS, followed.nation.dump().encode()) == set()
    code, report = audited(url)
    assert code == 0, report
    assert report["contents"] | {"pending": 0, "withdrawn": 1} == report["contents"]
    leaves = [r.entry for r in town.rows("SELECT entry FROM log_fact ORDER BY position")]
    assert leaves.count("wdr") == 1
    assert in_files(MARKS, [followed.folder / "town", followed.folder / "nation"]) == {}
    assert "zibethanor" not in everything_in(town).casefold()
    assert followed.alix.email not in everything_in(town)
