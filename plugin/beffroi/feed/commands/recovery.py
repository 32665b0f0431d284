# SPDX-License-Identifier: AGPL-3.0-or-later
"""Catching up after a restore, and beginning a new epoch, as the operator and the worker do it."""

import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

from flask_babel import gettext, ngettext
from sqlalchemy.engine import Connection

from beffroi import __version__
from beffroi.config import Settings
from beffroi.feed import queries
from beffroi.feed.adapters.nation import NationCopy
from beffroi.feed.queries import SqlLogStore
from beffroi.feed.service import recovery
from beffroi.feed.service.recovery import CaughtUp, Relation
from beffroi.kernel.db import db, unit_of_work
from beffroi.signer.queries import log_facts
from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.entries import Content, encode_content_line, parse_content_line
from beffroi_federation.errors import ProtocolError, SignerLocked
from beffroi_federation.merkle import TILE_WIDTH
from beffroi_federation.notes import Verifier
from beffroi_federation.signer_facts import FACTS_NAME, LogFacts, write_facts
from beffroi_federation.signing import Signer
from beffroi_web.words import N_

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class LogInside:
    """The log in a database: its public facts, and its served checkpoint (root in base64)."""

    origin: str
    epoch: int
    vkeys: tuple[str, ...]
    size: int
    root: str


def log_inside(settings: Settings, connection: Connection) -> LogInside:
    """Return the log that a connection sees, for the manifest of a backup."""
    facts, standing = log_facts(settings), queries.standing_in(connection)
    root = b64encode(standing.root).decode() if standing.size else ""
    return LogInside(facts.origin, standing.log_id, facts.vkeys, standing.size, root)


def is_sound(connection: Connection, *, size: int, root: str) -> bool:
    """Say whether the entries of the log that a connection sees lead to this size and root."""
    try:
        standing = queries.standing_in(connection)
        found = queries.root_in(connection, standing.log_id, size)
    except ProtocolError:
        return False
    if not size:
        return standing.size == 0
    return standing.size == size and b64encode(found).decode() == root


def is_signed(connection: Connection, *, origin: str, vkeys: tuple[str, ...]) -> bool:
    """Say whether the served checkpoint that a connection sees is this log's, and signed."""
    try:
        keys = [Verifier.from_text(key) for key in vkeys]
        return open_checkpoint(queries.note_in(connection), keys).origin == origin
    except ProtocolError:
        return False


def take_facts(settings: Settings, *, origin: str, vkeys: tuple[str, ...], epoch: int) -> int:
    """Keep the public facts of a backup's log where none are known; return the epoch in force.

    They name the log for which a key is then restored from its words.
    """
    path = settings.signer_folder / FACTS_NAME
    if path.exists() and log_facts(settings).epoch >= epoch:
        return log_facts(settings).epoch
    with suppress(PermissionError):  # the folder is the signer's: `words-to-seed` writes them
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        write_facts(path, LogFacts(origin, epoch, vkeys))
    return epoch


def shut(connection: Connection, epoch: int, *, now: datetime) -> None:
    """Shut the feed of a restored log, as a connection sees it, until it has caught up."""
    recovery.mark_behind(connection, epoch, now=now)


def is_level(signer: Signer) -> bool:
    """Say whether the log here is what its signer signed last, and nothing keeps it shut."""
    level = recovery.relation(signer.state()) is Relation.LEVEL
    shut = queries.behind_since() is not None
    db.session.rollback()
    return level and not shut


def recover(settings: Settings, signer: Signer, *, now: datetime, today: date) -> CaughtUp:
    """Let a log that was restored go on: by catching up, or at once if nothing was signed since.

    The second only where no aggregator is set: one that is set may know of withdrawals that the
    backup does not. Raises what `catch_up` raises.
    """
    if not settings.aggregator_url and recovery.relation(signer.state()) is Relation.LEVEL:
        size = SqlLogStore().head().published
        with unit_of_work():
            recovery.mark_level()
        return CaughtUp(size, size)
    db.session.rollback()
    return catch_up(settings, signer, now=now, today=today)


