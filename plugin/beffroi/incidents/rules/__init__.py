# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for incidents: families, categories, which are listed. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass

from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of incident; only listed ones that are not sensitive are shown one by one."""

    code: str
    family: str
    label: str
    listed: bool = True
    sensitive: bool = False


_ALL = (
    Category("lighting", "street", N_("Street lighting")),
    Category("road", "street", N_("Road or pavement damage")),
    Category("waste", "street", N_("Waste, dumping, cleanliness")),
    Category("graffiti", "street", N_("Graffiti and posters")),
    Category("greenery", "street", N_("Trees and green spaces")),
    Category("furniture", "street", N_("Street furniture")),
    Category("signs", "street", N_("Signs and traffic lights")),
    Category("water", "street", N_("Water and drains")),
    Category("vehicles", "street", N_("Abandoned vehicles and bicycles")),
    Category("other_street", "street", N_("Something else in the street")),
    Category("neighbours", "street", N_("Noise or trouble between neighbours"), False, True),
    Category("hygiene", "street", N_("Unhealthy housing, pests"), False, True),
    Category("persons", "street", N_("A person in difficulty"), False, True),
    Category("defaced", "cyber", N_("A page was changed"), False),
    Category("fake_page", "cyber", N_("A page pretends to be ours"), False),
    Category("phishing", "cyber", N_("A message or page asks for money or passwords"), False),
    Category("data_visible", "cyber", N_("Personal data is visible"), False, True),
    Category("down", "cyber", N_("A public site is down"), False),
    Category("weakness", "cyber", N_("I found a weakness"), False, True),
)

CATEGORIES: Mapping[str, Category] = {c.code: c for c in _ALL}
FAMILIES: Mapping[str, str] = {"street": N_("In the street"), "cyber": N_("On a public site")}

MOST_PHOTOS = 3


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A clean photo whose bytes are in the store: two names, SHA-256, size in pixels."""

    name: str
    thumb: str
    sha256: str
    width: int
    height: int


PHOTO_WORDS: Mapping[str, str] = {
    "empty": N_("This file is empty. Choose the photo again."),
    "too heavy": N_("This photo is too heavy: %(most)s MB at most."),
    "too large": N_(
        "This photo has too many pixels: %(most)s million at most. Send a smaller one."
    ),
    "heic": N_(
        "This photo is in the HEIC format of iPhones, which cannot be taken. Choose it from the "
        "photo library in your browser, which then sends it as JPEG; or set Settings > Camera > "
        "Formats to “Most Compatible” and take it again."
    ),
    "avif": N_("This picture is in the AVIF format. Save it as JPEG, PNG or WebP, then send that."),
    "gif": N_("This is a GIF picture. Send a photo (JPEG, PNG or WebP) or a screenshot."),
    "tiff": N_("This photo is in a TIFF or raw format. Export it as JPEG, then send that."),
    "svg": N_("This is a drawing (SVG), not a photo. Send a JPEG, PNG or WebP picture."),
    "pdf": N_("This is a PDF document, not a photo. Send a JPEG, PNG or WebP picture of it."),
    "unknown": N_("This file is not a JPEG, PNG or WebP photo, whatever its name says."),
    "damaged": N_(
        "This photo is damaged or was cut off on its way. Open it, save it again as JPEG, "
        "and send that."
    ),
}
"""What people read for each code of `beffroi_privacy.photo_refusals`; a test compares the words."""

OUTCOMES: Mapping[str, str] = {
    "resolved": N_("Put right"),
    "no_action": N_("Nothing to be done"),
    "redirected": N_("Passed on to another body"),
    "duplicate": N_("Reported before"),
}
