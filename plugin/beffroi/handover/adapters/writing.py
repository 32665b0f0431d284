# SPDX-License-Identifier: AGPL-3.0-or-later
"""A case as a file, and its three writings: for a person, for MISP, for whatever reads STIX."""

from collections.abc import Sequence
from datetime import datetime

from beffroi.cyber.queries import file_of
from beffroi.data_requests.adapters.cada_pdf import pdf_of
from beffroi.handover.adapters import stix
from beffroi.handover.adapters.letter import Part
from beffroi.handover.rules import Dossier, Sender, misp, picked, words
from beffroi.kernel.extension import extension


def dossier(case_id: int, *, now: datetime) -> Dossier | None:
    """Return what a hand-over of a case would hold at a moment; None where there is no case."""
    carried = extension()
    settings, file = carried.settings, file_of(case_id)
    if file is None:
        return None
    sender = Sender(
        settings.origin, settings.name, settings.siren, settings.public_url, settings.contact
    )
    pictures = {}
    for name in picked(file):
        try:
            pictures[name] = carried.files.get(name) if carried.files else b""
        except FileNotFoundError:
            continue
    return Dossier(file, sender, now, {k: v for k, v in pictures.items() if v})


def pdf(dossier: Dossier, zone: str) -> bytes:
    """Return the file that a person reads; each page is labelled, as TLP 2.0 asks of documents."""
    made, label = words.blocks(dossier, zone), f"TLP:{dossier.file.tlp}"
    return pdf_of(made, author=dossier.sender.name, pictures=dossier.pictures, label=label)


def parts(dossier: Dossier, zone: str) -> Sequence[Part]:
    """Return the three parts, in the order in which they are attached."""
    stem = dossier.stem
    return (
        Part(f"{stem}.pdf", "application/pdf", pdf(dossier, zone)),
        Part(f"{stem}.misp.json", "application/json", misp.written(dossier)),
        Part(f"{stem}.stix.json", "application/stix+json", stix.written(dossier)),
    )
