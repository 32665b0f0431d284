# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames for other sites: short, without cookie, form or script that is needed.

Only the origins of BEFFROI_EMBED_HOSTS may show them, and this site itself (the desk's preview).
Every link opens the whole page in the place of the other site's (`<base target="_top">`): what
needs an account cannot be done inside a frame.
"""

from pathlib import Path
from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext

from beffroi.cases.rules import REQUEST_STATUSES
from beffroi.cases.schemas import badge, card, due, shortened
from beffroi.data_requests.rules import OBJECTS, OUTCOMES, THEMES
from beffroi.embedding import queries, rules
from beffroi.embedding.routes.shared import blueprint
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel import clock
from beffroi.kernel.errors import NotFound
from beffroi.kernel.extension import settings
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import allow_framing
from beffroi_web.words import N_

SCRIPTS = {
    name: (Path(__file__).parents[1] / "scripts" / name).read_bytes()
    for name in ("frame.js", "beffroi.js")
}
OFTEN = ("lighting", "road", "waste", "other_street")
"""The categories that a frame leads to at once."""


class NothingToShow(NotFound):
    """There is nothing (any more) to be shown in this frame."""


def _frame(template: str, **values: Any) -> str:
    """Return a frame that the town's hosts may show."""
    allow_framing("'self'", *settings().embed_hosts)
    return render_template(f"embedding/{template}.html", hosts=settings().embed_hosts, **values)


@blueprint.errorhandler(NothingToShow)
def nothing_to_show(_: NothingToShow) -> tuple[str, int]:
    """Say in the frame that there is nothing to show, and lead to what there is."""
    return _frame("nothing"), 404


@blueprint.get("/embed/board")
@guard(PUBLIC)
def board() -> str:
    """Show the latest requests: `limit` (1 to 10), `status`, `theme` and `object` narrow them."""
    filters: dict[str, Any] = {
        "status": _among(request.args.get("status", ""), (*REQUEST_STATUSES, "any_open")),
        "theme": _among(request.args.get("theme", ""), tuple(THEMES)),
        "object": _among(request.args.get("object", ""), tuple(OBJECTS)),
    }
    found = queries.board(filters, rules.rows(request.args.get("limit", "")))
    today = clock.today()
    narrowed = {name: said for name, said in filters.items() if said}
    cards = [card(row, today=today) for row in found]
    theme = THEMES.get(filters["theme"], "")
    named = gettext(theme) if theme else ""
    return _frame("board", cards=cards, narrowed=narrowed, theme=named)


def _among(said: str, known: tuple[str, ...]) -> str:
    return said if said in known else ""


@blueprint.get("/embed/request/<ref>")
@guard(PUBLIC)
def request_frame(ref: str) -> str:
    """Show one request: where it stands, until when an answer is due, how the answer begins."""
    shown = queries.request(ref)
    if shown is None:
        raise NothingToShow(N_("There is no case with this reference."))
    words = shown.answer.words if shown.answer else None
    return _frame(
        "request",
        head=shown.head,
        title=shown.words.get("title"),
        kind=gettext(OBJECTS[shown.codes.object]),
        badge=badge(shown.head.status),
        due=due(shown.head, clock.today()),
        answer=shown.answer,
        outcome=gettext(OUTCOMES[shown.answer.outcome]) if shown.answer else "",
        excerpt=shortened(words, rules.EXCERPT) if words else "",
    )


@blueprint.get("/embed/report")
@guard(PUBLIC)
def report() -> str:
    """Lead to the form of reports, by the categories that are reported most."""
    return _frame("report", categories=[CATEGORIES[code] for code in OFTEN])


@blueprint.get("/embed/counter")
@guard(PUBLIC)
def counter() -> str:
    """Show three figures, in the size that a browser gives a frame without one."""
    return _frame("counter", figures=queries.figures())


def _script(name: str) -> Response:
    return Response(SCRIPTS[name], mimetype="text/javascript")


@blueprint.get("/embed/frame.js")
@guard(PUBLIC)
def frame_script() -> Response:
    """Give the script by which a frame says how high it is, to its hosts only."""
    return _script("frame.js")


@blueprint.get("/embed/beffroi.js")
@guard(PUBLIC)
def element_script() -> Response:
    """Give the script of the custom element, for sites that allow scripts from here."""
    return _script("beffroi.js")
