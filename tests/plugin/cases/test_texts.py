# SPDX-License-Identifier: AGPL-3.0-or-later
"""The two forms of each text: what its author wrote, and what everyone may read."""

import pytest
from sqlalchemy import event

from beffroi.cases import queries, service
from beffroi.data_requests.queries import listed as requests
from beffroi.kernel import search
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from beffroi.moderation import service as moderation
from support.town import AGENT, MODERATOR, Town

SECRET = "Écrivez à jean.dupont@courriel.example, merci"


def found_by(town: Town, word: str) -> list[str]:
    """The references of the cases whose public words match."""
    with town.look():
        page, _ = requests.cards({"q": word, "sort": "oldest", "limit": 50})
        return [row.ref for row in page.items]


def words(town: Town, ref: str) -> dict[str, str]:
    with town.look():
        return queries.public_words(town.id_of(ref))


def steps(town: Town, ref: str) -> list[str]:
    rows = town.rows(
        "SELECT step FROM timeline WHERE case_id = :id ORDER BY id", id=town.id_of(ref)
    )
    return [r.step for r in rows]


def test_everything_is_pending_when_a_case_opens(town: Town) -> None:
    ref = town.request(purpose="Pour comparer", area="Partout")
    with town.look():
        texts = queries.public_texts(town.id_of(ref))
    assert {t.role for t in texts} == {"title", "wanted", "purpose", "area"}
    assert {(t.state, t.words) for t in texts} == {("pending", None)}
    assert found_by(town, "cantines") == []


def test_a_released_text_is_read_in_its_public_words_only(town: Town) -> None:
    ref = town.request(wanted=SECRET)
    town.release(ref, wanted="Écrivez à [adresse masquée], merci")
    assert words(town, ref) == {"wanted": "Écrivez à [adresse masquée], merci"}
    assert found_by(town, "masquée") == [ref]
    assert found_by(town, "dupont") == []


def test_a_text_can_be_released_again_in_other_words(town: Town) -> None:
    ref = town.request()
    town.release(ref, title="Menus, première version")
    town.release(ref, title="Menus, deuxième version")
    assert words(town, ref) == {"title": "Menus, deuxième version"}
    assert found_by(town, "première") == []
    assert found_by(town, "deuxième") == [ref]


@pytest.mark.parametrize(
    ("public", "where"),
    [
        ("Écrivez à jean.dupont@courriel.example", "EMAIL (10-38)"),
        ("Appelez le 06 12 34 56 78 le soir", "PHONE (11-25)"),
    ],
)
def test_the_gate_blocks_a_release_and_says_where(town: Town, public: str, where: str) -> None:
    ref = town.request()
    with pytest.raises(Invalid) as refused:
        town.release(ref, wanted=public)
    assert where in str(refused.value)
    assert set(refused.value.errors) == {"public"}
    assert words(town, ref) == {}
    assert "released" not in steps(town, ref)
    assert town.one("SELECT count(*) FROM outbox WHERE fact = 'request'") == 0


def test_an_empty_text_is_no_release(town: Town) -> None:
    ref = town.request()
    with pytest.raises(Invalid, match="nothing to release"):
        town.release(ref, title="  \n ")


def test_what_a_request_is_for_is_never_released(town: Town) -> None:
    ref = town.request(purpose="Pour mon mémoire")
    with pytest.raises(Forbidden):
        town.release(ref, "purpose")


def test_a_text_of_another_case_is_not_released_through_this_one(town: Town) -> None:
    mine, other = town.request(), town.request()
    text_id = town.texts(other)["title"]
    with pytest.raises(NotFound), town.change():
        moderation.release(mine, text_id, "Autre", actor=AGENT, now=town.now)


