# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk's pages of sources: how each stands, try one, connect it, its secrets, its texts."""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.bridges import queries, service
from beffroi.bridges.adapters.reading import Opening, loopback, opened
from beffroi.bridges.routes.shared import blueprint, fault_in_words, the_source
from beffroi.bridges.rules import KIND_WORDS, MODE_WORDS, BadSource, ExternalItem, in_language
from beffroi.bridges.schemas import CredentialsForm, SourceForm
from beffroi.kernel import clock
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.errors import Invalid, Refusal
from beffroi.kernel.extension import extension, settings
from beffroi_web.fetching import NotFetched
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard, lately
from beffroi_web.headers import no_store
from beffroi_web.limits import limit
from beffroi_web.visitors import current_visitor

TRIALS = "30 per minute"
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial found: the first titles, how many on the first page, or what went wrong."""

    titles: tuple[tuple[str, str], ...] = ()
    count: int = 0
    more: bool = False
    name: str = ""
    fault: str = ""


def _page(form: Form, status: int = 200, tried: Tried | None = None) -> tuple[str, int]:
    no_store()
    page = render_template(
        "bridges/desk.html",
        sources=queries.sources(),
        counts=queries.counts(),
        kinds=[(code, gettext(words)) for code, words in KIND_WORDS.items()],
        kind_words=KIND_WORDS,
        modes=[(code, gettext(words)) for code, words in MODE_WORDS.items()],
        form=form,
        tried=tried,
        fault=fault_in_words(tried.fault) if tried else "",
        boss=_is_boss(),
    )
    return page, status


def _is_boss() -> bool:
    visitor = current_visitor()
    return visitor is not None and visitor.may("administrator")


@blueprint.get("/desk/bridges")
@guard("agent", "administrator")
def page() -> tuple[str, int]:
    """Show the connected sources, and to an administrator the form that connects another."""
    return _page(Form())


@blueprint.post("/desk/bridges")
@guard("administrator")
@lately
@limit(TRIALS)
def add() -> Response | tuple[str, int]:
    """Connect a source; with the step `try` only say what would come in, and keep nothing."""
    data, form = load(SourceForm(), request.form)
    if data is None:
        return _page(form, 422)
    lang, allowed = settings().languages[0], loopback(settings())
    try:
        if request.form.get("step") == "try":
            service.checked_address(data["address"], allowed)
            what = Opening(data["kind"], data["address"], lang, data["component"])
            return _page(form, tried=_tried(what))
        with unit_of_work():
            source_id = service.add(
                data["kind"],
                data["address"],
                component=data["component"],
                name=data["name"],
                mode=data["mode"],
                lang=lang,
                loopback=allowed,
                now=clock.now(),
            )
    except Refusal as refusal:
        return _page(form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("bridges.source", source_id=source_id), code=303)


def _tried(what: Opening) -> Tried:
    """Read the first page of a source and keep nothing of it."""
    db.session.rollback()  # a site may be slow; no transaction stays open meanwhile
    try:
        by = opened(what, settings(), trial=True)
        info = by.probe()
        found = by.list_items()
    except (BadSource, NotFetched) as fault:
        return Tried(fault=str(fault))
    titles = tuple(_title(one, what.lang) for one in found.items[:MOST_SHOWN])
    return Tried(titles, len(found.items), found.next_cursor is not None, info.name)


def _title(item: ExternalItem, lang: str) -> tuple[str, str]:
    return in_language(item.title, lang)[0], item.url


def _source_page(
    source_id: int,
    form: Form | None = None,
    status: int = 200,
    *,
    secret: str = "",
) -> tuple[str, int]:
    no_store()
    source = the_source(source_id)
    page = render_template(
        "bridges/source.html",
        source=source,
        kind_words=KIND_WORDS,
        mode_words=MODE_WORDS,
        count=queries.counts().get(source_id, (0, 0)),
        waiting=queries.waiting(source_id),
        released=queries.released(source_id),
        form=form or Form(),
        secret=secret,
        fault=fault_in_words(source.fault),
        asked=request.args.get("asked") == "1",
        hook=settings().public_url + url_for("bridges.decidim", source_id=source_id),
        boss=_is_boss(),
    )
    return page, status


@blueprint.get("/desk/bridges/<int:source_id>")
@guard("agent", "administrator")
def source(source_id: int) -> tuple[str, int]:
    """Show one source: how it stands, what of it waits, and to an administrator its secrets."""
    return _source_page(source_id)


@blueprint.post("/desk/bridges/<int:source_id>/read")
@guard("administrator")
@limit(TRIALS)
def read_now(source_id: int) -> Response:
    """Have the worker read all of a source now; `all_gone` believes that most of it is gone."""
    found = the_source(source_id)
    all_gone = bool(request.form.get("all_gone")) and found.vanished > 0
    with unit_of_work():
        service.ask_reading(source_id, all_gone=all_gone, now=clock.now())
    return redirect(url_for("bridges.source", source_id=source_id, asked=1), code=303)


@blueprint.post("/desk/bridges/<int:source_id>/credentials")
@guard("administrator")
@lately
def credentials(source_id: int) -> Response | tuple[str, int]:
    """Keep the API credentials of a source, sealed; empty ones destroy them."""
    data, form = load(CredentialsForm(), request.form)
    if data is None:
        return _source_page(source_id, form, 422)
    try:
        with unit_of_work():
            service.keep_credentials(
                source_id,
                data["key"],
                data["secret"],
                secret_key=settings().secret_key,
                now=clock.now(),
            )
    except Refusal as refusal:
        typed = Form(values={"key": data["key"]})
        errors = refusal.errors or {"key": [refusal.sentence]}
        return _source_page(source_id, typed.and_errors(errors), 422)
    return redirect(url_for("bridges.source", source_id=source_id), code=303)


@blueprint.post("/desk/bridges/<int:source_id>/secret")
@guard("administrator")
@lately
def new_secret(source_id: int) -> tuple[str, int]:
    """Make a new secret for the messages of a source, and show it this once."""
    with unit_of_work():
        secret = service.new_hook_secret(
            source_id,
            secret_key=settings().secret_key,
            chance=extension().chance,
            now=clock.now(),
        )
    return _source_page(source_id, secret=secret)


@blueprint.post("/desk/bridges/<int:source_id>/items/<int:item_id>")
@guard("agent", "administrator")
def decide(source_id: int, item_id: int) -> Response | tuple[str, int]:
    """Show the words of a proposal or an answer in the form given, or hold them back."""
    typed = {name: request.form.get(name, "") for name in ("title", "answer")}
    try:
        with unit_of_work():
            if request.form.get("say") == "hold":
                service.hold(source_id, item_id)
            else:
                service.release(source_id, item_id, **typed)
    except Refusal as refusal:
        values = {f"{name}-{item_id}": said for name, said in typed.items()}
        if not refusal.errors:
            raise
        said = [gettext(refusal.sentence, **refusal.values)]
        errors = {name: said for name in refusal.errors}
        return _source_page(source_id, Form(values=values).and_errors(errors), 422)
    return redirect(url_for("bridges.source", source_id=source_id, _anchor="waiting"), code=303)


@blueprint.post("/desk/bridges/<int:source_id>/items/<int:item_id>/beside")
@guard("agent", "administrator")
def stand_beside(source_id: int, item_id: int) -> Response | tuple[str, int]:
    """Show a proposal on the page of a request that asks for the same, or no longer."""
    box, ref = f"beside-{item_id}", request.form.get("ref", "")
    try:
        with unit_of_work():
            service.stand_beside(source_id, item_id, ref)
    except Invalid as refusal:
        typed = Form(values={box: ref[:40]})
        said = {name: [gettext(str(refusal.sentence))] for name in refusal.errors}
        return _source_page(source_id, typed.and_errors(said), 422)
    return redirect(url_for("bridges.source", source_id=source_id, _anchor="listed"), code=303)


@blueprint.post("/desk/bridges/<int:source_id>/end")
@guard("administrator")
@lately
def end(source_id: int) -> Response:
    """Read a source no more; what became a request stays."""
    with unit_of_work():
        service.end(source_id, now=clock.now())
    return redirect(url_for("bridges.page"), code=303)
