# SPDX-License-Identifier: AGPL-3.0-or-later
"""axe on every page of a town: WCAG 2.2 AA and good practice, for everybody who may see it."""

import pytest

from support.browser import faults
from support.town_places import PLACES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS = (("light", 1280), ("dark", 390))
"""Each light and each width once: neither changes what the other does."""
LANGUAGES = ("fr", "en")
PLACED = [pytest.param(p, LANGUAGES[n % 2], id=str(p)) for n, p in enumerate(PLACES)]
"""Every page, by turns in both languages: their templates are the same."""


@pytest.mark.parametrize(("place", "language"), PLACED)
def test_axe_finds_nothing_in_any_light_at_any_width(live, place, language):
    with live.page(place.path, role=place.role, language=language) as page:
        assert page.locator("html").get_attribute("lang") == language
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 844})
            assert faults(page) == [], (scheme, width)
