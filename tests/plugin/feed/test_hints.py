# SPDX-License-Identifier: AGPL-3.0-or-later
"""The nation's file of hints in a town: what is believed of it, how long it is kept."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask, Response, request

from beffroi.app import site_of
from beffroi.config import from_environ
from beffroi.dashboards.routes.answering import credit_of
from beffroi.doctor import CHECKS, Examined
from beffroi.feed.adapters import hints as adapter
from beffroi.feed.commands.hints import read_due
from beffroi.feed.schemas import Awaited, read_hints
from beffroi.kernel.db import MIGRATIONS
from beffroi_federation import canonical
from beffroi_federation.errors import ProtocolError
from beffroi_federation.notes import format_note, sign, vkey
from beffroi_web.configuration import SettingsRefused
from beffroi_web.findings import Finding
from support.browser import served
from support.databases import fresh
from support.town import NOON, Town, open_town

NATION, SIREN, OTHER, NAME = "https://nation.example", "210000006", "210000014", "nation/hints"
KEY, STRANGE = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2))
VKEY = vkey(NAME, KEY.public_key().public_bytes_raw())
TODAY = NOON.astimezone(UTC).date()
RECORD = "a-record-of-the-town"
Change = Callable[[dict[str, Any]], object]


def said(nation: str = NATION, day: date = TODAY, record: str = RECORD) -> dict[str, Any]:
    """What an honest file says of one request with one answer."""
    answer = {
        "town": "Ailleurs", "siren": OTHER, "url": f"{nation}/requests/{OTHER}-1-1", "index": 1,
        "title": "Les menus", "outcome": "published", "answer": "Les voici.",
        "answered": "2026-W41", "published_url": "https://data.example/menus",
    }  # fmt: skip
    topic = {
        "id": "kwhvbg2s", "url": f"{nation}/topics/kwhvbg2s", "towns": 47, "published": 6,
        "refused": 3, "waiting": 38,
    }  # fmt: skip
    one = {"ref": f"{SIREN}-1-0", "id": record, "topic": topic, "answers": [answer]}
    return {
        "v": 1, "siren": SIREN, "nation": nation, "day": day.isoformat(), "requests": [one],
    }  # fmt: skip


def signed(hints: dict[str, Any], key: Ed25519PrivateKey = KEY) -> dict[str, Any]:
    """The file as a nation makes it."""
    digest = base64.b64encode(hashlib.sha256(canonical.encode(hints)).digest()).decode()
    text = f"beffroi hints v1\n{hints['siren']}\n{hints['day']}\n{digest}\n"
    return {"hints": hints, "note": format_note(text, [sign(text, NAME, key)])}


def read(file: object, held: date | None = None) -> dict[str, Any]:
    body = file if isinstance(file, bytes) else json.dumps(file).encode()
    return dict(read_hints(body, Awaited(VKEY, NATION, SIREN, TODAY, held)).answers)


def test_an_honest_file_is_read() -> None:
    [answer] = read(signed(said()))[RECORD]
    assert (answer.town, answer.answer, answer.outcome) == ("Ailleurs", "Les voici.", "published")
    assert answer.topic is not None
    assert (answer.topic.answered, answer.topic.refused) == (9, 3)
    where = f"{NATION}/requests/{OTHER}-1-1"
    credit = f"Words taken over from the answer of Ailleurs, week of October 5, 2026: {where}"
    assert credit_of(answer, "en") == credit


def changed(**members: object) -> dict[str, Any]:
    return signed({**said(), **members})


@pytest.mark.parametrize(
    "file",
    [
        signed(said(), STRANGE), {**signed(said()), "note": "no note"},
        {**signed(said()), "hints": {**said(), "requests": []}},
        {"hints": said(), "note": signed(said(day=TODAY - timedelta(days=1)))["note"]},
        changed(siren=OTHER), changed(nation="https://other.example"), changed(v=2),
        changed(day=(TODAY + timedelta(days=1)).isoformat()),
        changed(day=(TODAY - timedelta(days=4)).isoformat()),
        changed(day="12/01/2027"),
        {**signed(said()), "hints": {**said(), "v": 1.5}},
        b"[" * 100_000, b"[]", b"{}", b"\xff", b'{"hints": {"a": "\\ud800"}, "note": ""}',
    ],
    ids=["another key", "no note", "words not signed", "another day's note", "another town",
         "another nation", "another version", "tomorrow", "too old", "no day", "a float",
         "deep", "a list", "empty", "no text", "half a character"],
)  # fmt: skip
def test_a_file_that_is_not_the_one_awaited_is_refused(file: object) -> None:
    with pytest.raises(ProtocolError):
        read(file)


def test_a_file_older_than_the_one_that_was_read_is_refused() -> None:
    assert read(signed(said()), held=TODAY)
    with pytest.raises(ProtocolError):
        read(signed(said(day=TODAY - timedelta(days=1))), held=TODAY)


@pytest.mark.parametrize(
    "members",
    [
        {"answer": "Écrivez à camille@example.org"}, {"title": "Appelez le 06 12 34 56 78"},
        {"town": "camille@example.org"}, {"town": "a\u202eb"}, {"town": "T" * 121}, {"town": 7},
        {"siren": SIREN}, {"url": "https://evil.example/requests/1"}, {"title": "T" * 201},
        {"answer": "A" * 8_001}, {"answer": None}, {"outcome": "maybe"}, {"answered": "2026-W60"},
        {"published_url": "http://plain.example/"}, {"outcome": "refused"},
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_that_no_record_could_be_or_with_a_person_in_it_is_left_out(
    members: dict[str, object],
) -> None:
    hints = said()
    answers = hints["requests"][0]["answers"]
    answers.append({**answers[0], **members})
    assert len(read(signed(hints))[RECORD]) == 1


def test_a_key_is_pinned_whole_beside_a_nation_or_refused() -> None:
    given = {
        "NAME": "V", "SIREN": SIREN, "KIND": "commune", "COMMUNES": "35238", "DATA_DIR": "/x",
        "PUBLIC_URL": "https://v.example", "SECRET_KEY": "s" * 32, "AGGREGATOR_URL": NATION,
        "AGGREGATOR_HINTS_KEY": VKEY,
    }  # fmt: skip
    environ = {f"BEFFROI_{name}": value for name, value in given.items()}
    assert from_environ(environ).aggregator_hints_key == VKEY
    for wrong in ({"BEFFROI_AGGREGATOR_URL": ""}, {"BEFFROI_AGGREGATOR_HINTS_KEY": VKEY[:-2]}):
        with pytest.raises(SettingsRefused, match="HINTS_KEY"):
            from_environ({**environ, **wrong})


class Fake:
    """A nation that gives out one file, or none; `asked` are the ETags that came."""

    def __init__(self) -> None:
        self.app = Flask("nation")
        self.asked: list[str | None] = []
        self.file: Any = None
        self.app.add_url_rule("/hints/<siren>.json", "hints", self.answer)

    def answer(self, siren: str) -> Response:
        """Answer as a nation does."""
        self.asked.append(request.headers.get("If-None-Match"))
        if isinstance(self.file, Response):
            return self.file
        if self.file is None:
            return Response("", 404)
        made = Response(json.dumps(self.file), content_type="application/json")
        made.add_etag()
        return made.make_conditional(request)


@contextmanager
def hinted(folder: Path) -> Iterator[tuple[Town, Fake, str, str]]:
    """A town with an open request that the nation's file knows; gives its reference too."""
    made = Fake()
    with (
        served(made.app) as url,
        open_town(
            folder, fresh("sqlite", MIGRATIONS, folder),
            aggregator_url=url, aggregator_hints_key=VKEY, publish="weekly",
            session_hours=1_000, session_idle_hours=1_000,
        ) as town,
    ):  # fmt: skip
        ref = town.request()
        town.release(ref)
        town.publish()
        record = town.one("SELECT record_id FROM log_fact WHERE fact LIKE 'request:%'")
        made.file = signed(said(url, record=record))
        yield town, made, ref, record


