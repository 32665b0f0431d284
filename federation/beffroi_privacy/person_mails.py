# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who a mailbox belongs to, written right before it: "awa tissot <awa@…>"."""

import re
from collections.abc import Iterator, Sequence

from beffroi_privacy.gazetteer import is_ordinary
from beffroi_privacy.normalise import fold
from beffroi_privacy.spans import EMAIL, PERSON, Span

_BEFORE = re.compile(
    r"(?:^|[:;\n]\s?|,\s)\"?(?P<name>[^\W\d_][^\W\d_.'-]*(?:[ '.,-]{1,2}[^\W\d_][^\W\d_.'-]*){1,3})"
    r"\"?\s?[<(]\s?(?:mailto:)?$"
)


def names_of_boxes(text: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the names that stand before a bracket with a personal mailbox in it."""
    for span in spans:
        if span.label != EMAIL:
            continue
        found = _BEFORE.search(text, max(0, span.start - 70), span.start)
        if found is not None and _is_name(found.group("name")):
            yield Span(*found.span("name"), PERSON, weak=True)


def _is_name(written: str) -> bool:
    """Say whether words before a mailbox may be a name: in capitals, or not all ordinary."""
    words = re.findall(r"[^\W\d_]+", written)
    capitals = all(word[0].isupper() for word in words if len(word) > 3)
    return capitals or not all(is_ordinary(fold(word)) for word in words)
