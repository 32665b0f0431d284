# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes after reception: news, another body, closing with a photo, still broken, reminders."""

import re
from datetime import date
from io import BytesIO

from beffroi.kernel import private_links
from beffroi.legal.calendars import calendar_of
from beffroi.street import queries
from beffroi.street.rules import delays
from support.photo_carriers import corners, encoded
from support.street import with_rules
from support.town import Person, Town

WATER = {"category": "water", "description": "Une fuite d’eau devant le 12, rue Haute"}


def test_news_reach_followers_and_the_page_and_put_the_reminder_off(village: Town) -> None:
    with_rules(village)
    ref = village.report(email="alix@citizens.example")
    village.release(ref)
    village.follow(ref, "sam@citizens.example")
    village.later(days=2)
    with village.look():
        before = queries.kept(village.id_of(ref))
    agent = village.signed_in("agent")
    assert agent.post(f"/desk/cases/{ref}/update", {"update": " "}).status_code == 422
    leak = agent.post(f"/desk/cases/{ref}/update", {"update": "Appelez le 06 12 34 56 78"})
    assert leak.status_code == 422
    assert "06 12 34 56 78" in leak.text
    news = {"update": "La pièce est commandée."}
    assert agent.post(f"/desk/cases/{ref}/update", news).status_code == 303
    assert "La pièce est commandée." in village.visitor().page(f"/incidents/{ref}")
    updates = village.visitor().page("/open311/v2/servicerequestupdates.json")
    assert "La pièce est commandée." in updates
    village.work()
    for follower in ("alix@citizens.example", "sam@citizens.example"):
        assert any("nouveau" in m["Subject"] for m in village.mail.to(follower)), follower
    with village.look():
        after = queries.kept(village.id_of(ref))
    assert before
    assert after
    assert before.remind_on
    assert after.remind_on
    assert after.remind_on > before.remind_on


def sent_link(town: Town) -> str:
    """The link by which the water company answers."""
    [letter] = town.mail.to("reseau@eau.example")
    found = re.search(r"https://\S+(/passed-on/\S+)", letter.get_content())
    assert found is not None
    return found[1]


def test_a_body_is_named_at_once_told_after_release_and_its_answer_comes_back(
    village: Town,
) -> None:
    with_rules(village)
    author, agent = village.signed_in(), village.signed_in("agent")
    ref = author.sends_report(**WATER)
    page = village.visitor().page(f"/incidents/{ref}")
    assert "Eau du Val" in page
    assert "09 69 00 00 00" in page
    village.work()
    assert village.mail.to("reseau@eau.example") == []  # nobody has read the words yet
    village.release(ref, description="Une fuite d’eau devant le n° …, rue Haute")
    village.work()
    [letter] = village.mail.to("reseau@eau.example")
    assert author.email not in str(letter)
    assert "Person" not in letter.get_content()
    link = sent_link(village)
    stranger = village.visitor()
    assert stranger.get(link + "0").status_code == 404
    assert "12, rue" not in stranger.page(link)  # released words only
    assert stranger.post(link, {"said": "taken", "words": ""}).status_code == 422
    words = "Une équipe passe jeudi."
    assert stranger.post(link, {"said": "taken", "words": words}).status_code == 303
    assert words not in village.visitor().page(f"/incidents/{ref}")
    village.release(ref, "update")
    assert words in village.visitor().page(f"/incidents/{ref}")
    village.work()
    assert any("organisme" in m["Subject"] for m in village.mail.to(author.email))
    assert village.visitor().post(f"/incidents/{ref}/agree").status_code == 404
    assert author.post(f"/incidents/{ref}/agree").status_code == 303
    village.work()
    assert author.email in village.mail.to("reseau@eau.example")[1].get_content()
    assert agent.post(f"/desk/cases/{ref}/body", {"body": ""}).status_code == 422  # it has gone


def test_closing_says_what_was_done_with_the_institutions_photo(village: Town) -> None:
    agent, ref = village.signed_in("agent"), village.report()
    village.release(ref)
    photo = encoded(corners(300, 200), "jpeg")
    form = {"outcome": "resolved", "words": "Ampoule changée.", "photo_alt": "Le lampadaire allumé"}
    bad = {**form, "photos": (BytesIO(b"<svg/>"), "a.svg")}
    assert agent.post(f"/desk/cases/{ref}/answer", bad).status_code == 422
    good = {**form, "photos": (BytesIO(photo), "a.jpg")}
    assert agent.post(f"/desk/cases/{ref}/answer", good).status_code == 303
    page = village.visitor().page(f"/incidents/{ref}")
    assert "Ampoule changée." in page
    assert "Le lampadaire allumé" in page
    assert "Ce qui a été fait" in page


def still(person: Person, ref: str, reason: str = "Il clignote encore.", key: str = "") -> int:
    query = f"?key={key}" if key else ""
    return person.post(f"/incidents/{ref}/still-broken{query}", {"reason": reason}).status_code


def test_author_and_neighbours_reopen_what_is_still_broken(village: Town) -> None:
    with_rules(village)
    ref = village.report()
    village.release(ref)
    village.close(ref, "resolved")
    assert still(village.visitor(), ref) == 401
    neighbour = village.signed_in()
    assert still(neighbour, ref, " ") == 422
    assert still(neighbour, ref) == 303
    assert village.one('SELECT status FROM "case" WHERE ref = :r', r=ref) == "open"
    assert "Il clignote encore." not in village.visitor().page(f"/incidents/{ref}")
    village.close(ref, "resolved")
    assert still(neighbour, ref) == 422  # once each
    key = private_links.key_for(village.settings.secret_key, ref)
    assert still(village.visitor(), ref, key="0" * 32) == 401
    assert still(village.visitor(), ref, key=key) == 303
    village.close(ref, "no_action")
    village.later(days=400)
    assert still(village.visitor(), ref, key=key) == 422
    village.work()


def test_silent_reports_are_reminded_of_exactly_once_a_period(town: Town) -> None:
    with_rules(town)
    ref, other = town.report(), town.report(category="waste", description="Des sacs")
    town.work()
    assert town.mail.to("voirie@ville.example") == []
    town.later(days=3)  # three working days: Friday
    for _ in range(2):  # two workers, or one that was started again
        town.work()
    [letter] = town.mail.to("voirie@ville.example")
    assert ref in letter.get_content()
    assert other not in letter.get_content()
    assert "lampadaire" not in letter.get_content()  # nobody's words
    town.later(days=3)
    town.work()
    assert len(town.mail.to("voirie@ville.example")) == 1
    town.later(days=2)
    town.work()
    assert len(town.mail.to("voirie@ville.example")) == 2
    town.close(ref, "resolved")
    town.later(days=30)
    town.work()
    assert len(town.mail.to("voirie@ville.example")) == 2


def test_targets_are_working_days() -> None:
    mainland, alsace = calendar_of("FR"), calendar_of("FR", ["67482"])
    target = delays.Target(2)
    assert delays.due_on(date(2024, 12, 24), target, mainland) == date(2024, 12, 27)
    assert delays.due_on(date(2024, 12, 24), target, alsace) == date(2024, 12, 30)
    assert delays.standing(date(2026, 12, 24), date(2026, 12, 25), mainland) == "late"
    assert delays.standing(delays.NEVER, date(2026, 12, 25), mainland) == "none"