def night(town: Town, **by: int) -> bool:
    """Let time pass, and the worker come by; say whether the file was read."""
    town.later(**by)
    with town.app.app_context():
        return read_due(town.settings, now=town.now)


def looked_at(town: Town, **changes: Any) -> list[Finding]:
    """What `beffroi doctor hints` finds, with some settings changed."""
    settings = replace(town.settings, **changes)
    with town.look():
        examined = Examined(settings, site_of(settings), town.now)
        return list(CHECKS["hints"](examined))


def test_a_town_reads_its_file_once_a_night_and_shows_it_without_the_nation(
    tmp_path: Path,
) -> None:
    with hinted(tmp_path) as (town, made, ref, _):
        agent = town.signed_in("agent", lang="en")
        assert "Answered elsewhere" not in agent.page("/desk")
        assert night(town, minutes=1), "a town that never asked asks at once"
        assert not night(town, hours=1)
        town.app.extensions["beffroi"].elsewhere = None  # the nation is down
        page = agent.page(f"/desk/cases/{ref}")
        assert "9 towns have answered this, 3 refused." in page
        begun = agent.page(f"/desk/cases/{ref}?after={OTHER}-1-1")
        credit = f"Ailleurs, semaine du 5 octobre 2026 : {OTHER}-1-1"
        assert f"Les voici.\n\nTexte repris de la réponse de {credit}" in begun
        assert ref in agent.page("/desk?queue=hinted")
        assert [one.state for one in looked_at(town)] == ["ok"]
        assert "beffroi_hints_age_days 0" in town.app.test_client().get("/metrics").text
        assert "answered elsewhere" in agent.page("/desk")
        assert night(town, hours=23)
        assert made.asked[1], "it is asked for with the ETag of what is held"


