# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages of the desk and the front page share."""

from datetime import date

from flask import (
    Blueprint,
)

from beffroi.cases import rules as case_rules
from beffroi.kernel import clock
from beffroi.kernel.extension import NextBatches, extension
from beffroi_web.words import N_

blueprint = Blueprint("dashboards", __name__)

KIND_WORDS = {
    case_rules.DATA_REQUEST: N_("Data request"),
    case_rules.STREET: N_("Street"),
    case_rules.CYBER: N_("Public sites"),
}


def today() -> date:
    """Return the day in the town."""
    return clock.today()


def next_batches() -> NextBatches | None:
    """Return when the log's next batches are due, None where publication is at once."""
    plan = extension().next_batches
    return plan(clock.now()) if plan else None
