# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/desk/incidents`: the queue of street reports as a list or a map, and filters with a name."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.cases import queries as cases
from beffroi.cases.rules import INCIDENT_STATUSES, STATUS_WORDS
from beffroi.cases.schemas import badge as case_badge
from beffroi.incidents.rules import CATEGORIES, OUTCOMES
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import extension, settings
from beffroi.street import queries
from beffroi.street.queries import desk
from beffroi.street.routes.shared import blueprint, categories, moment
from beffroi.street.rules.batch import ACTIONS
from beffroi.street.rules.filters import SORTS, STATES, query_of
from beffroi.street.schemas import QueueQuery, chips, standing_of
from beffroi.street.service import configuring
from beffroi_web import maps
from beffroi_web.forms import Form, in_words
from beffroi_web.guards import guard
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

COUNTED = ("open", "late", "silent", "unrouted")
"""The shelves whose size is told."""


def filters() -> dict[str, Any]:
    """Return the filters in this page's address, or raise Invalid."""
    given = request.args.to_dict()
    known = QueueQuery()
    errors = known.validate({k: v for k, v in given.items() if k in known.fields})
    if errors:
        raise Invalid(N_("These filters are not known; start from the list."), errors=errors)
    found: dict[str, Any] = known.load({k: v for k, v in given.items() if k in known.fields})
    found["state"], found["sort"] = found["state"] or "open", found["sort"] or "due"
    return found


def who() -> desk.Who:
    """Return who looks at the queue, and when."""
    visitor = current_visitor()
    return desk.Who(visitor.account_id if visitor else None, moment().today)


@blueprint.get("/desk/incidents")
@guard("agent", "moderator")
def queue() -> str:
    """Show the street reports that are to be handled, what is past its date first."""
    return page(Form())


def page(form: Form) -> str:
    """Show the queue with a form of it as somebody left it."""
    chosen, at, looks = filters(), moment(), who()
    found = desk.page(chosen, looks)
    departments = cases.department_addresses()
    on_map = chosen["view"] == "map"
    return render_template(
        "street/queue.html",
        lines=[
            (one, case_badge(one.head.status), standing_of(one, at.today, at.calendar))
            for one in found.items
        ],
        drawn=_drawn(chosen, looks) if on_map else None,
        on_map=on_map,
        next_cursor=found.next_cursor,
        filters=chosen,
        states=STATES,
        sorts=SORTS,
        counts=desk.counts(chosen, looks, COUNTED),
        most_counted=desk.MOST_COUNTED,
        chips=chips(chosen, departments),
        departments=[(key, name) for key, (name, _) in departments.items()],
        categories=categories(),
        category_words=CATEGORIES,
        communes=settings().communes,
        statuses=[(s, gettext(STATUS_WORDS[s])) for s in INCIDENT_STATUSES],
        saved=queries.filters_of(looks.account_id) if looks.account_id else [],
        form=form,
        actions=ACTIONS,
        outcomes={code: OUTCOMES[code] for code in ("resolved", "no_action")},
        today=at.today,
    )


def _drawn(chosen: Mapping[str, Any], looks: desk.Who) -> maps.Drawing | None:
    """Return the map of what the filters leave, or None where nothing has a position."""
    found = desk.points(chosen, looks)
    if not found:
        return None
    at = moment()
    marks = []
    for line, (latitude, longitude) in found:
        stands = standing_of(line, at.today, at.calendar)
        said = [line.head.ref, gettext(CATEGORIES[line.category].label)]
        if stands is not None:
            said.append(stands.badge.word)
        marks.append(
            maps.Mark(
                latitude,
                longitude,
                " · ".join(said),
                url_for("dashboards.desk_case", ref=line.head.ref),
                tone=stands.badge.tone if stands else "closed",
            )
        )
    window = maps.Window.of(chosen["window"]) if chosen["window"] else None
    window = window or maps.Window.around([place for _, place in found])
    return maps.draw(window, marks, extension().outline)


@blueprint.post("/desk/incidents/filters")
@guard("agent", "moderator")
def keep_filter() -> Response:
    """Keep the filters of the queue under a name, for oneself."""
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard has seen to it
    values = request.form.to_dict()
    with unit_of_work():
        configuring.keep_filter(
            visitor.account_id, values.get("name", ""), values, now=moment().now
        )
    return redirect(f"{url_for('street.queue')}?{query_of(values)}", code=303)


@blueprint.post("/desk/incidents/filters/<int:filter_id>/remove")
@guard("agent", "moderator")
def drop_filter(filter_id: int) -> Response:
    """Take one of one's own filters away."""
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard has seen to it
    with unit_of_work():
        configuring.drop_filter(visitor.account_id, filter_id)
    return redirect(url_for("street.queue"), code=303)


def sentences(refusal: Any) -> list[str]:
    """Return what a refusal says, in the reader's language, without the names of fields."""
    said = [gettext(refusal.sentence, **refusal.values)]
    for more in in_words(refusal.errors or {}).values():
        said += [one for one in more if one not in said]
    return said
