# SPDX-License-Identifier: AGPL-3.0-or-later
"""From base forms of French and English words to all forms that a text may hold; all folded.

Written by rule, and generously: a form that nobody uses does no harm in a list of words that are
no names. For speed each rule gives the forms of a word in one string; all of it is split once.
"""

from collections.abc import Callable, Iterable


def _endings(text: str) -> tuple[str, ...]:
    """Return endings to be joined by a space and a stem; the first, empty, puts it before each."""
    return ("", *text.split())


_ER = _endings(
    "er e es ons ez ent ais ait ions iez aient ai as a ames ates erent erai eras era erons erez "
    "eront erais erait erions eriez eraient ant ante antes ants ee ees"
)
_GER = tuple(f"e{end}" if end[:1] == "a" or end == "ons" else end for end in _ER)
_MUTE = _endings("e es ent erai eras era erons erez eront erais erait erions eriez eraient")
_IR = _endings(
    "i ir is it issons issez issent issais issait issions issiez issaient imes ites irent irai "
    "iras ira irons irez iront irais irait irions iriez iraient isse isses issant issante "
    "issantes issants ie ies"
)
# -eler and -eter verbs that double their consonant (appelle, jette); the others take an accent.
_DOUBLING = tuple(
    f"{stem}er"
    for stem in (
        *("ppel", "epel", "ouvel", "morcel", "nivel", "ficel", "issel", "tincel", "hancel"),
        *("nsorcel", "jumel", "musel", "jet", "uillet", "tiquet", "cachet", "paquet", "volet"),
    )
)
_ALS = frozenset(("bal", "cal", "carnaval", "chacal", "festival", "recital", "regal"))
_VOWELS = frozenset("aeiou")
# Ends of the English verbs of several syllables that double their last consonant.
_EN_DOUBLING = (
    *("dmit", "mmit", "bmit", "rmit", "nsmit", "emit", "efer", "nfer", "sfer", "cur", "pel", "bel"),
    *("cel", "vel", "trol", "fil", "gram", "gret", "quip", "set", "bug", "bed", "gin", "nal"),
    "dal",
)
_SHORT = 6  # longer English adjectives compare with "more" and "most"


def _verb_er(word: str) -> str:
    stem = word[:-2]
    last = stem[-1:]
    forms = (" " + stem).join(_GER if last == "g" else _ER)
    if last == "y":
        return forms + (" " + stem[:-1] + "i").join(_MUTE)
    if last in "lt" and word.endswith(_DOUBLING):
        return forms + (" " + stem + last).join(_MUTE)
    return forms


def _verb_ir(word: str) -> str:
    return (" " + word[:-2]).join(_IR)


def _noun_fr(word: str) -> str:
    last = word[-1]
    if last in "sxz":
        return word
    if last == "u" and word.endswith(("au", "eu")):
        return f"{word} {word}x"
    if last == "l" and word.endswith("al") and word not in _ALS:
        return f"{word} {word[:-1]}ux"
    return f"{word} {word}s"


def _feminine(word: str, last: str) -> str:
    """Return the regular feminine of an adjective; irregular ones are listed as words."""
    if last in "cg" or word.endswith(("ou", "oux", "aux")):
        return ""
    if last == "x":
        return word[:-1] + "se"
    if last == "f":
        return word[:-1] + "ve"
    if last in "ln" and word.endswith(("el", "eil", "en", "on")):
        return word + last + "e"
    if last == "u" and word.endswith("eau"):
        return word[:-2] + "lle"
    if last == "r" and word.endswith("eur") and not word.endswith(("ieur", "jeur", "neur")):
        return word[:-1] + "se"
    return word + "e"


def _adjective_fr(word: str) -> str:
    forms = _noun_fr(word)
    last = word[-1]
    if last == "e":
        return forms
    if last in "tdis":
        return f"{forms} {word}e {word}es"
    feminine = _feminine(word, last)
    if feminine:
        forms = f"{forms} {feminine} {feminine}s"
    if last == "r" and word.endswith("teur"):
        return f"{forms} {word[:-3]}rice {word[:-3]}rices"
    return forms


