# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of public sites at the desk: the town's own, and other bodies'."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from beffroi.cyber.queries import desk
from beffroi.cyber.routes.shared import blueprint
from beffroi.cyber.schemas import SiteForm
from beffroi.cyber.service import declaring
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store

Page = tuple[str, int] | Response


def _page(form: Form, status: int = 200) -> Page:
    no_store()
    return render_template("cyber/sites.html", form=form, sites=desk.sites()), status


@blueprint.get("/desk/cyber/sites")
@guard("agent", "cyber_officer", "administrator")
def sites() -> Page:
    """Show the sites that the town knows."""
    return _page(Form())


@blueprint.post("/desk/cyber/sites")
@guard("agent", "cyber_officer", "administrator")
def declare() -> Page:
    """Put a site on the list."""
    data, form = load(SiteForm(), request.form)
    if data is None:
        return _page(form, 422)
    try:
        with unit_of_work():
            declaring.declare(
                data["host"], data["name"], ours=data["ours"], contact=data["contact"]
            )
    except Refusal as refusal:
        errors = dict(refusal.errors or {"host": [refusal.sentence]})
        if "email" in errors:
            errors["contact"] = errors.pop("email")
        return _page(form.and_errors(errors), 422)
    return redirect(url_for("cyber.sites"), code=303)


@blueprint.post("/desk/cyber/sites/<int:site_id>/remove")
@guard("agent", "cyber_officer", "administrator")
def undeclare(site_id: int) -> Response:
    """Take a site off the list."""
    with unit_of_work():
        declaring.undeclare(site_id)
    return redirect(url_for("cyber.sites"), code=303)
