# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a photo is not taken: one error, its codes, and a sentence that helps in two languages.

ValueError
└── PhotoRefused        `code` is a key of `SENTENCES`; nothing of the file was kept
    empty               no bytes at all
    too heavy           more bytes than are taken; `most` in MB
    too large           more pixels than are decoded; `most` in millions
    heic avif gif tiff svg pdf unknown      another format, told by the content
    damaged             cut off, or not what its format says
"""

from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "empty": {
        "en": "This file is empty. Choose the photo again.",
        "fr": "Ce fichier est vide. Choisissez à nouveau la photo.",
    },
    "too heavy": {
        "en": "This photo is too heavy: %(most)s MB at most.",
        "fr": "Cette photo est trop lourde : %(most)s Mo au plus.",
    },
    "too large": {
        "en": "This photo has too many pixels: %(most)s million at most. Send a smaller one.",
        "fr": "Cette photo a trop de pixels : %(most)s millions au plus. "
        "Envoyez-en une plus petite.",
    },
    "heic": {
        "en": "This photo is in the HEIC format of iPhones, which cannot be taken. Choose it from "
        "the photo library in your browser, which then sends it as JPEG; or set Settings > Camera "
        "> Formats to “Most Compatible” and take it again.",
        "fr": "Cette photo est au format HEIC des iPhone, qui n’est pas accepté. Choisissez-la "
        "dans la photothèque depuis votre navigateur, qui l’envoie alors en JPEG ; ou réglez "
        "Réglages > Appareil photo > Formats sur « Le plus compatible » et refaites-la.",
    },
    "avif": {
        "en": "This picture is in the AVIF format. Save it as JPEG, PNG or WebP, then send that.",
        "fr": "Cette image est au format AVIF. Enregistrez-la en JPEG, PNG ou WebP, "
        "puis envoyez-la.",
    },
    "gif": {
        "en": "This is a GIF picture. Send a photo (JPEG, PNG or WebP) or a screenshot.",
        "fr": "Ceci est une image GIF. Envoyez une photo (JPEG, PNG ou WebP), "
        "ou une capture d’écran.",
    },
    "tiff": {
        "en": "This photo is in a TIFF or raw format. Export it as JPEG, then send that.",
        "fr": "Cette photo est au format TIFF ou brut. Exportez-la en JPEG, puis envoyez-la.",
    },
    "svg": {
        "en": "This is a drawing (SVG), not a photo. Send a JPEG, PNG or WebP picture.",
        "fr": "Ceci est un dessin (SVG), pas une photo. Envoyez une image JPEG, PNG ou WebP.",
    },
    "pdf": {
        "en": "This is a PDF document, not a photo. Send a JPEG, PNG or WebP picture of it.",
        "fr": "Ceci est un document PDF, pas une photo. "
        "Envoyez-en une image JPEG, PNG ou WebP.",
    },
    "unknown": {
        "en": "This file is not a JPEG, PNG or WebP photo, whatever its name says.",
        "fr": "Ce fichier n’est pas une photo JPEG, PNG ou WebP, quoi que dise son nom.",
    },
    "damaged": {
        "en": "This photo is damaged or was cut off on its way. Open it, save it again as JPEG, "
        "and send that.",
        "fr": "Cette photo est abîmée ou a été coupée en chemin. Ouvrez-la, enregistrez-la à "
        "nouveau en JPEG, et envoyez-la.",
    },
}  # fmt: skip
"""What a person can do about each refusal, by code and language; places are filled by `values`."""


class PhotoRefused(ValueError):
    """A file that is not taken as a photo; `code` says why, `values` fill its sentence's places."""

    def __init__(self, code: str, **values: int) -> None:
        self.code = code
        self.values = values
        super().__init__(self.sentence("en"))

    def sentence(self, lang: str) -> str:
        """Return what to do, in French (`fr`) or in English (any other language)."""
        said = SENTENCES[self.code]
        return said.get(lang, said["en"]) % self.values
