# SPDX-License-Identifier: AGPL-3.0-or-later
"""What only asks for a person, and what is hidden without a word that proves it."""

import pytest

from beffroi_privacy.engine import propose
from beffroi_privacy.joined import is_joined


def hidden(text: str) -> list[tuple[str, str]]:
    """Each label with the characters that it hides."""
    return [(span.label, text[span.start : span.end]) for span in propose(text).spans]


@pytest.mark.parametrize(
    "text",
    [
        "mon courriel est kowalz@exemple",
        "répondez à j.kowal@@exemple.fr svp",
        "répondez à j.kowal@exemple..fr svp",
        "répondez à kowalz#courriel.exemple.fr svp",
        "répondez à kowalz%40exemple.fr svp",
        "répondez à kowalz at exemple.fr svp",
        "répondez à kowalz chez exemple.fr svp",
        "répondez à kowalz/at/exemple.fr svp",
        "répondez à kowalzarobaseexemple point fr svp",
        "répondez à kowalz arobase exemple (fr) svp",
        "répondez à k o w a l @ e x e m p l e . f r svp",
        "répondez à tricot@exemple.fr svp",
    ],
)
def test_an_address_is_found_however_it_was_mistyped(text: str) -> None:
    assert [label for label, _ in hidden(text)] == ["EMAIL"]


@pytest.mark.parametrize(
    "text",
    [
        "écrivez à guichet-unique@ville.exemple.fr",
        "voir chez orange.fr",
        "le plan est à voir sur exemple.fr",
        "la page contact@exemple.fr",
    ],
)
def test_boxes_of_an_office_and_sites_stay(text: str) -> None:
    assert hidden(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Sur Insta lapinot raconte tout", "lapinot"),
        ("connecté en tant que tournesol depuis hier", "tournesol"),
        ("Mon pseudo est Tournesol.", "Tournesol"),
        ("My handle is sparrow.", "sparrow"),
        ("Mon avatar s'appelle Vieux Hibou", "Vieux Hibou"),
        ("Publié par Tournesol le 3 mars", "Tournesol"),
        ("Contribution n° 7 de Chouette Grise : plus de bancs", "Chouette Grise"),
        ("sur le forum, je suis Tournesol", "Tournesol"),
        ("demandez à AlfaLoup, il sait", "AlfaLoup"),
        ("merci hibou.4821 pour le plan", "hibou.4821"),
        ("merci hibou-off pour le plan", "hibou-off"),
        ("le groupe est tenu par ~Nina la Chouette", "Nina la Chouette"),
        ("<zorglub> qui vient au conseil ?", "zorglub"),
        ("+1 tournesol", "tournesol"),
        ("transmis à kowaljacqueline hier", "kowaljacqueline"),
        ("@rando_lyon69 a raison", "@rando_lyon69"),
        ("LE VOISIN LULU_DU_PORT A ENCORE ÉCRIT HIER SOIR", "LULU_DU_PORT"),
        ("MON LOGIN EST KLAPIN ET IL NE MARCHE PLUS DU TOUT", "KLAPIN"),
        ("il signe du pseudo Gazelle partout", "Gazelle"),
        ("sous le pseudonyme « Gazelle verte » partout", "Gazelle verte"),
    ],
)
def test_names_of_accounts_are_found_by_how_they_are_made_or_announced(
    text: str, name: str
) -> None:
    assert ("USERNAME", name) in hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "mon compte bancaire est vide",
        "l'identifiant est obligatoire",
        "le compte administratif est voté",
        "les comptes ordonnateurs sont publiés",
        "le login admin est à changer",
        "voir le signal des feux du pont",
        "Tous sont sur Facebook",
    ],
)
def test_words_about_accounts_are_no_names(text: str) -> None:
    assert hidden(text) == []


def test_a_first_name_inside_a_common_word_is_no_account() -> None:
    assert is_joined("kowaljacqueline")
    assert not is_joined("marinieres")
    assert not is_joined("jacqueline")


@pytest.mark.parametrize(
    "text",
    [
        "il en a parlé avec zbigor hier",
        "le concierge kwelo dit que c'est la ville",
        "les volets de la famille Boulogne claquent",
        "J'ai remis la clé à Bordeaux, le gardien, et pas à la ville",
        "Loup est allergique, merci de le noter",
        "Reine, peux-tu regarder ?",
        "chez les Bouteille, rien ne va",
        "The flat of the Moreaus is loud",
        "C'est Mme de La Motte qui le demande",
        "Qu'est devenu le projet de Wellington ?",
        "On appelle « Mémé Tartine » la dame du coin",
        "Le banc est cassé.\nle goff yann",
        "Nom : MAIRE\nObjet : un banc",
        "voici mon numéro, 48213 et rien d'autre",
        "il a dit : B-6750 et c'est tout",
        "le sésame est Azerty72$ mais il est refusé",
        "fumée noire,40 c rue aux oies,2e étage",
        "adresse : rue du 19-mars-1962, 158",
        "au 84 r haute, devant le cabinet",
        "une fuite au lieu-dit la métairie neuve",
        "Plus d'eau chaude bâtiment B",
        "Tag : « ZEKO 2K » sur l'abri",
        "mon mail est : le même que hier",
    ],
)
def test_what_may_be_somebodys_is_never_released_in_silence(text: str) -> None:
    assert propose(text).status != "clean"
    assert propose(text).review or hidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "Un banc est cassé dans le parc.",
        "La mairie de 35000 Rennes est fermée.",
        "Le budget 2024 est de 12 500 € pour la rue Haute.",
        "On se voit à la piscine samedi avec les enfants.",
        "La lampe de la place du marché clignote depuis mardi.",
        "Merci pour votre réponse rapide.",
        "The bin on the corner is full again.",
    ],
)
def test_plain_texts_are_still_clean(text: str) -> None:
    assert propose(text).status == "clean"


@pytest.mark.parametrize(
    "text",
    [
        "le petit sacha s'est coince le doigt",
        "gary from highways told me so",
        "Monsieur Bonjour a déposé trois recours.",
        "digicode (le soir seulement), interphone DIMANCHE",
        "NOM D'USAGE : LE THI\nPRENOMS : CAMILLE\nVILLE : RENNES",
    ],
)
def test_names_that_are_also_words_ask_where_somebody_is_called(text: str) -> None:
    assert propose(text).review


@pytest.mark.parametrize(
    "text",
    ["le petit parc est ferme", "Monsieur le Maire est venu.", "Le nom de la rue : à corriger"],
)
def test_words_in_such_places_that_name_nobody_do_not_ask(text: str) -> None:
    assert propose(text).status == "clean"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dossier suivi par delphine c. hier", "dossier suivi par [personne] hier"),
        ("merci a malika b.", "merci a [personne]"),
        ("dossier suivi par delphine. on attend", "dossier suivi par [personne]. on attend"),
    ],
)
def test_an_initial_in_small_letters_goes_with_its_name(text: str, shown: str) -> None:
    assert propose(text).text == shown


def test_a_word_told_from_a_thing_by_its_accent_does_not_shield_a_name() -> None:
    assert propose("Sur la boîte c'est marqué Philippot.").status != "clean"
    assert propose("Une tondeuse de marque Kubotta fume.").spans == ()
