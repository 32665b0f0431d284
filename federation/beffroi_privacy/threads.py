# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is who inside one conversation: the same name gets the same number in all its texts.

Nothing is kept beyond the conversation, and nothing leads from a number back to a name outside the
object that is passed from text to text.
"""

import re
from dataclasses import dataclass

from beffroi_privacy.names import PARTICLES
from beffroi_privacy.normalise import fold

_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class People:
    """The persons named so far in a thread, each as the folded words it was named by."""

    names: tuple[frozenset[str], ...] = ()

    def number(self, written: str) -> tuple[int, "People"]:
        """Return the number of a name, from 1, and the people with it among them.

        A name is somebody known if all its words are words of theirs, or the other way round:
        "Awa", "Mme Ndiaye" and "Awa Ndiaye" are one, "Awa Ndiaye" and "Modou Ndiaye" are two.
        """
        words = frozenset(
            w for w in _LETTERS.findall(fold(written)) if len(w) > 1 and w not in PARTICLES
        ) or frozenset((fold(written),))
        for at, known in enumerate(self.names):
            if words <= known or known <= words:
                names = (*self.names[:at], known | words, *self.names[at + 1 :])
                return at + 1, People(names)
        return len(self.names) + 1, People((*self.names, words))
