# SPDX-License-Identifier: AGPL-3.0-or-later
"""Topics for everybody, the files of hints for towns, and the curators' desk."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug.wrappers import Response as AnyResponse

from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now
from beffroi_federation.aggregator.kernel.versions import from_the_store
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national import rules as national_rules
from beffroi_federation.aggregator.national.queries import RecordRow
from beffroi_federation.aggregator.topics import queries, schemas, service
from beffroi_federation.aggregator.topics.queries import TopicRow, Wanted
from beffroi_federation.aggregator.topics.rules import topic as rules
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_web.errors import Conflict, Invalid, NotFound, Refusal, SignInNeeded
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language
from beffroi_web.paging import decode_cursor, encode_cursor, limit_from
from beffroi_web.pieces import address_of
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("topics", __name__)

MOST_PUBLISHED = 50
MOST_ANSWERS = 10
MOST_AT_THE_DESK = 200
STATES = {
    "waiting": N_("Somebody waits"), "published": N_("Somebody published"),
    "refused": N_("Somebody refused"),
}  # fmt: skip


class Asked:
    """A request of a topic as its page shows it, with its town."""

    def __init__(self, town: TownRow, row: RecordRow) -> None:
        self.town, self.row, self.known = town, row, row.known
        self.state = rules.state_of(row.known.get("status"), row.known.get("outcome"))
        self.reference = national_rules.reference(town.siren, town.epoch, row.first)
        self.url = address_of("dashboards.record", "ref", self.reference)


def _asked(rows: Sequence[RecordRow]) -> list[Asked]:
    homes = towns.towns_of_logs(row.log_id for row in rows)
    return [Asked(homes[row.log_id], row) for row in rows]


def _crumbs(*steps: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [(gettext("Home"), url_for("dashboards.home")), *steps]


@blueprint.get("/topics")
@guard(PUBLIC)
@from_the_store(spoken=True)
def listing() -> str:
    """Answer: what do many towns get asked for, and who has opened it?"""
    given = {
        name: request.args.get(name, "").strip()[:200] for name in ("q", "status", "theme", "town")
    }
    row = towns.town_by_siren(given["town"]) if given["town"] else None
    limit = limit_from(request.args)
    place: tuple[int, int] | None = None
    if given["q"]:
        found = queries.rows([id for _, id in queries.nearest(given["q"], limit)])
    else:
        state = given["status"] if given["status"] in STATES else ""
        town_id = row.id if row else (-1 if given["town"] else None)
        found, place = queries.listed(
            Wanted(state, given["theme"], town_id), after=_place(2), limit=limit
        )
    return render_template(
        "topics/topics.html",
        breadcrumb=_crumbs((gettext("Topics"), None)),
        topics=found,
        lang=current_language(),
        given=given,
        chips=_chips(given, row.name if row else given["town"]),
        states=[("", gettext("All")), *((code, gettext(said)) for code, said in STATES.items())],
        themes=[
            ("", gettext("All")),
            *((code, gettext(said)) for code, said in national_rules.THEME_WORDS.items()),
        ],
        later=_later(place) if place else "",
    )


def _chips(given: Mapping[str, str], town_name: str) -> list[tuple[str, str]]:
    state, theme = given["status"], given["theme"]
    said = {
        "q": gettext("Words: %(words)s", words=given["q"]),
        "status": gettext(STATES[state]) if state in STATES else state,
        "theme": gettext("Theme: %(theme)s",
                         theme=gettext(national_rules.THEME_WORDS.get(theme, theme or "–"))),
        "town": gettext("Town: %(town)s", town=town_name),
    }  # fmt: skip
    chips = []
    for name, value in given.items():
        if value:
            others: dict[str, Any] = {k: v for k, v in given.items() if v and k != name}
            chips.append((said[name], url_for("topics.listing", **others)))
    return chips


def _place(numbers: int) -> Any:
    text = request.args.get("cursor", "")
    if not text:
        return None
    values = decode_cursor(text)
    if len(values) != numbers or not all(isinstance(value, int) for value in values):
        raise NotFound(N_("This place in the list is not known; start from the first page."))
    return values


def _later(place: Sequence[int]) -> str:
    args: dict[str, Any] = {**request.args.to_dict(), **(request.view_args or {})}
    return url_for(request.endpoint or "topics.listing", **{**args, "cursor": encode_cursor(place)})


def _topic(slug: str) -> TopicRow | AnyResponse:
    """Return a topic, or the way to the one that it has become part of; NotFound if it is none."""
    id = rules.parse_slug(slug)
    current = queries.now_is(id) if id is not None else None
    if current is not None and current != id:
        args: dict[str, Any] = {**(request.view_args or {}), "slug": rules.slug(current)}
        return redirect(url_for(request.endpoint or "topics.topic", **args), code=301)
    found = queries.rows([current]) if current is not None else []
    if not found:
        raise NotFound(N_("There is no such topic; its requests may have been withdrawn."))
    return found[0]


@blueprint.get("/topics/<slug>")
@guard(PUBLIC)
@from_the_store(spoken=True)
def topic(slug: str) -> str | AnyResponse:
    """Answer: who was asked for this, who opened it and how, who refused and why?"""
    row = _topic(slug)
    if not isinstance(row, TopicRow):
        return row
    published, _ = queries.members(row.id, state=rules.PUBLISHED, limit=MOST_PUBLISHED)
    rows, place = queries.members(row.id, after=_place(3), limit=limit_from(request.args, 50))
    told = _asked(published)
    title = row.title(current_language())
    return render_template(
        "topics/topic.html",
        breadcrumb=_crumbs((gettext("Topics"), url_for("topics.listing")), (title, None)),
        topic=row,
        title=title,
        published=[one for one in told if one.known.get("published_url")],
        answers=[one for one in told if one.known.get("answer")][:MOST_ANSWERS],
        grounds=_grounds(row),
        requests=_asked(rows),
        later=_later(place) if place else "",
        first_page="cursor" not in request.args,
        history=queries.history(row.id),
        rules=rules,
    )


def _grounds(row: TopicRow) -> list[tuple[str, int]]:
    """Return the legal grounds of a topic's refusals, with how often each was given."""
    found = queries.grounds(row.id) if row.refused else {}
    return [(ground or gettext("No ground is named"), times) for ground, times in found.items()]


