# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages and API of incidents: list, form, case. Unlisted ones are shown to their author only."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from flask_babel import gettext
from msgspec import json
from werkzeug.datastructures import MultiDict

from beffroi.accounts.rules import REPORTS_WRITE
from beffroi.cases import queries as cases
from beffroi.cases.queries import persons
from beffroi.cases.rules import INCIDENT_STATUSES, STATUS_WORDS
from beffroi.cases.schemas import badge as case_badge
from beffroi.cases.schemas import card, list_filters, removal, timeline
from beffroi.incidents import queries, rules
from beffroi.incidents.adapters import photos
from beffroi.incidents.queries import asked, listed
from beffroi.incidents.routes import mapping, questions
from beffroi.incidents.routes.reporting import receive
from beffroi.incidents.routes.shared import blueprint, finest, whole, window_or
from beffroi.incidents.rules.questions import PREFIX
from beffroi.incidents.schemas import IncidentApiForm, IncidentPage, ListQuery, PublicIncident
from beffroi.kernel import clock, private_links
from beffroi.kernel.errors import Gone, Invalid, NotFound, Refusal, SignInNeeded
from beffroi.kernel.extension import settings
from beffroi_web.early import made_from_data, say_version
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.maps import Window
from beffroi_web.openapi import operation
from beffroi_web.pieces import kept
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

__all__ = ["blueprint", "mapping", "questions"]

LIST_QUERY = ListQuery()


@blueprint.get("/incidents")
@guard(PUBLIC)
@made_from_data(spoken=True)
def listing() -> str:
    """Show the listed street reports with search, filters and sorting."""
    filters = list_filters(LIST_QUERY, INCIDENT_STATUSES)
    window = _narrowed(filters)
    page, version = listed.cards(filters, _part(window))
    say_version(version)
    today, same = clock.today(), kept()
    cards = [card(row, today=today, facts=same(_facts, row.category)) for row in page.items]
    return render_template(
        "incidents/list.html",
        cards=cards,
        filters=filters,
        next_cursor=page.next_cursor,
        **same(_choices),
        drawn=mapping.drawn(window or whole(), filters),
        window=window,
        whole=whole(),
        cell=settings().map_cell,
    )


def _choices() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return what the filters of the list offer, in the reader's language."""
    offered = [c for c in rules.CATEGORIES.values() if c.listed and c.family == "street"]
    return {
        "statuses": tuple((s, gettext(STATUS_WORDS[s])) for s in INCIDENT_STATUSES),
        "categories": tuple((c.code, gettext(c.label)) for c in offered),
    }


def _facts(category: str) -> tuple[str]:
    return (gettext(rules.CATEGORIES[category].label),)


def _part(window: Window | None) -> listed.Part | None:
    """Return the part of the map that a window is, as far as the town shows it."""
    return listed.Part(window, finest() or 0) if window is not None else None


def _narrowed(filters: dict[str, Any]) -> Window | None:
    """Return the window that a list is narrowed to; one that is none does not narrow."""
    window = window_or(filters["window"], None) if finest() is not None else None
    filters["window"] = str(window) if window else ""
    return window


def _listed(head: cases.CaseHead, codes: queries.IncidentCodes) -> bool:
    """Say whether everyone may know of a report: unlisted ones never, not even that one is gone."""
    return codes.listed and head.visibility != "unlisted"


@blueprint.get("/incidents/<ref>")
@guard(PUBLIC)
def show(ref: str) -> str | tuple[str, int]:
    """Show one report: state, what was done, the timeline, what to do."""
    head = cases.head(ref)
    visitor = current_visitor()
    party = cases.party_of_account(visitor.account_id) if visitor else None
    key = request.args.get("key", "")
    by_key = bool(key) and private_links.fits(settings().link_secrets, ref, key)
    author = persons.is_author(head, visitor.account_id if visitor else None)
    own = by_key or author
    codes = queries.codes(head.id) if head is not None else None
    if head is None or codes is None or not (own or _listed(head, codes)):
        raise NotFound(N_("There is no case with this reference."))
    if head.visibility == "removed":
        reason = removal(cases.public_timeline(head.id))
        return render_template("cases/removed.html", head=head, reason=reason), 410
    if own:
        no_store()
    texts = cases.public_texts(head.id)
    answers = cases.public_answers(head.id)
    return render_template(
        "incidents/show.html",
        head=head,
        codes=codes,
        category=rules.CATEGORIES[codes.category] if codes else None,
        badge=case_badge(head.status),
        texts={t.role: t for t in texts if t.role != "comment"},
        comments=[t for t in texts if t.role == "comment"],
        answer=answers[0] if answers else None,
        outcomes=rules.OUTCOMES,
        timeline=timeline(cases.public_timeline(head.id), town=settings().name),
        is_author=own,
        by_key=by_key,
        withdraw_key=private_links.key_for(settings().secret_key, ref, "withdraw")
        if by_key
        else "",
        thread_key=_thread_key(ref, codes, own=own, by_key=by_key),
        own=cases.own_texts(head.id, head.party_id) if author and head.party_id else [],
        photos=queries.public_photos(head.id),
        answers=_answers(head, own=own),
        where=mapping.where(head.id, own=own),
        cell=settings().map_cell,
        photos_sent=len(queries.photos(head.id)) if own else 0,
        supported=party is not None and cases.supported_by(head.id, party),
        followed=party is not None and cases.followed_by(head.id, party),
    )


