# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which datasets should be opened first, for everybody; who holds what, at the curators' desk."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.kernel.tables import table_of
from beffroi_federation.aggregator.kernel.versions import from_the_store, of_this_state
from beffroi_federation.aggregator.national.rules import THEME_WORDS
from beffroi_federation.aggregator.needs import queries, rules, service
from beffroi_federation.aggregator.needs.queries import Group
from beffroi_federation.aggregator.needs.rules import HIGH_VALUE, high_value, unmet
from beffroi_federation.aggregator.needs.schemas import HolderSchema
from beffroi_web.errors import NotFound, Refusal, SignInNeeded
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("needs", __name__)

MOST_SHOWN = 5
MOST_IN_A_FILE = 50
COLUMNS = ("rank", "themes", "holder_fr", "holder_en", "topic", "url", "title_fr", "title_en",
           "unmet", "waiting", "refused", "published", "towns", "high_value")  # fmt: skip


@blueprint.get("/open-first")
@guard(PUBLIC)
@from_the_store(spoken=True)
def page() -> str:
    """Answer: which two or three datasets should be opened first, and who could do it?"""
    by = _by()
    read = queries.by_domain if by == "domain" else queries.by_theme
    return render_template(
        "needs/page.html",
        breadcrumb=_crumbs((gettext("What to open first"), None)),
        first=of_this_state("first three", lambda: queries.first(3)),
        groups=of_this_state(("to open", by), lambda: read(MOST_SHOWN)),
        by=by,
        lang=current_language(),
        rules=rules,
        namings=of_this_state("namings", queries.namings),
    )


def _by() -> str:
    return "domain" if request.args.get("by") == "domain" else "theme"


def _crumbs(*steps: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [(gettext("Home"), url_for("dashboards.home")), *steps]


@blueprint.get("/open-first.<any(csv, json):form>")
@guard(PUBLIC)
def file(form: str) -> Response:
    """Give the ranking as a file, more of it than the page shows."""
    by = queries.by_domain if _by() == "domain" else queries.by_theme
    return table_of("open-first", form, COLUMNS, _rows(by(MOST_IN_A_FILE)))


def _rows(groups: list[Group]) -> Iterator[dict[str, Any]]:
    public = runtime().settings.public_url
    for group in groups:
        for rank, one in enumerate(group.topics, 1):
            yield {
                "rank": rank,
                "themes": list(group.themes),
                "holder_fr": group.holder.fr,
                "holder_en": group.holder.en or None,
                "topic": one.slug,
                "url": public + url_for("topics.topic", slug=one.slug, lang=None),
                "title_fr": one.title_fr or None,
                "title_en": one.title_en or None,
                "unmet": unmet(one.waiting, one.refused),
                "waiting": one.waiting,
                "refused": one.refused,
                "published": one.published,
                "towns": one.towns,
                "high_value": list(high_value(one.title_fr, one.title_en)),
            }


@blueprint.get("/desk/holders")
@guard("operator")
def desk() -> str:
    """List who holds each theme, and what was changed."""
    return render_template(
        "needs/desk.html",
        breadcrumb=_desk_crumbs((gettext("Who holds what"), None)),
        holders=queries.holders(),
        themes=THEME_WORDS,
        lang=current_language(),
        namings=queries.namings(),
    )


def _desk_crumbs(*steps: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return _crumbs((gettext("Desk"), url_for("desk.desk")), *steps)


@blueprint.get("/desk/holders/<theme>")
@guard("operator")
def edit(theme: str) -> str:
    """Show the form that names who holds a theme."""
    return _editing(_known(theme), Form())


def _known(theme: str) -> str:
    if theme not in rules.HOLDERS:
        raise NotFound(N_("There is no such theme."))
    return theme


def _editing(theme: str, form: Form) -> str:
    title = gettext(THEME_WORDS[theme])
    return render_template(
        "needs/holder.html",
        breadcrumb=_desk_crumbs((gettext("Who holds what"), url_for("needs.desk")), (title, None)),
        theme=theme,
        title=title,
        holder=queries.holders()[theme],
        form=form,
    )


@blueprint.post("/desk/holders/<theme>")
@guard("operator")
def name(theme: str) -> Response | tuple[str, int]:
    """Name who holds a theme, with a public reason."""
    visitor = current_visitor()
    if visitor is None:  # the guard has seen to it; said for the type checker
        raise SignInNeeded(N_("Please sign in first."))
    _known(theme)
    values, form = load(HolderSchema(), request.form)
    if values is None:
        return _editing(theme, form), 422
    try:
        with unit_of_work():
            service.name_holder(theme, **values, by=visitor.display_name, now=now())
    except Refusal as refusal:
        said = refusal.errors or {"": [refusal.sentence]}
        return _editing(theme, form.and_errors(said)), 422
    return redirect(url_for("needs.desk"), code=303)


blueprint.add_app_template_global(high_value, "high_value")
blueprint.add_app_template_global(HIGH_VALUE, "HIGH_VALUE")  # type: ignore[arg-type]  # a table
