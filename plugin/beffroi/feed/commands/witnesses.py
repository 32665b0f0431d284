# SPDX-License-Identifier: AGPL-3.0-or-later
"""Having the log's checkpoint cosigned by the witnesses of the town's policy file.

After each publication, and once a day for an idle log. What goes wrong with a witness is kept in
its row and tried again later, longer each time; publishing never waits for it.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from urllib.parse import urlsplit

from beffroi import __version__
from beffroi.config import Settings
from beffroi.feed import queries
from beffroi.feed.queries import SqlLogStore
from beffroi.feed.queries.witnesses import witnesses
from beffroi.feed.service import witnesses as service
from beffroi.kernel.db import db, unit_of_work
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.checkpoint import parse as parse_checkpoint
from beffroi_federation.client import HttpFetcher, Timeouts
from beffroi_federation.errors import Malformed, ProtocolError
from beffroi_federation.notes import parse as parse_note
from beffroi_federation.policy import Policy, PolicyWitness, parse_policy
from beffroi_federation.submitting import Answer, Poster, submit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TIMEOUTS = Timeouts(connect=5.0, total=15.0, grace=10.0)

OpenWitness = Callable[[str], AbstractContextManager[Poster]]
"""Opens a witness under its submission prefix; raises ProtocolError for what may not be opened."""

_log = logging.getLogger(__name__)


def read_policy(settings: Settings) -> Policy:
    """Return the town's policy; the empty one without a file's name. Raises Malformed or OverLimit.

    A file that cannot be read is Malformed too: whoever named it wants it read.
    """
    if settings.witness_policy is None:
        return Policy()
    try:
        data = settings.witness_policy.read_bytes()
    except OSError as error:
        raise Malformed("The policy file cannot be read", reason=error.strerror) from None
    return parse_policy(data)


def witness_opener(settings: Settings) -> OpenWitness:
    """Return how this town reaches witnesses: https, or loopback if it is on loopback itself."""
    contact = f"; {settings.contact}" if settings.contact else ""
    agent = f"Beffroi/{__version__} (+{settings.public_url}{contact})"
    ours = urlsplit(settings.public_url).hostname in LOOPBACK

    def open_witness(url: str) -> HttpFetcher:
        parts = urlsplit(url)
        allowed = frozenset({f"http://{parts.netloc}"}) if ours else frozenset()
        return HttpFetcher(url, user_agent=agent, allowed_loopback=allowed, timeouts=TIMEOUTS)

    return open_witness


def submit_due(
    settings: Settings, *, now: datetime, open_witness: OpenWitness | None = None
) -> int:
    """Ask each witness that is due for its cosignature; return how many cosigned."""
    try:
        policy = read_policy(settings)
    except ProtocolError as error:
        _log.error("no witness is asked: %s", error.diagnostics())
        return 0
    asked = [witness for witness in policy.witnesses if witness.url]
    store = SqlLogStore()
    head, behind = store.head(), queries.behind_since()
    known = {row.vkey for row in witnesses()}
    db.session.rollback()
    vkeys = {witness.verifier.vkey() for witness in asked}
    if known - vkeys:
        with unit_of_work():
            service.keep_only(store.log_id, vkeys)
    if not head.note or behind is not None:
        return 0
    opener = open_witness or witness_opener(settings)
    checkpoint = parse_checkpoint(parse_note(head.note).text)
    return sum(_ask(store, checkpoint, head.note, one, opener, now) for one in asked)


class _Apart:
    """A witness that is asked while no transaction of ours is open."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def post(self, path: str, body: bytes, *, max_bytes: int) -> Answer:
        """End what was read, then send."""
        db.session.rollback()
        return self._poster.post(path, body, max_bytes=max_bytes)


def _ask(
    store: SqlLogStore,
    checkpoint: Checkpoint,
    note: str,
    witness: PolicyWitness,
    open_witness: OpenWitness,
    now: datetime,
) -> bool:
    vkey = witness.verifier.vkey()
    with unit_of_work():
        seen, ours = service.claim(store.log_id, witness, checkpoint.size, now=now)
    if not ours:
        return False
    try:
        with open_witness(witness.url) as poster:
            made = submit(_Apart(poster), witness.verifier, checkpoint, note, store, seen)
    except ProtocolError as error:
        db.session.rollback()
        again = error.details.get("retry_after")
        with unit_of_work():
            service.failed(store.log_id, vkey, error.sentence, now=now, retry_after=again)
        _log.warning("%s did not cosign: %s", witness.name, error.diagnostics())
        return False
    db.session.rollback()
    with unit_of_work():
        service.cosigned(store.log_id, checkpoint.size, made, now=now)
    return True
