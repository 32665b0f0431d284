# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows each time that records were derived: the list of shared objects comes into step."""

from collections.abc import Collection
from datetime import datetime

from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.taxii import service


def on_settled(log_ids: Collection[int] | None, now: datetime) -> None:
    """Share what is new and revoke what was withdrawn, of these logs or of all."""
    found = service.changed(log_ids)
    db.session.rollback()
    if found:
        with unit_of_work():
            service.share(log_ids, now=now)
