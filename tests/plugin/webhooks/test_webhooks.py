# SPDX-License-Identifier: AGPL-3.0-or-later
"""Other sites are told: of what, in which words, and what happens when they do not listen."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beffroi.cases import service as case_service
from beffroi.cases.rules import OFFICIAL_STEPS
from beffroi.data_requests import service as requests
from beffroi.kernel import jobs
from beffroi.kernel.db import MIGRATIONS
from beffroi.webhooks import commands, rules, service
from beffroi.webhooks.adapters import sender
from beffroi.webhooks.rules import EVENTS, PAUSED_AFTER, Neighbours
from beffroi_web.fetching import Fetching, Limits, NotFetched
from beffroi_web.webhooks import signature
from support.cert import cyber_case
from support.databases import fresh
from support.everything import everything_in
from support.receiver import Receiver, receiving
from support.town import MODERATOR, REQUEST, Town, open_town

_SECRET = re.compile(r'id="new-secret" value="(whsec_[A-Za-z0-9_-]{43})"')


@pytest.fixture
def hook() -> Iterator[Receiver]:
    """A site that listens."""
    with receiving() as made:
        yield made


def near(hook: Receiver, folder: Path, url: str | None = None) -> Any:
    """A town that may tell a receiver on this machine."""
    address = url or fresh("sqlite", MIGRATIONS, folder)
    return open_town(folder, address, webhook_neighbours=[hook.url])


@pytest.fixture
def told(hook: Receiver, tmp_path: Path) -> Iterator[Town]:
    """A town on SQLite that tells the receiver of everything."""
    with near(hook, tmp_path) as made:
        add(made, hook)
        yield made


def add(town: Town, hook: Receiver, *events: str) -> int:
    """Add the receiver at the desk, for some events or all; return the webhook's number."""
    administrator = town.signed_in("administrator")
    form = {"url": f"{hook.url}/in", "events": list(events or EVENTS)}
    page = administrator.post("/desk/webhooks", form)
    assert page.status_code == 201, page.get_data(as_text=True)
    found = _SECRET.search(page.get_data(as_text=True))
    assert found is not None
    hook.secret = found[1]
    assert hook.secret not in administrator.page("/desk/webhooks")
    assert hook.secret not in everything_in(town)
    return int(town.one("SELECT max(id) FROM webhook"))


def test_every_official_step_and_every_publication_is_told_signed_on_both_databases(
    hook: Receiver, tmp_path: Path, database_url: str
) -> None:
    with near(hook, tmp_path, database_url) as town:
        add(town, hook)
        ref = town.request()
        town.release(ref)
        town.answer(ref, "published", "Voici les menus.", url="https://data.example/menus")
        report = town.signed_in().sends_report()
        town.work()
        before = list(hook.types)
        with town.change():
            reason = "Deux fois la même chose."
            case_service.remove_case(
                case_service.the_case(ref),
                reason=reason,
                code="error",
                actor=MODERATOR,
                now=town.now,
            )
        town.work()
    assert hook.unsigned == 0
    assert before[:2] == ["request.received", "request.text_released"]
    assert {"request.answered", "request.changed", "incident.received"} <= set(before)
    assert hook.types[len(before) :] == ["request.removed", "request.withdrawn"]
    assert len(set(hook.ids)) == len(hook.ids)
    removed = next(one for one in hook.came if one["type"] == "request.removed")
    assert removed["data"] == {
        "ref": ref, "removed": True,
        "url": f"https://demandes.ville.example/requests/{ref}",
        "api_url": f"https://demandes.ville.example/api/v1/requests/{ref}",
    }  # fmt: skip
    seen = next(one for one in hook.came if one["type"] == "incident.received")
    assert (seen["data"]["ref"], seen["data"]["description"]) == (report, None)


def test_a_message_holds_what_is_public_when_it_leaves(told: Town, hook: Receiver) -> None:
    ref = told.request()
    told.work()
    assert {one["data"]["title"] for one in hook.came} == {None}
    assert REQUEST["title"] not in str(hook.came)
    told.release(ref)
    told.answer(ref, "published", "Voici les menus.", url="https://data.example/menus")
    told.work()
    released = next(one for one in hook.came if one["type"] == "request.text_released")
    assert released["data"]["role"] in {"title", "wanted"}
    answered = next(one for one in hook.came if one["type"] == "request.answered")
    assert answered["data"]["title"] == REQUEST["title"]
    assert answered["data"]["answer"] == "Voici les menus."
    assert answered["town"]["siren"] == "210000006"
    assert answered["timestamp"].endswith("Z")


