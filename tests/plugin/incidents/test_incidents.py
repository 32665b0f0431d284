# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports: listed ones are shown one by one; unlisted ones to their author and agents only."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from beffroi.cases import rules as case_rules
from beffroi.incidents import queries, rules
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel import private_links
from beffroi.kernel.db import MIGRATIONS
from beffroi.kernel.errors import Conflict, Invalid
from support.databases import fresh
from support.town import REPORT, Town, open_town

UNLISTED = {"family": "cyber", "category": "defaced", "description": "La page d’accueil a changé"}
SENSITIVE = {"family": "street", "category": "neighbours", "description": "Du bruit chaque nuit"}


def test_everything_cyber_and_everything_sensitive_is_unlisted() -> None:
    for category in CATEGORIES.values():
        if category.family == "cyber" or category.sensitive:
            assert not category.listed, category.code


def test_outcomes_lead_to_closed_statuses() -> None:
    assert set(rules.OUTCOMES) == case_rules.INCIDENT_CLOSED


@pytest.mark.parametrize("form", [UNLISTED, SENSITIVE])
def test_an_unlisted_report_is_nowhere_public(village: Town, form: dict[str, str]) -> None:
    ref = village.report(**form)
    village.release(ref)
    village.close(ref, "resolved", "C’est réparé, merci.")
    visitor = village.visitor()
    assert visitor.get(f"/incidents/{ref}").status_code == 404
    assert visitor.get(f"/api/v1/incidents/{ref}").status_code == 404
    for path in ("/incidents", "/", "/incidents?q=réparé", "/api/v1/incidents?q=bruit"):
        assert ref not in visitor.page(path), path
    village.remove(ref, reason="Motif de retrait")
    for path in (f"/incidents/{ref}", f"/api/v1/incidents/{ref}"):
        response = visitor.get(path)
        assert response.status_code == 404, path
        assert "Motif de retrait" not in response.text


@pytest.mark.parametrize("form", [UNLISTED, SENSITIVE, dict(REPORT)])
def test_who_sent_it_without_an_account_comes_back_by_a_private_link(
    village: Town, form: dict[str, str]
) -> None:
    visitor = village.visitor()
    response = visitor.post("/incidents/new", form)
    link = response.headers["Location"]
    assert response.status_code == 303
    assert "?key=" in link
    answer = village.visitor().get(link)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert form["description"] not in answer.text  # the link shows the state, never the words
    listed = CATEGORIES[form["category"]].listed
    for other in (link + "0", link.split("?")[0], link.split("=")[0] + "="):
        assert village.visitor().get(other).status_code == (200 if listed else 404)


def test_the_key_of_one_report_opens_no_other(village: Town) -> None:
    secret = village.settings.secret_key
    one, other = village.report(**UNLISTED), village.report(**UNLISTED)
    key = private_links.key_for(secret, one)
    assert village.visitor().get(f"/incidents/{one}?key={key}").status_code == 200
    assert village.visitor().get(f"/incidents/{other}?key={key}").status_code == 404
    assert private_links.key_for(secret, one) != private_links.key_for(secret + "x", one)
    assert not private_links.fits((secret,), one, "é" * 32)


def test_its_signed_in_author_sees_an_unlisted_report_and_nobody_else_does(village: Town) -> None:
    author = village.signed_in()
    ref = author.sends_report(**UNLISTED)
    assert UNLISTED["description"] in author.page(f"/incidents/{ref}")
    assert village.signed_in().get(f"/incidents/{ref}").status_code == 404
    assert village.signed_in("agent").get(f"/desk/cases/{ref}").status_code == 404
    assert village.signed_in("cyber_officer").get(f"/desk/cyber/{ref}").status_code == 200


def test_a_removed_listed_report_is_gone_with_its_reason(village: Town) -> None:
    ref = village.report()
    village.release(ref)
    village.remove(ref, reason="Signalé deux fois")
    response = village.visitor().get(f"/incidents/{ref}")
    assert response.status_code == 410
    assert "Signalé deux fois" in response.text
    assert REPORT["description"] not in response.text
    assert village.visitor().get(f"/api/v1/incidents/{ref}").status_code == 410


@pytest.fixture
def known_only(tmp_path: Path) -> Iterator[Town]:
    """A town that takes reports from signed-in people only."""
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, incidents_need_account=True) as made:
        yield made


