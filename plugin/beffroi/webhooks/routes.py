# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/desk/webhooks`: which other sites are told of what happens, and how that went."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound
from beffroi.kernel.extension import settings
from beffroi.webhooks import queries, rules, service
from beffroi_web.forms import Form
from beffroi_web.guards import guard, lately
from beffroi_web.headers import no_store
from beffroi_web.paging import row_from
from beffroi_web.words import N_

blueprint = Blueprint("webhooks", __name__)


def _page(form: Form, status: int = 200, new: str = "", url: str = "") -> tuple[str, int]:
    no_store()
    page = render_template(
        "webhooks/list.html",
        webhooks=queries.webhooks(),
        groups=[
            (gettext(title), [(name, gettext(words)) for name, words in events.items()])
            for title, events in rules.GROUPS.values()
        ],
        pauses=rules.PAUSES,
        form=form,
        new=new,
        new_url=url,
        neighbours=settings().webhook_neighbours,
    )
    return page, status


@blueprint.get("/desk/webhooks")
@guard("administrator")
def listing() -> tuple[str, int]:
    """Show the addresses that are told, and the form for another."""
    return _page(Form())


@blueprint.post("/desk/webhooks")
@guard("administrator")
@lately
def make() -> tuple[str, int]:
    """Keep an address, and show its secret this once."""
    chosen = request.form.getlist("events")
    url = request.form.get("url", "")
    form = Form({"url": url}, {}, {"events": chosen})
    try:
        near = rules.Neighbours.of(settings().webhook_neighbours)
        address, events = rules.checked(url, chosen, near)
        with unit_of_work():
            _, secret = service.add(
                address, events, key=settings().secret_key, now=clock.now(), chance=system_chance
            )
    except Invalid as refusal:
        return _page(form.and_errors(refusal.errors), 422)
    return _page(Form(), 201, secret, address)


@blueprint.get("/desk/webhooks/<int:webhook_id>")
@guard("administrator")
def show(webhook_id: int) -> str:
    """Show one address and the log of its deliveries."""
    no_store()
    card = queries.webhook(webhook_id)
    if card is None:
        raise NotFound(N_("There is no such webhook."))
    deliveries, more = queries.log(webhook_id, row_from(request.args, "before") or 0)
    return render_template(
        "webhooks/show.html",
        webhook=card,
        deliveries=deliveries,
        refs=queries.refs(deliveries),
        more=more,
        states=rules.STATES,
        pauses=rules.PAUSES,
        events={**rules.EVENTS, rules.TEST: N_("a test")},
    )


@blueprint.post("/desk/webhooks/<int:webhook_id>")
@guard("administrator")
@lately
def change(webhook_id: int) -> Response:
    """Test, pause, resume or remove an address, as the button says."""
    now, step = clock.now(), request.form.get("step", "")
    with unit_of_work():
        if step == "test":
            town = settings().public_url
            service.owe_test(webhook_id, town=town, now=now, chance=system_chance)
        elif step == "pause":
            service.pause(webhook_id, now=now)
        elif step == "resume":
            service.resume(webhook_id, now=now)
        elif step == "remove":
            service.remove(webhook_id)
        else:
            raise Invalid(N_("This button is not known."))
    if step == "remove":
        return redirect(url_for("webhooks.listing"), code=303)
    return redirect(url_for("webhooks.show", webhook_id=webhook_id), code=303)


@blueprint.post("/desk/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/resend")
@guard("administrator")
def resend(webhook_id: int, delivery_id: int) -> Response:
    """Send one message once more."""
    with unit_of_work():
        service.resend(webhook_id, delivery_id, now=clock.now())
    return redirect(url_for("webhooks.show", webhook_id=webhook_id), code=303)
