# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit pages, their tables as files, and the evidence."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi_federation.aggregator.audit import queries
from beffroi_federation.aggregator.audit.schemas import TextSchema
from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.kernel.tables import table_of
from beffroi_federation.aggregator.kernel.territories import NAMES, bounds
from beffroi_federation.aggregator.kernel.versions import from_the_store
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national import service as national_service
from beffroi_federation.aggregator.national.queries import lately
from beffroi_federation.aggregator.national.rules import (
    SHIFT,
    STATE_WORDS,
    parse_reference,
    reference,
)
from beffroi_federation.aggregator.national.service import UNRELEASED_AFTER
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_federation.aggregator.towns import service as registry
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.towns.rules import FAULTS, SENTENCES, STATE_TONES, STATES
from beffroi_federation.aggregator.towns.rules import STATE_WORDS as TOWN_WORDS
from beffroi_federation.aggregator.witness.adapters.keys import read_public
from beffroi_federation.aggregator.witness.queries import OwnLogStore
from beffroi_web.errors import Invalid, NotFound, Refusal, SignInNeeded
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.paging import LIMIT_MAX, decode_cursor, encode_cursor, limit_from
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("audit", __name__)

STATE_COLUMNS = ("siren", "name", "state", "size", "verified_at", "cosigned", "refusals", "misses",
                 "faults", "evidence", "versions", "withdrawn", "awaited")  # fmt: skip
EVENT_COLUMNS = ("id", "at", "siren", "town", "kind", "sentence", "words", "evidence")
CHECKPOINT_COLUMNS = ("siren", "name", "origin", "size", "root", "verified_at", "note")

MOST_HELD = 200


@blueprint.get("/audit")
@guard(PUBLIC)
@from_the_store(spoken=True)
def page() -> str:
    """Tell what went wrong (or, on demand, everything that happened), newest first."""
    everything = request.args.get("all") == "1"
    limit = limit_from(request.args, 30)
    events = towns.events(faults_only=not everything, before=_before(), limit=limit + 1)
    later = ""
    if len(events) > limit:
        events = events[:limit]
        args = {"all": "1"} if everything else {}
        later = url_for("audit.page", cursor=encode_cursor([events[-1].id]), **args)  # type: ignore[arg-type]  # query fields
    return render_template(
        "audit/audit.html",
        breadcrumb=[
            (gettext("Home"), url_for("dashboards.home")),
            (gettext("Audit"), None),
        ],
        events=events,
        everything=everything,
        later=later,
        counts=towns.counts(),
        set_aside=national.set_aside(),
        states=STATE_WORDS,
        unreleased=national.unreleased_everywhere(now() - UNRELEASED_AFTER),
        faults=FAULTS,
        witness=read_public(runtime().settings.data_dir),
        own_size=OwnLogStore().head().published,
    )


def _before() -> int | None:
    text = request.args.get("cursor", "")
    if not text:
        return None
    values = decode_cursor(text)
    if len(values) != 1 or not isinstance(values[0], int):
        raise NotFound(N_("This place in the list is not known; start from the first page."))
    return values[0]


@blueprint.get("/audit.<any(csv, json):form>")
@guard(PUBLIC)
def events_file(form: str) -> Response:
    """Give what went wrong (or, on demand, everything that happened) as a file, newest first."""
    everything, public = request.args.get("all") == "1", runtime().settings.public_url

    def rows() -> Iterator[dict[str, Any]]:
        before: int | None = None
        while some := towns.events(faults_only=not everything, before=before, limit=LIMIT_MAX):
            for one in some:
                told = {"id": one.id, "at": _moment(one.at), "siren": one.siren, "town": one.name}
                told |= {"kind": one.step, "sentence": gettext(SENTENCES[one.step])}
                evidence = f"{public}/audit/{one.id}/evidence" if one.has_evidence else None
                yield {**told, "words": one.words, "evidence": evidence}
            before = some[-1].id

    return table_of("audit", form, EVENT_COLUMNS, rows())


