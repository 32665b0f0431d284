# SPDX-License-Identifier: AGPL-3.0-or-later
"""The smallest town of the demonstration answers from another town's answer, in clicks and keys.

A real nation has pulled it and the two others, whose logs hold what the demonstration's towns
answered; the worker has read the nation's file of the night, and the nation is down by then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from beffroi.kernel.db import MIGRATIONS
from beffroi_federation.aggregator.following import on_settled
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as OF_NATION
from beffroi_federation.aggregator.witness import commands as witness
from beffroi_web.clock import FixedClock
from demo.places import layout
from demo.seeds import DELIBERATIONS, SEEDS, SMALLEST, STILL_OPEN, seed
from support.browser import Late, faults, opened, served, sideways
from support.databases import fresh
from support.drill import Served
from support.nation import Nation, make_town, request_content
from support.town import NOON, Town, open_town

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLICKS, KEYS = 7, 45
"""The most that it may take from the desk's first page to the published answer."""
HERE = "https://donnees.demo.example/deliberations"


@contextmanager
def federation(folder: Path) -> Iterator[Town]:
    """The smallest town after its worker has read what the nation knows; the nation is gone."""
    of_nation, of_town = Late(), Late()
    plan = layout(8300, folder, 3)
    smallest = next(one for one in plan.towns if one.key == SMALLEST)
    (folder / "town").mkdir()
    with served(of_town) as here:
        with (
            served(of_nation) as there,
            Nation.on(
                fresh("sqlite", OF_NATION, folder), folder, FixedClock(NOON), public_url=there
            ) as nation,
        ):
            of_nation.app = nation.app
            witness.init(nation.settings.data_dir, there)
            key = witness.hints_key(nation.settings.data_dir, there)
            assert key is not None
            with open_town(
                folder / "town", fresh("sqlite", MIGRATIONS, folder / "town"),
                public_url=here, name=smallest.name, siren=smallest.siren,
                communes=list(smallest.communes), demonstration=True,
                aggregator_url=there, aggregator_hints_key=key.vkey(),
            ) as town:  # fmt: skip
                of_town.app = town.app
                seed(town.app, smallest, today=town.today, reports=0)
                town.work()
                for other in plan.towns:
                    if other is not smallest:
                        _answered(nation, other.siren, other.name)
                nation.know(Served(f"{here}/log"))
                nation.pull()
                with nation.app.app_context():
                    on_settled(None, nation.clock.now())
                town.later(minutes=2)
                town.work()
                of_nation.app = _away
                yield town


def _away(environ: object, start: object) -> list[bytes]:
    raise ConnectionError("the nation is down")


def _answered(nation: Nation, siren: str, name: str) -> None:
    """Have the nation pull what another town of the demonstration answered."""
    said, town = SEEDS[DELIBERATIONS], make_town(siren, name)
    town.record(
        request_content(
            1, title=said.title, summary=said.wanted, object=said.object, theme=said.theme,
            status="published", outcome=said.outcome, answer=said.words, answered="2026-W52",
            published_url=said.url,
        )
    )  # fmt: skip
    town.publish()
    with town.served():
        nation.know(town)
        nation.pull(siren)


class Counted:
    """A hand that counts its clicks, and the keys that it presses."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.keys = page, 0, 0

    def press(self, where: str) -> None:
        self.page.click(where)
        self.clicks += 1

    def choose(self, where: str, value: str) -> None:
        self.page.select_option(where, value)
        self.clicks += 2

    def write(self, where: str, words: str) -> None:
        self.page.click(where)
        self.page.keyboard.type(words)
        self.clicks += 1
        self.keys += len(words)


def test_the_smallest_town_answers_from_another_towns_answer_in_few_clicks(
    tmp_path: Path, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    with federation(tmp_path) as town:
        url = town.settings.public_url
        [cookie] = town.signed_in("agent").client._cookies.values()
        session = {"name": cookie.key, "value": cookie.value, "url": url}
        with opened(browser, url, width=390) as page:
            page.context.add_cookies([session])
            page.goto(f"{url}/desk?lang=fr")
            hand = Counted(page)
            hand.press("nav.queues a:has-text('Répondu ailleurs')")
            assert faults(page) == []
            assert sideways(page) == 0
            hand.press(f"tbody a:has-text('{STILL_OPEN.title}')")
            assert "2 collectivités y ont répondu." in page.inner_text("#elsewhere")
            assert faults(page) == []
            assert sideways(page) == 0
            ref = page.url.split("?")[0].rsplit("/", 1)[1]
            hand.press("#elsewhere li:first-child a.button")
            hand.choose("#f-outcome", "already_published")
            hand.write("#f-url", HERE)
            hand.press("button[value=now]")
            page.goto(f"{url}/requests/{ref}")
            told = page.inner_text("main")
        assert SEEDS[DELIBERATIONS].words in told
        assert "Texte repris de la réponse de " in told
        assert "semaine du 21 décembre 2026" in told
        assert HERE in told
        assert hand.clicks <= CLICKS
        assert hand.keys <= KEYS
        with capsys.disabled():
            print(f"\nanswered from elsewhere: {hand.clicks} clicks, {hand.keys} keys")
