# SPDX-License-Identifier: AGPL-3.0-or-later
"""The three writings of one file: for a person, for MISP, for whatever reads STIX."""

from collections.abc import Sequence

from beffroi.data_requests.adapters.cada_pdf import pdf_of
from beffroi.handover.adapters import stix
from beffroi.handover.adapters.letter import Part
from beffroi.handover.rules import Dossier, misp, words


def pdf(dossier: Dossier, zone: str) -> bytes:
    """Return the file that a person reads."""
    made = words.blocks(dossier, zone)
    return pdf_of(made, author=dossier.sender.name, pictures=dossier.pictures)


def parts(dossier: Dossier, zone: str) -> Sequence[Part]:
    """Return the three parts, in the order in which they are attached."""
    stem = dossier.stem
    return (
        Part(f"{stem}.pdf", "application/pdf", pdf(dossier, zone)),
        Part(f"{stem}.misp.json", "application/json", misp.written(dossier)),
        Part(f"{stem}.stix.json", "application/stix+json", stix.written(dossier)),
    )
