# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fill the templates: the set of texts that an anonymiser is developed and judged with.

    .venv/bin/python tests/anonymise/generate.py [--part build|kept|all] [--lang fr|en]

prints one JSON object a line: `id`, `lang`, `part`, `text`, `gold` (`[start, end, label]`: what
must be hidden), `protected` (`[start, end]`: what must survive) and, in some, `known` (what the
account says of the author). The same set comes out every time.

Templates are in `templates/`, one file a kind and language, texts divided by a line `---`; those in
`kept_*.txt` make the kept part, which nobody looks at who makes an engine. In a text

- `{PERSON:full}` is a value of a label, in a form of `people.py`, `identifiers.py` or `wide.py`;
  `#` and a name tie several slots to one person (`{PERSON:full#w1} {EMAIL:of#w1}`; `w`, `m` a woman
  or a man, `x` somebody whose name is a word or a commune, `r`, `rw`, `rm` somebody whose name is
  rare); `!` says that the account knows it;
- `{PERSON=rose}` is a value as it stands;
- `{street}`, `{cve}`, … look like personal data and are protected;
- `[[rue Simone-Veil]]` is protected as it stands.
"""

import argparse
import hashlib
import json
import random
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anonymise import identifiers, lookalikes, people, wide

TEMPLATES = Path(__file__).resolve().parent / "templates"
LABELS = (
    "PERSON", "ADDRESS", "PHONE", "EMAIL", "PLATE", "NIR", "IBAN", "DOB", "IP", "USERNAME",
    "URL_TOKEN", "OTHER_ID",
)  # fmt: skip
PARTS = ("build", "kept")
NOISY = 0.25
"""The share of the texts that are written carelessly."""
RARE = {"NIR", "IBAN", "URL_TOKEN", "IP"}
FEW = 4
"""A text with more personal data than that is filled once, or it would weigh too much."""
LIKES = 3
"""A text without personal data is filled twice if it has so many things to draw."""
DIVIDER = "---"
MARK = re.compile(
    r"\{(?P<label>[A-Z_]+):(?P<form>\w+)(?:#(?P<who>\w+))?(?P<known>!?)\}"
    r"|\{(?P<fixed>[A-Z_]+)=(?P<value>[^}]*)\}"
    r"|\{(?P<like>[a-z_]+)\}"
    r"|(?P<open>\[\[)|(?P<close>\]\])"
)


class TemplateError(ValueError):
    """A template asks for what there is not; says which one."""


@dataclass(frozen=True, slots=True)
class Template:
    """One text with slots. `kind` is the file's name without part and ending."""

    part: str
    kind: str
    number: int
    body: str

    @property
    def lang(self) -> str:
        """The language of the text."""
        return self.kind.rpartition("_")[2]

    @property
    def key(self) -> str:
        """The name that its texts' ids begin with."""
        return f"{self.part}-{self.kind}-{self.number:03d}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text that is of one nature: gold, protected, or neither."""

    text: str
    label: str = ""
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the set."""

    id: str
    lang: str
    part: str
    text: str
    gold: tuple[tuple[int, int, str], ...]
    protected: tuple[tuple[int, int], ...]
    known: tuple[str, ...]
    noise: str

    def as_json(self) -> dict[str, Any]:
        """Return the object that is written for this text."""
        found: dict[str, Any] = {
            "id": self.id,
            "lang": self.lang,
            "part": self.part,
            "text": self.text,
            "gold": [list(item) for item in self.gold],
            "protected": [list(span) for span in self.protected],
        }
        return found | ({"known": list(self.known)} if self.known else {})


def templates(folder: Path = TEMPLATES) -> Iterator[Template]:
    """Read every template, in the order of files."""
    for path in sorted(folder.glob("*.txt")):
        part = "kept" if path.stem.startswith("kept_") else "build"
        kind = path.stem.removeprefix("kept_")
        _, *bodies = re.split(
            rf"^{DIVIDER}\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
        for number, body in enumerate(bodies, 1):
            yield Template(part, kind, number, body.strip("\n"))


class Filling:
    """The slots of one text while it is filled; remembers who is who."""

    def __init__(self, template: Template, rng: random.Random) -> None:
        self._template = template
        self._rng = rng
        self._kept = template.part == "kept"
        self._persons: dict[str, people.Person] = {}
        self.known: list[str] = []

    def pieces(self) -> Iterator[Piece]:
        """Yield the text in pieces."""
        body, at, protected = self._template.body, 0, False
        for mark in MARK.finditer(body):
            before, at = body[at : mark.start()], mark.end()
            if mark["like"] in lookalikes.AGREEING and self._template.lang == "fr":
                value = self._lookalike(mark["like"])
                yield Piece(lookalikes.agreed(before, value), protected=protected)
                yield Piece(value, protected=True)
                continue
            yield Piece(before, protected=protected)
            if mark["open"] or mark["close"]:
                protected = bool(mark["open"])
            elif mark["like"]:
                yield Piece(self._lookalike(mark["like"]), protected=True)
            elif mark["fixed"]:
                yield Piece(mark["value"], mark["fixed"])
            else:
                yield Piece(self._value(mark), mark["label"])
        yield Piece(body[at:], protected=protected)

    def _lookalike(self, kind: str) -> str:
        try:
            return lookalikes.lookalike(self._rng, kind, self._kept)
        except KeyError:
            raise TemplateError(f"{self._template.key}: nothing looks like {kind!r}") from None

    def _value(self, mark: re.Match[str]) -> str:
        label, form, who = mark["label"], mark["form"], mark["who"] or ""
        try:
            value, known = self._drawn(label, form, self._person(who))
        except KeyError:
            raise TemplateError(f"{self._template.key}: no {label} in the form {form!r}") from None
        if mark["known"] and known not in self.known:
            self.known.append(known)
        return value

    def _person(self, who: str) -> people.Person:
        """Return the person of that name; without a name, a new one each time."""
        rare = who.startswith("r")
        gender = next((sign for sign in who[rare : rare + 1] if sign in "wm"), "")
        if not who:
            return people.person(self._rng, self._kept)
        if who not in self._persons:
            words = who.startswith("x")
            self._persons[who] = (
                people.stranger(self._rng, gender)
                if rare
                else people.person(self._rng, self._kept, gender, words)
            )
        return self._persons[who]

    def _drawn(self, label: str, form: str, one: people.Person) -> tuple[str, str]:
        """Return a value as it is written, and as the account of its owner has it."""
        rng = self._rng
        if form in wide.FORMS.get(label, {}):
            value = wide.FORMS[label][form](rng, one)
            return value, value
        match label:
            case "PERSON":
                return one.written(form), one.written("full")
            case "EMAIL":
                value = people.email(rng, form, one)
            case "PHONE":
                value = identifiers.phone(rng, form)
                return value, re.sub(r"\D", "", value)
            case "ADDRESS":
                value = people.address(rng, form, self._kept)
            case "DOB":
                child = form.endswith("_child")
                years = (2009, 2023) if child else (1934, 2005)
                value = identifiers.dated(rng, form.removesuffix("_child"), *years)
            case "USERNAME":
                value = people.username(rng, form, one, self._kept)
            case _:
                value = SIMPLE[label](rng, form)
        return value, value


SIMPLE: dict[str, Callable[[random.Random, str], str]] = {
    "PLATE": identifiers.plate,
    "NIR": identifiers.nir,
    "IBAN": identifiers.iban,
    "IP": identifiers.ip,
    "URL_TOKEN": identifiers.url_token,
    "OTHER_ID": identifiers.other_id,
}


# Noise: each takes the pieces of a text and returns them written otherwise. A piece stays a piece,
# so that offsets are computed once, at the end.


def _each(pieces: Sequence[Piece], change: Callable[[str], str]) -> list[Piece]:
    return [replace(piece, text=change(piece.text)) for piece in pieces]


def _prose(pieces: Sequence[Piece], change: Callable[[str], str]) -> list[Piece]:
    """Change what is neither gold nor protected."""
    return [
        piece if piece.label or piece.protected else replace(piece, text=change(piece.text))
        for piece in pieces
    ]


def lowered(pieces: Sequence[Piece], _: random.Random) -> list[Piece]:
    """Everything in small letters."""
    return _each(pieces, str.lower)


def shouted(pieces: Sequence[Piece], _: random.Random) -> list[Piece]:
    """Everything in capitals, but what links and networks are written with."""
    keep = {"URL_TOKEN", "IP", "USERNAME"}
    return [
        piece
        if piece.label in keep or "://" in piece.text
        else replace(piece, text=piece.text.upper())
        for piece in pieces
    ]


def unaccented(pieces: Sequence[Piece], _: random.Random) -> list[Piece]:
    """No accents, as on an old telephone."""
    return _each(pieces, people.plain)


def hurried(pieces: Sequence[Piece], rng: random.Random) -> list[Piece]:
    """Small letters and no accents."""
    return unaccented(lowered(pieces, rng), rng)


def unbroken(pieces: Sequence[Piece], rng: random.Random) -> list[Piece]:
    """No-break spaces, as word processors and copies from a page have them."""
    space = rng.choice(("\u00a0", "\u202f"))
    share = rng.choice((0.3, 1.0))
    return _each(
        pieces,
        lambda text: "".join(space if s == " " and rng.random() < share else s for s in text),
    )


def decomposed(pieces: Sequence[Piece], _: random.Random) -> list[Piece]:
    """Accents apart from their letters, as some systems copy them."""
    return _each(pieces, lambda text: unicodedata.normalize("NFD", text))


def curly(pieces: Sequence[Piece], _: random.Random) -> list[Piece]:
    """Typographic apostrophes."""
    return _each(pieces, lambda text: text.replace("'", "’"))


def glued(pieces: Sequence[Piece], rng: random.Random) -> list[Piece]:
    """Spaces that are missing behind a comma, a point or a colon."""
    return _prose(
        pieces,
        lambda text: re.sub(r"([,.:;!?]) ", lambda m: m[1] if rng.random() < 0.7 else m[0], text),
    )


def mistyped(pieces: Sequence[Piece], rng: random.Random) -> list[Piece]:
    """A letter left out, doubled or changed with its neighbour, in one word of eight."""

    def typo(word: re.Match[str]) -> str:
        text = word[0]
        if rng.random() > 0.125:
            return text
        at = rng.randint(1, len(text) - 3)
        return rng.choice(
            (
                text[:at] + text[at + 1 :],
                text[:at] + text[at] + text[at:],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            )
        )

    return _prose(pieces, lambda text: re.sub(r"[^\W\d_]{5,}", typo, text))


Noise = Callable[[Sequence[Piece], random.Random], list[Piece]]
NOISES: dict[str, Noise] = {
    "lowered": lowered,
    "shouted": shouted,
    "unaccented": unaccented,
    "hurried": hurried,
    "unbroken": unbroken,
    "decomposed": decomposed,
    "curly": curly,
    "glued": glued,
    "mistyped": mistyped,
}


def written(
    name: str, template: Template, pieces: Sequence[Piece], known: Sequence[str], noise: str
) -> Text:
    """Put the pieces together and say where gold and protected spans came to lie."""
    parts: list[str] = []
    gold: list[tuple[int, int, str]] = []
    protected: list[tuple[int, int]] = []
    at = 0
    for piece in pieces:
        end = at + len(piece.text)
        parts.append(piece.text)
        if piece.label and end > at:
            gold.append((at, end, piece.label))
        if piece.protected and piece.text.strip():
            if protected and protected[-1][1] == at:
                at = protected.pop()[0]
            protected.append((at, end))
        at = end
    text = "".join(parts)
    return Text(
        name, template.lang, template.part, text, tuple(gold), tuple(protected), tuple(known), noise
    )


def copies(template: Template) -> int:
    """Return how often a template is filled: the rarer its labels, the more often."""
    slots = list(MARK.finditer(template.body))
    gold = [mark["label"] or mark["fixed"] for mark in slots if mark["label"] or mark["fixed"]]
    if not gold:
        return 2 if sum(bool(mark["like"]) for mark in slots) >= LIKES else 1
    drawn = {mark["label"] for mark in slots} - {None}
    if not drawn or len(gold) > FEW or (drawn == {"PERSON"} and len(gold) > 1):
        return 1
    return 3 if drawn & RARE else 2


def texts_of(template: Template) -> Iterator[Text]:
    """Fill one template; the seed is its part and its words, so that others may come and go."""
    for copy in range(copies(template)):
        seed = hashlib.sha256(f"{template.part}\0{copy}\0{template.body}".encode()).hexdigest()
        rng = random.Random(seed)
        noise = rng.choice(list(NOISES)) if rng.random() < NOISY else ""
        filling = Filling(template, rng)
        pieces = [piece for piece in filling.pieces() if piece.text]
        if noise:
            pieces = NOISES[noise](pieces, rng)
        yield written(f"{template.key}-{copy + 1}", template, pieces, filling.known, noise)


@cache
def whole_set() -> tuple[Text, ...]:
    """Return the set."""
    return tuple(text for template in templates() for text in texts_of(template))


def chosen(part: str = "all", lang: str = "") -> tuple[Text, ...]:
    """Return the texts of a part and of a language."""
    return tuple(
        text
        for text in whole_set()
        if part in ("all", text.part) and (not lang or text.lang == lang)
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the set."""
    parser = argparse.ArgumentParser(description="print the set of texts, one JSON object a line")
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--lang", choices=("fr", "en"), default="")
    asked = parser.parse_args(arguments)
    for text in chosen(asked.part, asked.lang):
        print(json.dumps(text.as_json(), ensure_ascii=False))


if __name__ == "__main__":
    main()
