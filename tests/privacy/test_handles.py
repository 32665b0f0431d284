# SPDX-License-Identifier: AGPL-3.0-or-later
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_privacy.engine import propose
from beffroi_privacy.handles import DOUBTFUL, HANDLE, NOTHING, weigh
from beffroi_privacy.patterns import near_figures


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("Le compte TikTok de mon voisin est moto.crosseur, on voit sa moto.", "moto.crosseur"),
        ("Je suis Perceneige sur votre plateforme participative.", "Perceneige"),
        ("On s'est parlé hier, mon nom là-bas : fripounette.vtg.", "fripounette.vtg"),
        ("De : rouletabille\nObjet : covoiturage", "rouletabille"),
        ("Merci de transférer la boîte de rcaradec vers la mienne.", "rcaradec"),
        ("Skype : live:gaston.perche si vous préférez", "live:gaston.perche"),
        ("user_id=mlegarff; erreur 403", "mlegarff"),
        ("Reply to pigeonhole: no, the ramp is closed.", "pigeonhole"),
        ("Users concerned: dmarsh, lpember and rquayle.", "rquayle"),
    ],
)
def test_an_account_is_hidden_however_it_is_told(text: str, handle: str) -> None:
    assert handle not in propose(text).text


@pytest.mark.parametrize(
    "text",
    [
        "Mon pseudo Twitch ne passe plus.",
        "Le compte TikTok de la commune est à jour.",
        "Mon compte est bloqué, comment le réactiver ?",
        "Le logiciel e.magnus est en panne.",
    ],
)
def test_the_name_of_a_network_or_a_product_is_no_account(text: str) -> None:
    assert propose(text).spans == ()


def test_a_word_that_no_list_knows_asks_a_person() -> None:
    assert "announced" in propose("Il y a aussi cyclopathe hier soir au parc.").reasons


def test_a_word_is_weighed_by_its_making() -> None:
    assert [weigh(word) for word in ("dvasseur", "la_puce", "jean2b")] == [HANDLE] * 3
    assert [weigh(word) for word in ("reponsse", "descellée")] == [DOUBTFUL] * 2
    assert [weigh(word) for word in ("réponse", "telegram", "A4", "mairie")] == [NOTHING] * 4


@given(st.text(alphabet="ab 12.,-/n°", max_size=30))
def test_trying_at_figures_finds_what_trying_everywhere_does(text: str) -> None:
    for pattern, back in (
        (re.compile(r"(?<![\w.])\d{1,3}(?:-\d+)*"), 0),
        (re.compile(r"(?<![\w/])[ab]{0,2}-?\d+(?: \d)?"), 3),
    ):
        everywhere = [found.span() for found in pattern.finditer(text)]
        assert [found.span() for found in near_figures(pattern, text, back)] == everywhere