def test_unlisted_and_confidential_cases_are_told_to_nobody(told: Town, hook: Receiver) -> None:
    told.signed_in().sends_report(category="neighbours", description="Le voisin du 3, chaque nuit")
    cyber_case(told)
    told.work()
    assert hook.came == []
    assert told.one("SELECT count(*) FROM webhook_delivery") == 0


def test_a_receiver_that_fails_is_asked_again_later_and_the_others_wait_with_it(
    told: Town, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "SECONDS", 0.5)
    hook.answers = [500, "drip", 302, 429]
    told.request()
    for wait in (0, 1, 2, 3):
        told.later(minutes=wait)
        told.work()
    assert hook.came == []
    assert len(hook.ids) == 4
    assert len(set(hook.ids)) == 1, "one at a time, the first first"
    row = told.rows("SELECT answer, fault, attempts FROM webhook_delivery ORDER BY id")[0]
    assert (row.answer, row.attempts) == (429, 4)
    told.later(minutes=10)
    hook.answers = ["huge"]
    told.work()
    waiting = "SELECT count(*) FROM webhook_delivery WHERE state = 'waiting'"
    assert told.one(waiting) == 0
    assert hook.ids[-1] != hook.ids[0] or len(hook.came) == 1
    assert told.one("SELECT faults FROM webhook") == 0


def test_a_message_that_is_refused_does_not_stop_the_next_ones(told: Town, hook: Receiver) -> None:
    hook.answers = [400]
    ref = told.request()
    told.release(ref)
    told.work()
    assert len(hook.came) == told.one("SELECT count(*) FROM webhook_delivery") - 1
    number, [one] = (
        told.one("SELECT min(id) FROM webhook"),
        told.rows("SELECT id, message_id FROM webhook_delivery WHERE answer = 400"),
    )
    administrator = told.signed_in("administrator")
    page = administrator.page(f"/desk/webhooks/{number}")
    assert one.message_id in page
    path = f"/desk/webhooks/{number}/deliveries/{one.id}/resend"
    assert administrator.post(path).status_code == 303
    told.work()
    assert hook.came[-1]["id"] == one.message_id, "under the same name"
    assert administrator.post(f"/desk/webhooks/{number}", {"step": "test"}).status_code == 303
    told.work()
    assert (hook.types[-1], hook.came[-1]["data"]) == ("webhook.test", {})


def test_what_is_gone_or_silent_for_days_is_paused_and_the_health_page_says_so(
    told: Town, hook: Receiver
) -> None:
    administrator, number = told.signed_in("administrator"), told.one("SELECT id FROM webhook")
    hook.answers = [410]
    told.request()
    told.work()
    assert told.one("SELECT pause_reason FROM webhook") == "gone"
    assert hook.url.partition("://")[2] in administrator.page("/desk/health")
    told.request()
    told.work()
    assert len(hook.ids) == 1, "it is asked no more"
    administrator.post(f"/desk/webhooks/{number}", {"step": "resume"})
    told.work()
    assert len(hook.came) >= 2, "and then it is told of what happened meanwhile"
    assert hook.url.partition("://")[2] not in administrator.page("/desk/health")
    hook.answers = [503] * 99
    told.request()
    told.work()
    told.later(days=PAUSED_AFTER.days)
    told.work()
    assert told.one("SELECT pause_reason FROM webhook") == "failing"
    assert told.one("SELECT count(*) FROM job WHERE dead_at IS NOT NULL") == 0


