# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that are names only for what they do or where they stand. All made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_privacy.engine import propose

BORNE = ("Charron", "Meunier", "Tanneur", "Rose", "Prosper", "Vitré")
CLAUSES = (
    "{} m'a promis une réponse.",
    "{} nous a écrit avant-hier.",
    "{} a encore garé son fourgon ici.",
    "{} ne vous a jamais répondu.",
    "{} refuse de tailler sa haie.",
    "{} s'est plaint du bruit.",
    "{} et moi sommes venus.",
    "Je pense que {} ment.",
    "{} told us about the leak.",
    "D'après {} tout va bien.",
    "Il faudrait prévenir {} avant midi.",
    "C'est {} qui tient les comptes.",
)


@given(st.sampled_from(BORNE), st.sampled_from(CLAUSES), st.booleans())
def test_a_bare_word_that_does_what_somebody_does_asks_in_capitals_or_not(
    name: str, clause: str, small: bool
) -> None:
    text = clause.format(name)
    shown = propose(text.lower() if small else text)
    assert shown.review or "[personne]" in shown.text


@pytest.mark.parametrize(
    "text",
    [
        "Ma voisine (Meunier) arrose la nuit.",
        "Présents : Charron, deux élus.",
        "Charron : absent, Meunier : présent.",
        "Meunier, quand tu passes, ferme la grille.",
        "La trésorière (Tanneur) n'a rien reçu.",
        "Charron est parti sans payer.",
        "Avis transmis à C. T. hier.",
        "Remis à C.T. au guichet.",
        "Ma fille C.T. mange à la cantine.",
        "La clé est à Zbrszcz, je crois.",
        "Étaient là Zbrszcz et deux élus.",
        "Je sais que Le Zbrszcz a raison.",
        "Pour Le Zbrszcz rien ne change.",
        "Le Zbrszcz a signé hier.",
        "le chat de madame meunier miaule",
        "j'ai vu ça avec monsieur charron hier",
        "dispute entre meunier et un agent",
        "Nom de jeune fille, ZOK, à corriger.",
        "Meunier, qui habite en face, confirme.",
        "Meunier devait venir hier.",
        "Il est venu à la place de Zbrszcz.",
    ],
)
def test_a_word_that_stands_where_somebody_is_told_of_asks(text: str) -> None:
    shown = propose(text)
    assert shown.review or "[personne]" in shown.text


@pytest.mark.parametrize(
    "text",
    [
        "Le meunier a vendu son moulin.",
        "La mairie m'a répondu hier.",
        "Personne ne m'a répondu.",
        "Enedis nous a écrit hier.",
        "Pourriez-vous me dire quand ça ouvre ?",
        "Pouvez vous nous aider",
        "Combien a payé la commune ?",
        "Cela nous a aidés.",
        "La gare (Vitré) est fermée.",
        "Présents : le maire et deux adjoints.",
        "Il passe à 9 h p.m. selon le site.",
        "Demande de C.V. pour ce poste.",
        "Voir le P.V. du conseil.",
        "bonjour madame pouvez vous rappeler",
        "Merci monsieur bonne journée",
        "The baker told me it was closed.",
        "Nobody told us about it.",
        "Le banc est à côté de la gare.",
        "Lorsqu'il pleut, la cave est pleine.",
        "Bjr, la lampe est cassée. Cdlt",
        "Accès refusé depuis lundi.",
        "Le site example.org ne répond pas.",
        "Dear Sir or Madam, the lamp is dark.",
    ],
)
def test_a_word_with_an_article_and_one_that_is_nobody_s_do_not_ask(text: str) -> None:
    shown = propose(text)
    assert (shown.text, shown.reasons) == (text, ())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("J'habite à côté de M. Vitré.", "J'habite à côté de [personne]."),
        ("Du côté de chez Mme Zbrszcz", "Du côté de chez Mme [personne]"),
        ("assis a cote de camille zbrszcz", "assis a cote de [personne]"),
        ("Depuis le passage de M. Vitré, rien.", "Depuis le passage de [personne], rien."),
        ("Les cours de Mme Zbrszcz cessent.", "Les cours de Mme [personne] cessent."),
        ("Un banc place de Zbrszcz, usé.", "Un banc place de Zbrszcz, usé."),
        ("Il vit place de Norvège.", "Il vit place de Norvège."),
        ("Un trou côte de Vitré.", "Un trou côte de Vitré."),
        ("We met the Le Zbrszcz family.", "We met the [personne] family."),
        ("Voir les Le Zbrszcz, au 3e.", "Voir les [personne], au 3e."),
        ("camille.zbrszcz#kowal.example", "[adresse électronique]"),
        ("Numéro de suivi XS798143517FR, merci", "Numéro de suivi [numéro personnel], merci"),
        ("Le SIREN 798143517 est public.", "Le SIREN 798143517 est public."),
    ],
)
def test_what_somebody_does_is_no_way_and_a_particle_goes_with_its_name(
    text: str, shown: str
) -> None:
    assert propose(text).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "Le chien de Israël aboie toute la nuit.",
        "la voiture de Portugal gêne le passage",
        "Portugal, si tu lis ça, appelle.",
        "Le module Kowalik ne marche pas",
        "Le fichier Kowalik est arrivé",
        "Le champ Kowalik déborde sur le chemin",
        "La commande Kowalik n'est toujours pas arrivée",
        "J'ai confiance en Kowalik pour la suite",
        "Le chemin passe en Trelhouarn puis descend",
        "Cordialement, Salvation",
    ],
)
def test_a_name_that_is_a_land_s_or_stands_behind_a_thing_is_hidden_or_asked_about(
    text: str,
) -> None:
    found = propose(text)
    assert found.spans or found.reasons
