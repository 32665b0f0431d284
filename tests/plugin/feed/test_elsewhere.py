# SPDX-License-Identifier: AGPL-3.0-or-later
"""What other towns answered: what is sent out, what is believed, and that nobody waits for it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request

from beffroi.feed.adapters import elsewhere
from beffroi.feed.adapters.elsewhere import Elsewhere, harmless_words
from beffroi.kernel.db import MIGRATIONS
from support.browser import served
from support.databases import fresh
from support.nation import request_content
from support.town import REQUEST, Town, open_town

SIREN = "210000006"
OTHER = "210000014"


def item(at: str, **members: Any) -> dict[str, Any]:
    """An item as the nation `at` an address gives it; most members are those of its record."""
    own = {name: members.pop(name) for name in ("town", "siren", "url") if name in members}
    record = json.loads(
        request_content(1, **{"title": "Menus", "answer": "Oui, les voici.", **members})
    )
    made = {"ref": f"{OTHER}-1-1", "town": "Ailleurs", "siren": OTHER, "index": 1, "origin": "x"}
    return {**made, "url": f"{at}/requests/{OTHER}-1-1", "record": record, **own}


class Fake:
    """A nation that says what a test wants; `asked` are the lines that came."""

    def __init__(self) -> None:
        self.app = Flask("nation")
        self.asked: list[str] = []
        self.says: Any = None
        self.url = ""
        self.app.add_url_rule("/api/v1/similar", "similar", self.answer)

    def answer(self) -> Response:
        """Answer with what was set, made by a function if it is one."""
        self.asked.append(request.args["q"])
        said = self.says() if callable(self.says) else self.says
        return said if isinstance(said, Response) else self.app.json.response(said)


@contextmanager
def nation() -> Iterator[Fake]:
    made = Fake()
    with served(made.app) as url:
        made.url = url
        made.says = {"items": [item(url)], "next_cursor": None}
        yield made


def asker(made: Fake, **more: Any) -> Elsewhere:
    return Elsewhere(made.url, SIREN, user_agent="tests", **more)


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("Menus des cantines scolaires", ["Menus", "des", "cantines", "scolaires"]),
        ("Les factures de Jean Dupont 2024", ["Les", "factures"]),
        ("appelez le 06 12 34 56 78 pour le budget", ["appelez", "pour", "budget"]),
        ("camille@example.org : budget voté", ["budget", "voté"]),
        ("voir https://x.example/?jeton=abc", ["voir"]),
        ("2026 75011", []),
    ],
)
def test_only_words_without_anything_personal_leave(line: str, sent: list[str]) -> None:
    assert harmless_words(line) == sent


def test_nothing_leaves_when_a_detector_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> Any:
        raise RuntimeError("a detector died")

    monkeypatch.setattr(elsewhere, "find_strong", broken)
    assert harmless_words("Menus des cantines") == []


def test_it_is_asked_once_and_then_remembered_for_some_minutes() -> None:
    moments = [0.0]
    with nation() as made:
        ask = asker(made, seconds=lambda: moments[0])
        for _ in range(2):
            [one] = ask("Les menus, 2026", "des détails que personne n’envoie")
            assert (one.town, one.title, one.answer) == ("Ailleurs", "Menus", "Oui, les voici.")
        assert made.asked == ["Les menus"]
        moments[0] += elsewhere.KEPT_SECONDS + 1
        assert ask("Les menus")
        assert len(made.asked) == 2
        assert ask("06 12 34 56 78") == []
        assert len(made.asked) == 2


def test_what_is_not_what_it_should_be_is_left_out() -> None:
    with nation() as made:
        evil = "https://evil.example/requests/1"
        made.says = {
            "items": [
                item(made.url, siren=SIREN), item(made.url, url=evil),
                item(made.url, url=f"{made.url}/elsewhere"), item(made.url, town="T" * 200),
                item(made.url, town="a\u202eb"), item(made.url, answer=None),
                item(made.url, answer="Écrivez à camille@example.org"),
                item(made.url) | {"record": {"kind": "request", "title": "<b>"}},
                item(made.url) | {"record": "x"}, "x", None,
                item(made.url, title="<script>alert(1)</script>"),
            ]
        }  # fmt: skip
        assert [one.title for one in asker(made)("menus")] == ["<script>alert(1)</script>"]


@pytest.mark.parametrize(
    "says",
    [
        Response("[" * 100_000, mimetype="application/json"),
        Response("{}"), Response("no"), Response("", 500), Response("", 302, {"Location": "/"}),
        Response("x" * (elsewhere.MOST_BYTES + 1)),
        lambda: time.sleep(4) or Response("{}"),
    ],
    ids=["deep", "no list", "no JSON", "fault", "redirect", "large", "slow"],
)  # fmt: skip
def test_a_nation_that_is_slow_or_hostile_is_as_if_there_were_none(says: Any) -> None:
    with nation() as made:
        made.says = says
        ask = asker(made)
        harmless_words("menus")  # the detectors read their lists once
        began = time.monotonic()
        assert ask("menus des cantines") == []
        assert time.monotonic() - began < 3  # 0.7, and what a busy machine adds
        assert ask("autre chose") == []  # it is left alone for a while
        assert len(made.asked) == 1


def test_nobody_there_is_no_fault() -> None:
    with nation() as made:
        ask = asker(made)
    assert ask("menus des cantines") == []


def test_the_form_the_api_and_the_desk_show_it_and_escape_it(tmp_path: Path) -> None:
    with nation() as made:
        one = item(made.url, title="<b>Menus</b>", published_url="https://a.example/m")
        topic = {"url": f"{made.url}/topics/abcdefgh", "published": 7, "refused": 2}
        wrong = item(made.url) | {"topic": {**topic, "url": "https://evil.example/topics/x"}}
        made.says = {"items": [wrong, one | {"topic": topic}]}
        url = fresh("sqlite", MIGRATIONS, tmp_path)
        with open_town(tmp_path, url, aggregator_url=made.url) as town:
            citizen = town.signed_in("citizen")
            page = citizen.post("/requests/new", {**REQUEST, "step": "preview"})
            agent, case = town.signed_in("agent"), f"/desk/cases/{town.request()}"
            desk = agent.page(case)
            assert "9 collectivités y ont répondu" in desk
            assert "evil.example" not in desk
            begun = agent.page(f"{case}?after={OTHER}-1-1")
            assert "Oui, les voici.\n\nTexte repris de la réponse de Ailleurs" in begun
            assert "Texte repris" not in agent.page(f"{case}?after={SIREN}-1-1")
            for said in (page.get_data(as_text=True), desk):
                assert "&lt;b&gt;Menus&lt;/b&gt;" in said
                assert 'href="https://a.example/m"' in said
                assert "Ailleurs" in said
            one = town.visitor().get("/api/v1/similar?q=menus").get_json()["elsewhere"][1]
            assert one["answer"] == "Oui, les voici."
            assert "service national" in town.visitor().page("/privacy")


def test_a_town_without_a_nation_asks_nobody(village: Town) -> None:
    assert village.app.extensions["beffroi"].elsewhere is None
    assert "service national est interrogé" not in village.visitor().page("/privacy")