@blueprint.get("/hints/<siren>.json")
@guard(PUBLIC)
def hints(siren: str) -> Response:
    """Give a town the signed file of what others answered to what it is asked."""
    town = towns.town_by_siren(siren)
    found = queries.hint(town.id) if town else None
    if found is None:
        raise NotFound(N_("There is no file of hints for this town now."))
    return Response(found[0], content_type="application/json")


@blueprint.get("/desk/topics")
@guard("operator")
def desk() -> str:
    """List what curators corrected, and find the topic to correct."""
    query = request.args.get("q", "").strip()[:200]
    if query:
        found = queries.rows([id for _, id in queries.nearest(query, 20)])
    else:
        found, _ = queries.listed(Wanted(), limit=20)
    events = queries.corrections()
    names = {row.id: row for row in queries.rows([id for id, _ in events])}
    return render_template(
        "topics/desk.html",
        breadcrumb=_desk_crumbs((gettext("Topics"), None)),
        topics=found,
        query=query,
        lang=current_language(),
        events=[(names[id], event) for id, event in events if id in names],
        rules=rules,
    )


def _desk_crumbs(*steps: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return _crumbs((gettext("Desk"), url_for("desk.desk")), *steps)


@blueprint.get("/desk/topics/<slug>")
@guard("operator")
def correct(slug: str) -> str | AnyResponse:
    """Show a topic's requests with what can be corrected."""
    row = _topic(slug)
    return _correcting(row, Form()) if isinstance(row, TopicRow) else row


def _correcting(row: TopicRow, form: Form) -> str:
    rows, _ = queries.members(row.id, limit=MOST_AT_THE_DESK)
    title = row.title(current_language())
    return render_template(
        "topics/correct.html",
        breadcrumb=_desk_crumbs((gettext("Topics"), url_for("topics.desk")), (title, None)),
        topic=row,
        title=title,
        requests=_asked(rows),
        form=form,
        most=MOST_AT_THE_DESK,
        history=queries.history(row.id),
        rules=rules,
    )


@blueprint.get("/desk/topics/<slug>/whole")
@guard("operator")
def whole(slug: str) -> str | AnyResponse:
    """Show the form that names a topic or makes it part of another one."""
    row = _topic(slug)
    return _of_whole(row, Form()) if isinstance(row, TopicRow) else row


def _of_whole(row: TopicRow, form: Form) -> str:
    title = row.title(current_language())
    here = url_for("topics.correct", slug=row.slug)
    return render_template(
        "topics/whole.html",
        breadcrumb=_desk_crumbs((gettext("Topics"), url_for("topics.desk")), (title, here)),
        topic=row,
        title=title,
        names=queries.names(row.id),
        form=form,
    )


@blueprint.post("/desk/topics/<slug>/whole")
@guard("operator")
def decide(slug: str) -> AnyResponse | tuple[str, int]:
    """Name a topic, or make it part of another one, with a reason."""

    def do(row: TopicRow, values: dict[str, Any], by: str) -> int:
        into = values.pop("into")
        if not into:
            service.rename(row.id, **values, by=by, now=now())
            return row.id
        kept = _named(into)
        service.merge(row.id, kept, by=by, reason=values["reason"], now=now())
        return kept

    return _decide(slug, schemas.WholeSchema(), do, _of_whole)


@blueprint.post("/desk/topics/<slug>/pick")
@guard("operator")
def pick(slug: str) -> AnyResponse | tuple[str, int]:
    """Move requests into another topic, or make a topic of their own of them, with a reason."""

    def do(row: TopicRow, values: dict[str, Any], by: str) -> int:
        records = _records(values["records"])
        said = {"by": by, "reason": values["reason"], "now": now()}
        if not values["into"]:
            first = values["records"][0]
            return service.split(row.id, list(records), reference=first, **said)
        to = _named(values["into"])
        for record in records:
            service.move(record, to, **said)
        return to

    return _decide(slug, schemas.PickSchema(), do, _correcting)


def _decide(
    slug: str,
    schema: Schema,
    do: Callable[[TopicRow, dict[str, Any], str], int],
    again: Callable[[TopicRow, Form], str],
) -> AnyResponse | tuple[str, int]:
    """Do what a form of the desk says, and go to what it has made; or show it again, and why."""
    visitor = current_visitor()
    if visitor is None:  # the guard has seen to it; said for the type checker
        raise SignInNeeded(N_("Please sign in first."))
    row = _topic(slug)
    if not isinstance(row, TopicRow):
        raise Conflict(N_("This topic has become part of another one meanwhile."))
    values, form = load(schema, request.form)
    if values is None:
        return again(row, form), 422
    try:
        with unit_of_work():
            changed = do(row, values, visitor.display_name)
    except Refusal as refusal:
        said = refusal.errors or {"": [refusal.sentence]}
        return again(row, form.and_errors(said)), 422
    return redirect(url_for("topics.correct", slug=rules.slug(changed)), code=303)


def _named(text: str) -> int:
    """Return the topic that a name or an address of its page says; Invalid if none."""
    id = rules.parse_slug(text.strip().rstrip("/").rsplit("/", 1)[-1])
    current = queries.now_is(id) if id is not None else None
    if current is None:
        sentence = N_("There is no such topic. Give the address of its page.")
        raise Invalid(sentence, errors={"into": [sentence]})
    return current


def _records(references: Sequence[str]) -> list[int]:
    """Return the records that public names say; Invalid if there is none, or one is wrong."""
    found = []
    for text in references:
        place = national_rules.parse_reference(text)
        home = towns.town_of_epoch(place[0], place[1]) if place else None
        row = national.record(home.log_id, place[2]) if home and place else None
        if row is not None:
            found.append(row.id)
    if not found or len(found) < len(references):
        sentence = N_("Choose at least one request of this topic.")
        raise Invalid(sentence, errors={"records": [sentence]})
    return found
