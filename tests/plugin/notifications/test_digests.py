# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who follows a theme or the town is told once a day, of public words, until the own click."""

from email.message import EmailMessage

from beffroi.cases import service as cases
from beffroi.cases.queries import subscribing as readers
from beffroi.cases.service import subscribing
from beffroi.data_requests import service as requests
from beffroi.kernel.db import db
from beffroi.legal.law import law_of
from beffroi.notifications import commands
from support.campaigns import open_call
from support.town import AGENT, PUBLIC_URL, Town

SAM, KIM = "sam@citizens.example", "kim@citizens.example"


def subscribe(town: Town, email: str, *themes: str, lang: str = "fr") -> int:
    party = town.party(email, lang)
    with town.change():
        for theme in themes:
            at = subscribing.Moment(town.now, town.today)
            subscribing.subscribe(party, theme, at, chance=town.chance)
    return party


def give_theme(town: Town, ref: str, theme: str) -> None:
    with town.change():
        requests.classify(
            cases.the_case(ref), theme=theme, wanted_object=None, actor=AGENT, now=town.now,
            today=town.today, law=law_of(town.settings.communes),
        )  # fmt: skip


def digests(town: Town, email: str) -> list[EmailMessage]:
    return [m for m in town.mail.to(email) if m["Message-ID"].startswith("<digest-")]


