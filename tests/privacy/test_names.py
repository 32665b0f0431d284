# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names here are made up; what they have in common with anybody's is chance."""

import pytest

from beffroi_privacy.engine import propose

HIDDEN = [
    ("Mme Le Goff m'a répondu", ["Le Goff"]),
    ("j'ai écrit à monsieur de Kerlouan", ["de Kerlouan"]),
    ("madame ouvrard est passée", ["ouvrard"]),
    ("Le docteur Maire et maître Quiniou", ["Maire", "Quiniou"]),
    ("MM. Ravel, Tissot et Lemoigne étaient là", ["Ravel", "Tissot", "Lemoigne"]),
    ("je m'appelle karim benaissa", ["karim benaissa"]),
    ("JE M'APPELLE SYLVIE QUINIOU ET J'AI FROID", ["SYLVIE QUINIOU"]),
    ("signé : Odile Ravel", ["Odile Ravel"]),
    ("Merci d'avance.\nJ.-P. Le Goff", ["J.-P. Le Goff"]),
    ("Cordialement,\nKowalczyk", ["Kowalczyk"]),
    ("bien à vous, léa", ["léa"]),
    ("Nom : Tissot\nPrénom : Awa", ["Tissot", "Awa"]),
    ("NOM D'USAGE : QUINIOU", ["QUINIOU"]),
    (
        "De : Awa Tissot\nÀ : mairie\nCc : Paul Ravel ; Ndeye Sarr",
        ["Awa Tissot", "Paul Ravel", "Ndeye Sarr"],
    ),
    ("la famille Lemoigne et chez les Ravel", ["Lemoigne", "Ravel"]),
    ("les Kowalczyk sont partis hier soir", []),
    ("ce sont les Lemoigne qui crient", ["Lemoigne"]),
    ("mon fils Ilyan est tombé", ["Ilyan"]),
    ("ma voisine, Ndeye, me l'a dit", ["Ndeye"]),
    ("l'agent Soizic Ravel m'a aidé", ["Soizic Ravel"]),
    ("Personne reçue : Charpentier Jérôme", ["Charpentier Jérôme"]),
    ("le plaignant, MOUTON Marin, est venu", ["MOUTON Marin"]),
    ("avec Rose Lemoigne et Pierre", ["Rose Lemoigne", "Pierre"]),
    ("Mme Ravel née Tissot le 3 mai 1961", ["Ravel", "Tissot"]),
    ("Van Duc Chanthavong attend", ["Van Duc Chanthavong"]),
    ("O'Connor, M'Barek : merci à M. M'Barek", ["M'Barek"]),
    ("Mme Floc'h et M. Guivarc'h", ["Floc'h", "Guivarc'h"]),
    ("le petit Payet et le père Leccia", ["Payet", "Leccia"]),
    ("il se présente comme Gaston", ["Gaston"]),
    ("au nom de Quiniou Armelle", ["Quiniou Armelle"]),
    ("Dear Mrs Patel, my name is John Whitby", ["Patel", "John Whitby"]),
    ("my neighbour Deepak told Mr Whitby", ["Deepak", "Whitby"]),
    ("Kind regards,\nSiobhan", ["Siobhan"]),
    ("Awa et Tuyet sont venues", ["Awa", "Tuyet"]),
    ("> Le 3 mai, Maud Tissot a écrit :", ["Maud Tissot"]),
]

SURVIVES = [
    "le lycée Jean-Moulin et l'école primaire Jules Ferry",
    "la rue Pierre Loti, le bd Victor-Hugo et la place du Général de Gaulle",
    "la rue du Docteur Roux, l'allée Mme de Sévigné",
    "le stade Raymond Kopa, la salle Jean Vilar, l'espace Simone Veil",
    "la tempête Ciaran, la loi Lagarde, le prix Goncourt",
    "la statue de Jeanne d'Arc",
    "l'arrêt « Jeanne Jugan »",
    "Madame la Maire, Monsieur le Préfet, M. le directeur",
    "chez Leroy Merlin et chez Veolia",
    "une rose, une pierre, une eau claire, en avril",
    "Victoria Street, Jean Moulin School, Washington Square",
    "il habite à Rennes, à Saint-Claude, à Florence",
    "en France, au mois de mai",
    "l'inspecteur de la DGFiP, les agents de la Ville",
    "It happened on May 7 in the City of Boston",
    "Bonjour, Si les données sont là, merci",
    "la Clio blanche et une Renault Zoé",
    "les Halles, les Jeux et les Ulis",
]


@pytest.mark.parametrize(("text", "names"), HIDDEN)
def test_a_name_is_hidden_whole_where_something_tells_it(text: str, names: list[str]) -> None:
    spans = [s for s in propose(text).spans if s.label == "PERSON"]
    hidden = [text[s.start : s.end] for s in spans]
    missing = [n for n in names if not any(n in h for h in hidden)]
    assert missing == []


@pytest.mark.parametrize("text", SURVIVES)
def test_a_name_of_a_place_an_office_or_a_thing_survives(text: str) -> None:
    assert propose(text).text == text


def test_a_name_that_was_hidden_once_is_hidden_everywhere() -> None:
    shown = propose("M. Quiniou crie. QUINIOU a un chien, et quiniou s'en moque.").text
    assert "uiniou" not in shown.casefold()


def test_an_ordinary_word_that_equals_a_hidden_name_stays_in_small_letters() -> None:
    shown = propose("Mme Petit a signalé un petit trou rue Petit.").text
    assert shown == "Mme [personne] a signalé un petit trou rue Petit."


def test_a_name_in_a_mailbox_is_hidden_in_the_text_too() -> None:
    shown = propose("maud.kerlouan@exemple.fr m'écrit. Kerlouan attend.").text
    assert "Kerlouan" not in shown


def test_the_text_around_a_name_stays() -> None:
    assert propose("Bonjour Awa, merci.").text == "Bonjour [personne], merci."
