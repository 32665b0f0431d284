# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a campaign is made known: calendar, feed, webhook, one-click stop, kit."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.campaigns.commands import signature
from beffroi.campaigns.rules.ical import Entry, calendar, escaped, folded
from beffroi.kernel.db import MIGRATIONS
from support.campaigns import open_call
from support.databases import fresh
from support.town import Town, open_town

SECRET = "a secret of the tests that is long enough"


@given(st.text())
def test_a_folded_line_has_at_most_75_octets_and_unfolds_to_itself(words: str) -> None:
    line = f"SUMMARY:{escaped(words)}"
    assert all(len(part.encode()) <= 75 for part in folded(line).split("\r\n"))
    assert folded(line).replace("\r\n ", "") == line
    assert "\n" not in line


def test_a_calendar_says_whole_days_with_the_day_after_and_moments_in_utc() -> None:
    stamp = datetime(2027, 1, 1, tzinfo=UTC)
    meeting = datetime(2027, 1, 25, 18, 30, tzinfo=UTC)
    made = calendar(
        [
            Entry("a@town", stamp, date(2027, 1, 12), date(2027, 1, 26), "Appel; à tous, ici"),
            Entry("b@town", stamp, meeting, meeting + timedelta(hours=2), "x", location="Mairie"),
        ],
        name="Campagnes", product="-//Beffroi//x//FR",
    )  # fmt: skip
    assert made.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert made.endswith("END:VCALENDAR\r\n")
    for line in (
        "DTSTART;VALUE=DATE:20270112", "DTEND;VALUE=DATE:20270126",
        "SUMMARY:Appel\\; à tous\\, ici", "DTSTART:20270125T183000Z", "LOCATION:Mairie",
    ):  # fmt: skip
        assert f"\r\n{line}\r\n" in made


def test_the_calendar_and_the_feed_tell_of_phases_meet_ups_and_notes(village: Town) -> None:
    call = open_call(village)
    agent = village.signed_in("agent")
    meeting = {"meeting": "Atelier", "place": "Médiathèque", "on": "2027-01-20", "at": "18h30"}
    path = f"/desk/campaigns/{call.slug}/meetings"
    assert agent.post(path, {**meeting, "until": "17:00"}).status_code == 422
    assert agent.post(path, {**meeting, "until": "20:00"}).status_code == 303
    stranger = village.visitor()
    response = stranger.get("/campaigns/calendar.ics")
    assert response.mimetype == "text/calendar"
    said = response.get_data(as_text=True)
    assert said.count("BEGIN:VEVENT") == 5
    assert "DTSTART:20270120T173000Z" in said  # half past six in the town
    uids = re.findall(r"UID:(.*)\r\n", said)
    assert len(set(uids)) == 5
    again = stranger.get(
        "/campaigns/calendar.ics", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert again.status_code == 304
    call.to("research")
    feed = ElementTree.fromstring(stranger.page("/feeds/campaigns.atom"))
    titles = [t.text for t in feed.findall("{*}entry/{*}title")]
    assert titles == [
        "Que faut-il ouvrir ? · Recherche et publication", "Que faut-il ouvrir ? · Tri et sondage",
        "Que faut-il ouvrir ? · Appel à demandes",
    ]  # fmt: skip
    assert "<svg" in stranger.page(f"/campaigns/{call.slug}/kit/call.svg")
    assert stranger.get(f"/campaigns/{call.slug}/kit/nothing.svg").status_code == 404


def test_a_follower_stops_the_messages_by_one_click(village: Town) -> None:
    call = open_call(village)
    person = village.signed_in()
    assert person.post(f"/campaigns/{call.slug}/follow").status_code == 303
    call.to("sorting")
    [message] = village.mail.to(person.email)
    stop = message["List-Unsubscribe"].strip("<>").removeprefix("https://demandes.ville.example")
    assert stop.startswith("/follow/campaigns/")
    done = village.visitor().client.post(
        stop, base_url="https://demandes.ville.example", data={"List-Unsubscribe": "One-Click"}
    )
    assert done.status_code == 200
    call.to("research")
    assert len(village.mail.to(person.email)) == 1
    assert village.visitor().get("/follow/campaigns/unknown").status_code == 404


class _Hook(BaseHTTPRequestHandler):
    taken: list[tuple[bytes, str]]
    refusals: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if type(self).refusals:
            type(self).refusals -= 1
            self.send_response(503)
        else:
            type(self).taken.append((body, self.headers["X-Beffroi-Signature"]))
            self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    """A webhook on loopback that is down once, and then keeps what it is told."""
    _Hook.taken, _Hook.refusals = [], 1
    server = HTTPServer(("127.0.0.1", 0), _Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_webhook_is_told_again_until_it_listens_and_can_check_who_speaks(
    hook: HTTPServer, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{hook.server_address[1]}/town"
    with open_town(
        tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), public_url="http://127.0.0.1:8000",
        announce_url=url, announce_secret=SECRET,
    ) as town:  # fmt: skip
        open_call(town)
        assert _Hook.taken == []
        town.later(minutes=5)
        town.work()
        [(body, signed)] = _Hook.taken
        assert signed == signature(SECRET, body)
        assert b'"step":"call"' in body
        assert b'"first_day":"2027-01-12"' in body


def test_no_webhook_is_posted_to_where_the_settings_may_not_lead(village: Town) -> None:
    from beffroi.config import SettingsRefused
    from support.town import town_settings

    for url in ("http://ville.example/x", "https://10.0.0.1/x", "https://localhost/x", "ftp://x"):
        with pytest.raises(SettingsRefused):
            town_settings(
                village.settings.data_dir, "sqlite:///x", announce_url=url, announce_secret=SECRET
            )
    with pytest.raises(SettingsRefused, match="go together"):
        town_settings(village.settings.data_dir, "sqlite:///x", announce_url="https://a.example/x")


def test_who_follows_the_theme_or_the_town_is_told_once_and_can_stop_there(village: Town) -> None:
    people = {theme: village.signed_in() for theme in ("", "ENVI", "TRAN")}
    for theme, person in people.items():
        assert person.post("/requests/follow", {"theme": theme}).status_code == 303
    call = open_call(village, theme="ENVI")
    call.follow(people["ENVI"].email)  # follows the theme and the series: one message
    call.to("sorting")
    told = {theme: village.mail.to(person.email) for theme, person in people.items()}
    heads = {
        theme: [m["Subject"] for m in sent if "Que faut-il ouvrir" in m["Subject"]]
        for theme, sent in told.items()
    }
    assert len(heads[""]) == 2  # the call and the sorting
    assert len(heads["ENVI"]) == 2
    assert heads["TRAN"] == []
    stop = str(told[""][-1]["List-Unsubscribe"]).strip("<>").removeprefix("https://")
    path = stop[stop.index("/") :]
    assert path.startswith("/follow/")
    assert not path.startswith("/follow/campaigns/")
    assert village.visitor().get(path).status_code == 200
    assert village.visitor().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    call.to("research")
    assert len(village.mail.to(people["ENVI"].email)) > len(told["ENVI"])
    assert len(village.mail.to(people[""].email)) == len(told[""])