def test_each_is_told_once_a_day_of_what_is_new_in_the_own_themes(town: Town) -> None:
    before = town.request(title="Avant tout cela", theme="ENVI")
    town.release(before)
    town.later(minutes=20)
    subscribe(town, SAM, "ENVI")
    subscribe(town, KIM, "", lang="en")
    trees = town.request(title="Arbres abattus", theme="ENVI")
    town.release(trees)
    budget = town.request(title="Budget détaillé", theme="ECON")
    town.release(budget)
    hidden = town.request(title="Rien encore de public", theme="ENVI")
    town.work()
    assert not digests(town, SAM)  # who begins today is told from tomorrow on
    town.answer(before, "published", "Voici tout.", url="https://data.example/avant")
    town.later(days=1)
    town.work()
    town.work()
    [sam], [kim] = digests(town, SAM), digests(town, KIM)
    assert "2 nouvelles" in sam["Subject"]
    assert "3 pieces of news" in kim["Subject"]
    said = sam.get_content()
    assert f"{trees}\u00a0: Arbres abattus\n{PUBLIC_URL}/requests/{trees}\n" in said
    assert said.index("Voici tout.") < said.index("Arbres abattus")
    assert budget not in said
    assert hidden not in said
    assert budget in kim.get_content()
    assert "Newly asked:" in kim.get_content()
    token = town.one(
        "SELECT s.token FROM subscriber s JOIN party p ON p.id = s.party_id WHERE p.email = :e",
        e=SAM,
    )
    assert sam["List-Unsubscribe"] == f"<{PUBLIC_URL}/follow/{token}>"
    assert sam["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    town.later(days=1)
    town.work()
    assert len(digests(town, SAM)) == len(digests(town, KIM)) == 1  # no news, no mail
    give_theme(town, budget, "ENVI")
    town.release(trees, title="Arbres abattus en 2026")
    town.later(days=1)
    town.work()
    assert budget in digests(town, SAM)[1].get_content()  # new in this theme
    assert trees not in digests(town, SAM)[1].get_content()
    assert len(digests(town, KIM)) == 1  # who follows the town knew it already


def test_nothing_is_told_that_was_removed_or_held_back_meanwhile(village: Town) -> None:
    subscribe(village, SAM, "")
    gone, kept, silent = (village.request(title=f"Demande {n}") for n in ("un", "deux", "trois"))
    for ref in (gone, kept, silent):
        village.release(ref)
    village.later(days=1)
    with village.app.app_context():
        assert commands.digest_due(village.settings, now=village.now) == 1
    village.remove(gone)
    village.hold(silent, "title")
    village.work()
    [one] = digests(village, SAM)
    assert kept in one.get_content()
    assert gone not in one.get_content()
    assert silent not in one.get_content()


def test_a_digest_that_is_refused_leaves_later_under_the_same_name_and_once(village: Town) -> None:
    subscribe(village, SAM, "")
    village.release(village.request())
    village.later(days=1)
    village.mail.refusals = 100
    with village.app.app_context():
        village.worker().turn()
    name = village.one("SELECT message_id FROM digest WHERE sent_at IS NULL")
    village.mail.refusals = 0
    village.later(hours=7)
    village.work()
    assert [m["Message-ID"] for m in digests(village, SAM)] == [name]
    assert village.one("SELECT count(*) FROM digest WHERE sent_at IS NOT NULL") == 1


def test_a_worker_that_died_after_the_server_took_it_sends_the_same_name_again(
    village: Town,
) -> None:
    """Between the 250 and the commit a copy may leave, and mailboxes know it by its name."""
    subscribe(village, SAM, "")
    village.release(village.request())
    village.later(days=1)
    with village.app.app_context():
        assert commands.digest_due(village.settings, now=village.now) == 1
        args = {"digest": village.one("SELECT id FROM digest")}
        commands.HANDLERS["send-digest"](args, village.now)
    with village.change():
        db.session.execute(db.text("UPDATE digest SET sent_at = NULL"))
    village.work()
    names = [m["Message-ID"] for m in digests(village, SAM)]
    assert len(names) == 2
    assert len(set(names)) == 1


def test_two_workers_at_once_owe_one_digest(village: Town) -> None:
    subscribe(village, SAM, "")
    village.release(village.request())
    village.later(days=1)
    with village.app.app_context():
        first = commands.digest_due(village.settings, now=village.now)
        second = commands.digest_due(village.settings, now=village.now)
    assert (first, second) == (1, 0)
    assert village.one("SELECT count(*) FROM digest") == 1


def test_no_digest_leaves_before_the_morning(village: Town) -> None:
    subscribe(village, SAM, "")
    village.release(village.request())
    village.later(hours=17)  # five in the morning
    village.work()
    assert not digests(village, SAM)
    village.later(hours=3)
    village.work()
    assert len(digests(village, SAM)) == 1


def test_who_follows_a_theme_or_the_town_can_be_told_at_once(town: Town) -> None:
    sam, kim = subscribe(town, SAM, "ENVI", ""), subscribe(town, KIM, "ECON", lang="en")
    with town.look():
        found = {r.party_id: (r.email, r.lang) for r in readers.subscribers(["ENVI"])}
        both = [r.party_id for r in readers.subscribers(["ENVI", "ECON"])]
    assert found == {sam: (SAM, "fr")}
    assert both == [sam, kim]
    with town.change():
        subscribing.unsubscribe(sam, "", now=town.now)
        subscribing.unsubscribe(sam, "ENVI", now=town.now)
    with town.look():
        assert readers.subscribers(["ENVI"]) == []


def test_an_address_is_confirmed_by_the_button_and_stops_by_one_click(village: Town) -> None:
    page = village.visitor()
    assert "Suivre ce thème" in page.page("/requests?theme=ENVI")
    assert page.post("/requests/follow", {"theme": "ENVI", "email": "no"}).status_code == 422
    sent = page.post("/requests/follow", {"theme": "ENVI", "email": " Sam@Citizens.example "})
    assert sent.headers["Location"].endswith("/requests/follow/sent")
    village.work()
    [letter] = village.mail.to(SAM)
    link = next(w for w in letter.get_content().split() if "/confirm/" in w)[len(PUBLIC_URL) :]
    page.page(link)
    assert village.one("SELECT count(*) FROM subscription") == 0  # a scanner has only looked
    for _ in range(2):
        stop = page.post(link).headers["Location"]
        assert "Environnement" in page.page(stop)
    assert village.one("SELECT count(*) FROM subscription") == 1
    once = page.client.post(stop, base_url=PUBLIC_URL, data={"List-Unsubscribe": "One-Click"})
    assert once.status_code == 200
    assert village.one("SELECT count(*) FROM subscription WHERE ended_at IS NULL") == 0
    assert "Vous ne recevez plus" in page.page(stop)


def test_nobody_floods_the_mailbox_of_somebody_else(village: Town) -> None:
    page = village.visitor()
    for theme in ("", "ENVI", "ECON", "HEAL", "EDUC"):
        assert page.post("/requests/follow", {"theme": theme, "email": SAM}).status_code == 303
    village.work()
    assert len(village.mail.to(SAM)) == subscribing.MOST_ASKED
    village.later(hours=49)
    village.work()
    assert village.one("SELECT count(*) FROM pending_subscription") == 0


def test_signed_in_it_is_one_click_and_ends_in_the_account(village: Town) -> None:
    citizen = village.signed_in("citizen")
    assert citizen.post("/requests/follow", {"theme": "ENVI"}).status_code == 303
    assert citizen.post("/requests/follow", {"theme": ""}).status_code == 303
    assert "Vous suivez cela" in citizen.page("/requests?theme=ENVI")
    assert "Vous suivez cela" not in citizen.page("/requests?theme=ECON")
    account = citizen.page("/account")
    assert "Environnement" in account
    assert "Tout ce à quoi" in account
    assert citizen.post("/account/follows", {"theme": "ENVI"}).status_code == 303
    assert "Environnement" not in citizen.page("/account")
    assert citizen.post("/requests/follow", {"theme": "NONE"}).status_code == 422


def test_what_was_followed_before_there_was_an_account_comes_along(village: Town) -> None:
    citizen = village.signed_in("citizen")
    subscribe(village, citizen.email, "ENVI")
    assert "Environnement" in citizen.page("/account")
    citizen.post("/requests/follow", {"theme": ""})
    assert village.one("SELECT count(DISTINCT party_id) FROM subscription") == 1
    page = village.visitor()
    page.post("/requests/follow", {"theme": "ECON", "email": citizen.email})
    village.work()
    [letter] = village.mail.to(citizen.email)
    link = next(w for w in letter.get_content().split() if "/confirm/" in w)[len(PUBLIC_URL) :]
    page.post(link)
    assert village.rows("SELECT count(*), count(DISTINCT party_id) FROM subscription") == [(3, 1)]
    village.release(village.request())
    village.later(days=1)
    village.work()
    assert len(digests(village, citizen.email)) == 1


def test_what_somebody_followed_is_forgotten_once_its_time_is_over(town: Town) -> None:
    party = subscribe(town, SAM, "ENVI")
    town.release(town.request())
    town.later(days=1)
    town.work()
    with town.change():
        subscribing.unsubscribe(party, "ENVI", now=town.now)
    town.later(days=363)
    town.work()
    assert town.one("SELECT count(*) FROM subscription") == 1
    town.later(days=4)
    town.work()
    town.later(hours=2)
    town.work()
    for table in ("subscription", "subscriber", "digest"):
        assert town.one(f"SELECT count(*) FROM {table}") == 0
    assert town.one("SELECT count(*) FROM party WHERE email = :e", e=SAM) == 0


def test_a_digest_also_says_which_campaign_runs_and_how_many_reports_were_answered(
    village: Town,
) -> None:
    subscribe(village, KIM, "", lang="en")
    subscribe(village, SAM, "ENVI")
    call = open_call(village)
    village.close(village.report(), "resolved")
    village.later(days=1)
    village.work()
    assert not digests(village, KIM)  # neither is worth a message of its own
    for family, category in (("street", "lighting"), ("cyber", "defaced")):
        village.close(village.report(family=family, category=category), "resolved")
    village.release(village.request(title="Arbres abattus", theme="ENVI"))
    village.later(days=1)
    village.work()
    [kim], [sam] = digests(village, KIM), digests(village, SAM)
    assert "One report was answered too:" in kim.get_content()  # those of cyber never appear
    assert f"/campaigns/{call.slug}" in kim.get_content()
    assert "/campaigns/" not in sam.get_content()  # this call has no theme; the town has all
    assert "report" not in sam.get_content()
