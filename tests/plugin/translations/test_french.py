# SPDX-License-Identifier: AGPL-3.0-or-later
"""The French words of a town: none is missing, and each is set as French is."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

import beffroi
from beffroi_web.catalogues import OWN_FOLDERS, missing

TOWN = Path(beffroi.__file__).parent
OWN = TOWN / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
SHARED = tuple(folder / "fr" / "LC_MESSAGES" / "messages.po" for folder in OWN_FOLDERS)
PLACE = re.compile(r"%\(\w+\)[sd]")


def pairs() -> Iterator[tuple[str, str]]:
    """Give each English sentence of the town with each of its French forms."""
    with OWN.open("rb") as source:
        for message in read_po(source):
            if not message.id:
                continue
            english = message.id if isinstance(message.id, str) else message.id[-1]
            said = message.string if isinstance(message.string, tuple) else (message.string,)
            for french in said:
                yield english, french


def test_every_sentence_of_code_and_templates_has_french_words() -> None:
    assert missing(TOWN, OWN, *SHARED) == []


def test_the_places_of_a_sentence_are_the_same_in_french() -> None:
    wrong = [
        english
        for english, french in pairs()
        if not set(PLACE.findall(french)) <= set(PLACE.findall(english))
        or len(set(PLACE.findall(french))) < len(set(PLACE.findall(english)) - {"%(num)d"})
    ]
    assert wrong == []


def test_french_is_set_with_its_own_spaces_and_apostrophes() -> None:
    wrong = [
        french
        for _, french in pairs()
        if "'" in french or re.search(r" [:;?!»]|« |\w[;?!»]|\w:(?!//)", french)
    ]
    assert wrong == []
