# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes here of what a Decidim holds: brought in once, followed, hidden when it is gone.

The numbers are those of the contract's behavioural tests (8.2).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from beffroi.bridges import queries, service
from beffroi.kernel.db import db
from support.bridging import Bridge, bridge
from support.decidim import Decidim, decidim
from support.town import Town


@contextmanager
def counted_writes(town: Town) -> Iterator[list[str]]:
    """Keep every statement that writes, but the one line of how the reading went."""
    found: list[str] = []

    def look(*args: object) -> None:
        statement = str(args[2]).lstrip()
        writes = statement.startswith(("INSERT", "UPDATE", "DELETE"))
        if writes and "bridge_source" not in statement and "data_version" not in statement:
            found.append(statement)

    with town.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", look)


def words(town: Town, ref: str) -> dict[str, tuple[str, str, str | None]]:
    """Return original, state and public form of a case's texts, by role."""
    rows = town.rows(
        "SELECT t.role, t.original, t.state, t.public FROM case_text t"
        ' JOIN "case" c ON c.id = t.case_id WHERE c.ref = :ref ORDER BY t.id',
        ref=ref,
    )
    return {role: (original, state, public) for role, original, state, public in rows}


def test_08_09_11_what_is_there_is_followed_and_a_second_reading_writes_nothing(
    town: Town,
) -> None:
    with decidim(120) as site:
        made = bridge(town, site)
        first = made.read()
        assert (first.taken.new, first.requests) == (120, 9)
        with counted_writes(town) as written:
            again = made.read()
        assert written == []
        assert (again.taken.written, again.requests, again.seen) == (0, 3, 120)
        _a_change_is_followed_in_place(town, site, made)
        _what_vanishes_is_hidden(town, site, made)


def _a_change_is_followed_in_place(town: Town, site: Decidim, made: Bridge) -> None:
    ref = made.ref("7")
    town.release(ref, "title", "wanted")
    town.comment(ref, "Utile aussi pour les écoles.")
    town.release(ref, "comment")
    site.change("7", body="<p>Et les arrêts de bus.</p>", state="evaluating", voteCount=41)
    report = made.read()
    assert (report.taken.changed, report.taken.new) == (1, 0)
    assert made.ref("7") == ref
    found = words(town, ref)
    assert found["wanted"] == ("Et les arrêts de bus.", "pending", None)
    assert found["title"][1] == "released"  # it has not changed
    assert found["comment"][1:] == ("released", "Utile aussi pour les écoles.")
    status, supports = town.rows('SELECT status, supports FROM "case" WHERE ref = :ref', ref=ref)[0]
    assert (status, supports) == ("under_review", 0)
    with town.look():
        seen = queries.of_case(town.id_of(ref))
    assert seen is not None
    assert (seen.supports, seen.status) == (41, "Being examined there")
    assert made.read().taken.written == 0


def _what_vanishes_is_hidden(town: Town, site: Decidim, made: Bridge) -> None:
    ref = made.ref("9")
    town.release(ref, "title")
    site.hidden.add("9")
    assert made.read().taken.gone == 1
    removed = town.visitor().get(f"/requests/{ref}")
    assert removed.status_code == 410
    assert words(town, ref)["title"][0] == "Ouvrir le jeu de données numéro 9"
    steps = {step for (step,) in town.rows("SELECT step FROM timeline")}
    assert {"received", "released", "removed", "commented"} <= steps
    assert made.read().taken.written == 0
    site.hidden.clear()
    assert made.read().taken.back == 1  # as a new request: the old page keeps its history
    assert made.ref("9") != ref


def test_an_answer_there_is_shown_as_theirs_and_decides_nothing_here(village: Town) -> None:
    with decidim(2) as site:
        made = bridge(village, site)
        said = "<p>Oui, en mai. Écrire à paul.durand@mairie.example</p>"
        site.change("1", state="rejected", answer="<p>Non, pas cette année.</p>",
                    answeredAt="2026-09-01T10:00:00+02:00")  # fmt: skip
        site.change("2", state="accepted", answer=said)
        made.read()
        ref = made.ref("1")
        village.release(ref, "title", "wanted")
        page = village.visitor().page(f"/requests/{ref}")
        assert "L’organisation, via Decidim de la ville" in page
        assert "Non, pas cette année." in page
        assert village.one("SELECT count(*) FROM official_answer") == 0
        assert "réponse due" not in page.lower()
        due, clock, kind = village.rows(
            "SELECT c.due_on, d.clock, p.kind FROM data_request d"
            ' JOIN "case" c ON d.case_id = c.id'
            " JOIN party p ON p.id = c.party_id WHERE c.ref = :ref", ref=ref,
        )[0]  # fmt: skip
        assert (due, clock, kind) == (None, None, "bridged")
        other = made.ref("2")
        assert "paul.durand" not in village.visitor().page(f"/requests/{other}")


def test_what_nobody_has_read_is_shown_to_nobody(village: Town) -> None:
    with decidim(1) as site:
        site.change("1", title="Ada Exemple veut les horaires", body="<p>Signé : @ada</p>")
        made = bridge(village, site)
        made.read()
        ref = made.ref("1")
        for path in (f"/requests/{ref}", "/requests", "/requests/linked"):
            assert "veut les horaires" not in village.visitor().page(path)
        village.later(days=30)
        village.work()
        assert words(village, ref)["title"][1] == "pending"  # not even by itself
        assert "Ada" not in str(village.rows("SELECT original FROM case_text"))
        assert "Ada" not in str(village.rows("SELECT * FROM bridged_item"))


