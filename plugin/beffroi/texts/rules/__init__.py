# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would be hidden in a text: the engine's findings, the town's lists, the author's wishes.

Plain Python. Every proposal of the town is made by `read`, whoever asks: the person who writes, the
agent who decides, the worker that shows a text. Nothing here releases anything.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from beffroi_privacy.lists import NO_LISTS as NO_LISTS  # a town's lists are those of the engine
from beffroi_privacy.lists import Lists as Lists
from beffroi_privacy.normalise import fold, normalise
from beffroi_privacy.spans import Span
from beffroi_privacy.strong import find_strong, mask, propose
from beffroi_web.words import N_

CHOSEN, LISTED, ADDED = "CHOSEN", "LISTED", "ADDED"
"""Labels of our own: hidden by its author, always hidden here, added by an agent."""
_OWN = frozenset({CHOSEN, LISTED, ADDED})

LABEL_WORDS: Mapping[str, str] = {
    "EMAIL": N_("e-mail address"),
    "PHONE": N_("telephone number"),
    "NIR": N_("social security number"),
    "IBAN": N_("bank account"),
    "PLATE": N_("number plate"),
    "ADDRESS": N_("address"),
    "PERSON": N_("a person's name"),
    "DOB": N_("date of birth"),
    "IP": N_("network address"),
    "USERNAME": N_("user name"),
    "URL_TOKEN": N_("secret part of a link"),
    "OTHER_ID": N_("personal number"),
    CHOSEN: N_("hidden by its author"),
    LISTED: N_("always hidden here"),
    ADDED: N_("hidden by an agent"),
}
"""What people read for each label of a mark."""

STATUSES = ("clean", "masked", "review")
LIST_KINDS = ("allow", "deny")
MOST_CHOSEN = 50
"""Pieces of a text that its author may hide besides, at most."""
LONGEST_CHOSEN = 200
MOST_CANDIDATES = 12


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A half-open range of an original that is hidden, and why."""

    start: int
    end: int
    label: str

    def __str__(self) -> str:
        """Return the mark as forms carry it: `10-38-EMAIL`."""
        return f"{self.start}-{self.end}-{self.label}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as it could be shown, what is hidden in it, and whether a person has to look.

    `status` is `clean`, `masked` or `review`; `reasons` say why the last.
    """

    text: str
    marks: tuple[Mark, ...]
    status: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What the engine says of a text; `failed` when nothing is known about it."""

    marks: tuple[Mark, ...]
    review: bool
    reasons: tuple[str, ...]
    failed: bool


def _found(words: str, known: Sequence[str], lists: Lists) -> Found:
    """Ask the engine: the one place of the town that does. Words of the deny-list come later."""
    proposal = propose(words, known, lists=Lists(allow=lists.allow))
    marks = tuple(Mark(span.start, span.end, span.label) for span in proposal.spans)
    failed = bool(words.strip()) and not proposal.text
    return Found(marks, proposal.review, proposal.reasons, failed)


def read(
    words: str,
    *,
    known: Sequence[str] = (),
    lists: Lists = NO_LISTS,
    hidden: Sequence[str] = (),
) -> Reading:
    """Read a text as its author wrote it; never raises.

    `known` is what is known of the author, `hidden` what the author wants hidden besides. When the
    engine failed, nothing of the text is proposed to be shown.
    """
    found = _found(words, known, lists)
    if found.failed:
        return Reading("", (), "review", found.reasons)
    marks = united(
        (*found.marks, *places(words, lists.deny, LISTED), *places(words, hidden, CHOSEN))
    )
    status = "review" if found.review else ("masked" if marks else "clean")
    return Reading(masked(words, marks), marks, status, found.reasons)


def united(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return marks in order, without overlaps: those that share a character are one.

    What the engine calls a place wins over what we do.
    """
    done: list[Mark] = []
    for mark in sorted(marks):
        if done and mark.start < done[-1].end:
            last = done[-1]
            label = mark.label if last.label in _OWN else last.label
            done[-1] = Mark(last.start, max(last.end, mark.end), label)
        else:
            done.append(mark)
    return tuple(done)


def masked(words: str, marks: Iterable[Mark]) -> str:
    """Return a text with readable words over each mark, and over what joining made of the rest."""
    shown = over(words, marks)
    for _ in range(3):
        again = find_strong(shown)
        if not again:
            break
        shown = mask(shown, again)
    return shown


def still_personal(
    words: str, lists: Lists, *, strong: Callable[[str], Iterable[Span]] = find_strong
) -> tuple[Mark, ...]:
    """Return what the gate stops in words that are to be public: identifiers, the town's words.

    Names are not among it: who releases a text has decided about them. `strong` is `strong_in`
    where words repeat.
    """
    found = (Mark(s.start, s.end, s.label) for s in strong(words))
    return united((*found, *places(words, lists.deny, LISTED)))


@lru_cache(maxsize=16_384)
def strong_in(words: str) -> tuple[Span, ...]:
    """Return the strong identifiers of an institution's words (never a citizen's), remembered.

    For imports, whose rows name the same streets and matters again and again.
    """
    return tuple(find_strong(words))