def _consonant_y(word: str) -> bool:
    return word[-1:] == "y" and word[-2:-1] not in _VOWELS


def _plural_en(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word[:-1] + "ies" if _consonant_y(word) else word + "s"


def _doubles(word: str) -> bool:
    """Say whether an English word doubles its last consonant before -ed, -ing, -er."""
    before, vowel, last = word[:-2], word[-2:-1], word[-1:]
    if last in "aeiouwxy" or vowel not in _VOWELS or not before:
        return False
    if before.endswith("qu"):
        before = before[:-1]  # quit, equip: the u of "qu" is no vowel
    if before[-1] in _VOWELS:
        return False
    return _VOWELS.isdisjoint(before) or word.endswith(_EN_DOUBLING)


def _verb_en(word: str) -> str:
    forms = f"{word} {_plural_en(word)}"
    if word[-1] == "e":
        if word.endswith("ie"):
            return f"{forms} {word}d {word[:-2]}ying"
        if word.endswith(("ee", "oe", "ye")):
            return f"{forms} {word}d {word}ing"
        return f"{forms} {word}d {word[:-1]}ing"
    if _doubles(word):
        double = word + word[-1]
        forms = f"{forms} {double}ed {double}ing"
        # American spelling beside the British one: canceled, labeled
        return f"{forms} {word}ed {word}ing" if word[-1] == "l" else forms
    if _consonant_y(word):
        return f"{forms} {word[:-1]}ied {word}ing"
    return f"{forms} {word}ed {word}ing"


def _noun_en(word: str) -> str:
    forms = f"{word} {_plural_en(word)}"
    if word[-1] == "o" and word[-2:-1] not in _VOWELS:
        return f"{forms} {word}es"
    return forms


def _adjective_en(word: str) -> str:
    """Return an English adjective, its adverb and, when short, its comparatives."""
    if _consonant_y(word):
        stem = word[:-1] + "i"
        return f"{word} {stem}ly {stem}er {stem}est"
    if word.endswith("ic"):
        return f"{word} {word}ally"
    if word.endswith("le") and word[-3:-2] not in _VOWELS:
        forms = f"{word} {word[:-1]}y"
    else:
        forms = f"{word} {word}y" if word.endswith("ll") else f"{word} {word}ly"
    if len(word) > _SHORT:
        return forms
    base = word
    if word[-1] == "e":
        base = word[:-1]
    elif _doubles(word):
        base = word + word[-1]
    return f"{forms} {base}er {base}est"


_Rule = Callable[[str], str]
_FRENCH: dict[str, _Rule] = {
    "verbs_er": _verb_er,
    "verbs_ir": _verb_ir,
    "nouns": _noun_fr,
    "adjectives": _adjective_fr,
}
_ENGLISH: dict[str, _Rule] = {
    "verbs": _verb_en,
    "nouns": _noun_en,
    "adjectives": _adjective_en,
}


def inflected(lines: Iterable[str]) -> frozenset[str]:
    """Return all forms of the words of a list, less those of its section `[except]`.

    `lines` are `[section]` heads, each followed by lines of words with spaces between. Sections of
    both languages (nouns, adjectives, other) are of the one whose verbs came last, French at first.
    """
    out: list[str] = []
    excluded: list[str] = []
    rules = _FRENCH
    rule: _Rule | None = None  # none: the words are taken as they are
    plain = out
    for line in lines:
        if line.startswith("["):
            name = line.strip().strip("[]")
            if name.startswith("verbs"):
                rules = _ENGLISH if name in {"verbs", "verbs_irregular"} else _FRENCH
            rule = rules.get(name)
            plain = excluded if name == "except" else out
        elif rule is None:
            plain.append(line)
        else:
            out.extend(map(rule, line.split()))
    return frozenset(" ".join(out).split()).difference(" ".join(excluded).split())
