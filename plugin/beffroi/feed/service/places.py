# SPDX-License-Identifier: AGPL-3.0-or-later
"""The entries and contents that come back into a restored log, place by place.

Contents are checked as they come, against the commitment of their entry or against what the town
still has; only verified ones are kept, and none of a place that is withdrawn.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import delete, insert

from beffroi.feed import queries
from beffroi.feed.models import LogContent
from beffroi.feed.service.linking import Linked, Linker, case_of
from beffroi.kernel.db import db
from beffroi_federation.entries import Content, Entry, RecordEntry, SupersedeEntry, WithdrawEntry
from beffroi_federation.errors import ContentMismatch, Malformed, OverLimit
from beffroi_privacy.commitments import commit
from beffroi_web.words import N_

MOST_VANISHED = 50
"""More cases whose content is gone without a withdrawal are rather a fault of the nation's."""


class Places:
    """The recovered entries from `start` on, and every content that the nation holds.

    The first `staged` of them were staged here before, so what they are about is known.
    """

    def __init__(
        self, log_id: int, start: int, entries: Sequence[Entry], linker: Linker, staged: int
    ) -> None:
        self.log_id = log_id
        self.start = start
        self.entries = entries
        self.linker = linker
        self.staged = staged
        self.withdrawn = {e.index for e in entries if isinstance(e, WithdrawEntry)}
        self.vanished: list[int] = []

    def take(self, served: Iterator[Content], covered: int) -> int:
        """Check all contents, link all entries, keep what is new; return how many contents were.

        `served` is in the order of the log, and all that the nation holds below `covered`. Raises
        ContentMismatch or Malformed.
        """
        ahead = _Ahead(served)
        for mine in queries.held_contents(self.log_id, min(self.start, covered)):
            theirs = ahead.at(mine.position)
            if theirs is None:
                self.vanished.append(mine.position)
            elif (theirs.salt, theirs.content) != (mine.salt, mine.content):
                raise _mismatch(mine.position)
        kept = 0
        for index, entry in enumerate(self.entries, self.start):
            content = self._checked(index, entry, ahead.at(index))
            if index >= self.start + self.staged:
                self.linker.take(index, entry, content)
            if content is not None:
                kept += 1
                self._keep(content)
        return kept

    def finish(self) -> Linked:
        """Delete what is withdrawn, look at what vanished, and return what linking found."""
        for index in self.withdrawn:
            self._delete(index)
        found = self.linker.finish()
        gone = {case for p in self.vanished if (case := self._vanished_case(p)) is not None}
        gone -= found.withdrawn.keys()
        if len(gone) > MOST_VANISHED:
            sentence = N_("The aggregator lacks more contents than withdrawals explain")
            raise OverLimit(sentence, expected=f"at most {MOST_VANISHED}", got=len(gone))
        for position in self.vanished:
            self._delete(position)
        found.withdrawn |= dict.fromkeys(gone, "error")
        return found

    def _checked(self, index: int, entry: Entry, content: Content | None) -> Content | None:
        """Return the content of a new entry if it has one that may be kept."""
        if not isinstance(entry, RecordEntry | SupersedeEntry):
            if content is not None:
                sentence = N_("The aggregator gave a content for an entry that has none")
                raise Malformed(sentence, index=index, kind=entry.kind)
            return None
        if index in self.withdrawn:
            return None
        if content is None:
            self.vanished.append(index)
            return None
        if commit(content.salt, content.content) != entry.commitment:
            raise _mismatch(index)
        return content

    def _keep(self, content: Content) -> None:
        self._delete(content.index)
        values = {
            "log_id": self.log_id,
            "position": content.index,
            "salt": content.salt,
            "content": content.content,
        }
        db.session.execute(insert(LogContent), [values])

    def _delete(self, position: int) -> None:
        place = (LogContent.log_id == self.log_id, LogContent.position == position)
        db.session.execute(delete(LogContent).where(*place))

    def _vanished_case(self, position: int) -> int | None:
        """Return the case whose newest record's content is gone; None for an older one's."""
        link = self.linker.link_of(position)
        if link is None or position in self.withdrawn:
            return None
        live = queries.live_places(link.fact)
        if not live or live[-1].position != position:
            return None
        return case_of(link.fact)


class _Ahead:
    """Contents in the order of the log, asked for by rising positions."""

    def __init__(self, contents: Iterator[Content]) -> None:
        self._contents = contents
        self._next = next(contents, None)

    def at(self, position: int) -> Content | None:
        """Return the content of a position, if there is one; those before it are passed over."""
        while self._next is not None and self._next.index < position:
            self._next = next(self._contents, None)
        if self._next is None or self._next.index != position:
            return None
        return self._next


def _mismatch(index: int) -> ContentMismatch:
    return ContentMismatch(
        N_("The aggregator gave another content than was published"), index=index
    )
