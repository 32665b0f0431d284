# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gate: what identifies a person by itself, in a text of any length.

`find_strong` says where e-mail addresses, telephone numbers, NIR, bank accounts, number plates,
numbered addresses, network addresses, and announced dates of birth, personal numbers and secrets in
links stand. It is asked of texts that a person has released, so it holds nothing that is only a
guess: no names, no pseudonyms, no numbers without a word that tells what they are.

`propose` (of `beffroi_privacy.engine`) looks for all the rest as well.
"""

from beffroi_privacy.engine import Proposal as Proposal
from beffroi_privacy.engine import propose as propose
from beffroi_privacy.masking import PLACEHOLDERS as PLACEHOLDERS
from beffroi_privacy.masking import mask as mask
from beffroi_privacy.normalise import normalise
from beffroi_privacy.reasons import REASONS as REASONS
from beffroi_privacy.review import TRUSTED_LENGTH as TRUSTED_LENGTH
from beffroi_privacy.shapes import find_identifying
from beffroi_privacy.spans import Span, merge


def find_strong(text: str) -> list[Span]:
    """Return the strong identifiers of a text, in order, without overlaps.

    An error of a detector is not caught here: who calls takes it for a hit, never for a clean text.
    """
    copy = normalise(text)
    return merge(
        Span(*copy.original(s.start, s.end), s.label, s.weak, s.doubt)
        for s in find_identifying(copy.text)
    )
