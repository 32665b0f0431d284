# SPDX-License-Identifier: AGPL-3.0-or-later
"""Already asked, already open? For the page after "continue", and while somebody types."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from beffroi.cases import queries as cases
from beffroi.catalogue import queries as catalogue
from beffroi.data_requests import queries
from beffroi.data_requests.routes.shared import today
from beffroi.data_requests.schemas import NearCard, NearQuery, NearThings, near_card
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import AskedElsewhere, extension, settings
from beffroi_web.forms import load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.limits import limit
from beffroi_web.openapi import operation
from beffroi_web.words import N_

MOST = 5
PER_MINUTE = "60 per minute"
"""A person who types asks about once a second; the brake of the API below."""

blueprint = Blueprint("similar", __name__)


@dataclass(frozen=True, slots=True)
class Near:
    """What resembles a request: asked here, open already, asked in other towns."""

    requests: list[NearCard]
    datasets: list[catalogue.Published]
    elsewhere: list[AskedElsewhere]

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.requests or self.datasets or self.elsewhere)


def near(title: str, more: str = "") -> Near:
    """Return what resembles a request that somebody is about to send; nothing of it is kept."""
    rows = queries.similar(title, more, most=MOST)
    answers = cases.answers_by_case([row.id for row in rows])
    return Near(
        [near_card(row, answers[row.id], today=today()) for row in rows],
        catalogue.near(title, more, most=MOST),
        elsewhere(title, more),
    )


def elsewhere(title: str, more: str) -> list[AskedElsewhere]:
    """Return what other towns answered; `app` fills the port, where there is an aggregator."""
    ask = extension().elsewhere
    return ask(title, more)[:MOST] if ask else []


@blueprint.get("/api/v1/similar")
@guard(PUBLIC)
@limit(PER_MINUTE, methods=("GET",))
@operation(
    "Find what resembles a request: asked here, open already, asked in other towns",
    answers=NearThings,
    query=NearQuery,
    tag="requests",
)
def api_similar() -> Response:
    """Return what resembles a line that somebody types: released words only, nothing kept."""
    data, form = load(NearQuery(), request.args)
    if data is None:
        raise Invalid(N_("Say in `q` what is looked for."), errors=form.errors)
    no_store()  # what somebody types is in no shared cache either
    q = data["q"]
    rows = queries.similar(q, most=MOST)
    ids = [row.id for row in rows]
    words, answers = cases.words_by_case(ids), cases.answers_by_case(ids)
    found: dict[str, Any] = {
        "requests": [
            _item(row, words[row.id]["title"], answers[row.id])
            for row in rows
            if "title" in words[row.id]
        ],
        "datasets": catalogue.near(q, most=MOST),
        "elsewhere": elsewhere(q, ""),
    }
    return jsonify(NearThings().dump(found))


def _item(row: Any, title: str, answers: list[cases.PublicAnswer]) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "title": title,
        "status": row.status,
        "received_on": row.received_on,
        "supports": row.supports,
        "outcome": answers[0].outcome if answers else None,
        "answer": answers[0].words if answers else None,
        "url": f"{settings().public_url}/requests/{row.ref}",
    }
