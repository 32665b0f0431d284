# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clean texts that appear by themselves: only with a current measure, only on the town's pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from beffroi.cases import queries as cases
from beffroi.cases.queries import review
from beffroi.kernel.db import MIGRATIONS
from beffroi.moderation import service
from beffroi.outbox import queries as outbox
from support.databases import fresh
from support.town import AGENT, MODERATOR, Town, open_town

BENCH = "Le banc de la place est cassé depuis hier"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A town that lets clean texts appear by themselves."""
    with open_town(
        tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), clean_texts_appear=True
    ) as made:
        yield made


def works(town: Town) -> None:
    """Let the worker read, draw and show, once."""
    with town.app.app_context():
        worker = town.worker()
        worker.read_texts()


def state(town: Town, ref: str, role: str = "description") -> str:
    return str(town.one("SELECT state FROM case_text WHERE id = :id", id=town.texts(ref)[role]))


def drawn(town: Town) -> list[int]:
    rows = town.rows("SELECT text_id FROM text_sample WHERE judged_at IS NULL ORDER BY id")
    return [r.text_id for r in rows]


def judge(town: Town, text_id: int, *, leak: bool = False) -> None:
    with town.change():
        service.judge(text_id, leak=leak, reason="Une fuite", actor=AGENT, now=town.now)


def a_judged_week(town: Town) -> None:
    """A first text is drawn and found sound, so that a rate is known."""
    town.report(description="Un trou dans la chaussée, rue Haute")
    works(town)
    [text_id] = drawn(town)
    judge(town, text_id)


def test_nothing_appears_before_something_was_measured(town: Town) -> None:
    ref = town.report(description=BENCH)
    works(town)
    assert drawn(town) == [town.texts(ref)["description"]]
    town.later(days=8)
    works(town)
    assert state(town, ref) == "pending"
    judge(town, drawn(town)[0])
    town.later(minutes=2)
    works(town)
    assert state(town, ref) == "shown"


def test_a_clean_text_appears_after_seven_days_on_pages_and_in_the_search(town: Town) -> None:
    a_judged_week(town)
    ref = town.report(description=BENCH)
    town.later(days=6)  # the Monday after: it is in the urn, and chance draws another or this one
    other = [town.report(description=f"Le lampadaire {n} clignote le soir") for n in range(3)]
    works(town)
    for text_id in drawn(town):
        judge(town, text_id)
    assert state(town, ref) == "pending"
    town.later(days=1, minutes=1)
    works(town)
    assert state(town, ref) == "shown"
    assert {state(town, one) for one in other} == {"pending"}
    page = town.visitor().page(f"/incidents/{ref}")
    assert "Le banc de la place est cassé depuis hier" in page
    assert "aucun agent ne l’a encore lu" in page
    assert ref in town.visitor().page("/incidents?q=banc")
    assert "cassé depuis hier" in town.visitor().page("/incidents")


def test_what_appeared_by_itself_leaves_by_no_other_way(town: Town) -> None:
    a_judged_week(town)
    author = town.signed_in()
    ref = author.sends_request(title="Les menus de la cantine", wanted="Les menus de la semaine.")
    neighbour = town.follow(ref, "sam@citizens.example")
    town.work()
    town.later(days=7)
    works(town)
    for text_id in drawn(town):
        judge(town, text_id)
    town.later(minutes=2)
    works(town)
    town.work()
    assert {state(town, ref, role) for role in ("title", "wanted")} == {"shown"}
    assert town.rows("SELECT fact FROM outbox WHERE fact = 'request'") == []
    assert "Les menus de la semaine" in town.visitor().page(f"/requests/{ref}")
    item = town.visitor().get(f"/api/v1/requests/{ref}").get_json()
    assert (item["title"], item["wanted"]) == (None, None)
    # Other steps of the case write facts; the record is still refused its words.
    town.answer(ref, "published", url="https://donnees.ville.example/menus")
    town.work()
    with town.look():
        assert outbox.released_request(town.id_of(ref), today=town.today) is None
    log = b"".join(r.content for r in town.rows("SELECT content FROM log_content"))
    assert b"menus de la" not in log
    mail = [str(m.get_content()) + str(m["Subject"]) for m in town.mail.messages]
    assert any("sam@citizens.example" in str(m["To"]) for m in town.mail.messages)
    assert not [m for m in mail if "menus de la" in m]
    assert neighbour
    # An agent's release is a release like any other.
    town.release(ref)
    with town.look():
        released = outbox.released_request(town.id_of(ref), today=town.today)
    assert released is not None
    assert released.title == "Les menus de la cantine"
    assert town.rows("SELECT fact FROM outbox WHERE fact = 'request'") != []


def test_only_clean_texts_of_citizens_on_listed_cases_appear(town: Town) -> None:
    a_judged_week(town)
    masked = town.report(description="Appelez-moi au 06 12 34 56 78, merci")
    doubtful = town.report(description="Voyez le dossier 98765432101, au guichet")
    unlisted = town.report(category="neighbours", description="Du bruit chez les voisins")
    chosen = town.signed_in().sends_report(description=BENCH, hide="banc")
    purpose = town.request(purpose="Pour comparer les communes")
    for _ in range(3):
        town.later(days=7)
        works(town)
        for text_id in drawn(town):
            judge(town, text_id)
    town.later(minutes=2)
    works(town)
    assert {state(town, r) for r in (masked, doubtful, unlisted, chosen)} == {"pending"}
    assert state(town, purpose, "purpose") == "pending"
    assert state(town, purpose, "title") == "shown"


def test_a_leak_is_taken_off_at_once_wherever_it_is(town: Town) -> None:
    ref = town.report(description=BENCH)
    works(town)
    [text_id] = drawn(town)
    agent = town.signed_in("agent")
    page = agent.page(f"/desk/texts/{text_id}?shelf=drawn")
    assert "Ce texte a été tiré au sort" in page
    response = agent.post(f"/desk/texts/{text_id}", {"step": "leak", "shelf": "drawn"})
    assert response.headers["Location"] == "/desk/texts?shelf=drawn&done=judged"
    assert state(town, ref) == "held"
    with town.look():
        standing = review.standing(wanted=True, now=town.now)
    assert (standing.leaks, standing.judged, standing.open) == (1, 1, 0)
    again = agent.post(f"/desk/texts/{text_id}", {"step": "sound", "shelf": "drawn"})
    assert again.headers["Location"].endswith("done=gone")


def test_a_leak_that_was_released_meanwhile_is_withdrawn(town: Town) -> None:
    ref = town.request()
    works(town)
    [text_id] = drawn(town)
    town.release(ref)
    judge(town, text_id, leak=True)
    facts = [r.fact for r in town.rows("SELECT fact FROM outbox ORDER BY id")]
    assert "withdraw" in facts
    with town.look():
        released = cases.public_words(town.id_of(ref))
    assert len(released) == 1


def test_everything_stops_by_itself_when_a_verdict_is_late(town: Town) -> None:
    a_judged_week(town)
    town.later(days=6)
    early = town.report(description=BENCH)
    works(town)
    assert len(drawn(town)) == 1
    assert "après sept jours" in town.signed_in("agent").page("/desk")
    town.later(days=13)
    assert "après sept jours" in town.signed_in("agent").page("/desk")
    town.later(days=2)
    works(town)
    page = town.signed_in("agent").page("/desk")
    assert "plus de 14 jours" in page
    assert "0 sur 1" in page
    assert state(town, early) == "pending"
    judge(town, drawn(town)[0])
    for text_id in drawn(town):
        judge(town, text_id)
    town.later(minutes=2)
    works(town)
    assert state(town, early) == "shown"


def test_a_measure_older_than_ninety_days_is_none(town: Town) -> None:
    a_judged_week(town)
    town.later(days=89)
    with town.look():
        assert review.standing(wanted=True, now=town.now).state(town.now) == "on"
    town.later(days=2)
    with town.look():
        assert review.standing(wanted=True, now=town.now).state(town.now) == "unknown"


def test_a_week_is_drawn_once_and_two_per_cent_of_it(town: Town) -> None:
    for n in range(60):
        town.report(description=f"Le banc numéro {n} est cassé")
    works(town)
    works(town)
    [week] = town.rows("SELECT week, texts, drawn FROM sample_week")
    assert (str(week.week), week.texts, week.drawn) == ("2027-01-11", 60, 2)
    assert len(drawn(town)) == 2
    assert town.one("SELECT count(*) FROM case_text WHERE sampled_on IS NOT NULL") == 60
    town.later(days=6)
    works(town)
    assert town.one("SELECT drawn FROM sample_week WHERE week > '2027-01-12'") == 0


def test_a_new_word_of_the_deny_list_takes_a_shown_text_off(town: Town) -> None:
    a_judged_week(town)
    ref = town.report(description=BENCH)
    town.later(days=7)
    works(town)
    for text_id in drawn(town):
        judge(town, text_id)
    town.later(minutes=2)
    works(town)
    assert state(town, ref) == "shown"
    with town.change():
        service.add_words("deny", "banc de la place", "Un seul", actor=MODERATOR, now=town.now)
    town.later(minutes=2)
    works(town)
    assert state(town, ref) == "pending"
    assert "banc" not in town.visitor().page(f"/incidents/{ref}")
    assert ref not in town.visitor().page("/incidents?q=banc")


def test_a_shown_text_is_held_or_released_from_the_queue(town: Town) -> None:
    a_judged_week(town)
    refs = [town.report(description=f"{BENCH}, numéro {n}") for n in (1, 2)]
    town.later(days=7)
    works(town)
    for text_id in drawn(town):
        judge(town, text_id)
    town.later(minutes=2)
    works(town)
    agent = town.signed_in("agent")
    page = agent.page("/desk/texts?shelf=shown")
    assert all(ref in page for ref in refs)
    one, other = (town.texts(ref)["description"] for ref in refs)
    assert agent.post(f"/desk/texts/{one}", {"step": "release"}).status_code == 303
    held = {"step": "hold", "reason_words": "Un doute"}
    assert agent.post(f"/desk/texts/{other}", held).status_code == 303
    assert [state(town, ref) for ref in refs] == ["released", "held"]
    assert "banc" not in town.visitor().page(f"/incidents/{refs[1]}")


def test_without_the_setting_nothing_is_drawn_and_nothing_appears(village: Town) -> None:
    ref = village.report(description=BENCH)
    village.later(days=30)
    with village.app.app_context():
        assert village.worker().read_texts() == 0
    assert village.rows("SELECT week FROM sample_week") == []
    assert state(village, ref) == "pending"
    assert "apparaissent" not in village.signed_in("agent").page("/desk")


def test_an_imported_text_of_a_citizen_always_waits(town: Town) -> None:
    a_judged_week(town)
    with town.change():
        from beffroi.data_requests.service import ImportedRequest, import_requests

        row = ImportedRequest(
            "s:1", "dataset", "Un titre venu d’ailleurs", "Un texte venu d’ailleurs.",
            town.now, "fr", official=False,
        )  # fmt: skip
        import_requests([row], now=town.now)
    for _ in range(3):
        town.later(days=7)
        works(town)
    titles = town.rows("SELECT state, verdict, sampled_on FROM case_text WHERE role = 'title'")
    assert [(r.state, r.verdict, r.sampled_on) for r in titles] == [("pending", "clean", None)]
