# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page of a town, as everybody who may see it sees it: its frame, a phone, axe, the console.

axe checks WCAG 2.2 AA and good practice. A page is loaded once for all: loading takes longest.
"""

import pytest

from support.browser import faults, sideways, small_targets
from support.pages import frame_faults
from support.town_places import PLACES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS = (("dark", 390), ("light", 1280))
"""Each light and each width once: neither changes what the other does."""
LANGUAGES = ("fr", "en")
PLACED = [pytest.param(p, LANGUAGES[n % 2], id=str(p)) for n, p in enumerate(PLACES)]
"""Every page, by turns in both languages: their templates are the same."""
STATUS = "() => performance.getEntriesByType('navigation')[0].responseStatus"


@pytest.mark.parametrize(("place", "language"), PLACED)
def test_a_page_has_its_frame_fits_a_phone_and_troubles_neither_axe_nor_the_browser(
    live, place, language
):
    with live.page(place.path, role=place.role, language=language, width=390) as page:
        assert page.locator("html").get_attribute("lang") == language
        assert frame_faults(page) == []
        assert sideways(page) == 0
        assert small_targets(page) == []
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 844})
            assert faults(page) == [], (scheme, width)
        page.evaluate("() => document.querySelectorAll('details').forEach((d) => (d.open = true))")
        for width in (390, 320, 800):
            page.set_viewport_size({"width": width, "height": 640})
            assert sideways(page) == 0, width
        refused = page.evaluate(STATUS) >= 400  # which the browser says of the page itself
    assert live.said[refused:] == []