def test_a_file_that_is_refused_leaves_the_one_before_until_that_is_too_old(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with hinted(tmp_path) as (town, made, ref, record):
        agent, url = town.signed_in("agent", lang="en"), town.settings.aggregator_url
        assert night(town, minutes=1)
        [told] = looked_at(town, aggregator_hints_key="")
        assert (told.state, "no key is pinned" in told.sentence) == ("warning", True)
        made.file = signed(said(url, town.now.date(), record), STRANGE)
        caplog.clear()
        assert not night(town, days=1)
        assert not night(town, hours=2)
        assert len([one for one in caplog.records if "hints" in one.message]) == 1
        assert "not signed with the key" in agent.page("/desk/health")
        [told] = looked_at(town)
        assert (told.state, "not signed with the key" in told.sentence) == ("fault", True)
        town.later(days=3)
        assert "have answered this" in agent.page(f"/desk/cases/{ref}"), "what is held stays"
        town.later(days=1)
        assert "have answered this" not in agent.page(f"/desk/cases/{ref}"), "until it is too old"
        night(town, hours=2)
        assert town.one("SELECT count(*) FROM hint") == 0

        made.file = signed(said(url, town.now.date(), record))
        assert night(town, hours=2)
        assert town.one("SELECT count(*) FROM hint") == 1
        made.file = None
        assert night(town, days=1)
        assert town.one("SELECT count(*) FROM hint") == 0, "what is withdrawn there goes here"


def test_a_nation_that_sends_too_much_or_elsewhere_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "MOST_BYTES", 1_000)
    with hinted(tmp_path) as (town, made, _, _):
        for answer in (Response("x" * 2_000), Response("", 302, {"Location": "/x"})):
            made.file = answer
            assert not night(town, days=1)
        assert len(made.asked) == 2, "no redirect is followed"
        assert town.one("SELECT count(*) FROM hint") == 0
