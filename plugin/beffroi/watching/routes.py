# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/metrics`: what a monitoring program reads, on this machine or with the token."""

from flask import Blueprint, Response, current_app

from beffroi.backups.adapters import ledger
from beffroi.kernel.clock import local_day
from beffroi.kernel.extension import extension, settings
from beffroi.watching import queries
from beffroi.watching.adapters import last_beat
from beffroi_web import metrics
from beffroi_web.guards import PUBLIC, guard

blueprint = Blueprint("watching", __name__)


@blueprint.get("/metrics")
@guard(PUBLIC)
def figures() -> Response:
    """Give the figures of the service to its operator; everybody else is refused."""
    town = settings()
    metrics.require_operator(town.metrics_token, behind_proxy=town.behind_proxy)
    now = extension().clock.now()
    own = queries.figures(
        town,
        version=extension().version,
        seen=last_beat(town.data_dir),
        backups=ledger.standing(town.data_dir),
        now=now,
        today=local_day(now, town.time_zone),
    )
    return metrics.answer([*own, *metrics.watched(current_app).families()])
