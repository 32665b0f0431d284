# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a person has to look at a text: each code with its sentence, in French and in English."""

from typing import Final

REASONS: Final = {
    "bad line": "The line is not a JSON object with an id and a text.",
    "detector error": "A detector failed on this text, so nothing is known about it.",
    "too slow": "This text took too long and was given up, so nothing is known about it.",
    "too long": "The text is longer than a machine is trusted with.",
    "long number": "A long number remains that was not recognised.",
    "civility": "A civility followed by what looks like a name remains.",
    "author's name": "A word equal to a part of the author's name remains in small letters.",
    "first name": "A known first name remains, and nothing says whether it is a person's.",
    "capitals": "One or two words with a capital remain that look like a name.",
    "announced": "Words announce something personal, and nothing was found after them.",
    "checksum": "A number was masked although its check digits are wrong.",
    "opaque link": "A link keeps a long part that means nothing to a reader and may be a secret.",
    "sensitive": "A person is named beside words about health, violence or a complaint.",
    "second pass": "Something was still found in the text after it was masked.",
    "model disagrees": "The language model sees a person where the rules see none.",
    "ner not available": "The language model was asked for and is not installed.",
}
"""Each code and its sentence in English."""

RAISONS: Final = {
    "bad line": "La ligne n’est pas un objet JSON avec un identifiant et un texte.",
    "detector error": "Un détecteur a échoué sur ce texte : on n’en sait rien.",
    "too slow": "Ce texte a demandé trop de temps et a été abandonné : on n’en sait rien.",
    "too long": "Le texte est plus long que ce que l’on confie à une machine.",
    "long number": "Il reste un long nombre qui n’a pas été reconnu.",
    "civility": "Il reste une civilité suivie de ce qui ressemble à un nom.",
    "author's name": "Il reste, en minuscules, un mot égal à une partie du nom de l’auteur.",
    "first name": "Il reste un prénom connu, et rien ne dit s’il désigne une personne.",
    "capitals": "Il reste un ou deux mots à majuscule qui ressemblent à un nom.",
    "announced": "Des mots annoncent quelque chose de personnel, et rien n’a été trouvé ensuite.",
    "checksum": "Un numéro a été masqué bien que sa clé soit fausse.",
    "opaque link": "Un lien garde une longue partie obscure, qui peut être un secret.",
    "sensitive": "Une personne est nommée près de mots de santé, de violence ou de plainte.",
    "second pass": "Quelque chose a encore été trouvé dans le texte une fois masqué.",
    "model disagrees": "Le modèle de langue voit une personne là où les règles n’en voient pas.",
    "ner not available": "Le modèle de langue a été demandé et n’est pas installé.",
}
"""Each code and its sentence in French."""


def sentence(code: str, lang: str = "fr") -> str:
    """Return the sentence of a code in a language, English unless it is French."""
    return (RAISONS if lang.startswith("fr") else REASONS).get(code, code)
