# SPDX-License-Identifier: AGPL-3.0-or-later
"""`servicerequestupdates`, mySociety's extension: what is told of reports, and what others tell."""

from typing import Any

from flask import Response, request

from beffroi.cases.rules import TEXT_LIMITS
from beffroi.incidents.adapters import photos
from beffroi.incidents.queries import exchange
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound
from beffroi.kernel.extension import settings
from beffroi.open311 import queries, rules, service
from beffroi.open311.routes.shared import (
    answer,
    both,
    check_jurisdiction,
    client,
    given,
    moment_of,
    span,
    zone,
)
from beffroi.open311.routes.writing import attached, hidden, link
from beffroi.open311.rules import Fault, NotTaken
from beffroi.open311.schemas import Many, w3c
from beffroi_web.csrf import csrf_exempt
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.uploads import takes_files

ROOT, CHILD = "service_request_updates", "request_update"


@both("/v2/servicerequestupdates")
@guard(PUBLIC)
def updates() -> Response:
    """List what the institution said of listed reports in a span of time, oldest first.

    No key is needed: all of it stands on public pages. What others sent is not given back to them.
    """
    check_jurisdiction(given("jurisdiction_id"))
    when = span(clock.now())
    found = exchange.news(when.since, when.until, limit=when.limit, offset=when.offset)
    return answer(ROOT, Many(CHILD, [_update(one) for one in found]))


def _update(one: exchange.News) -> dict[str, Any]:
    name = "outcome" if one.step == "answered" else "to"
    return {
        "update_id": service.our_name(settings().secret_key, "step", one.id),
        "service_request_id": one.ref,
        "status": rules.EXTENDED.get(str(one.codes.get(name)), "OPEN"),
        "description": one.words,
        "updated_datetime": w3c(one.at, zone()),
        "media_url": None,
    }


@both("/v2/servicerequestupdates", methods=("POST",))
@csrf_exempt
@takes_files(photos.MOST_BODY)
@guard(PUBLIC)
def update() -> Response:
    """Take an update on a listed report; sent again, it is answered as the first time."""
    sender = client()
    check_jurisdiction(given("jurisdiction_id", request.form))
    sent, faults = _checked()
    known = queries.update_taken(sender.id, sent.update_id)
    if known is not None:
        return _taken(known[1])
    kept, wrong = attached()
    if faults or wrong:
        raise NotTaken(*faults, *wrong)
    now = clock.now()
    try:
        with unit_of_work():
            ours = service.take_update(
                service.SentUpdate(
                    sent.update_id, sent.ref, sent.words, sent.status, sent.hidden, kept, sent.said
                ),
                sender,
                secret=settings().secret_key,
                now=now,
                today=clock.local_day(now, settings().time_zone),
            )
    except NotFound:
        raise NotTaken(rules.NO_REQUEST) from None
    if ours is None:  # the same one came at the same moment
        known = queries.update_taken(sender.id, sent.update_id)
        ours = known[1] if known else ""
    return _taken(ours)


def _taken(ours: str) -> Response:
    return answer(ROOT, Many(CHILD, [{"update_id": ours}]))


def _checked() -> tuple[service.SentUpdate, list[Fault]]:
    """Return an update as it can be taken, and all that is wrong with it."""
    form = request.form
    name, ref = given("update_id", form), given("service_request_id", form)
    words = given("description", form).replace("\r\n", "\n")
    status = given("status", form).upper()
    faults = [
        rules.missing(field)
        for field in ("update_id", "service_request_id", "updated_datetime")
        if not given(field, form)
    ]
    moment_of("updated_datetime", form)
    faults += rules.word_faults("update_id", name, rules.LONGEST_ID)
    faults += rules.word_faults("description", words, TEXT_LIMITS["comment"])
    if status and status not in rules.SAID:
        faults.append(Fault(400, f"status is one of {', '.join(rules.SAID)}"))
    if not status and not words:
        faults.append(rules.missing("status or description"))
    said, wrong = link(form)
    sent = service.SentUpdate(name, ref, words, rules.SAID.get(status, ""), hidden(form), (), said)
    return sent, [*faults, *wrong]
