# SPDX-License-Identifier: AGPL-3.0-or-later
"""The jobs by which reports go to another tool and its news come back. Each may run twice.

A report is sent when its words are released, and at least once: if the answer is lost it is sent
again, with the same reference of ours in it, by which somebody there sees that it is one. After
that the other tool is asked every half hour; it never being there is no reason to give up.
"""

import logging
from datetime import datetime
from typing import Any

from flask import current_app

from beffroi.config import Settings, Tool
from beffroi.incidents.queries import exchange
from beffroi.kernel import jobs
from beffroi.kernel.db import db, unit_of_work
from beffroi.open311 import queries, rules, service
from beffroi.open311.adapters.endpoint import Endpoint
from beffroi_web.fetching import NotFetched

log = logging.getLogger(__name__)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["beffroi"].settings
    return settings


def _tool(name: str) -> Tool | None:
    return next((tool for tool in _settings().open311_forward if tool.name == name), None)


def send(args: dict[str, Any], now: datetime) -> None:
    """Pass one report on; raises NotFetched where that failed, to be tried again."""
    case_id = int(args["case"])
    row, report = queries.passed_on(case_id), exchange.to_pass_on(case_id)
    tool = _tool(row.tool) if row else None
    db.session.rollback()  # the other tool may be slow; no transaction stays open meanwhile
    if row is None or report is None or tool is None or row.sent_at is not None:
        return  # erased, held or removed meanwhile; no longer a tool of ours; sent before
    if report.category not in tool.services:
        return
    try:
        named = Endpoint(tool, _settings()).send(report)
    except NotFetched as fault:
        with unit_of_work():
            service.went_wrong(case_id, str(fault))
        raise
    with unit_of_work():
        service.passed(case_id, foreign_id=named.foreign_id, token=named.token, now=now)
        jobs.enqueue(rules.POLL, {"case": case_id}, run_at=now + rules.POLL_EVERY)


def poll(args: dict[str, Any], now: datetime) -> None:
    """Ask how one report stands at the other tool, write what is new, and ask again later."""
    case_id = int(args["case"])
    closed_at = args.get("closed_at")
    row = queries.passed_on(case_id)
    tool = _tool(row.tool) if row else None
    here = exchange.to_pass_on(case_id) is not None
    db.session.rollback()
    if row is None or tool is None or not here:
        return  # nothing of it is shown here any more
    status = row.status
    try:
        status = _ask(Endpoint(tool, _settings()), row, now)
    except NotFetched as fault:
        log.warning("%s was not asked about a report: %s", tool.name, fault)
        with unit_of_work():
            service.went_wrong(case_id, str(fault))
    over = status in {"closed", "fixed", "duplicate", "not_ours"}
    closed_at = (closed_at or now.isoformat()) if over else None
    if closed_at and datetime.fromisoformat(closed_at) < now - rules.POLL_CLOSED_FOR:
        return
    again = {"case": case_id, "closed_at": closed_at}
    with unit_of_work():
        jobs.enqueue(rules.POLL, again, run_at=now + rules.POLL_EVERY)


def _ask(endpoint: Endpoint, row: queries.Passed, now: datetime) -> str | None:
    """Return a report's status there, once it is kept; a token is asked for its number first."""
    foreign_id = row.foreign_id
    if not foreign_id and row.token:
        named = endpoint.by_token(row.token)
        if not named.foreign_id:
            return row.status
        foreign_id = named.foreign_id
        with unit_of_work():
            service.passed(row.case_id, foreign_id=foreign_id, token="", now=now)
    standing = endpoint.standing(foreign_id or "")
    status = rules.foreign_status(standing.status, standing.notes)
    with unit_of_work():
        service.heard(row.case_id, status=status, words=standing.notes, now=now)
    return status


HANDLERS: dict[str, jobs.Handler] = {rules.SEND: send, rules.POLL: poll}
"""Which job is whose."""
