# SPDX-License-Identifier: AGPL-3.0-or-later
from dataclasses import replace

import pytest

from beffroi.cases.rules import DATA_REQUEST, MOVES
from beffroi.data_requests.rules import (
    GROUNDS,
    OUTCOMES,
    STATUS_OF_OUTCOME,
    AnswerForm,
    check_answer,
)
from beffroi.kernel.errors import Invalid

COMPLETE = {
    "published": AnswerForm(
        "published", "Voici.", url="https://data.example/menus", licence="etalab-2.0"
    ),
    "already_published": AnswerForm("already_published", "Voici.", url="https://data.example/m"),
    "partly": AnswerForm(
        "partly", "En partie.", url="https://data.example/m", licence="MIT", ground="privacy"
    ),
    "planned": AnswerForm("planned", "Bientôt.", planned="2027-Q3"),
    "refused": AnswerForm("refused", "Non, car…", ground="privacy"),
    "not_held": AnswerForm("not_held", "Nous ne l’avons pas.", ground="not_held"),
    "redirected": AnswerForm("redirected", "Voyez la région.", redirected_to="La région"),
    "duplicate": AnswerForm("duplicate", "Déjà demandé.", duplicate_of="2026-0001"),
}


def faults(form: AnswerForm) -> set[str]:
    """The fields that an answer is refused for."""
    with pytest.raises(Invalid) as refused:
        check_answer(form)
    assert refused.value.errors
    return set(refused.value.errors)


@pytest.mark.parametrize("outcome", sorted(COMPLETE))
def test_an_answer_with_everything_it_owes_is_accepted(outcome: str) -> None:
    check_answer(COMPLETE[outcome])


def test_every_outcome_is_tried_here_and_leads_to_a_status() -> None:
    assert set(COMPLETE) == set(OUTCOMES) == set(STATUS_OF_OUTCOME)
    reachable = {m.target for m in MOVES[DATA_REQUEST] if m.by == "official answer"}
    assert set(STATUS_OF_OUTCOME.values()) <= reachable


@pytest.mark.parametrize("outcome", sorted(COMPLETE))
@pytest.mark.parametrize("words", ["", "  \n "])
def test_no_answer_goes_without_words(outcome: str, words: str) -> None:
    assert faults(replace(COMPLETE[outcome], words=words)) == {"words"}


@pytest.mark.parametrize("outcome", ["refused", "not_held", "partly"])
@pytest.mark.parametrize("ground", ["", "because", "Privacy"])
def test_a_refusal_owes_a_ground_of_the_list(outcome: str, ground: str) -> None:
    assert faults(replace(COMPLETE[outcome], ground=ground)) == {"ground"}


@pytest.mark.parametrize("outcome", ["published", "already_published", "partly"])
def test_a_publication_owes_its_address(outcome: str) -> None:
    assert faults(replace(COMPLETE[outcome], url="")) == {"url"}


@pytest.mark.parametrize(
    "url", ["http://data.example/", "javascript:alert(1)", "https://a@b.example/", "data.example"]
)
def test_an_address_is_https_without_a_user_name(url: str) -> None:
    assert faults(replace(COMPLETE["published"], url=url)) == {"url"}


@pytest.mark.parametrize("outcome", ["published", "partly"])
@pytest.mark.parametrize("licence", ["", "mit", "ours"])
def test_a_publication_owes_a_licence_of_the_list(outcome: str, licence: str) -> None:
    assert faults(replace(COMPLETE[outcome], licence=licence)) == {"licence"}


def test_passing_on_owes_the_body() -> None:
    assert faults(replace(COMPLETE["redirected"], redirected_to=" ")) == {"redirected_to"}


def test_a_place_in_braces_never_reaches_the_public() -> None:
    assert faults(replace(COMPLETE["planned"], words="Publié le {quarter}.")) == {"words"}


@pytest.mark.parametrize("swhid", ["swh:2:dir:" + "0" * 40, "swh:1:dir:" + "0" * 39, "swh"])
def test_a_swhid_has_its_form(swhid: str) -> None:
    assert faults(replace(COMPLETE["published"], swhid=swhid)) == {"swhid"}
    check_answer(replace(COMPLETE["published"], swhid="swh:1:dir:" + "0" * 40))


def test_a_planned_publication_owes_its_quarter() -> None:
    assert faults(replace(COMPLETE["planned"], planned="")) == {"planned"}


def test_a_duplicate_owes_the_request_it_repeats() -> None:
    assert faults(replace(COMPLETE["duplicate"], duplicate_of="")) == {"duplicate_of"}


def test_every_fault_of_an_answer_is_said_at_once() -> None:
    assert faults(AnswerForm("refused", "", url="http://x")) == {"words", "ground", "url"}
    assert faults(AnswerForm("maybe", "")) == {"words", "outcome"}


def test_each_ground_of_law_names_its_article() -> None:
    by_law = {code: words for code, words in GROUNDS.items() if code != "not_held"}
    assert all("CRPA L. 311-" in words for words in by_law.values())
