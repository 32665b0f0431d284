# SPDX-License-Identifier: AGPL-3.0-or-later
"""The name and the address of an account, and own texts that nobody has released yet."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as account_queries
from beffroi.accounts import service as accounts
from beffroi.cases.service import persons as own
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi.notifications import service as notifications
from beffroi.rights.routes.shared import blueprint, refused, whose_account
from beffroi_web.forms import Form
from beffroi_web.guards import SIGNED_IN, guard, lately
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language


@blueprint.get("/account/details")
@guard(SIGNED_IN)
def details() -> tuple[str, int]:
    """Show the name and the address, to be corrected."""
    return _details(Form())


def _details(form: Form, status: int = 200) -> tuple[str, int]:
    whose = whose_account()
    page = render_template(
        "rights/details.html",
        form=form,
        person=whose,
        pending=account_queries.pending_address(whose.account_id),
        done=request.args.get("done", ""),
    )
    return page, status


@blueprint.post("/account/name")
@guard(SIGNED_IN)
def correct_name() -> AnyResponse | tuple[str, int]:
    """Put another name in place of the sign-in provider's."""
    whose, form = whose_account(), Form(values=request.form.to_dict())
    try:
        with unit_of_work():
            name = accounts.correct_name(whose.account_id, form.value("name"))
            own.correct_party(whose.account_id, name=name)
    except Refusal as refusal:
        return _details(refused(form, refusal), 422)
    return redirect(url_for("rights.details", done="name"), code=303)


@blueprint.post("/account/email")
@guard(SIGNED_IN)
@lately
def ask_email() -> AnyResponse | tuple[str, int]:
    """Send the link that confirms a new address to that address."""
    whose, form, now = whose_account(), Form(values=request.form.to_dict()), clock.now()
    try:
        with unit_of_work():
            email, token = accounts.ask_address(
                whose.account_id, form.value("email"), now=now, chance=system_chance
            )
            letter = notifications.Letter(
                "confirm-address", email, current_language(), token[:16], f"/account/email/{token}"
            )
            notifications.owe_letter(letter, now=now)
    except Refusal as refusal:
        return _details(refused(form, refusal), 422)
    return redirect(url_for("rights.details", done="email"), code=303)


@blueprint.get("/account/email/<token>")
@guard(SIGNED_IN)
def confirm_email(token: str) -> str:
    """Ask for the click that confirms a new address."""
    no_store()
    return render_template("rights/confirm_email.html", token=token)


@blueprint.post("/account/email/<token>")
@guard(SIGNED_IN)
def confirmed_email(token: str) -> AnyResponse:
    """Take the new address; the old one is told."""
    whose, now = whose_account(), clock.now()
    with unit_of_work():
        before, email = accounts.confirm_address(whose.account_id, token, now=now)
        own.correct_party(whose.account_id, email=email)
        if before and before != email:
            letter = notifications.Letter(
                "address-changed", before, current_language(), token[:16], "/account"
            )
            notifications.owe_letter(letter, now=now)
    return redirect(url_for("rights.details", done="confirmed"), code=303)
