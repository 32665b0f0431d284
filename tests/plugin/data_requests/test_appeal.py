# SPDX-License-Identifier: AGPL-3.0-or-later
"""The legal clock on the pages: what everyone sees, what an agent writes down, the CADA file."""

import re
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from beffroi.data_requests.adapters.cada_pdf import as_pdf
from beffroi.data_requests.rules import cada
from beffroi.kernel import private_links
from support.town import REQUEST, Person, Town

ASKER = {"name": "Alix Citoyen-Œuvré", "postal": "1 rue Haute\n99999 Beffroi-sur-Exemple"}

SECURITY = {
    "security_system": "Le pare-feu de la mairie", "security_article": "CRPA, L. 311-5, 2°, d",
    "security_on": "2027-01-05", "security_reasons": "Le plan dit où il n’est pas surveillé.",
}  # fmt: skip


@pytest.fixture
def author(village: Town) -> Person:
    return village.signed_in("citizen")


def sent(author: Person, **fields: str) -> str:
    return author.sends_request(**fields)


def link(town: Town, ref: str) -> str:
    """The address of the file's page, as the author's mail leads to it; sessions end sooner."""
    key = private_links.key_for(town.settings.secret_key, ref, "receipt")
    return f"/requests/{ref}/cada?key={key}"


def page(town: Town, ref: str, person: Person | None = None) -> str:
    return (person or town.visitor()).get(f"/requests/{ref}").get_data(as_text=True)


def test_everyone_sees_each_date_with_its_article_and_what_comes_next(
    village: Town, author: Person
) -> None:
    ref = sent(author)
    village.release(ref)
    before = page(village, ref)
    assert "R. 311-12 et R. 311-13" in before
    assert "le 12 février 2027" in before
    assert "Saisir la CADA" not in before
    assert "pas un conseil juridique" in before
    village.later(days=31)
    village.work()
    after = page(village, ref)
    assert "Saisir la CADA" in after
    assert "jusqu’au 11 avril 2027" in after
    assert "indicatif" in after
    assert "Le 12 février 2027 (CRPA, R. 311-12 et R. 311-13)" in after  # on the timeline
    assert "R. 343-1" in after
    assert f"/requests/{ref}/cada" not in after  # the file is its author's
    mine = link(village, ref).replace("/cada", "")
    assert f"/requests/{ref}/cada" in village.visitor().page(mine)
    village.later(days=90)
    assert "Saisir la CADA" not in page(village, ref)  # expired: no option any more


def test_a_kind_of_thing_without_a_clock_says_so(village: Town, author: Person) -> None:
    ref = sent(author, object="api")
    assert "Aucun délai légal" in page(village, ref)
    assert 'id="clock"' not in page(village, ref)


def test_the_file_holds_what_the_cada_asks_for_and_the_name_is_kept_nowhere(
    village: Town, author: Person
) -> None:
    ref = sent(author)
    village.later(days=31)
    village.work()
    offered = author.page(link(village, ref))
    assert "le silence a valu refus" in offered
    answer = author.post(link(village, ref), {**ASKER, "format": "text"})
    text = answer.get_data(as_text=True)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="cada-{ref}.txt"'
    assert "no-store" in answer.headers["Cache-Control"]
    for words in (
        "Alix Citoyen-Œuvré", "1 rue Haute", REQUEST["title"], REQUEST["wanted"], ref,
        "reçue le 12 janvier 2027", "le 12 février 2027", "R. 311-13", "SIREN 210000006",
        "accusé réception le 12 janvier 2027", "articles L. 311-1, L. 342-1 et R. 343-1",
    ):  # fmt: skip
        assert words in text, words
    pdf = author.post(link(village, ref), {**ASKER, "format": "pdf"})
    assert pdf.mimetype == "application/pdf"
    read = " ".join(one.extract_text() for one in PdfReader(BytesIO(pdf.data)).pages)
    assert "Alix Citoyen-Œuvré" in read
    assert REQUEST["title"] in read
    assert "1er" not in read
    for table, column in (("party", "postal"), ("party", "name")):
        kept = village.rows(f"SELECT {column} AS said FROM {table}")
        assert not any("Haute" in (row.said or "") or "Œuvré" in (row.said or "") for row in kept)


def test_the_file_is_for_its_author_signed_in_or_by_the_link_and_for_nobody_else(
    village: Town, author: Person
) -> None:
    ref = sent(author)
    village.later(days=31)
    village.work()
    stranger, agent = village.visitor(), village.signed_in("agent")
    wrong = private_links.key_for(village.settings.secret_key, ref, "withdraw")
    for person in (stranger, agent):
        assert person.get(f"/requests/{ref}/cada").status_code == 404
    assert stranger.get(f"/requests/{ref}/cada?key={wrong}").status_code == 404
    opened = stranger.get(link(village, ref))
    assert opened.status_code == 200
    assert "no-store" in opened.headers["Cache-Control"]


def test_before_any_refusal_there_is_nothing_to_appeal(village: Town, author: Person) -> None:
    ref = sent(author)
    assert "pas encore de recours" in author.get(f"/requests/{ref}/cada").get_data(as_text=True)
    assert author.post(f"/requests/{ref}/cada", ASKER).status_code == 404


def test_without_a_postal_address_no_file_is_made_and_what_was_typed_is_kept(
    village: Town, author: Person
) -> None:
    ref = sent(author)
    village.later(days=31)
    village.work()
    answer = author.post(link(village, ref), {"name": "Alix Citoyen", "postal": ""})
    assert answer.status_code == 422
    assert 'value="Alix Citoyen"' in answer.get_data(as_text=True)