def test_a_held_text_is_gone_from_pages_lists_and_search(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    assert found_by(town, "cantines") == [ref]
    town.hold(ref, "title")
    assert set(words(town, ref)) == {"wanted"}
    assert found_by(town, "menus") == [ref]  # the wish still says it
    assert found_by(town, "scolaires") == []  # only the title did
    with town.look():
        [card] = queries.page(queries.card_select(), sort="newest", cursor=None, limit=5).items
    assert card.title is None


def test_holding_needs_a_reason_and_leaves_an_internal_row(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    with pytest.raises(Invalid, match="needs a reason"):
        town.hold(ref, "title", reason="  ")
    town.hold(ref, "title", reason="Un nom y figure")
    [row] = town.rows("SELECT public, codes FROM timeline WHERE step = 'held'")
    assert not row.public
    with town.look():
        assert "held" not in [s.step for s in queries.public_timeline(town.id_of(ref))]


def test_a_held_text_can_be_released_again(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    town.hold(ref, "title")
    town.release(ref, title="Menus des cantines")
    assert words(town, ref)["title"] == "Menus des cantines"


def test_each_change_of_what_is_public_is_a_new_version_of_the_case(town: Town) -> None:
    ref = town.request()
    town.release(ref, "title", "wanted")
    town.hold(ref, "title")
    assert town.one('SELECT version FROM "case"') == 3
    versions = town.rows("SELECT version FROM outbox WHERE fact = 'request' ORDER BY id")
    assert [r.version for r in versions] == [1, 2, 3]


def test_removing_needs_a_reason_and_happens_once(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    with pytest.raises(Invalid, match="needs a reason"):
        town.remove(ref, reason=" ")
    town.remove(ref, reason="La loi l’interdit", code="legal")
    with pytest.raises(Conflict, match="already"):
        town.remove(ref)
    assert found_by(town, "cantines") == []
    with town.look():
        last = queries.public_timeline(town.id_of(ref))[-1]
    assert (last.step, last.codes["reason"]) == ("removed", "La loi l’interdit")


def test_the_public_reason_of_a_removal_passes_the_gate_too(town: Town) -> None:
    ref = town.request()
    with pytest.raises(Invalid, match="EMAIL"):
        town.remove(ref, reason="Demandé par jean.dupont@courriel.example")
    assert town.one('SELECT visibility FROM "case"') == "public"


def test_a_removed_case_comes_into_no_index_by_a_later_release(town: Town) -> None:
    ref = town.request()
    town.release(ref, "title")
    town.remove(ref)
    town.release(ref, "wanted")
    with town.look():
        condition = search.matches("cantine")
        assert condition is not None
    assert found_by(town, "cantine") == []


def test_an_unlisted_report_comes_into_no_index(town: Town) -> None:
    ref = town.report(category="neighbours", description="Du bruit chez les voisins du dessus")
    town.release(ref, "description")
    key = "rowid" if db_kind(town) == "sqlite" else "key"
    assert town.rows(f"SELECT {key} FROM case_search") == []


def db_kind(town: Town) -> str:
    with town.look():
        return db.engine.dialect.name


def test_a_comment_waits_for_an_agent(town: Town) -> None:
    ref = town.request()
    town.comment(ref, "Moi aussi je voudrais ces menus")
    with town.look():
        [comment] = [t for t in queries.public_texts(town.id_of(ref)) if t.role == "comment"]
        step = queries.public_timeline(town.id_of(ref))[-1]
    assert (comment.words, comment.state) == (None, "pending")
    assert (step.step, step.words) == ("commented", None)
    town.release(ref, "comment")
    with town.look():
        assert (
            queries.public_timeline(town.id_of(ref))[-2].words == "Moi aussi je voudrais ces menus"
        )


@pytest.mark.parametrize("hide", ["removed", "unlisted"])
def test_nobody_comments_on_what_is_not_shown(town: Town, hide: str) -> None:
    if hide == "removed":
        ref = town.request()
        town.remove(ref)
    else:
        ref = town.report(family="cyber", category="down")
    with pytest.raises(NotFound):
        town.comment(ref, "Et moi ?")


def test_only_two_reads_and_the_desks_list_select_originals(town: Town) -> None:
    """Whatever a public page asks for, the column with the originals is not among it."""
    ref = town.request(email="a@citizens.example")
    town.release(ref)
    town.answer(ref, "refused", ground="privacy")
    statements: list[str] = []
    with town.look():
        event.listen(db.engine, "before_cursor_execute", lambda *a: statements.append(a[2].lower()))
        case_id = town.id_of(ref)
        queries.public_texts(case_id)
        queries.public_words(case_id)
        queries.public_timeline(case_id)
        queries.public_answers(case_id)
        queries.page(queries.card_select(), sort="newest", cursor=None, limit=5)
        assert statements
        assert not [s for s in statements if "original" in s]
        queries.originals(case_id)
    assert [s for s in statements if "original" in s]


def test_support_is_counted_once_a_party(town: Town) -> None:
    ref, one, other = town.request(), town.party("a@x.example"), town.party("b@x.example")
    counted = []
    for party in (one, one, other, one):
        with town.change():
            counted.append(service.support(service.the_case(ref), party, now=town.now))
    assert counted == [True, False, True, False]
    assert town.one('SELECT supports FROM "case"') == 2


def test_a_case_gets_the_next_reference_of_its_year(town: Town) -> None:
    refs = [town.request(), town.report(), town.request()]
    assert refs == ["2027-0001", "2027-0002", "2027-0003"]
    town.later(days=365)
    assert town.request() == "2028-0001"


def test_a_case_that_fails_half_way_leaves_nothing_and_takes_no_number(town: Town) -> None:
    class Broken(Exception):
        pass

    def receive_and_die() -> None:
        with town.change():
            party = service.party_for_email("z@x.example", lang="fr", now=town.now)
            new = service.NewCase(
                "data_request", "web", "fr", {"title": "Des menus"}, town.today, party
            )
            service.open_case(new, actor=AGENT, now=town.now, chance=town.chance)
            raise Broken

    with pytest.raises(Broken):
        receive_and_die()
    for table in ('"case"', "case_text", "timeline", "outbox", "job", "delivery", "party"):
        assert town.one(f"SELECT count(*) FROM {table}") == 0
    assert town.request() == "2027-0001"


def test_an_agent_moves_a_case_only_along_the_table(town: Town) -> None:
    ref = town.request()

    def move(target: str, reason: str = "") -> None:
        with town.change():
            service.move(
                service.the_case(ref), target, by="desk", reason=reason,
                actor=AGENT, now=town.now, today=town.today,
            )  # fmt: skip

    with pytest.raises(Conflict):
        move("published")
    move("under_review")
    with pytest.raises(Invalid, match="needs a reason"):
        move("abandoned")
    with pytest.raises(Invalid, match="EMAIL"):
        move("abandoned", "Voir jean.dupont@courriel.example")
    move("abandoned", "L’auteur y renonce")
    [case] = town.rows('SELECT status, open, closed_on FROM "case"')
    assert (case.status, bool(case.open)) == ("abandoned", False)
    assert case.closed_on is not None
    move("under_review", "L’auteur y revient")
    [case] = town.rows('SELECT status, open, closed_on FROM "case"')
    assert (case.status, bool(case.open), case.closed_on) == ("under_review", True, None)
    assert steps(town, ref) == ["received", "moved", "moved", "reopened"]


def test_an_answer_is_released_at_once_and_passes_the_gate(town: Town) -> None:
    ref = town.request()
    with pytest.raises(Invalid, match="EMAIL"):
        town.answer(ref, "refused", "Voyez jean.dupont@courriel.example", ground="privacy")
    assert town.one('SELECT status FROM "case"') == "open"
    town.answer(ref, "refused", "Ce document contient des noms.", ground="privacy")
    with town.look():
        [given] = queries.public_answers(town.id_of(ref))
    assert (given.outcome, given.words, given.ground) == (
        "refused", "Ce document contient des noms.", "privacy",
    )  # fmt: skip
    [case] = town.rows('SELECT status, open FROM "case"')
    assert (case.status, bool(case.open)) == ("refused", False)


def test_a_case_is_answered_once_unless_it_is_reopened(town: Town) -> None:
    ref = town.request()
    town.answer(ref, "published", url="https://data.example/menus")
    with pytest.raises(Conflict):
        town.answer(ref, "refused", ground="privacy")


def test_a_refusal_can_be_taken_back_and_both_answers_stay(town: Town) -> None:
    ref = town.request()
    town.answer(ref, "refused", "Non.", ground="business")
    town.answer(ref, "published", "Finalement, voici.", url="https://data.example/menus")
    with town.look():
        answers = queries.public_answers(town.id_of(ref))
    assert [a.outcome for a in answers] == ["published", "refused"]


def test_a_duplicate_names_another_public_case_of_the_same_kind(town: Town) -> None:
    ref, first = town.request(), town.request()
    hidden = town.report(category="neighbours")
    for wrong in (ref, hidden):
        with pytest.raises(Invalid) as refused:
            town.answer(ref, "duplicate", duplicate_of=wrong)
        assert "duplicate_of" in refused.value.errors
    for unknown in ("1999-0001", town.report(family="cyber", category="down")):
        with pytest.raises(NotFound):
            town.answer(ref, "duplicate", duplicate_of=unknown)
    town.answer(ref, "duplicate", duplicate_of=first)
    with town.look():
        assert queries.public_answers(town.id_of(ref))[0].duplicate_of == first


def test_a_note_and_an_assignment_stay_inside(town: Town) -> None:
    ref = town.request()
    with town.change():
        department = service.add_department("Restauration scolaire")
        case = service.the_case(ref)
        service.note(case, "Appeler la cuisine", actor=AGENT, now=town.now)
        service.assign(case, department_id=department, account_id=None, actor=AGENT, now=town.now)
    with town.look():
        assert [s.step for s in queries.public_timeline(town.id_of(ref))] == ["received"]
        assert [n.words for n in queries.notes(town.id_of(ref))] == ["Appeler la cuisine"]
    with pytest.raises(Invalid), town.change():
        service.assign(
            service.the_case(ref), department_id=999, account_id=None, actor=AGENT, now=town.now
        )
    with pytest.raises(Invalid), town.change():
        service.note(service.the_case(ref), "  ", actor=MODERATOR, now=town.now)
