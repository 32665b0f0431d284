# SPDX-License-Identifier: AGPL-3.0-or-later
"""What outcomes bring with them: licence, the file that goes along, a second look, templates."""

import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from support.town import REQUEST, Town


def test_a_request_for_source_code_says_which_and_its_answer_where_and_how(village: Town) -> None:
    ref = village.request(object="source_code", software="Simulateur, version 3")
    assert "Simulateur" not in village.visitor().page(f"/requests/{ref}")
    village.release(ref)
    swhid = "swh:1:dir:" + "a1" * 20
    where = {"url": "https://code.ville.example/sim", "licence": "EUPL-1.2", "swhid": swhid}
    village.answer(ref, "published", **where)
    html = village.visitor().page(f"/requests/{ref}")
    for shown in ("Simulateur, version 3", "EUPL 1.2", swhid):
        assert shown in html
    item = village.visitor().get(f"/api/v1/requests/{ref}").get_json()
    assert (item["licence"], item["swhid"]) == ("EUPL-1.2", swhid)
    assert item["software"] == "Simulateur, version 3"


def test_the_form_names_the_article_for_algorithms(village: Town) -> None:
    assert "L. 312-1-3" in village.visitor().page("/requests/new")
    ref = village.signed_in().sends_request(object="algorithm", decision="Les places en crèche")
    village.release(ref)
    html = village.visitor().page(f"/requests/{ref}")
    assert "Les places en crèche" in html
    assert "L. 312-1-3" in html


def test_a_request_that_is_passed_on_goes_along_as_a_file_without_its_author(
    village: Town,
) -> None:
    author = village.signed_in(name="Alix Duterroir")
    ref = author.sends_request(purpose="Pour mon voisin")
    village.release(ref, "title", wanted="Les menus, rien d’autre.")
    agent = village.signed_in("agent")
    assert agent.get(f"/desk/cases/{ref}/file").status_code == 404
    village.answer(ref, "redirected", "Elle les a.", redirected_to="La région Exemple")
    assert "La région Exemple" in village.visitor().page(f"/requests/{ref}")
    agent = village.signed_in("agent")
    text = agent.get(f"/desk/cases/{ref}/file?format=text").text
    pdf = agent.get(f"/desk/cases/{ref}/file").get_data()
    words = " ".join(one.extract_text() for one in PdfReader(BytesIO(pdf)).pages)
    for said in (text, words):
        assert "La région Exemple" in said
        assert "12 janvier 2027" in said
        assert "rien d’autre" in re.sub(r"\s+", " ", said)
        assert not re.search(r"Duterroir|voisin|citizens\.example", said)
    path = f"/desk/cases/{ref}/pass-on"
    assert agent.post(path, {"email": "nowhere"}).status_code == 422
    assert agent.post(path, {"email": "prada@region.example"}).status_code == 303
    village.work()
    [message] = village.mail.to("prada@region.example")
    assert "La région Exemple" in message.get_content()
    assert (
        village.one("SELECT count(*) FROM job WHERE CAST(args AS TEXT) LIKE '%region.example%'")
        == 0
    )


def test_its_author_has_a_closed_request_looked_at_again_once_an_answer(village: Town) -> None:
    author, other = village.signed_in(), village.signed_in()
    ref = author.sends_request()
    village.release(ref)
    path = f"/requests/{ref}/reopen"
    assert author.get(path).status_code == 404  # nothing is closed yet
    village.answer(ref, "not_held", "Nous ne l’avons pas.", ground="not_held")
    assert "La faire réexaminer" in author.page(f"/requests/{ref}")
    assert other.get(path).status_code == 404
    assert other.post(path, {"reason": "Moi non plus"}).status_code == 404
    assert author.post(path, {"reason": " "}).status_code == 422
    assert author.post(path, {"reason": "Vous le citez dans votre rapport"}).status_code == 303
    assert village.one('SELECT status FROM "case" WHERE ref = :r', r=ref) == "under_review"
    assert "rapport" not in village.visitor().page(f"/requests/{ref}")  # nobody has read it yet
    assert author.post(path, {"reason": "Encore"}).status_code == 404
    village.work()
    assert "rouvert" in str(village.mail.messages[-1]["Subject"])
    village.release(ref, "comment")
    assert "Vous le citez" in village.visitor().page(f"/requests/{ref}")