def catch_up(settings: Settings, signer: Signer, *, now: datetime, today: date) -> CaughtUp:
    """Bring the log up to what was signed, from the nation's copy, and let the signer follow.

    Raises SignerLocked without an aggregator, Unreachable when it does not answer, and what
    `service.recovery.put_back` raises when its copy is not what our key signed: then nothing has
    changed.
    """
    if not settings.aggregator_url:
        raise SignerLocked(N_("No aggregator is set from which the log could catch up"))
    standing = signer.state()
    agent = f"Beffroi/{__version__} (+{settings.public_url}; {settings.contact})"
    with NationCopy(
        settings.aggregator_url,
        standing.origin,
        sign=signer.sign_request,
        user_agent=agent,
        now=now,
    ) as nation:
        note = nation.checkpoint()
        checkpoint = recovery.check_note(note, standing)
        if standing.locked:
            nation.require_newest(note, checkpoint.size)
        start = SqlLogStore().head().published
        db.session.rollback()
        leaves = tuple(nation.leaves(start, checkpoint.size)) if checkpoint.size > start else ()
        with _kept_aside(settings, nation, checkpoint) as contents:
            copy = recovery.Copy(note, leaves, lambda: _read(contents))
            with unit_of_work():
                return recovery.put_back(copy, signer, now=now, today=today)


@contextmanager
def _kept_aside(
    settings: Settings, nation: NationCopy, checkpoint: Checkpoint
) -> Iterator[IO[bytes]]:
    """Fetch all contents into a file without a name, which is gone when it is closed."""
    with tempfile.TemporaryFile(dir=settings.data_dir) as file:
        for bundle in range(-(-checkpoint.size // TILE_WIDTH)):
            for content in nation.contents(bundle):
                file.write(encode_content_line(content.index, content.salt, content.content))
        yield file


def _read(file: IO[bytes]) -> Iterator[Content]:
    file.seek(0)
    for line in file:
        yield parse_content_line(line)


def told(report: CaughtUp, settings: Settings) -> list[str]:
    """Return what catching up did, in plain sentences of the present language."""
    fetched = report.after - report.before
    lines = [
        ngettext(
            "The log caught up: %(num)d entry came back from %(nation)s.",
            "The log caught up: %(num)d entries came back from %(nation)s.",
            fetched,
            nation=settings.aggregator_url,
        )
        if fetched
        else gettext("The log holds all that was signed; nothing was missing.")
    ]
    if report.held:
        lines.append(
            gettext(
                "Withdrawn after the backup, so withdrawn again. An agent looks at each before it"
                " is shown: %(refs)s.",
                refs=_some(report.held),
            )
        )
    if report.newer:
        lines.append(
            gettext(
                "The log has a newer version of these cases than the backup. What was written"
                " since is lost here; the public version stays in the log: %(refs)s.",
                refs=_some(report.newer),
            )
        )
    if report.unknown:
        places = _some([str(place) for place in report.unknown])
        lines.append(
            gettext(
                "These entries of the log are of cases that the backup does not have. The cases"
                " are lost here; their public records stay in the log: %(places)s.",
                places=places,
            )
        )
    if report.doubtful:
        lines.append(
            gettext(
                "%(count)s imported requests may be in the log already. The desk's health page"
                " names them; release them again to publish them.",
                count=report.doubtful,
            )
        )
    if not report.unlocked:
        lines.append(
            gettext(
                "The aggregator has yet to pull what the log holds. Start web and worker; the"
                " signer is unlocked after its next pull."
            )
        )
    return lines


def told_of(error: ProtocolError, settings: Settings, *, new_epoch: bool = False) -> list[str]:
    """Return why the log could not catch up and what to do, in plain sentences.

    With `new_epoch` the log is about to begin anew: then what cannot be known is said.
    """
    why = gettext(error.sentence)
    if new_epoch:
        return [
            gettext("The log could not catch up (%(why)s).", why=why),
            gettext(
                "What was withdrawn after the backup is not known here, and may be public again."
                " Look for requests for removal that came since, before web and worker start."
            ),
        ]
    lines = [gettext("Nothing of the log is signed or served: %(why)s.", why=why)]
    if settings.aggregator_url:
        lines.append(
            gettext(
                "The worker tries again by itself; `beffroi restore` does it now. Where the"
                " aggregator cannot help, `beffroi restore --new-epoch` begins the log anew."
            )
        )
    else:
        lines.append(
            gettext(
                "No aggregator is set (BEFFROI_AGGREGATOR_URL). `beffroi restore --new-epoch` is"
                " the only way: it begins the log anew, under a new key."
            )
        )
    return lines


def _some(names: list[str]) -> str:
    """Return the first names in a list, and how many more there are."""
    shown = ", ".join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return shown if more <= 0 else f"{shown} … (+{more})"