@blueprint.get("/audit/<int:event_id>/evidence")
@guard(PUBLIC)
def evidence(event_id: int) -> Response:
    """Give what was received when a town was refused: signed notes and leaves, no content."""
    found = towns.evidence(event_id) if event_id < 2**63 else None
    if found is None:
        raise NotFound(N_("No evidence was kept for this event."))
    event, data = found
    response = Response(data, mimetype="application/json")
    name = f"evidence-{event.siren}-{event.id}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/audit/towns")
@guard(PUBLIC)
@from_the_store(spoken=True)
def towns_page() -> str:
    """Show in which state every town is: verified, cosigned, refused, withdrawn, with evidence."""
    given = _given("state")
    rows, later = _page(given, 50)
    return render_template(
        "audit/towns.html",
        breadcrumb=_crumbs((gettext("Every town"), None)),
        towns=queries.audited(rows),
        given=given,
        counts=towns.counts(),
        state_words=TOWN_WORDS,
        state_tones=STATE_TONES,
        later=later,
    )


@blueprint.get("/audit/towns.<any(csv, json):form>")
@guard(PUBLIC)
def towns_file(form: str) -> Response:
    """Give the state of every town as a file."""

    def rows() -> Iterator[dict[str, Any]]:
        for some in _all(_given("state")):
            for one in queries.audited(some):
                same = ("size", "cosigned", "refusals", "misses", "faults", "evidence",
                        "versions", "withdrawn")  # fmt: skip
                told = {name: getattr(one, name) for name in same}
                row = one.row
                told |= {"siren": row.siren, "name": row.name, "state": row.state}
                yield {**told, "awaited": one.absent, "verified_at": _moment(one.verified_at)}

    return table_of("towns-audited", form, STATE_COLUMNS, rows())


@blueprint.get("/audit/checkpoints")
@guard(PUBLIC)
@from_the_store(spoken=True)
def checkpoints() -> str:
    """List the signed states on which figures stand: of all towns, or of those of a scope."""
    given = _given("departement", "kind", "town")
    rows, later = _page(given, 50)
    return render_template(
        "audit/checkpoints.html",
        breadcrumb=_crumbs((gettext("Checkpoints"), None)),
        stated=queries.stated(rows),
        given=given,
        place=NAMES.get(given["departement"], ""),
        later=later,
    )


@blueprint.get("/audit/checkpoints.<any(csv, json):form>")
@guard(PUBLIC)
def checkpoints_file(form: str) -> Response:
    """Give the signed states as a file, each note as the town signed it."""

    def rows() -> Iterator[dict[str, Any]]:
        for some in _all(_given("departement", "kind", "town")):
            for one in queries.stated(some):
                row = one.row
                told: dict[str, Any] = {"siren": row.siren, "name": row.name, "origin": row.origin}
                told |= {"size": one.size, "root": one.root, "note": one.note}
                yield {**told, "verified_at": _moment(one.verified_at)}

    return table_of("checkpoints", form, CHECKPOINT_COLUMNS, rows())


