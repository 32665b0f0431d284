# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the readers of a confidential case do to it: one address a verb, one table of verbs."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import redirect, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from beffroi.accounts import queries as accounts
from beffroi.cases import service as case_service
from beffroi.cases.models import Case
from beffroi.cyber import service
from beffroi.cyber.routes.desk import desk_page
from beffroi.cyber.routes.shared import blueprint, sees, staff, the_head
from beffroi.cyber.rules import embargo
from beffroi.cyber.schemas import ClassifyForm, CloseForm, ContactForm, EmbargoForm, TaskForm
from beffroi.cyber.service import clocks, release
from beffroi.kernel import clock
from beffroi.kernel.actors import Actor
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Forbidden, NotFound, Refusal
from beffroi.kernel.extension import settings
from beffroi_web.forms import Form, load
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

Fields = dict[str, Any]
Verb = Callable[[Case, Fields, Actor], None]


def _number(fields: Fields, name: str) -> int:
    typed = str(fields.get(name, ""))
    return int(typed) if typed.isdecimal() and len(typed) < 19 else 0


def _take(case: Case, fields: Fields, actor: Actor) -> None:
    service.take_up(case, actor=actor, now=clock.now(), today=clock.today())


def _classify(case: Case, fields: Fields, actor: Actor) -> None:
    found = service.Classification(**fields)
    service.classify(case.id, found, service.terms_of(settings()), actor=actor, now=clock.now())


def _embargo(case: Case, fields: Fields, actor: Actor) -> None:
    zone = fields["embargo_zone"]
    until = embargo.ends_at(
        fields["embargo_day"], fields["embargo_hour"], zone, own=settings().time_zone
    )
    service.set_embargo(case.id, until, zone, actor=actor, now=clock.now())


def _reader(case: Case, fields: Fields, actor: Actor) -> None:
    service.add_reader(case.id, _number(fields, "reader"), actor=actor, now=clock.now())


def _drop_reader(case: Case, fields: Fields, actor: Actor) -> None:
    service.drop_reader(case.id, _number(fields, "reader"), actor=actor, now=clock.now())


def _note(case: Case, fields: Fields, actor: Actor) -> None:
    service.note(case.id, fields.get("note", ""), actor=actor, now=clock.now())


def _task(case: Case, fields: Fields, actor: Actor) -> None:
    service.add_task(case.id, fields["task"], fields["due_on"])


def _tick(case: Case, fields: Fields, actor: Actor) -> None:
    service.finish_task(case.id, _number(fields, "id"), now=clock.now())


def _contact(case: Case, fields: Fields, actor: Actor) -> None:
    names = ("contact_role", "contact_name", "contact_address")
    service.add_contact(case.id, *(fields[name] for name in names))


def _mark(case: Case, fields: Fields, actor: Actor) -> None:
    service.mark_contact(case.id, _number(fields, "id"), actor=actor, now=clock.now())


def _met(case: Case, fields: Fields, actor: Actor) -> None:
    rule = str(fields.get("rule", ""))
    clocks.meet(case.id, rule, service.terms_of(settings()), actor=actor, now=clock.now())


def _not_applicable(case: Case, fields: Fields, actor: Actor) -> None:
    clocks.drop(case.id, str(fields.get("rule", "")), actor=actor, now=clock.now())


def _message(case: Case, fields: Fields, actor: Actor) -> None:
    words = fields.get("message", "")
    service.write(case, words, party_id=None, actor=actor, now=clock.now())


def _close(case: Case, fields: Fields, actor: Actor) -> None:
    outcome, words = fields["outcome"], fields["words"]
    release.close(case, outcome, words, actor=actor, now=clock.now(), today=clock.today())


def _reopen(case: Case, fields: Fields, actor: Actor) -> None:
    reason = fields.get("reason", "")
    release.reopen(case, reason, actor=actor, now=clock.now(), today=clock.today())


def _allow(case: Case, fields: Fields, actor: Actor) -> None:
    band = settings().population_band
    release.allow(case, band=band, actor=actor, now=clock.now(), chance=system_chance)


def _forbid(case: Case, fields: Fields, actor: Actor) -> None:
    release.forbid(case, fields.get("withdraw_reason", ""), actor=actor, now=clock.now())


VERBS: Mapping[str, tuple[Verb, type[Schema] | None]] = {
    "take": (_take, None),
    "classify": (_classify, ClassifyForm),
    "embargo": (_embargo, EmbargoForm),
    "readers": (_reader, None),
    "readers-drop": (_drop_reader, None),
    "notes": (_note, None),
    "tasks": (_task, TaskForm),
    "tasks-tick": (_tick, None),
    "contacts": (_contact, ContactForm),
    "contacts-mark": (_mark, None),
    "clocks": (_met, None),
    "clocks-drop": (_not_applicable, None),
    "messages": (_message, None),
    "close": (_close, CloseForm),
    "reopen": (_reopen, None),
    "record": (_allow, None),
    "record-withdraw": (_forbid, None),
}
"""What can be done, by the last part of the address; and the form that it takes."""

BEFORE = frozenset({"take"})
"""What can be done before somebody has taken a case up: that, and nothing else."""


@blueprint.post("/desk/cyber/<ref>/<verb>")
@staff
def act(ref: str, verb: str) -> Response | tuple[str, int]:
    """Do one thing to a case; what was typed is kept where it is refused."""
    head = the_head(ref)
    if verb not in VERBS:
        raise NotFound(N_("The desk has no such act."))
    do, schema = VERBS[verb]
    data: Fields | None
    if schema is None:
        data, form = request.form.to_dict(), Form(values=request.form.to_dict())
    else:
        data, form = load(schema(), request.form)
    if data is None:
        return desk_page(head, form, 422)
    try:
        with unit_of_work():
            case = case_service.the_case(ref)
            if not sees(case.id):
                raise NotFound(N_("There is no case with this reference."))
            if verb not in BEFORE and not service.is_taken(case.id):
                raise Forbidden(N_("Take the case up first: then you are on its list."))
            do(case, data, accounts.actor(current_visitor()))
    except NotFound:
        raise
    except Refusal as refusal:
        return desk_page(head, form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    if verb == "readers-drop" and not sees(head.id):
        return redirect(url_for("cyber.listing"), code=303)
    anchor = verb.partition("-")[0]
    return redirect(url_for("cyber.show", ref=ref, _anchor=anchor), code=303)