def test_several_refused_requests_of_one_asker_go_into_one_file(
    village: Town, author: Person
) -> None:
    first = sent(author)
    second = sent(author, title="Les marchés publics de 2026")
    village.answer(first, "not_held", "Nous ne l’avons pas.", ground="not_held")
    village.answer(second, "refused", "Ce fichier est secret.", ground="security", **SECURITY)
    form = author.get(f"/requests/{first}/cada").get_data(as_text=True)
    assert "Les marchés publics de 2026" in form
    answer = author.post(f"/requests/{first}/cada", {**ASKER, "also": second, "format": "text"})
    text = answer.get_data(as_text=True)
    assert "en 2 demandes" in text
    assert "> Ce fichier est secret." in text
    assert "> Système concerné : Le pare-feu" in text.replace("\u00a0", " ")
    assert "consulter l’ANSSI" in text


@pytest.mark.parametrize("lacks", [*SECURITY, "nothing"])
def test_security_is_a_ground_only_for_a_named_system_with_the_officers_dated_reasons(
    village: Town, lacks: str
) -> None:
    ref = village.request()
    agent = village.signed_in("agent")
    form = {"outcome": "refused", "words": "Nous ne pouvons pas.", "ground": "security", **SECURITY}
    answer = agent.post(f"/desk/cases/{ref}/answer", {k: v for k, v in form.items() if k != lacks})
    if lacks == "nothing":
        assert answer.status_code == 303
        shown = page(village, ref).replace("\u00a0", " ")
        assert "Raisons du responsable de la sécurité, du 5 janvier 2027 :" in shown
    else:
        assert answer.status_code == 422
        assert "Nous ne pouvons pas." in answer.get_data(as_text=True)
        assert village.one("SELECT count(*) FROM official_answer") == 0
        wrong = agent.post(f"/desk/cases/{ref}/answer", form | {"security_on": "2027-02-31"})
        assert wrong.status_code == 422


def test_an_agent_writes_down_the_opinion_and_everyone_reads_its_number_and_meaning(
    village: Town, author: Person
) -> None:
    ref = sent(author)
    village.release(ref)
    village.later(days=40)
    village.work()
    agent = village.signed_in("agent")
    desk = f"/desk/cases/{ref}"
    assert "La CADA a enregistré la saisine" in agent.get(desk).get_data(as_text=True)
    early = agent.post(f"{desk}/clock", {"code": "cada_registered", "on": "2027-01-20"})
    assert early.status_code == 422
    assert "2027-01-20" in early.get_data(as_text=True)
    registered = {"code": "cada_registered", "on": "2027-02-15", "number": "8015"}
    done = agent.post(f"{desk}/clock", registered)
    assert done.status_code == 303
    village.later(days=30)
    agent = village.signed_in("agent")
    opinion = {"code": "cada_opinion", "on": "2027-03-15", "number": "8015",
               "meaning": "favourable"}  # fmt: skip
    assert agent.post(f"{desk}/clock", opinion).status_code == 303
    shown = page(village, ref)
    assert "8015" in shown
    assert "Favorable" in shown
    assert "15 avril 2027" in shown  # a month to tell the CADA, two from its registration
    assert village.signed_in("citizen").post(f"{desk}/clock", opinion).status_code == 403


def test_the_desk_shows_what_is_at_the_cada_what_is_owed_next_and_the_year(
    village: Town, author: Person
) -> None:
    ref = sent(author)
    village.later(days=40)
    village.work()
    agent = village.signed_in("agent")
    assert "Rien n’est devant la CADA" in agent.page("/desk/appeals")
    registered = {"code": "cada_registered", "on": "2027-02-15", "number": "8015"}
    agent.post(f"/desk/cases/{ref}/clock", registered)
    opinion = registered | {"code": "cada_opinion", "on": "2027-02-20", "meaning": "favourable"}
    agent.post(f"/desk/cases/{ref}/clock", opinion)
    shown = agent.page("/desk/appeals")
    assert ref in shown
    assert "8015" in shown
    assert "le 20 mars 2027" in shown  # to tell the CADA, which comes before the confirmation
    assert re.search(r"Refus implicite né</td>\s*<td[^>]*>1<", shown)
    assert re.search(r"Avis.: Favorable</td>\s*<td[^>]*>1<", shown)
    assert re.search(
        r"Refus implicite né</td>\s*<td[^>]*>0<", agent.page("/desk/appeals?year=2026")
    )
    assert village.signed_in("moderator").get("/desk/appeals").status_code == 403


def test_a_letter_that_no_font_has_is_a_question_mark_and_never_a_mark_of_the_library() -> None:
    file = cada.CadaFile(
        asker=cada.Asker("<b>Zoë</b> & 漢", "1 rue Haute"),
        institution=cada.Institution("Ville", "210000006", "https://ville.example"),
        requests=[
            cada.Refused(
                "2027-0001", "https://ville.example/requests/2027-0001", date(2027, 1, 12),
                "Menus <i>", "Tout ]]> & le reste\n" * 200, [], cada.Refusal(date(2027, 2, 12)),
            )
        ],
        made_on=date(2027, 3, 1),
    )  # fmt: skip
    read = PdfReader(BytesIO(as_pdf(file)))
    words = " ".join(page.extract_text() for page in read.pages)
    assert "<b>Zoë</b> & ?" in words
    assert "Menus <i>" in words
    assert len(read.pages) > 2
    assert "1er mars 2027" in words
    assert "漢" in cada.as_text(file)
    assert as_pdf(file) == as_pdf(file)
