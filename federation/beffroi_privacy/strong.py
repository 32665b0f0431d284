# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gate: what identifies a person by itself, in a text of any length.

`find_strong` says where e-mail addresses, telephone numbers, NIR, bank accounts, number plates,
numbered addresses, network addresses, and announced dates of birth, personal numbers and secrets in
links stand. It is asked of texts that a person has released, so it holds nothing that is only a
guess: no names, no pseudonyms, no numbers without a word that tells what they are.

`propose` (of `beffroi_privacy.engine`) looks for all the rest as well.
"""

from collections.abc import Iterator

from beffroi_privacy.births import find_births
from beffroi_privacy.engine import Proposal as Proposal
from beffroi_privacy.engine import propose as propose
from beffroi_privacy.links import find_secrets
from beffroi_privacy.masking import PLACEHOLDERS as PLACEHOLDERS
from beffroi_privacy.masking import mask as mask
from beffroi_privacy.networks import find_addresses_of_machines
from beffroi_privacy.normalise import normalise
from beffroi_privacy.other_ids import find_other_ids
from beffroi_privacy.protect import find_protected, unprotected
from beffroi_privacy.reasons import REASONS as REASONS
from beffroi_privacy.review import TRUSTED_LENGTH as TRUSTED_LENGTH
from beffroi_privacy.shapes import find_shapes
from beffroi_privacy.spans import PERSON, Span, merge


def find_strong(text: str) -> list[Span]:
    """Return the strong identifiers of a text, in order, without overlaps.

    An error of a detector is not caught here: who calls takes it for a hit, never for a clean text.
    """
    copy = normalise(text)
    found = [*find_shapes(copy.text), *(s for s in _announced(copy.text) if not s.weak)]
    if any(span.weak for span in found):
        found = unprotected(found, list(find_protected(copy.text)))
    return merge(
        Span(*copy.original(s.start, s.end), s.label, s.weak, s.doubt)
        for s in found
        if s.label != PERSON
    )


def _announced(text: str) -> Iterator[Span]:
    yield from find_births(text)
    yield from find_addresses_of_machines(text)
    yield from find_secrets(text)
    yield from find_other_ids(text)