def test_templates_are_filled_changed_and_given_back(village: Town) -> None:
    ref = village.request()
    village.release(ref)
    agent = village.signed_in("agent")
    begun = agent.page(f"/desk/cases/{ref}?template=planned")
    assert "Menus des cantines scolaires" in begun
    assert "{quarter}" in begun
    own = {"of": "fr", "key": "planned", "name": "Bientôt", "outcome": "planned",
           "words": "C’est pour {quarter}, dit {town}."}  # fmt: skip
    assert agent.post("/desk/templates", {**own, "words": ""}).status_code == 422
    assert agent.post("/desk/templates", own).status_code == 303
    number = village.one("SELECT id FROM answer_template")
    begun = agent.page(f"/desk/cases/{ref}?template={number}")
    assert "C’est pour {quarter}, dit Beffroi-sur-Exemple." in begun
    form = {"outcome": "planned", "words": "C’est pour {quarter}.", "planned": ""}
    assert agent.post(f"/desk/cases/{ref}/answer", form).status_code == 422
    assert (
        agent.post(f"/desk/cases/{ref}/answer", {**form, "planned": "2027-Q4"}).status_code == 303
    )
    assert "C’est pour 2027-Q4." in village.visitor().page(f"/requests/{ref}")
    assert agent.post(f"/desk/templates/{number}/remove").status_code == 303
    assert "La publication est prévue" in agent.page("/desk/templates")


def test_the_person_in_charge_has_the_letters_where_one_is_named(village: Town) -> None:
    citizen = village.signed_in()
    ref = citizen.sends_request()
    village.release(ref)
    village.answer(ref, "refused", "Non.", ground="business")
    agent = village.signed_in("agent")
    assert agent.get("/desk/appeals").status_code == 200  # nobody is named
    officer = village.signed_in("access_officer")
    written = {"code": "cada_registered", "on": "2027-01-12", "number": "1"}
    assert agent.get("/desk/appeals").status_code == 403
    assert agent.post(f"/desk/cases/{ref}/clock", written).status_code == 403
    assert "Noter ce qui" not in agent.page(f"/desk/cases/{ref}")
    assert "Les délais légaux" in agent.page(f"/desk/cases/{ref}")  # the clock is seen by all
    assert officer.post(f"/desk/cases/{ref}/clock", written).status_code == 303
    assert ref in officer.page("/desk/appeals")
    assert village.signed_in("administrator").get("/desk/appeals").status_code == 200
    for path in (f"/desk/cases/{ref}/answer", f"/desk/cases/{ref}/note", "/desk/requests/new"):
        assert officer.post(path, {**REQUEST, "words": "x"}).status_code == 403, path
    html = officer.page(f"/desk/cases/{ref}")
    actions = set(re.findall(rf'action="/desk/cases/{ref}(/[a-z]+)', html))
    assert actions <= {"/clock"}
    report = officer.get("/desk/appeals.csv?year=2027").text.splitlines()
    assert report[0] == "year,code,what,count"
    assert "2027,received_dataset,Reçues\u00a0: Jeu de données,1" in report
    assert "2027,ground_business" in "\n".join(report)


@pytest.mark.parametrize(
    ("band", "agents", "said"),
    [
        ("under-500", None, ("n’y est pas tenue", "n’y est pas tenue")),
        ("2000-9999", "60", ("On ne sait pas ici", "n’y est pas tenue")),
        ("10000-49999", None, ("On ne sait pas ici", "y est tenue")),
        ("10000-49999", "49", ("n’y est pas tenue", "y est tenue")),
        ("50000-199999", "50", ("y est tenue", "y est tenue")),
    ],
)
def test_a_town_says_which_duties_of_size_bind_it(
    tmp_path, band: str, agents: str | None, said: tuple[str, str]
) -> None:
    from beffroi.kernel.db import MIGRATIONS
    from support.databases import fresh
    from support.town import open_town

    more = {"full_time_agents": agents} if agents else {}
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, population_band=band, **more) as town:
        html = town.visitor().page("/how-it-works").split('id="size"')[1].split("</ul>")[0]
        lines = re.findall(r"<strong>(.*?)</strong>", html, re.DOTALL)
        assert [s in one for s, one in zip(said, lines, strict=True)] == [True, True]
        assert [("n’y est pas" in one) for one in lines] == ["pas tenue" in s for s in said]
