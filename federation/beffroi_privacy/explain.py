# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was hidden in a text and why, in words, for people."""

from typing import Final

from beffroi_privacy.engine import Proposal
from beffroi_privacy.reasons import sentence
from beffroi_privacy.spans import (
    ADDRESS,
    DOB,
    EMAIL,
    IBAN,
    IP,
    NIR,
    OTHER_ID,
    PERSON,
    PHONE,
    PLATE,
    URL_TOKEN,
    USERNAME,
)

KINDS: Final = {
    "fr": {
        EMAIL: "adresse électronique d’une personne",
        PHONE: "numéro de téléphone d’une personne",
        NIR: "numéro de sécurité sociale",
        IBAN: "compte bancaire",
        PLATE: "plaque d’immatriculation",
        IP: "adresse réseau d’une machine",
        DOB: "date de naissance",
        URL_TOKEN: "partie secrète d’un lien",
        OTHER_ID: "numéro qui désigne une personne",
        USERNAME: "pseudonyme ou nom de compte",
        ADDRESS: "adresse d’un domicile",
        PERSON: "nom d’une personne",
    },
    "en": {
        EMAIL: "a person's e-mail address",
        PHONE: "a person's telephone number",
        NIR: "a social security number",
        IBAN: "a bank account",
        PLATE: "a number plate",
        IP: "the network address of a machine",
        DOB: "a date of birth",
        URL_TOKEN: "the secret part of a link",
        OTHER_ID: "a number that stands for a person",
        USERNAME: "a pseudonym or the name of an account",
        ADDRESS: "the address of a home",
        PERSON: "a person's name",
    },
}
"""Each label in words."""

_WORDS: Final = {
    "fr": {
        "clean": "Rien à masquer n’a été trouvé.",
        "masked": "Ce texte a été masqué.",
        "review": "Une personne doit relire ce texte.",
        "text": "Texte proposé :",
        "hidden": "Masqué :",
        "why": "Pourquoi une relecture :",
    },
    "en": {
        "clean": "Nothing to hide was found.",
        "masked": "This text was masked.",
        "review": "A person has to read this text.",
        "text": "Proposed text:",
        "hidden": "Hidden:",
        "why": "Why it has to be read:",
    },
}


def explain(text: str, proposal: Proposal, lang: str = "fr") -> str:
    """Return the story of a proposal as lines: its status, the text, each mask, each reason."""
    words = _WORDS.get(lang, _WORDS["en"])
    kinds = KINDS.get(lang, KINDS["en"])
    lines = [words[proposal.status]]
    if proposal.spans:
        lines += ["", words["hidden"]]
        for span in proposal.spans:
            hidden = " ".join(text[span.start : span.end].split())
            lines.append(f"  {span.start}-{span.end}  {hidden}  ({kinds[span.label]})")
    if proposal.reasons:
        lines += ["", words["why"]]
        lines += [f"  {sentence(code, lang)}" for code in proposal.reasons]
    if proposal.text:
        lines += ["", words["text"], proposal.text]
    return "\n".join(lines)
