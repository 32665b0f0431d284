# SPDX-License-Identifier: AGPL-3.0-or-later
"""axe on every page of a town: WCAG 2.2 AA and good practice, for everybody who may see it."""

import pytest

from support.browser import faults
from support.town_places import PLACES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS = {
    "fr": (("light", 1280), ("dark", 390)),
    "en": (("dark", 1280), ("light", 390)),
}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_axe_finds_nothing_in_any_light_at_any_width(live, place, language):
    # Each light and each width in one of the languages: words change neither colours nor columns.
    with live.page(place.path, role=place.role, language=language) as page:
        assert page.locator("html").get_attribute("lang") == language
        for scheme, width in LOOKS[language]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 844})
            assert faults(page) == [], (scheme, width)
