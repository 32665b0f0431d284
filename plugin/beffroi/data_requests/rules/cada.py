# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file for the CADA: what a person sends when a request was refused, in words or by silence.

It holds what the CADA asks for (precise subject and list of documents, name and postal address,
copy of the request, copy of the refusal): https://www.cada.fr, "Quand et comment saisir". It is in
French, whatever the language of the page: the CADA is a French authority. Plain Python: what the
case holds goes in, blocks of words come out, and a text or a PDF is made of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
WIDTH = 78


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks the CADA; asked for when the file is made, and kept nowhere."""

    name: str
    postal: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Institution:
    """The body that was asked: its name, its SIREN, its address on the web."""

    name: str
    siren: str
    url: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a request was refused: by silence (no words), or in writing; `security` is a ground."""

    on: date
    words: str = ""
    ground: str = ""
    security: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """One request of the file, in the words that were received, and what became of it."""

    ref: str
    url: str
    received_on: date
    title: str
    wanted: str
    details: Sequence[tuple[str, str]]
    refusal: Refusal
    acknowledged_on: date | None = None
    acknowledgement: str = ""
    log_entry: int | None = None


@dataclass(frozen=True, slots=True)
class CadaFile:
    """A whole file: who asks, of whom, and the requests of one asker, at least one."""

    asker: Asker
    institution: Institution
    requests: Sequence[Refused]
    made_on: date


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a file: a `title`, a `heading`, a `text`, a `quote`, `items`, or a `picture`.

    The words of a picture are the name under which its bytes are given to who draws it.
    """

    kind: str
    words: str = ""
    items: Sequence[str] = field(default_factory=tuple)


def day(on: date) -> str:
    """Return a date in French words: `1er mars 2027`."""
    return f"{'1er' if on.day == 1 else on.day} {_MONTHS[on.month - 1]} {on.year}"


def blocks(file: CadaFile) -> list[Block]:
    """Return the file, piece by piece."""
    several = len(file.requests) > 1
    found = [
        Block("title", "Saisine de la Commission d’accès aux documents administratifs"),
        Block("text", f"{file.asker.name}\n{file.asker.postal}\n{file.asker.email}".strip()),
        Block("text", f"Le {day(file.made_on)}"),
        Block(
            "text",
            "Madame, Monsieur,\n\nJe demande l’avis de la commission sur le refus de "
            f"{file.institution.name} (SIREN {file.institution.siren}, {file.institution.url}) de "
            f"me communiquer {_documents(len(file.requests))} (code des relations entre le public "
            "et l’administration, articles L. 311-1, L. 342-1 et R. 343-1).",
        ),
    ]
    for number, request in enumerate(file.requests, 1):
        found += _request(request, f"Demande {number} : " if several else "")
    found += [
        Block("heading", "Pièces de ce dossier"),
        Block("items", items=_pieces(file.requests)),
        Block("text", "Je vous prie d’agréer, Madame, Monsieur, mes salutations distinguées."),
        Block("text", file.asker.name),
    ]
    return found


def _documents(count: int) -> str:
    return "les documents demandés ci-dessous" + (f", en {count} demandes" if count > 1 else "")


def _request(request: Refused, before: str) -> list[Block]:
    found = [
        Block("heading", f"{before}{request.title}"),
        Block(
            "text",
            f"Demande {request.ref}, reçue le {day(request.received_on)} ({request.url}). "
            "Documents demandés, dans les termes de la demande :",
        ),
        Block("quote", request.wanted),
    ]
    if request.details:
        found.append(
            Block("items", items=[f"{label} : {words}" for label, words in request.details])
        )
    found.append(Block("text", _proof(request)))
    found += _refusal(request.refusal)
    return found


def _proof(request: Refused) -> str:
    said = []
    if request.acknowledged_on is not None:
        said.append(
            f"L’institution a accusé réception le {day(request.acknowledged_on)}, avec les voies "
            "et délais de recours (copie ci-dessous)."
        )
    else:
        said.append("Aucun accusé de réception n’a indiqué les voies et délais de recours.")
    if request.log_entry is not None:
        said.append(
            "La réception est inscrite dans le journal public et signé de l’institution, entrée "
            f"{request.log_entry} : sa date ne peut pas être changée."
        )
    return " ".join(said)


def _refusal(refusal: Refusal) -> list[Block]:
    if not refusal.words:
        return [
            Block(
                "text",
                "L’institution n’a pas répondu pendant un mois : la demande a été refusée par son "
                f"silence le {day(refusal.on)} (articles R. 311-12 et R. 311-13).",
            )
        ]
    ground = f" Motif : {refusal.ground}." if refusal.ground else ""
    found = [
        Block("text", f"L’institution a refusé par écrit le {day(refusal.on)}.{ground}"),
        Block("quote", refusal.words),
    ]
    if refusal.security:
        found.append(
            Block(
                "text",
                "Le refus invoque la sécurité (article L. 311-5, 2°, d). Je demande à la "
                "commission de vérifier que ce motif est établi pour le système précis dont il "
                "s’agit ; elle peut consulter l’ANSSI à ce sujet.",
            )
        )
    return found


def _pieces(requests: Sequence[Refused]) -> list[str]:
    found = []
    for request in requests:
        found.append(f"Demande {request.ref} du {day(request.received_on)}, copie ci-dessus")
        if request.acknowledged_on is not None:
            words = " ".join(request.acknowledgement.split())
            found.append(f"Accusé de réception du {day(request.acknowledged_on)} : « {words} »")
        if request.refusal.words:
            found.append(f"Refus du {day(request.refusal.on)}, copie ci-dessus")
    return found


def as_text(file: CadaFile) -> str:
    """Return the file as text to paste into a letter or a form."""
    return text_of(blocks(file))


def text_of(pieces: Sequence[Block]) -> str:
    """Return some pieces of a file as plain text."""
    lines: list[str] = []
    for block in pieces:
        if block.kind == "title":
            lines += [block.words.upper(), "=" * min(len(block.words), WIDTH)]
        elif block.kind == "heading":
            lines += [block.words, "-" * min(len(block.words), WIDTH)]
        elif block.kind == "items":
            lines += [f"- {item}" for item in block.items]
        elif block.kind == "quote":
            lines += [f"> {line}" for line in block.words.splitlines()]
        else:
            lines += block.words.splitlines()
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
