# SPDX-License-Identifier: AGPL-3.0-or-later
"""An agent's forty minutes, in clicks: twenty new requests, three answers, a merge, a refusal.

No script runs. A click is a press of the mouse; choosing from a list is two, going into a box one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from beffroi.cases import service as cases
from beffroi.kernel.db import MIGRATIONS
from support.browser import Late, opened, served
from support.databases import fresh
from support.town import Town, open_town

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRIAGE, ANSWER = 8, 12
"""The most clicks for a request to be taken up, and for one to be answered."""
THEMES = ("EDUC", "TRAN", "ENVI", "GOVE", "ECON")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    late = Late()
    with (
        served(late) as url,
        open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), public_url=url) as made,
    ):
        late.app = made.app
        yield made


@dataclass
class Hand:
    """A hand on the mouse that counts."""

    page: Page
    clicks: int = 0
    told: list[int] = field(default_factory=list)

    def press(self, where: str) -> None:
        self.page.click(where)
        self.clicks += 1

    def choose(self, where: str, value: str) -> None:
        if self.page.input_value(where) != value:
            self.page.select_option(where, value)
            self.clicks += 2

    def write(self, where: str, words: str) -> None:
        self.page.click(where)
        self.page.fill(where, words)
        self.clicks += 1

    def done(self) -> int:
        """Keep how many clicks it took since the last time, and begin anew."""
        self.told.append(self.clicks)
        self.clicks = 0
        return self.told[-1]


def _take_up(hand: Hand, number: int, department: str) -> None:
    """Take up the request on the page: its texts, theme, kind, department; and on to the next."""
    hand.choose("#f-theme", THEMES[number % len(THEMES)])
    if number % 4 == 0:
        hand.choose("#f-object", "document")
    hand.choose("#triage select[name=department]", department)
    hand.press("#triage button[value=next]")


def test_twenty_requests_are_taken_up_three_answered_one_merged_one_refused(
    town: Town, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = town.signed_in("agent", name="Camille Agent")
    for number in range(20):
        town.request(title=f"Les comptes du quartier {number}", email=f"a{number}@x.example")
    with town.change():
        department = str(cases.add_department("Finances"))
    with opened(browser, town.settings.public_url, javascript=False) as page:
        [cookie] = agent.client._cookies.values()
        session = {"name": cookie.key, "value": cookie.value, "url": town.settings.public_url}
        page.context.add_cookies([session])
        page.goto(f"{town.settings.public_url}/desk?queue=new")
        hand = Hand(page)
        hand.press("tbody tr:first-child a")
        for number in range(20):
            _take_up(hand, number, department)
            assert hand.done() <= TRIAGE
        taken, hand.told = hand.told, []
        assert "aucune demande nouvelle" in page.inner_text("main")
        under_review = town.rows('SELECT ref FROM "case" WHERE status = :s', s="under_review")
        assert len(under_review) == 20
        assert town.one("SELECT count(*) FROM case_text WHERE state <> 'released'") == 0
        assert town.one("SELECT count(*) FROM data_request WHERE theme IS NULL") == 0

        page.goto(f"{town.settings.public_url}/desk")
        answered = hand.told
        for number in range(3):
            hand.press("tbody tr:first-child a")
            hand.choose("#f-template", "published")
            hand.press("form.begin button")
            hand.write("#f-url", f"https://donnees.ville.example/comptes/{number}")
            hand.press("button[value=now]")
            assert hand.done() <= ANSWER
            hand.page.click(".breadcrumb a")

        hand.told = merged = []
        kept = town.rows('SELECT ref FROM "case" WHERE open ORDER BY ref')[-1].ref
        hand.press("tbody tr:first-child a")
        hand.choose("#f-template", "duplicate")
        hand.press("form.begin button")
        hand.write("#f-duplicate_of", kept)
        hand.press("button[value=now]")
        assert hand.done() <= ANSWER
        hand.page.click(".breadcrumb a")

        hand.told = refused = []
        hand.press("tbody tr:first-child a")
        hand.choose("#f-outcome", "refused")
        hand.choose("#f-ground", "unfinished")
        hand.write("#f-words", "Le document n’est pas achevé ; il le sera au printemps.")
        hand.press("button[value=now]")
        assert hand.done() <= ANSWER

    outcomes = [row.outcome for row in town.rows("SELECT outcome FROM official_answer ORDER BY id")]
    assert outcomes == ["published", "published", "published", "duplicate", "refused"]
    words = town.rows("SELECT original FROM case_text WHERE role = 'answer' ORDER BY id")
    assert "https://donnees.ville.example/comptes/0" in words[0].original
    assert "Licence Ouverte 2.0" in words[0].original
    assert not any("{" in row.original for row in words)
    with capsys.disabled():
        print(
            f"\nclicks: taken up {taken}; answered {answered}; merged {merged}; refused {refused}"
        )
