# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from beffroi_privacy.engine import propose

HIDDEN = [
    ("Comme l'écrivait tartenpion plus haut, la piste s'arrête net.", "tartenpion"),
    ("Le vendeur se fait appeler momo la frime sur Leboncoin.", "momo la frime"),
    ("Moi c'est Poussin Vert sur le site de la ville.", "Poussin Vert"),
    ("L'administrateur du serveur, Styxos, refuse de retirer la photo.", "Styxos"),
    ("Le jeu a été mis en ligne par ophelie-data hier.", "ophelie-data"),
    ("As quillfeather said above, the lane just stops.", "quillfeather"),
    ("I blocked him but he is back as bridgetrolk2.", "bridgetrolk2"),
    ("[14:02] moustik: vous dormez ?\n[14:03] Abeille35: non", "moustik"),
    ("bernikle : et les vélos ?\ntoutatis44 : sur le trottoir", "bernikle"),
    ("Je n'ai jamais autorisé farfadel à modifier ma proposition.", "farfadel"),
    ("Voir la réponse n° 7 (kerfufle), tout y est.", "kerfufle"),
    ("Ornela_, si tu lis ceci, rends-moi ma perceuse !", "Ornela_"),
    ("Tapez brigitte.talek dans la recherche.", "brigitte.talek"),
    ("Qui dirige @brest_gossip_girlz?Ils filment les gens.", "@brest_gossip_girlz"),
]
ASKED = [
    "Thanks thistle, that map helped a lot!",
    "Mon compte est au nom de papillon et je n'ai jamais voté.",
    "Le compte testmairie_jl est toujours actif.",
    "Selon Le Danteg, les travaux finiront en avril.",
]
LEFT = [
    "Merci beaucoup, la fontaine coule de nouveau.",
    "Bonjour madame, le banc est cassé.",
    "Le ticket a été ouvert par erreur.",
    "Signé par le préfet le 3 mai 2026, l'arrêté n'est pas affiché.",
    "Objet : travaux\nMotif : bruit\nQuartier : centre",
    "As mentioned above, the lane just stops.",
    "Rennes a voté pour le verger.",
]


@pytest.mark.parametrize(("text", "name"), HIDDEN)
def test_a_name_on_line_is_hidden_where_the_sentence_tells_that_it_is_one(
    text: str, name: str
) -> None:
    assert name in {text[span.start : span.end] for span in propose(text).spans}


@pytest.mark.parametrize("text", ASKED)
def test_an_ordinary_word_or_a_body_s_in_the_place_of_a_name_asks_a_person(text: str) -> None:
    assert propose(text).review


@pytest.mark.parametrize("text", LEFT)
def test_words_said_to_anybody_are_left_and_ask_nobody(text: str) -> None:
    assert propose(text).status == "clean"
