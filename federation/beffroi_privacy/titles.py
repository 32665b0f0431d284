# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names that end a quotation: of a book, a film, a shop. They are not masked, and asked about."""

import re
from collections.abc import Sequence

from beffroi_privacy.spans import ASK, Span

_BEFORE = re.compile(r'(?<![^\s(\[])"\s?[^"\n]{0,40}$')
_AFTER = re.compile(r'\s?"(?!\w)')


def without_titles(text: str, persons: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """Return persons less those guessed at the end of a quotation, and these as `ASK`."""
    if '"' not in text:
        return list(persons), []
    titles = {person for person in persons if person.weak and _ends_quotation(text, person)}
    kept = [person for person in persons if person not in titles]
    return kept, [Span(title.start, title.end, ASK, weak=True) for title in sorted(titles)]


def _ends_quotation(text: str, person: Span) -> bool:
    return (
        _AFTER.match(text, person.end) is not None
        and text.count('"', 0, person.start) % 2 == 1
        and _BEFORE.search(text, max(0, person.start - 45), person.start) is not None
    )
