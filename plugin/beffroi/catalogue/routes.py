# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk's page of connected catalogues: how each stands; try one, connect it, end it."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.catalogue import queries, service
from beffroi.catalogue.adapters.reading import TRIAL, Tried, fetching, loopback, try_out
from beffroi.catalogue.rules import KIND_WORDS, told
from beffroi.catalogue.schemas import CatalogueForm
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi.kernel.extension import settings
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard, lately
from beffroi_web.headers import no_store
from beffroi_web.limits import limit

blueprint = Blueprint("catalogue", __name__)

TRIALS = "30 per minute"


def in_words(fault: str | None) -> str:
    """Return what a reader said in English, in the language of who looks."""
    if not fault:
        return ""
    sentence, values = told(fault)
    return str(gettext(sentence, **values))


def _page(form: Form, status: int = 200, tried: Tried | None = None) -> tuple[str, int]:
    no_store()
    page = render_template(
        "catalogue/page.html",
        catalogues=[(one, in_words(one.fault)) for one in queries.catalogues()],
        kinds=[(code, gettext(words)) for code, words in KIND_WORDS.items()],
        form=form,
        tried=tried,
        fault=in_words(tried.fault) if tried else "",
        reasons=[(n, in_words(why)) for n, why in tried.refused.reasons] if tried else [],
    )
    return page, status


@blueprint.get("/desk/catalogues")
@guard("administrator")
def page() -> tuple[str, int]:
    """Show the connected catalogues and the form that connects another."""
    return _page(Form())


@blueprint.post("/desk/catalogues")
@guard("administrator")
@limit(TRIALS)
def add() -> Response | tuple[str, int]:
    """Connect a catalogue; with the step `try` only say what would come in, and keep nothing."""
    data, form = load(CatalogueForm(), request.form)
    if data is None:
        return _page(form, 422)
    allowed = loopback(settings())
    if request.form.get("step") == "try":
        return _page(form, tried=_tried(data["kind"], data["address"]))
    try:
        with unit_of_work():
            service.add(data["kind"], data["address"], data["name"], loopback=allowed)
    except Refusal as refusal:
        return _page(form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("catalogue.page"), code=303)


def _tried(kind: str, address: str) -> Tried:
    db.session.rollback()  # a catalogue may be slow; no transaction stays open meanwhile
    return try_out(kind, address, fetching(settings(), TRIAL))


@blueprint.post("/desk/catalogues/<int:catalogue_id>/end")
@guard("administrator")
@lately
def end(catalogue_id: int) -> Response:
    """Forget a catalogue of the desk, with its datasets."""
    with unit_of_work():
        service.end_at_desk(catalogue_id)
    return redirect(url_for("catalogue.page"), code=303)
