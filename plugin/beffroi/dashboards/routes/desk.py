# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk: its list, how the service is doing, and what came by letter or call."""

from collections.abc import Collection
from datetime import date
from typing import Any

from flask import (
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import rules as case_rules
from beffroi.cases import service as case_service
from beffroi.cases.queries import review
from beffroi.cases.schemas import badge as case_badge
from beffroi.cases.schemas import due
from beffroi.cyber.adapters import own_key
from beffroi.cyber.queries import desk as cyber
from beffroi.dashboards import queries
from beffroi.dashboards.routes.shared import blueprint, next_batches, today
from beffroi.data_requests import rules as request_rules
from beffroi.data_requests import service as request_service
from beffroi.data_requests.queries import drafts
from beffroi.data_requests.rules import drafts as draft_rules
from beffroi.data_requests.schemas import (
    DeskRequestForm,
)
from beffroi.handover import rules as handover
from beffroi.handover.adapters import openpgp
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, Refusal
from beffroi.kernel.extension import BackupStanding, extension, settings
from beffroi.moderation import rules as moderation_rules
from beffroi.rights.service import keeping
from beffroi.webhooks import queries as webhooks
from beffroi.webhooks.rules import PAUSES
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

KINDS = ("", *case_rules.OPEN_KINDS)


@blueprint.get("/desk")
@guard("agent", "moderator", "access_officer")
def desk() -> str:
    """Show one list sorted by what is due first."""
    queue = request.args.get("queue", "open")
    kind = request.args.get("kind", "")
    if queue not in queries.QUEUES or kind not in KINDS:
        raise NotFound(N_("The desk has no such queue."))
    day = today()
    q = request.args.get("q", "")[:200]
    hints = extension().hints
    hinted = hints.cases() if hints else set()
    page = queries.desk_page(
        queue,
        kind=kind,
        q=q,
        cursor=request.args.get("cursor") or None,
        today=day,
        hinted=hinted,
    )
    return render_template(
        "dashboards/desk.html",
        rows=[(r, case_badge(r.status), due(r, day)) for r in page.items],
        confidential=cyber.knows_any(accounts.actor(current_visitor()).account_id or 0),
        drafts=drafts.standing([r.id for r in page.items]),
        draft_states=draft_rules.STATES,
        counts=_counts(day, hinted),
        hinted=hinted,
        letters=accounts.may_handle_letters(current_visitor()),
        done=request.args.get("done", ""),
        queue=queue,
        kind=kind,
        q=q,
        next_cursor=page.next_cursor,
        batches=next_batches(),
        texts=review.counts(),
        **_by_themselves(),
    )


def _counts(day: date, hinted: Collection[int]) -> dict[str, int]:
    """Return the sizes of the queues; that of others' answers only where there is any."""
    counts = {**cases.desk_counts(day), "answers": drafts.waiting()}
    return {**counts, "hinted": cases.open_among(hinted)} if hinted else counts


def _by_themselves() -> dict[str, Any]:
    """Return what the desk says about texts that appear by themselves, where any ever do."""
    now, wanted = clock.now(), settings().clean_texts_appear
    standing = review.standing(wanted=wanted, now=now)
    if not (wanted or standing.judged or standing.open):
        return {"standing": None, "appearing": ""}
    state = standing.state(now)
    return {"standing": standing, "appearing": gettext(moderation_rules.STATE_WORDS[state])}


@blueprint.get("/desk/health")
@guard("agent", "moderator")
def health() -> str:
    """Say whether the parts of the town do their work."""
    return render_template(
        "dashboards/health.html",
        health=queries.health(),
        no_officer=not accounts.role_is_held("cyber_officer"),
        cert_key=_cert_key(),
        unsigned=_unsigned(),
        hints=hints.told() if (hints := extension().hints) else None,
        batches=next_batches(),
        tonight=keeping.forecast(
            settings(), clock.now(), accounts.actor(current_visitor()).account_id or 0
        ),
        night=queries.last_keeping(),
        webhooks=webhooks.troubled(),
        webhook_pauses=PAUSES,
        backups=_backups(),
    )


def _backups() -> tuple[BackupStanding, bool] | None:
    """Return how the backups stand, and whether to worry, which nobody does in a demonstration."""
    ask = extension().backups
    if ask is None:
        return None
    said = ask()
    return said, said.is_late(clock.now()) and not settings().demonstration


def _cert_key() -> str:
    """Return what is or soon will be wrong with the CERT's key, where an address of one is set."""
    if not handover.cert_of(settings()).email:
        return ""
    return openpgp.warning(settings().cert_key, now=clock.now())


def _unsigned() -> bool:
    """Say whether the key with which messages to the CERT are signed is missing or ends soon."""
    if not handover.cert_of(settings()).email:
        return False
    own = own_key.own_key(settings().data_dir)
    return own is None or own.ends_soon(clock.now())


@blueprint.get("/desk/requests/new")
@guard("agent")
def desk_new() -> tuple[str, int]:
    """Show the form for a request that came by letter, telephone, counter or meeting."""
    return _desk_form(Form())


def _desk_form(form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    page = render_template(
        "dashboards/desk_new.html",
        form=form,
        objects=request_rules.OBJECTS,
        channels=request_rules.CHANNELS,
        communes=settings().communes,
        today=today(),
    )
    return page, status


@blueprint.post("/desk/requests/new")
@guard("agent")
def desk_submit() -> AnyResponse | tuple[str, int]:
    """Enter a request with its true date of reception; the clock starts on that day."""
    data, form = load(DeskRequestForm(), request.form)
    if data is None:
        return _desk_form(form, 422)
    now = clock.now()
    if data["received_on"] > today():
        return _desk_form(form.and_errors({"received_on": [N_("This day has not come yet.")]}), 422)
    lang = current_language()
    try:
        with unit_of_work():
            party = case_service.party_at_desk(
                name=data.get("name", ""),
                postal=data.get("postal", ""),
                email=data.get("email", ""),
                lang=lang,
                now=now,
            )
            case = request_service.receive(
                data,
                request_service.Reception(party, data["channel"], data["received_on"], lang),
                actor=accounts.actor(current_visitor()),
                now=now,
                chance=system_chance,
                communes=settings().communes,
            )
            ref = case.ref
    except Refusal as refusal:
        return _desk_form(form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("dashboards.desk_case", ref=ref), code=303)
