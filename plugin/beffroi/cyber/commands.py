# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does for confidential cases at its moment: delays strike, records are made."""

from datetime import datetime

from beffroi.cyber import service
from beffroi.cyber.queries import desk
from beffroi.cyber.service import clocks, release
from beffroi.kernel.db import unit_of_work

BLOCK = 100


def strike_clocks(*, now: datetime) -> int:
    """Write which delays are over, and tell those who need to know, once; return how many."""
    struck = 0
    while due := desk.striking(now, BLOCK):
        for clock_id in due:
            with unit_of_work():
                case_id = clocks.strike(clock_id, now=now)
                if case_id is not None:
                    struck += 1
                    service.tell(case_id, "cyber-clock", now=now, key=f"clock-{clock_id}")
    return struck


def make_records(*, band: str, now: datetime) -> int:
    """Hand over the records that nothing hinders any more; return how many.

    What its readers have still to say of a case is looked at each time: such cases are few.
    """
    made = 0
    for case_id in desk.waiting_records(now, BLOCK):
        with unit_of_work():
            made += release.make(case_id, band=band, now=now)
    return made