def test_withdrawn_there_is_given_up_here_unless_an_agent_has_decided(village: Town) -> None:
    with decidim(3) as site:
        site.change("3", withdrawn=True)
        made = bridge(village, site)
        made.read()
        assert village.one('SELECT count(*) FROM "case"') == 2
        village.answer(made.ref("2"), "published", url="https://donnees.ville.example/2")
        site.change("1", withdrawn=True)
        site.change("2", withdrawn=True)
        made.read()
        statuses = dict(village.rows('SELECT ref, status FROM "case"'))  # type: ignore[arg-type]
        assert statuses == {made.ref("1"): "abandoned", made.ref("2"): "published"}


def test_when_most_of_it_vanishes_a_person_looks_first(village: Town) -> None:
    with decidim(30) as site:
        made = bridge(village, site, "linked")
        made.read()
        site.proposals = {"1": site.proposals["1"]}
        report = made.read()
        assert (report.taken.gone, report.vanished) == (0, 29)
        assert "29" in village.signed_in("agent").page(f"/desk/bridges/{made.id}")
        assert made.read(all_gone=True).taken.gone == 29


def test_an_erased_request_does_not_come_in_again(village: Town) -> None:
    with decidim(2) as site:
        made = bridge(village, site)
        made.read()
        village.remove(made.ref("1"), code="erasure")
        site.change("1", title="Un autre titre")
        made.read()
        assert village.one('SELECT count(*) FROM "case"') == 2
        row = village.rows("SELECT url, title, state FROM bridged_item WHERE external_id = '1'")[0]
        assert tuple(row) == ("", "", "erased")


def test_what_it_is_filed_under_is_shown_but_for_what_is_personal(village: Town) -> None:
    with decidim(1) as site:
        site.change("1", taxonomies=["Écoles", "Voir a.b@ville.example"])
        made = bridge(village, site)
        made.read()
        village.release(made.ref("1"))
        page = village.visitor().page(f"/requests/{made.ref('1')}")
        assert "Écoles" in page
        assert "ville.example" not in page.partition('id="origin"')[2].partition("</section>")[0]
        assert made.read().taken.written == 0


def test_two_workers_do_not_read_one_source_at_once(village: Town) -> None:
    with decidim(1) as site:
        made = bridge(village, site)

    def begins(again: bool) -> bool:
        with village.change():
            return service.begin(made.id, now=village.now, again=again)

    assert begins(True)
    assert not begins(True)
    assert not begins(False)
    village.later(minutes=6)  # whoever was reading it has died
    assert begins(True)
    with village.change():
        service.ended(made.id, now=village.now, swept=True)
    assert begins(True)


def test_a_link_is_listed_once_an_agent_has_released_its_title(village: Town) -> None:
    with decidim(2) as site:
        site.change("2", answer="Oui, <b>en mai</b>.", state="accepted")
        made = bridge(village, site, "linked")
        made.read()
        assert village.one('SELECT count(*) FROM "case"') == 0
        agent = village.signed_in("agent")
        one, two = (row.id for row in village.rows("SELECT id FROM bridged_item ORDER BY id"))
        wrong = agent.post(
            f"/desk/bridges/{made.id}/items/{two}", {"title": "Écrire à a.b@ville.example"}
        )
        assert wrong.status_code == 422
        assert "Écrire à" in wrong.get_data(as_text=True)
        agent.post(f"/desk/bridges/{made.id}/items/{one}", {"say": "hold"})
        agent.post(f"/desk/bridges/{made.id}/items/{two}", {"title": "Ouvrir la ligne 2"})
        page = village.visitor().page("/requests/linked")
        assert "Ouvrir la ligne 2" in page
        assert "Oui, en mai." in page
        assert "numéro 1" not in page
        assert "Une proposition sur un autre site" in village.visitor().page("/requests")
        ref = village.request()
        village.release(ref)
        place = f"/desk/bridges/{made.id}/items/{two}/beside"
        wrong = agent.post(place, {"ref": "2026-1"})
        assert "que tout le monde voit" in wrong.text
        assert 'value="2026-1"' in wrong.text
        assert agent.post(place, {"ref": f" {ref} "}).status_code == 303
        shown = village.visitor().page(f"/requests/{ref}")
        assert "La même chose, proposée ailleurs" in shown
        assert "Ouvrir la ligne 2" in shown
        assert f"/requests/{ref}" in village.visitor().page("/requests/linked")
        assert ref in agent.page(f"/desk/bridges/{made.id}")
        village.remove(ref, code="erasure")
        assert village.one("SELECT count(*) FROM bridged_item WHERE beside_id IS NOT NULL") == 0
        site.change("2", title="Un titre que personne n’a lu")
        made.read()
        assert "que personne" not in village.visitor().page("/requests/linked")
        boss = village.signed_in("administrator")
        assert boss.post(f"/desk/bridges/{made.id}/end").status_code == 303
        assert boss.get(f"/desk/bridges/{made.id}").status_code == 404
