# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is given to a carrier, and what comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from beffroi_federation.asking import Ask, Talk


@dataclass(slots=True)
class Job:
    """A conversation to be carried to a town; `key` is the caller's own.

    Where `first` is given it is what the conversation asks first, with an ETag, and it is begun
    (`make`) only if the answer is another than that nothing changed. If nothing did, the outcome is
    None: most towns have nothing new, and no conversation.
    """

    key: Any
    prefix: str
    talk: Talk[Any] | None = field(default=None, repr=False)
    first: Ask | None = None
    make: Callable[[], Talk[Any]] | None = field(default=None, repr=False)

    def begins(self) -> Talk[Any]:
        """Return the conversation with its first question still unasked."""
        if self.talk is None:
            if self.make is None:
                raise ValueError("a job has a conversation, or says how to begin one")
            self.talk = self.make()
        return self.talk

    def begun(self) -> Talk[Any]:
        """Return the conversation, past its first question: that was asked already."""
        if self.talk is None:
            next(self.begins())
        return self.begins()

    def close(self) -> None:
        """Break the conversation off."""
        if self.talk is not None:
            self.talk.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a conversation ended: what it found, or the error; `weight` bytes are held for it."""

    key: Any
    found: Any = field(repr=False)
    error: Exception | None
    weight: int
