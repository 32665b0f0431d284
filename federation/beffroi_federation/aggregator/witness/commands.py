# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the operator and the worker do with the witness: make its keys, and settle what waits."""

import logging
import os
from datetime import datetime
from pathlib import Path

from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.witness import queries, service
from beffroi_federation.aggregator.witness.adapters import keys
from beffroi_federation.errors import ProtocolError

_log = logging.getLogger(__name__)


def init(data_dir: Path, public_url: str) -> keys.PublicKeys:
    """Make the nation's own keys if it has none, and return the public ones."""
    known = keys.read_public(data_dir)
    return known or keys.create(data_dir, public_url, os.urandom(32))


def hints_key(data_dir: Path, public_url: str) -> keys.NoteKey | None:
    """Return the key that signs files of hints, None on a machine that holds no keys."""
    return keys.hints_key(data_dir, public_url)


def settle(*, now: datetime) -> int:
    """Cosign what was pulled, and write the nation's own log; return how many entries it gained.

    Does nothing on a machine that does not hold the keys. What cannot be signed is said in the
    program's log and tried again the next time; pulling goes on.
    """
    data_dir = runtime().settings.data_dir
    try:
        key, signer = keys.witness_key(data_dir), keys.log_signer(data_dir)
        if key is None or signer is None:
            return 0
        with unit_of_work():
            while service.cosign_waiting(key.cosign, now=now):
                pass
        entered = 0
        while True:
            with unit_of_work():
                rows = service.write_own_log(signer)
            if not rows:
                return entered
            entered += len(rows)
            _extend_tiles(sorted({row.log_id for row in rows}))
    except ProtocolError as error:
        db.session.rollback()
        _log.error("the witness could not sign: %s", error.diagnostics())
        return 0


def _extend_tiles(log_ids: list[int]) -> None:
    for standing in queries.standings(log_ids).values():
        with unit_of_work():
            service.extend_tiles(standing.log_id, standing.size)