def _crumbs(*steps: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    home = (gettext("Home"), url_for("dashboards.home"))
    return [home, (gettext("Audit"), url_for("audit.page")), *steps]


def _given(*names: str) -> dict[str, str]:
    return {name: request.args.get(name, "").strip()[:20] for name in names}


def _moment(when: datetime | None) -> str | None:
    return when.isoformat(timespec="seconds") if when else None


def _some(given: dict[str, str], after: tuple[str, str] | None, limit: int) -> list[TownRow]:
    """Return towns of a scope by name; NotFound for a territory or state that there is not."""
    code, state = given.get("departement", ""), given.get("state", "")
    if (code and code not in NAMES) or (state and state not in STATES):
        raise NotFound(N_("This list cannot be narrowed like that."))
    if given.get("town"):
        row = towns.town_by_siren(given["town"])
        return [row] if row and after is None else []
    return towns.towns_page(
        between=bounds(code) if code else None,
        kind=given.get("kind", ""),
        state=state,
        after=after,
        limit=limit,
    )


def _page(given: dict[str, str], least: int) -> tuple[list[TownRow], str]:
    """Return the towns of the page that is asked for, and the address of the next one."""
    text, after = request.args.get("cursor", ""), None
    if text:
        values = decode_cursor(text)
        if len(values) != 2 or not all(isinstance(one, str) for one in values):
            raise NotFound(N_("This place in the list is not known; start from the first page."))
        after = (str(values[0]), str(values[1]))
    limit = limit_from(request.args, least)
    rows = _some(given, after, limit + 1)
    if len(rows) <= limit:
        return rows, ""
    last = rows[limit - 1]
    args: dict[str, Any] = {
        **request.args.to_dict(),
        "cursor": encode_cursor([last.name, last.siren]),
    }
    return rows[:limit], url_for(request.endpoint or "audit.page", **args)


def _all(given: dict[str, str]) -> Iterator[list[TownRow]]:
    """Yield the towns of a scope, some at a time."""
    after: tuple[str, str] | None = None
    while rows := _some(given, after, LIMIT_MAX):
        yield rows
        if len(rows) < LIMIT_MAX:
            return
        after = (rows[-1].name, rows[-1].siren)


@blueprint.get("/desk/texts")
@guard("operator")
def texts() -> str:
    """Show which records persons hold back, and the form that holds one back."""
    return _texts(Form())


def _texts(form: Form) -> str:
    rows = lately.held(MOST_HELD)
    homes = towns.towns_of_logs(row.log_id for row in rows)
    held = [
        (reference(homes[row.log_id].siren, homes[row.log_id].epoch, row.id & ((1 << SHIFT) - 1)),
         homes[row.log_id], row)
        for row in rows
    ]  # fmt: skip
    return render_template(
        "audit/texts.html",
        breadcrumb=[
            (gettext("Home"), url_for("dashboards.home")),
            (gettext("Desk"), url_for("desk.desk")),
            (gettext("Hold a text back"), None),
        ],
        held=held,
        form=form,
        done=request.args.get("done", ""),
    )


@blueprint.post("/desk/texts")
@guard("operator")
def hold() -> Response | tuple[str, int]:
    """Hold a record back at once, with a public reason."""

    def do(log_id: int, first: int, by: str, reason: str) -> str:
        held = national_service.hold(log_id, first, by=by, reason=reason, now=now())
        return "text-held" if held else ""

    return _decide(do)


@blueprint.post("/desk/texts/let-go")
@guard("operator")
def let_go() -> Response | tuple[str, int]:
    """Let a record go, with a public reason; it is shown again within a minute."""

    def do(log_id: int, first: int, by: str, reason: str) -> str:
        return "text-let-go" if national_service.let_go(log_id, first) else ""

    return _decide(do)


def _decide(do: Callable[[int, int, str, str], str]) -> Response | tuple[str, int]:
    """Do what a form says about one record, and tell it in its town's story."""
    visitor = current_visitor()
    if visitor is None:  # the guard has seen to it; said for the type checker
        raise SignInNeeded(N_("Please sign in first."))
    values, form = load(TextSchema(), request.form)
    if values is None:
        return _texts(form), 422
    by, reason = visitor.display_name, values["reason"].strip()
    try:
        town_id, log_id, first = _named(values["record"])
        with unit_of_work():
            national_service.lock_logs([log_id])
            step = do(log_id, first, by, reason)
            if step:
                details = {"index": first}
                registry.note(town_id, step, by=by, words=reason, now=now(), details=details)
    except Refusal as refusal:
        return _texts(form.and_errors(refusal.errors)), 422
    return redirect(url_for("audit.texts", done=step or "as-it-was"), code=303)


def _named(text: str) -> tuple[int, int, int]:
    """Return (town, log, first version) of the record that a name or address says; else Invalid."""
    place = parse_reference(text.strip().rstrip("/").partition("?")[0].rsplit("/", 1)[-1])
    home = towns.town_of_epoch(place[0], place[1]) if place else None
    if home is None or place is None or national.fate(home.log_id, place[2]) is None:
        sentence = N_("There is no such record. Give the address of its page.")
        raise Invalid(sentence, errors={"record": [sentence]})
    return home.id, home.log_id, place[2]
