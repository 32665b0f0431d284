# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a word before it tells: births, machines, links, accounts, numbers, homes. All made up."""

import pytest

from beffroi_privacy.engine import propose
from beffroi_privacy.strong import find_strong

HIDDEN = {
    "DOB": [
        ("née le 12 mars 1985 à Rennes", "12 mars 1985"),
        ("date de naissance : 12/03/1985", "12/03/1985"),
        ("DDN 12.03.85", "12.03.85"),
        ("né(e) le 1er avril 2001", "1er avril 2001"),
        ("I was born on March 12, 1985", "March 12, 1985"),
        ("DOB: 1985-03-12", "1985-03-12"),
        ("ma fille Léa (12/03/2015)", "12/03/2015"),
        ("Awa Tissot, 03/05/1985, NIR", "03/05/1985"),
    ],
    "IP": [
        ("connexion depuis 203.0.113.77", "203.0.113.77"),
        ("mon IP est 10.0.0.12", "10.0.0.12"),
        ("from 2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3::8a2e:370:7334"),
        ("MAC 00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e"),
    ],
    "URL_TOKEN": [
        ("https://exemple.fr/suivi?token=8fk3jd92kdls02", "8fk3jd92kdls02"),
        ("https://exemple.fr/reset/Ab3dE5fG7hJ9", "Ab3dE5fG7hJ9"),
        ("https://nuage.exemple.fr/s/k8Df73hGq2", "k8Df73hGq2"),
        ("jeton : 9f8e7d6c5b4a39", "9f8e7d6c5b4a39"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF", "eyJhbGci"),
    ],
    "USERNAME": [
        ("mon pseudo est ti_breizh35", "ti_breizh35"),
        ("connectez-vous avec le login : mtissot", "mtissot"),
        ("merci @lulu.paysanne", "@lulu.paysanne"),
        ("Réponse à Gwen20 : non", "Gwen20"),
        ("my username is bluebird77", "bluebird77"),
        ("github.com/lulu-tissot", "lulu-tissot"),
        ("login ok user=aime35 from", "aime35"),
        ("connecté en tant que mtissot", "mtissot"),
    ],
    "OTHER_ID": [
        ("n° allocataire CAF 1234567", "1234567"),
        ("numéro fiscal 30 47 928 808 432", "30 47 928 808 432"),
        ("passeport 12AB34567", "12AB34567"),
        ("carte d'identité n° X4RTBPFW4", "X4RTBPFW4"),
        ("matricule JC-3311", "JC-3311"),
        ("le digicode est 12A45", "12A45"),
        ("mot de passe : Tr0ub4dor&3", "Tr0ub4dor&3"),
        ("CB 4970 1012 3456 7890", "4970 1012 3456 7890"),
        ("RPPS 10101234567", "10101234567"),
        ("my NI number is QQ 12 34 56 C", "QQ 12 34 56 C"),
        ("client n° C-123456", "C-123456"),
        ("ma carte 45871236", "45871236"),
    ],
    "ADDRESS": [
        ("appartement 23, porte 4", "appartement 23, porte 4"),
        ("j'habite au 14", "14"),
        ("la voisine du 7 bis", "7 bis"),
        ("j'habite au lieu-dit Kervadec", "lieu-dit Kervadec"),
        ("rue des Lilas, au 14", "rue des Lilas, au 14"),
        ("quatorze rue des Lilas", "quatorze rue des Lilas"),
        ("Flat 3, 12 Elm Grove", "12 Elm Grove"),
        ("I live at number 12", "12"),
    ],
    "PLATE": [
        ("garé : ab 123 cd", "ab 123 cd"),
        ("a white van, AB12 CDE", "AB12 CDE"),
    ],
    "PHONE": [("call 07700 900609", "07700 900609")],
    "IBAN": [("IBAN : GB29 NWBK 6016 1331 9268 19", "GB29 NWBK 6016 1331 9268 19")],
}

SURVIVES = [
    "l'association est née le 12 mars 1987",
    "les enfants nés entre le 01/01/2019 et le 31/12/2021",
    "réunion du 12/03/2024",
    "la version 10.2.14.1, erreur 8.6.38.0",
    "https://www.data.gouv.fr/fr/datasets/5de8f397634f4164071119c5/",
    "https://www.legifrance.gouv.fr/jorf/id/JORFTEXT000033860733",
    "https://exemple.fr/deliberations/2024-03-12-compte-rendu.pdf",
    "merci @villedebeffroi et @ANSSI_FR",
    "Covid19, Windows10 et Lambert93",
    "ticket n° 2026-034956, signalement 45871, lampadaire 12045",
    "marché n° 2023-145, délibération 2023-DEL-45",
    "SIRET 732 829 320 00074, UAI 0350001A, cerfa 12345*02",
    "l'article L. 311-1 du CRPA, CVE-2024-12345",
    "les allocataires, 6 839 en tout",
    "le bâtiment B de la mairie, la porte 3 du stade",
    "le lieu-dit La Croix est inondé",
    "12 jours, 14 h, 35 000 Rennes",
    "comment demander un passeport ?",
    "doi 10.1234/abcd.5678 et 550e8400-e29b-41d4-a716-446655440000",
]


@pytest.mark.parametrize(
    ("label", "text", "value"),
    [(label, text, value) for label, several in HIDDEN.items() for text, value in several],
)
def test_what_a_word_announces_is_hidden(label: str, text: str, value: str) -> None:
    shown = propose(text)
    assert label in {s.label for s in shown.spans}
    assert value not in shown.text


@pytest.mark.parametrize("text", SURVIVES)
def test_what_is_nobodys_survives(text: str) -> None:
    assert propose(text).text == text
    assert find_strong(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "née le 12 mars 1985",
        "mon IP est 203.0.113.77",
        "https://exemple.fr/suivi?token=8fk3jd92kdls02",
        "passeport n° 12AB34567",
    ],
)
def test_the_gate_stops_what_is_announced(text: str) -> None:
    assert find_strong(text)


@pytest.mark.parametrize(
    "text",
    [
        "M. Quiniou, Awa Tissot et ma voisine Ndeye",
        "merci @lulu.paysanne, mon pseudo est ti_breizh35",
        "la voisine du 7 bis",
        "ma vignette 45871",
        "le contrat n° 2023-14578 de la Ville et son compte 12345678",
        "titre de recettes n° 20231457",
    ],
)
def test_the_gate_lets_pass_what_is_only_a_guess(text: str) -> None:
    assert find_strong(text) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://www.data.gouv.fr/fr/datasets/r/550e8400-e29b-41d4-a716-446655440000",
        "https://ckan.exemple.fr/datastore?resource_id=550e8400-e29b-41d4-a716-446655440000",
        "https://data.exemple.fr/explore/dataset/arbres/table/?sort=id&location=12,48.117,-1.677",
        "https://exemple.fr/vote/12345 et https://exemple.fr/form/98765",
        "https://exemple.fr/index.php?p=12345678&code=FR35000238",
        "https://docs.exemple.fr/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
    ],
)
def test_the_gate_lets_the_address_of_a_published_thing_pass(url: str) -> None:
    assert find_strong(url) == []


def test_the_host_and_the_path_of_a_link_stay() -> None:
    shown = propose("https://demarches.exemple.fr/suivi?lang=fr&jeton=8fk3jd92kdls02&vue=1").text
    assert shown == "https://demarches.exemple.fr/suivi?lang=fr&jeton=[secret]&vue=1"
