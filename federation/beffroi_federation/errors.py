# SPDX-License-Identifier: AGPL-3.0-or-later
"""The protocol's tree of errors, by whose fault it is.

    ProtocolError
    │   the other side's fault: what it serves cannot be what an honest log serves
    ├── Malformed            bytes that the format does not allow
    ├── OverLimit            more, or longer, than the protocol allows
    │   ├── Overgrown        more new entries than are taken in one go
    │   └── Bomb             a small body that unpacks to a huge one
    ├── Unsigned             no signature by a known key, or one that does not verify
    ├── Inconsistent         two statements about one log that cannot both be true
    │   ├── Rollback         a tree smaller than one that was signed or seen before
    │   ├── Fork             another history than the one that was signed or seen before
    │   └── Stale            the old size is not the last one; `size` is (our own mistake, mended
    │                        by asking again from there)
    ├── ContentMismatch      a content that is not the one its leaf commits to
    │   nobody's fault, or the network's
    ├── Unreachable          no answer, or not within the time allowed
    │   └── TooSlow          an answer that comes drop by drop
    │   our own side
    ├── SignerLocked         the signer does not know what it signed last, so it signs nothing
    ├── SignerAbsent         the signer's process does not answer
    └── RecordRefused        what was to leave the town may not; `reasons` says why

Sentences are plain English for the person who has to act; `details` holds the values for a log or
an audit page. Neither ever holds a content, a salt or a seed.
"""

from collections.abc import Sequence


class ProtocolError(Exception):
    """Root of everything that goes wrong in the protocol.

    `sentence` says what is wrong in plain words; `details` are bare values (sizes, indexes, names).
    """

    advice = ""

    def __init__(self, sentence: str, **details: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details

    def diagnostics(self) -> str:
        """Return what is wrong, the values it was seen with, and what to do, as plain sentences."""
        parts = [self.sentence.rstrip(".") + "."]
        if self.details:
            parts.append(", ".join(f"{k} = {v}" for k, v in self.details.items()) + ".")
        if self.advice:
            parts.append(self.advice)
        return plain_text(" ".join(parts))


_SPACES = "\u00a0\u202f"


def plain_text(text: str) -> str:
    """Return a text of one line in which nothing is left that a terminal would obey."""
    return "".join(c if c.isprintable() or c in _SPACES else f"\\u{ord(c):04x}" for c in text)


class Malformed(ProtocolError):
    """Bytes that the format does not allow."""

    advice = "What was served is not in the published format; nothing of it was taken."


class OverLimit(ProtocolError):
    """More, or longer, than the protocol allows."""

    advice = "The limits stand in the protocol's pages; nothing beyond them is read."


class Overgrown(OverLimit):
    """More new entries than are taken in one go: a size costs nothing to sign."""

    advice = "Ask the town whether it really published so much at once."


class Bomb(OverLimit):
    """A small body that unpacks to a huge one."""


class Unsigned(ProtocolError):
    """No signature by a known key, or a signature by a known key that does not verify."""

    advice = "Check that the pinned key is the log's; if it is, somebody else wrote this."


class Inconsistent(ProtocolError):
    """Two statements about one log that cannot both be true."""

    advice = "Keep both statements as evidence and take nothing more from this log."


class Rollback(Inconsistent):
    """A tree smaller than one that was signed or seen before."""

    advice = (
        "The commonest cause is a database restored from a backup; the log must catch up with its "
        "last signed size before anything is published."
    )


class Fork(Inconsistent):
    """Another history than the one that was signed or seen before."""


class Stale(Inconsistent):
    """The old size that was named is not the last one; `size` says which is."""

    advice = "Ask again with a proof from the size that is named."

    def __init__(self, sentence: str, size: int) -> None:
        super().__init__(sentence, size=size)
        self.size = size


class ContentMismatch(ProtocolError):
    """A content that is not the one its leaf commits to."""

    advice = "The content was changed after it was published, or belongs to another entry."


class Unreachable(ProtocolError):
    """No answer, or not within the time allowed."""

    advice = "Nothing is wrong with the log itself; try again later."


class TooSlow(Unreachable):
    """An answer that comes drop by drop: whoever waits for it waits for ever."""


class SignerLocked(ProtocolError):
    """The signer does not know for certain what it signed last, so it signs nothing."""

    advice = (
        "Never copy the signer's memory back from a backup. Let it catch up with the last "
        "published checkpoint, or begin a new epoch."
    )


class SignerAbsent(ProtocolError):
    """The signer's process does not run, or does not answer."""

    advice = "Everything else goes on; what waits is published once the signer answers."


class RecordRefused(ProtocolError):
    """What was to leave the town may not; `reasons` says why, one plain sentence each."""

    advice = "Nothing left the town."

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("The record may not leave the town: " + "; ".join(reasons))
        self.reasons = tuple(reasons)