def _answers(head: cases.CaseHead, *, own: bool) -> list[asked.Told]:
    """Return the answers to questions that a reader may see: their author all, others some.

    Others see what is marked public, of a case whose words they see.
    """
    if not own and "description" not in cases.public_words(head.id):
        return []
    fixed = settings().questions
    return asked.answers(head.id, fixed, current_language(), public=not own)


def _thread_key(ref: str, codes: queries.IncidentCodes, *, own: bool, by_key: bool) -> str | None:
    """Return the key of the thread of a confidential case for its author; "" where signed in."""
    if codes.family != "cyber" or not own:
        return None
    return private_links.key_for(settings().secret_key, ref, "thread") if by_key else ""


@blueprint.get("/incidents/<ref>/photos/<name>")
@guard(PUBLIC)
def photo(ref: str, name: str) -> Response:
    """Give a released photo of a released, listed case, or its thumbnail."""
    if not queries.has_photo(ref, name, public=True):
        raise NotFound(N_("There is no such photo."))
    return photos.answer(settings().data_dir, name)


# ---- API ----------------------------------------------------------------------------------------


def _item(
    row: Any, codes: Any, words: Mapping[str, str], answers: Sequence[cases.PublicAnswer]
) -> dict[str, Any]:
    """Return one report as the API gives it: released words only."""
    return {
        "ref": row.ref,
        "family": codes.family,
        "category": codes.category,
        "status": row.status,
        "description": words.get("description"),
        "commune": row.commune,
        "received_on": row.received_on,
        "closed_on": row.closed_on,
        "supports": row.supports,
        "answer": answers[0].words if answers else None,
        "url": f"{settings().public_url}/incidents/{row.ref}",
    }


def _page(args: MultiDict[str, str]) -> tuple[bytes, str | None]:
    """Return one page of listed reports as JSON, and the version of the data that it is of."""
    filters = list_filters(LIST_QUERY, INCIDENT_STATUSES, args)
    page, version = listed.items(
        filters, f"{settings().public_url}/incidents", _part(_narrowed(filters))
    )
    return json.encode({"items": page.items, "next_cursor": page.next_cursor}), version


@blueprint.get("/api/v1/incidents")
@guard(PUBLIC)
@operation("List listed street reports", answers=IncidentPage, query=ListQuery, tag="incidents")
@made_from_data(short=lambda args: _page(args)[0])
def api_list() -> Response:
    """Return one page of listed reports."""
    body, version = _page(request.args)
    say_version(version)
    return Response(body, mimetype="application/json")


@blueprint.get("/api/v1/incidents/<ref>")
@guard(PUBLIC)
@operation("Read one listed street report", answers=PublicIncident, tag="incidents", refuses=[410])
def api_show(ref: str) -> Response:
    """Return one listed report."""
    head = cases.head(ref)
    codes = queries.codes(head.id) if head is not None else None
    if head is None or codes is None or not _listed(head, codes):
        raise NotFound(N_("There is no case with this reference."))
    if head.visibility == "removed":
        raise Gone(N_("This case was removed; its page gives the reason."))
    words, answers = cases.public_words(head.id), cases.public_answers(head.id)
    return jsonify(PublicIncident().dump(_item(head, codes, words, answers)))


@blueprint.post("/api/v1/incidents")
@guard(PUBLIC)
@operation(
    "Send a report",
    takes=IncidentApiForm,
    answers=PublicIncident,
    status=201,
    tag="incidents",
    scopes=(REPORTS_WRITE,),
)
def api_submit() -> tuple[Response, int, dict[str, str]]:
    """Take a report from a program; as with the form, a town may ask people to sign in first."""
    if settings().incidents_need_account and current_visitor() is None:
        raise SignInNeeded(N_("Please sign in first."))
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Invalid(N_("An object with named fields is expected."))
    errors = IncidentApiForm().validate(body)
    if errors:
        raise Invalid(N_("The report is not complete."), errors=errors)
    data = dict(IncidentApiForm().load(body))
    before = f"{PREFIX}{data['category']}_"
    data["answers"] = {before + code: said for code, said in data.get("answers", {}).items()}
    try:
        ref = receive(data)
    except Refusal as refusal:
        named = {name.replace(before, "answers."): said for name, said in refusal.errors.items()}
        raise Invalid(refusal.sentence, errors=named) from refusal
    head = cases.head(ref)
    codes = queries.codes(head.id) if head is not None else None
    answer = _item(head, codes, {}, ())
    address = url_for("incidents.api_show", ref=ref)
    return jsonify(PublicIncident().dump(answer)), 201, {"Location": address}
