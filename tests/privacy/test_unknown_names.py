# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names that no list knows, by where they stand; tables, titles and mailboxes. All made up."""

import pytest

from beffroi_privacy.engine import propose

HIDDEN = [
    ("On en a parlé à Tuvalee Brannoque hier matin.", ["Tuvalee Brannoque"]),
    ("Vu par KERDONCUFF Ysaline, à 8 h.", ["KERDONCUFF Ysaline"]),
    ("Présents ce soir-là : BRANNOQUE T., QUERVIL M., et la secrétaire", ["BRANNOQUE", "QUERVIL"]),
    ("Il faut demander Ysaline, elle a les clés du local à vélos.", ["Ysaline"]),
    ("C'est de la part de Brannoque, au sujet du portail de la cour.", ["Brannoque"]),
    ("La voiture de Quervil bouche le passage depuis trois jours.", ["Quervil"]),
    ("Donnez-le à Tuvalee, je passerai le chercher samedi matin.", ["Tuvalee"]),
    ("Mme Ravel, Tuvalee et Ysaline sont venues.", ["Ravel", "Tuvalee", "Ysaline"]),
    ("tonton Quervil garde les poules tout l'été, comme l'an passé", ["Quervil"]),
    ("Tuvalee et son mari tiennent le kiosque depuis deux ans déjà.", ["Tuvalee"]),
    ("Quervil's van has been parked on the verge for three weeks now.", ["Quervil"]),
    ("rappeler Brannoque", ["Brannoque"]),
    ("Il manque un banc.\n\nCordialement\nRose Petit", ["Rose Petit"]),
    ("Il manque un banc.\n\nTuvalee Quervil", ["Tuvalee Quervil"]),
    ("je voudrais demander quervil au sujet du bac", ["quervil"]),
    ("BONJOUR, PRÉVENEZ QUERVIL QUE LE BAC EST PLEIN", ["QUERVIL"]),
    ("moi c'est tuvalee brannoque du troisième", ["tuvalee brannoque"]),
    ("De : brannoque tuvalee <t.brannoque@exemple.fr>", ["brannoque tuvalee"]),
    ("Nom;Porte;Sujet\nQuervil;12B;fuite\nBrannoque;14;bruit", ["Quervil", "Brannoque", "12B"]),
    ("Rue\tN°\tOccupant\nrue Haute\t4\tQuervil", ["4\t", "Quervil"]),
    ("| pseudo | votes |\n| grand chêne | 4 |", ["grand chêne"]),
]
SURVIVES = [
    "Les agents de Veolia et de JCDecaux sont passés.",
    "Avec Nextcloud 28 et Django 4.2, tout marche.",
    "La Métropole et le Conseil Départemental ont voté.",
    "Je me connecte avec FranceConnect depuis lundi.",
    "Rendez-vous à Concarneau ou à Vannes, avec le car.",
    "Rue;Longueur;Largeur\nrue Haute;120;4,5\nrue Basse;90;3,5",
    "produit;prix\nPain;2\nLait;1",
]
ASKED = [
    ("Au club de lecture : « Ysaline Brannoque ».", "announced"),
    ("Le samedi, c'est Petit qui ouvre le portail du stade.", "capitals"),
    ("merci pour le banc. Désiré", "capitals"),
    ("Tuvalee, arrête ! Voilà ce que tout le quartier entend.", "capitals"),
    ("écrivez à douce.lumiere@exemple.fr", "announced"),
]


@pytest.mark.parametrize(("text", "names"), HIDDEN)
def test_a_name_that_no_list_knows_is_hidden_where_it_has_to_be_one(
    text: str, names: list[str]
) -> None:
    assert [name for name in names if name in propose(text).text] == []


@pytest.mark.parametrize("text", SURVIVES)
def test_a_firm_a_programme_and_a_plain_table_survive(text: str) -> None:
    assert propose(text).text == text


@pytest.mark.parametrize(("text", "reason"), ASKED)
def test_what_may_be_a_name_asks_for_a_person(text: str, reason: str) -> None:
    assert reason in propose(text).reasons