def test_a_town_may_ask_people_to_sign_in_first(known_only: Town) -> None:
    visitor = known_only.visitor()
    for response in (visitor.get("/incidents/new"), visitor.post("/incidents/new", REPORT)):
        assert response.status_code == 303
        assert response.headers["Location"].startswith("/sign-in?next=")
    assert visitor.post_json("/api/v1/incidents", dict(REPORT)).status_code == 401
    assert known_only.one('SELECT count(*) FROM "case"') == 0
    assert known_only.signed_in().sends_report() == "2027-0001"


def test_a_report_without_an_account_has_no_party(village: Town) -> None:
    village.visitor().post("/incidents/new", REPORT)
    assert village.one('SELECT party_id FROM "case"') is None
    assert village.one("SELECT count(*) FROM party") == 0


def test_a_report_is_refused_for_every_fault_at_once(village: Town) -> None:
    with pytest.raises(Invalid) as refused:
        village.report(family="cyber", date=date(2030, 1, 1), commune="75056")
    assert set(refused.value.errors) == {"category", "date", "commune"}


def test_a_report_is_closed_with_words_along_the_table(town: Town) -> None:
    ref = town.report()
    for wrong in ({"outcome": "published"}, {"outcome": "resolved", "words": " "}):
        with pytest.raises(Invalid):
            town.close(ref, **wrong)
    with pytest.raises(Invalid):
        town.close(ref, "duplicate")
    town.close(ref, "resolved", "L’ampoule est changée.")
    with pytest.raises(Conflict):
        town.close(ref, "no_action", "Finalement rien.")
    [case] = town.rows('SELECT status, open, closed_on FROM "case"')
    assert (case.status, bool(case.open), str(case.closed_on)) == ("resolved", False, "2027-01-12")


def test_the_list_filters_by_category_status_and_words(village: Town) -> None:
    first = village.report()
    second = village.report(category="waste", description="Un matelas sur le trottoir")
    for ref in (first, second):
        village.release(ref)
    village.close(first, "resolved", "L’ampoule est changée.")

    def refs(query: str) -> set[str]:
        body = village.visitor().get(f"/api/v1/incidents?{query}").get_json()
        return {item["ref"] for item in body["items"]}

    assert refs("") == {first, second}
    assert refs("category=waste") == {second}
    assert refs("status=resolved") == {first}
    assert refs("status=any_open") == {second}
    assert refs("q=matelas") == {second}
    assert refs("category=neighbours") == set()


def test_the_api_gives_one_shape(village: Town) -> None:
    response = village.visitor().post_json("/api/v1/incidents", dict(REPORT))
    assert response.status_code == 201
    location = response.headers["Location"]
    one = village.visitor().get(location).get_json()
    assert set(one) == {
        "ref", "family", "category", "status", "description", "commune", "received_on",
        "closed_on", "supports", "answer", "url",
    }  # fmt: skip
    assert one["description"] is None
    [item] = village.visitor().get("/api/v1/incidents").get_json()["items"]
    assert item == one


def test_the_api_takes_an_unlisted_report_and_shows_it_to_nobody(village: Town) -> None:
    response = village.visitor().post_json("/api/v1/incidents", dict(UNLISTED))
    assert response.status_code == 201
    assert village.visitor().get(response.headers["Location"]).status_code == 404


def test_the_counts_know_every_street_report_but_removed_ones(town: Town) -> None:
    refs = [town.report(email=f"p{n}@x.example") for n in range(3)]
    town.report(**SENSITIVE)
    town.report(**UNLISTED)
    town.request()
    town.remove(refs[0])
    town.close(refs[1], "resolved")
    with town.look():
        rows = list(queries.counted(town.today, town.today))
        assert queries.figures() == {"reported": 2, "closed": 1, "open": 1}
    assert sorted(r.category for r in rows) == ["lighting", "lighting", "neighbours"]
    assert sum(r.closed_on is not None for r in rows) == 1
    assert sum(r.sensitive for r in rows) == 1


def test_a_report_is_not_closed_with_an_outcome_that_does_not_exist(village: Town) -> None:
    ref = village.report()
    with pytest.raises(Invalid, match="outcome"):
        village.close(ref, "forgotten")
