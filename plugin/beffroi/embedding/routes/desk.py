# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk's page of embedding: what to paste where, a preview, who may show frames, the colour."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import force_locale, gettext
from werkzeug.wrappers import Response

from beffroi.catalogue.rules import told
from beffroi.data_requests.queries import listed
from beffroi.embedding import rules
from beffroi.embedding.adapters import manifest
from beffroi.embedding.routes.shared import embed_of
from beffroi.embedding.rules.snippets import PLACES, Embed
from beffroi.embedding.rules.tints import Tint, measured, pasted
from beffroi.embedding.schemas import ColourForm
from beffroi.kernel import clock, look
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.extension import settings
from beffroi_web.fetching import NotFetched
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language, language_name
from beffroi_web.limits import limit
from beffroi_web.words import N_

desk = Blueprint("embedding_desk", __name__)


@desk.get("/desk/embedding")
@guard("administrator")
def page() -> tuple[str, int]:
    """Show a frame (`show`) in a language (`locale`), and what to paste in each place."""
    return _page(Form())


def _page(
    form: Form, status: int = 200, tints: Sequence[Tint] = (), source: str = "", name: str = ""
) -> tuple[str, int]:
    no_store()
    show = request.args.get("show", "")
    show = show if show in rules.FRAMES else "board"
    lang = request.args.get("locale", "")
    lang = lang if lang in settings().languages else current_language()
    embed = _embed(show, lang)
    html = render_template(
        "embedding/desk.html",
        form=form,
        show=show,
        lang=lang,
        frames=[(code, gettext(words)) for code, words in rules.FRAMES.items()],
        languages=[(code, language_name(code)) for code in settings().languages],
        embed=embed,
        preview=embed.address.removeprefix(embed.site) if embed else "",
        snippets=_snippets(embed) if embed else [],
        hosts=settings().embed_hosts,
        now=measured(look.worn(settings())),
        chosen=look.chosen(),
        tints=tints,
        source=source,
        found=name,
    )
    return html, status


def _embed(show: str, lang: str) -> Embed | None:
    """Return the frame that is previewed; None for a request while there is none to show."""
    ref = ""
    if show == "request":
        rows = listed.cards({"limit": 20})[0].items
        ref = next((row.ref for row in rows if row.title), "")
        if not ref:
            return None
    with force_locale(lang):
        return embed_of(show, ref)


def _snippets(embed: Embed) -> list[tuple[str, str, str, str]]:
    """Return (code, place, what to know, what to paste) for each place."""
    return [
        (code, gettext(place.name), gettext(place.words), place.snippet(embed))
        for code, place in PLACES.items()
    ]


@desk.post("/desk/embedding")
@guard("administrator")
@limit("30 per minute")
def colour() -> Response | tuple[str, int]:
    """Look at colours (`step` read or look), wear one (wear), or the settings' again (reset)."""
    data, form = load(ColourForm(), request.form)
    if data is None:
        return _page(form, 422)
    step = request.form.get("step", "")
    if step == "read":
        return _read(data, form)
    if step == "wear" and data.get("colour"):
        source = data["host"] if data["host"] in settings().embed_hosts else ""
        with unit_of_work():
            look.choose(data["colour"].lower(), source, now=clock.now())
    elif step == "reset":
        with unit_of_work():
            look.forget()
    else:
        return _look(data, form)
    return redirect(url_for("embedding_desk.page", _anchor="colour"), code=303)


def _look(data: dict[str, Any], form: Form) -> tuple[str, int]:
    """Show what becomes of colours that were typed or pasted."""
    tints = pasted(data["colours"])
    if not tints:
        wrong = N_("There is no colour in this: write # and six digits or letters a to f.")
        return _page(form.and_errors({"colours": [wrong]}), 422)
    return _page(form, tints=tints)


def _read(data: dict[str, Any], form: Form) -> tuple[str, int]:
    """Read the colour of a host that the settings name, and show what becomes of it."""
    host = data["host"]
    if host not in settings().embed_hosts:
        wrong = N_("Choose one of the sites that the settings name.")
        return _page(form.and_errors({"host": [wrong]}), 422)
    db.session.rollback()  # the host may be slow; no transaction stays open meanwhile
    try:
        found = manifest.read(host, manifest.fetching(settings()))
    except NotFetched as fault:
        sentence, values = told(str(fault))
        return _page(form.and_errors({"host": [gettext(sentence, **values)]}), 422)
    if found.tint is None:
        wrong = N_("Its manifest names no colour that can be read (theme_color). Paste it below.")
        return _page(form.and_errors({"host": [wrong]}), 422)
    return _page(form, tints=[found.tint], source=host, name=found.name)
