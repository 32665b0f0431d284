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

OUTCOMES: Mapping[str, str] = {
    "resolved": N_("Put right"),
    "no_action": N_("Nothing to be done"),
    "redirected": N_("Passed on to another body"),
    "duplicate": N_("Reported before"),
}
