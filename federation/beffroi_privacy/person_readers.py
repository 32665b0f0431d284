# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which word calls which readers of names."""

from typing import Final

from beffroi_privacy import cue_words as cues
from beffroi_privacy import person_fields as fields
from beffroi_privacy.person_cues import Reader, civility, greeting, role

_TABLE: Final[tuple[tuple[frozenset[str], Reader], ...]] = (
    (cues.SHORT | cues.FULL, civility),
    (cues.ROLES, role),
    (cues.GREETINGS, greeting),
    (cues.NAMING, fields.naming),
    (cues.NAMED, fields.named),
    (frozenset(("suis", "est", "is", "am")), fields.being),
    (cues.HOUSES, fields.house),
    (frozenset(("chez",)), fields.home_of),
    (cues.FIELDS | cues.HEADERS, fields.form_field),
    (cues.PRESENTING | {"nom"}, fields.presented),
    (frozenset(("nee", "ne")), fields.maiden),
    (frozenset(("les",)), fields.couple),
)

READERS: Final[dict[str, tuple[Reader, ...]]] = {
    cue: tuple(reader for words, reader in _TABLE if cue in words)
    for cue in frozenset().union(*(words for words, _ in _TABLE))
}
"""The readers that each folded word calls."""
