# SPDX-License-Identifier: AGPL-3.0-or-later
"""The front page of the nation."""

from flask import render_template
from flask_babel import gettext

from beffroi_federation.aggregator.dashboards import service
from beffroi_federation.aggregator.dashboards.queries import figures
from beffroi_federation.aggregator.dashboards.routes.lists import blueprint
from beffroi_federation.aggregator.kernel.runtime import now
from beffroi_federation.aggregator.kernel.versions import from_the_store, of_this_state, still
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national import rules as words
from beffroi_federation.aggregator.needs import queries as needs
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_web.cards import CaseCard
from beffroi_web.guards import PUBLIC, guard

MOST_THEMES = 8


@blueprint.get("/")
@guard(PUBLIC)
@from_the_store(spoken=True)
def home() -> str:
    """Answer in ten seconds: is France answering, and can this page be trusted?"""
    picture = figures.picture(now())
    whole, first = picture.nation, of_this_state("first", lambda: needs.first(5))
    keep = service.pieces_of(picture)
    return render_template(
        "dashboards/home.html",
        figures=whole,
        headline=service.headline(whole, _only_town() if whole.towns == 1 else ""),
        unreleased=picture.unreleased,
        map=keep("rate", service.drawn, picture.places, "rate"),
        keep=keep,
        answers=still("answers", _latest),
        needs=first,
        wanted=[] if first else service.cards(national.most_wanted(4)),
        themes=[
            (gettext(words.THEME_WORDS.get(theme, theme)), n)
            for theme, n in picture.themes[:MOST_THEMES]
        ],
    )


def _latest() -> list[CaseCard]:
    """Return the latest official answers as cards."""
    return service.cards(national.latest_answers(4))


def _only_town() -> str:
    """Return the name of the one town that takes part."""
    rows = towns.all_towns("approved")
    return rows[0].name if len(rows) == 1 else ""
