# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/desk/cyber/<ref>/cert`: what goes to the CERT, one button, how it stands, what it answered.

Only who is on the case's list sees these pages; to anybody else there is no such case.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cyber.adapters import own_key
from beffroi.cyber.routes.shared import staff, the_head
from beffroi.handover import queries, rules, service
from beffroi.handover.adapters import openpgp, stix, writing
from beffroi.handover.rules import misp, words
from beffroi.kernel import clock
from beffroi.kernel.actors import Actor
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Conflict, Invalid, NotFound, Refusal
from beffroi.kernel.extension import settings
from beffroi_web.forms import Form
from beffroi_web.headers import no_store
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("handover", __name__)

PARTS = {
    "pdf": ("application/pdf", "pdf"),
    "misp": ("application/json", "misp.json"),
    "stix": ("application/stix+json", "stix.json"),
}
"""The parts of a file by their names in addresses: media type, ending."""


def _actor() -> Actor:
    return accounts.actor(current_visitor())


def _dossier(case_id: int, now: datetime) -> rules.Dossier:
    made = writing.dossier(case_id, now=now)
    if made is None:
        raise NotFound(N_("There is no case with this reference."))
    return made


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the CERT: whether it can be used now, if not why, and where it leads."""

    channel: str
    recipient: str = ""
    refusal: str = ""
    key: openpgp.Key | None = None


def _ways(now: datetime) -> list[Way]:
    said = settings()
    ways = [_by_mail(now)]
    if said.cert_taxii is not None:
        place = f"{said.cert_taxii.api_root.rstrip('/')}/collections/{said.cert_taxii.collection}/"
        ways.append(Way(rules.TAXII, place))
    return ways


def _by_mail(now: datetime) -> Way:
    cert = rules.cert_of(settings())
    if not cert.email:
        return Way(rules.MAIL, refusal=gettext(
            "No address of a CERT is set, so nothing can be sent (BEFFROI_CERT_EMAIL)."
        ))  # fmt: skip
    try:
        key = openpgp.key_of(settings().cert_key, now=now)
    except openpgp.Unusable as fault:
        return Way(rules.MAIL, cert.email, fault.said())
    return Way(rules.MAIL, cert.email, key=key)


def _page(ref: str, case_id: int, form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    now = clock.now()
    made = _dossier(case_id, now)
    page = render_template(
        "handover/cert.html",
        ref=ref,
        tlp=made.file.tlp,
        blocks=words.blocks(made, settings().time_zone),
        left_out=len(made.file.evidence) - len(made.pictures),
        ways=_ways(now),
        own=own_key.own_key(settings().data_dir),
        now=now,
        handed=queries.of_case(case_id),
        form=form,
        channels=rules.CHANNELS,
        states=rules.STATES,
        cert=rules.cert_of(settings()),
        most=rules.MOST_ANSWER,
    )
    return page, status


@blueprint.get("/desk/cyber/<ref>/cert")
@staff
def show(ref: str) -> tuple[str, int]:
    """Show what goes out, the ways to the CERT, and what went before."""
    return _page(ref, the_head(ref).id, Form())


@blueprint.get("/desk/cyber/<ref>/cert/<part>")
@staff
def preview(ref: str, part: str) -> Response:
    """Give one part of the file as it would leave now."""
    made = _dossier(the_head(ref).id, clock.now())
    if part not in PARTS:
        raise NotFound(N_("The file has no such part."))
    no_store()
    kind, ending = PARTS[part]
    makers = {
        "pdf": lambda: writing.pdf(made, settings().time_zone),
        "misp": lambda: misp.written(made),
        "stix": lambda: stix.written(made),
    }
    answer = Response(makers[part](), mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{made.stem}.{ending}"'
    return answer


@blueprint.post("/desk/cyber/<ref>/cert")
@staff
def hand_over(ref: str) -> AnyResponse | tuple[str, int]:
    """Owe the file to the CERT, by the way chosen; refused where it could only go in clear."""
    case_id, now = the_head(ref).id, clock.now()
    ways = {way.channel: way for way in _ways(now)}
    way = ways.get(request.form.get("channel", rules.MAIL))
    try:
        if way is None:
            raise Invalid(N_("Choose a way."))
        if way.refusal:
            return _page(ref, case_id, Form(errors={"": [way.refusal]}), 422)
        with unit_of_work():
            service.hand_over(
                case_id,
                way.channel,
                way.recipient,
                public_url=settings().public_url,
                now=now,
                chance=system_chance,
            )
    except (Invalid, Conflict) as fault:
        return _page(ref, case_id, Form(errors=_said(fault)), 422)
    return redirect(url_for("handover.show", ref=ref), code=303)


def _said(fault: Refusal) -> dict[str, list[str]]:
    if fault.errors:
        return {name: [gettext(one) for one in said] for name, said in fault.errors.items()}
    return {"": [gettext(fault.sentence, **fault.values)]}


@blueprint.post("/desk/cyber/<ref>/cert/<int:handover_id>/receipt")
@staff
def receipt(ref: str, handover_id: int) -> AnyResponse:
    """Record that the CERT says it has the file."""
    case_id = the_head(ref).id
    with unit_of_work():
        service.record_receipt(handover_id, case_id, actor=_actor(), now=clock.now())
    return redirect(url_for("handover.show", ref=ref), code=303)


@blueprint.post("/desk/cyber/<ref>/cert/<int:handover_id>/answer")
@staff
def answer(ref: str, handover_id: int) -> AnyResponse | tuple[str, int]:
    """Record what the CERT answered."""
    case_id, typed = the_head(ref).id, request.form.get(f"answer-{handover_id}", "")
    try:
        with unit_of_work():
            service.record_answer(handover_id, case_id, typed, actor=_actor(), now=clock.now())
    except Invalid as fault:
        name = f"answer-{handover_id}"  # several of these forms may stand on the page
        [said] = _said(fault).values()
        form = Form({name: typed, "handover": str(handover_id)}, {name: said})
        return _page(ref, case_id, form, 422)
    return redirect(url_for("handover.show", ref=ref), code=303)