def test_who_dies_between_the_answer_and_the_commit_sends_it_once_more_under_its_name(
    told: Town, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.request()
    with told.look():
        [one] = told.rows("SELECT id FROM webhook_delivery ORDER BY id LIMIT 1")

    class Killed(BaseException):
        """As SIGKILL: nothing after it is done."""

    def dies(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(service, "tried", dies)
        patch.setattr(service, "free", dies)
        with pytest.raises(Killed):
            told.work()
    assert len(hook.ids) == 1
    told.work()
    assert len(hook.ids) == 1, "the lease holds"
    told.later(minutes=3)
    told.work()
    assert hook.ids.count(hook.ids[0]) == 2
    assert all(hook.ids.count(name) == 1 for name in hook.ids[2:])
    assert told.one("SELECT state FROM webhook_delivery WHERE id = :id", id=one.id) == "sent"


def test_a_message_stands_or_falls_with_what_it_is_about(told: Town) -> None:
    before = told.one("SELECT count(*) FROM webhook_delivery")

    def fails() -> None:
        with told.change():
            town_request(told)
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        fails()
    assert told.one("SELECT count(*) FROM webhook_delivery") == before


def town_request(town: Town) -> None:
    """Receive a request inside the unit of work that is open."""
    party = case_service.party_for_email("a@example.org", lang="fr", now=town.now)
    requests.receive(
        dict(REQUEST), requests.Reception(party, "web", town.today, "fr"), actor=MODERATOR,
        now=town.now, chance=town.chance, communes=town.settings.communes,
    )  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "http://ville.example/in", "https://127.0.0.1/in", "https://10.0.0.7/in",
        "https://ville.example:8443/in", "https://a@ville.example/in", "https://localhost/in",
        "http://127.0.0.1:1/in", "https://intranet/in", "ftp://ville.example", "https://[::1]/in",
        "https://2130706433/in", "",
    ],
)  # fmt: skip
def test_only_https_addresses_of_a_domain_are_taken(village: Town, address: str) -> None:
    administrator = village.signed_in("administrator")
    page = administrator.post("/desk/webhooks", {"url": address, "events": ["request.answered"]})
    assert page.status_code == 422
    assert village.one("SELECT count(*) FROM webhook") == 0


def test_a_name_that_leads_inside_is_refused_at_each_sending_and_asked_once() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34", "10.0.0.7"]

    by = Fetching(user_agent="tests", resolve=resolve, limits=Limits(seconds=1))
    with pytest.raises(NotFetched, match="not public"):
        by.post("https://turncoat.example/in", b"{}", {})
    assert asked == ["turncoat.example"], "what was checked is what is connected to"
    kept = Neighbours.of(["https://decidim.ville.example", "http://127.0.0.1:8080"])
    assert kept == Neighbours(
        frozenset({"http://127.0.0.1:8080"}), frozenset({"decidim.ville.example"})
    )
    within = Fetching(
        user_agent="tests", neighbours=kept.hosts, resolve=lambda *_: ["127.0.0.1"],
        limits=Limits(seconds=1, connecting=0.3),
    )  # fmt: skip
    with pytest.raises(NotFetched, match=r"No connection|broke off"):
        within.post("https://decidim.ville.example/in", b"{}", {})


def test_whoever_drips_is_cut_off_in_time(hook: Receiver, told: Town) -> None:
    hook.answers = ["drip"]
    slow = Fetching(
        user_agent="tests", allowed_loopback=frozenset({hook.url}), limits=Limits(seconds=1.2)
    )
    with pytest.raises(NotFetched):
        slow.post(
            f"{hook.url}/in",
            b'{"id": "x"}',
            {"X-Webhook-Id": "x", "X-Webhook-Timestamp": "1", "X-Webhook-Signature": "v1="},
        )
    assert (
        sender.SECONDS + commands.TURN_SECONDS <= jobs.LEASE.total_seconds() / rules.MOST_WEBHOOKS
    )


def test_every_official_step_has_an_event_and_the_docs_name_each() -> None:
    steps = {name.partition(".")[2] for name in EVENTS if not name.startswith("campaign.")}
    assert steps >= OFFICIAL_STEPS
    page = Path(__file__).parents[3] / "docs/reference/webhooks.md"
    written = set(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", page.read_text("utf-8"), re.MULTILINE))
    assert written == {*EVENTS, rules.TEST}
    assert signature("whsec_test", 1795289157, b'{"id":"msg_1"}') == (
        "v1=" + re.search(r"v1=([0-9a-f]{64})", page.read_text("utf-8"))[1]  # type: ignore[index]
    )
