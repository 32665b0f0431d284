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

REVIEW_WORDS: Mapping[str, str] = {
    "detector error": N_(
        "The program failed on this text: read it as if nothing had been checked."
    ),
    "too long": N_("This text is longer than the program is trusted with."),
    "long number": N_("A long number remains that was not recognised."),
    "civility": N_("What looks like a name remains."),
    "author's name": N_("A word that is also a part of the author's name remains."),
}
"""Why an agent should look twice at a text, by the codes of `beffroi_privacy.strong`."""
