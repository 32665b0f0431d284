# SPDX-License-Identifier: AGPL-3.0-or-later
"""axe on every page of a town: WCAG 2.2 AA and good practice, for everybody who may see it."""

import pytest

from support.browser import faults
from support.town_places import PLACES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS = {"fr": ("light", 1280), "en": ("dark", 390)}
"""Each light, each width and each language once: none of the three changes what another does."""


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_axe_finds_nothing_in_any_light_at_any_width(live, place, language):
    scheme, width = LOOKS[language]
    look = {"scheme": scheme, "width": width}
    with live.page(place.path, role=place.role, language=language, **look) as page:
        assert page.locator("html").get_attribute("lang") == language
        assert faults(page) == [], look
