# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does with sources: reads those that are due, and items that a message names."""

import logging
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale

from beffroi.bridges import queries, rules, service
from beffroi.bridges.adapters.bringing import Report, keep, opening, read
from beffroi.bridges.adapters.reading import opened
from beffroi.bridges.rules import ExternalItem
from beffroi.bridges.service import taking
from beffroi.bridges.service.taking import At
from beffroi.config import Settings
from beffroi.kernel import jobs
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import db, unit_of_work

log = logging.getLogger(__name__)


def read_due(settings: Settings, *, now: datetime) -> int:
    """Read the sources whose time has come; return how many were tried."""
    tried = 0
    for source in queries.sources():
        if source.tried_at is not None and source.tried_at > now - rules.READ_EVERY:
            continue
        with unit_of_work():
            mine = service.begin(source.id, now=now)
        if mine:
            tried += 1
            report = read(source, settings, now=now)
            if report.fault:
                log.warning("the source %s was not read: %s", source.address, report.fault)
    return tried


def hint(args: dict[str, Any], now: datetime) -> None:
    """Read one item again, as a message asked; what it says is taken from the site alone."""
    settings: Settings = current_app.extensions["beffroi"].settings
    source = queries.source(int(args["source"]))
    if source is None or source.kind != "decidim-graphql":
        return
    item_id = str(args["item"])
    known = queries.lights(source.id)
    at = At(now, local_day(now, settings.time_zone))
    db.session.rollback()  # the site may be slow; no transaction stays open meanwhile
    found = opened(opening(source, settings, now), settings).get_item(item_id)
    with force_locale(source.lang):
        if isinstance(found, ExternalItem):
            keep(source, [found], Report(), at)
        elif item_id in known:
            with unit_of_work():
                taking.vanish(source.id, [item_id], at)


def read_whole(args: dict[str, Any], now: datetime) -> None:
    """Read all of a source, as an administrator asked; how it went stands with the source."""
    settings: Settings = current_app.extensions["beffroi"].settings
    source_id = int(args["source"])
    with unit_of_work():
        mine = service.begin(source_id, now=now, again=True)
    source = queries.source(source_id)
    if mine and source is not None:
        read(source, settings, now=now, whole=True, all_gone=bool(args["all_gone"]))


HANDLERS: dict[str, jobs.Handler] = {rules.HINT: hint, rules.READ: read_whole}
"""Which job is whose."""