def over(words: str, marks: Iterable[Mark]) -> str:
    """Return a text with readable words over exactly these marks."""
    return mask(words, [Span(m.start, m.end, m.label) for m in united(marks)])


def pieces(words: str, marks: Iterable[Mark]) -> tuple[tuple[str, Mark | None], ...]:
    """Return a text cut where marks begin and end, each piece with its mark or none."""
    cut: list[tuple[str, Mark | None]] = []
    at = 0
    for mark in united(marks):
        cut.append((words[at : mark.start], None))
        cut.append((words[mark.start : mark.end], mark))
        at = mark.end
    cut.append((words[at:], None))
    return tuple((said, mark) for said, mark in cut if said)


def marks_from(typed: Iterable[str], words: str) -> tuple[Mark, ...]:
    """Return the marks that a form carries (`10-38-EMAIL`); what does not fit is dropped."""
    found = []
    for one in typed:
        fits = re.fullmatch(r"(\d{1,6})-(\d{1,6})-([A-Z_]{2,12})", one)
        if fits and fits[3] in LABEL_WORDS and int(fits[1]) < int(fits[2]) <= len(words):
            found.append(Mark(int(fits[1]), int(fits[2]), fits[3]))
    return united(found)


def lines(typed: str) -> tuple[str, ...]:
    """Return what was typed one a line, without blanks and repetitions, at most `MOST_CHOSEN`."""
    kept = (" ".join(line.split())[:LONGEST_CHOSEN] for line in typed.splitlines())
    return tuple(dict.fromkeys(line for line in kept if len(line) > 1))[:MOST_CHOSEN]


def chosen(form: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the pieces that a form hides (`hide`, and `hide_words` one a line), each once."""
    return lines("\n".join((*form.get("hide", ()), form.get("hide_words", ""))))


def places(words: str, phrases: Iterable[str], label: str) -> Iterator[Mark]:
    """Yield where phrases stand in a text: whole words, whatever their case, accents and spaces."""
    patterns = [pattern for phrase in phrases if (pattern := _pattern(phrase))]
    if not patterns:
        return
    copy = normalise(words)
    folded, offsets = _by_character(copy.text)
    for pattern in patterns:
        for found in re.finditer(pattern, folded):
            start, end = copy.original(offsets[found.start()], offsets[found.end()])
            if start < end:
                yield Mark(start, end, label)


def _by_character(text: str) -> tuple[str, list[int]]:
    """Return a folded copy of a text, and for each of its characters the one it came from."""
    folded: list[str] = []
    offsets: list[int] = []
    for at, character in enumerate(text):
        for plain in fold(character):
            folded.append(plain)
            offsets.append(at)
    return "".join(folded), [*offsets, len(text)]


def _pattern(phrase: str) -> str:
    """Return a pattern for a phrase in a folded text, or nothing for one without a word."""
    parts = [re.escape(part) for part in _folded(phrase).split()]
    if not parts:
        return ""
    body = r"\s+".join(parts)
    before = r"(?<!\w)" if re.match(r"\w", parts[0]) else ""
    return before + body + (r"(?!\w)" if re.search(r"\w$", parts[-1]) else "")


def _folded(words: str) -> str:
    """Return words for comparing: no case, no accents, single spaces, plain apostrophes."""
    return " ".join(fold(normalise(words).text).split())


def folded(words: str) -> str:
    """Return words as lists and digests compare them."""
    return _folded(words)


def digest(key: bytes, words: str) -> str:
    """Return the keyed hash by which a decision on some words is remembered without the words."""
    return hmac.new(key, _folded(words).encode(), hashlib.sha256).hexdigest()


_NAME = re.compile(
    r"[A-ZÀ-Þ][\w’'-]+(?:[ \u00a0](?:(?:d’|d'|(?:de|du|des)[ \u00a0])?)[A-ZÀ-Þ][\w’'-]+)*"
)
_NUMBER = re.compile(r"\d(?:[ \u00a0.-]?\d){4,}")
_BEGINS = re.compile(r"(?:^|[.!?:;\n•–-])[\s«\"“(]*$")


def candidates(words: str, marks: Sequence[Mark]) -> tuple[str, ...]:
    """Return pieces that stay visible and that their author may want hidden: names, numbers.

    A guess that hides nothing by itself: words with a capital inside a sentence, several of them
    wherever they stand, and numbers of five digits and more.
    """
    shown: list[str] = []
    for found in sorted(
        (*_NAME.finditer(words), *_NUMBER.finditer(words)), key=lambda f: f.start()
    ):
        said = found.group()
        if any(m.start < found.end() and found.start() < m.end for m in marks):
            continue
        alone = len(said.split()) == 1
        if alone and said[0].isalpha() and _is_ordinary(words, found.start(), said):
            continue
        shown.append(said)
    return tuple(dict.fromkeys(shown))[:MOST_CANDIDATES]


def _is_ordinary(words: str, at: int, said: str) -> bool:
    """Say whether one word with a capital is an acronym or only begins a sentence."""
    return said.isupper() or bool(_BEGINS.search(words[max(0, at - 12) : at]))
