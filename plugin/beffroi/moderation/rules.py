# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why something may be taken off: the protocol's codes, in words. Plain Python."""

from collections.abc import Mapping

from beffroi_web.words import N_

REASONS: Mapping[str, str] = {
    "legal": N_("The law forbids showing it"),
    "reident": N_("A person could be recognised"),
    "erasure": N_("The author asked for erasure"),
    "error": N_("It was shown by mistake"),
    "expired": N_("Its time of keeping has passed"),
}
