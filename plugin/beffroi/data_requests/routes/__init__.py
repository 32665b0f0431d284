# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages and API of data requests: list, form, case, confirmation, receipt; the appeal beside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases.queries import offers, persons
from beffroi.cases.rules import (
    BY_ANYBODY,
    DATA_REQUEST,
    REQUEST_CLOSED,
    REQUEST_STATUSES,
    STATUS_WORDS,
)
from beffroi.cases.schemas import (
    EDIT,
    PREVIEW,
    Sending,
    card,
    due,
    list_filters,
    preview_page,
    removal,
    timeline,
)
from beffroi.cases.schemas import badge as case_badge
from beffroi.data_requests import queries, rules, service
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.queries import listed
from beffroi.data_requests.routes import access, api, following, reopening, reusing, similar
from beffroi.data_requests.routes.appeal import cada_address
from beffroi.data_requests.routes.shared import author_key, blueprint, law, receive, shown, today
from beffroi.data_requests.rules import reuses
from beffroi.data_requests.rules.licences import LICENCES
from beffroi.data_requests.schemas import (
    FIELDS,
    LegalLine,
    ListQuery,
    RequestForm,
    legal_lines,
)
from beffroi.kernel import clock, private_links
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, Refusal, SignInNeeded
from beffroi.kernel.extension import Bridged, KeptReceipt, NamedCampaign, extension, settings
from beffroi_web.early import made_from_data, say_version
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.pieces import kept
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

__all__ = ["access", "api", "blueprint", "following", "reopening"]

LIST_QUERY = ListQuery()


@blueprint.get("/requests")
@guard(PUBLIC)
@made_from_data(spoken=True)
def listing() -> str:
    """Show the public list of requests with search, filters and sorting."""
    filters = list_filters(LIST_QUERY, REQUEST_STATUSES)
    page, version = listed.cards(filters)
    say_version(version)
    day, same = today(), kept()
    cards = [
        card(row, today=day, facts=same(_facts, row.object, row.theme, row.supports, row.reuses))
        for row in page.items
    ]
    return render_template(
        "data_requests/list.html",
        cards=cards,
        filters=filters,
        next_cursor=page.next_cursor,
        linked=_linked(),
        followed=following.follows(filters["theme"] or ""),
        **same(_choices),
    )


def _choices() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return what the filters of the list offer, in the reader's language."""
    return {
        "statuses": tuple((s, gettext(STATUS_WORDS[s])) for s in REQUEST_STATUSES),
        "objects": tuple((o, gettext(w)) for o, w in rules.OBJECTS.items()),
        "themes": tuple((t, gettext(w)) for t, w in rules.THEMES.items()),
    }


def _facts(wanted: str, theme: str | None, supports: int, reuses: int) -> tuple[str, ...]:
    """Return in words what is asked for, about what, how many stand behind it or used it."""
    facts = [gettext(rules.OBJECTS[wanted])]
    if theme:
        facts.append(gettext(rules.THEMES[theme]))
    if supports:
        facts.append(ngettext("%(num)s person in support", "%(num)s people in support", supports))
    if reuses:
        facts.append(ngettext("%(num)s reuse", "%(num)s reuses", reuses))
    return tuple(facts)


def _form_page(form: Form, status: int = 200) -> tuple[str, int]:
    visitor = current_visitor()
    no_store()
    return (
        render_template(
            "data_requests/new.html",
            form=form,
            objects=rules.OBJECTS,
            communes=settings().communes,
            needs_email=visitor is None,
            campaign=_campaign_for(form),
            near=similar.near(form.value("title"), form.value("wanted")) if status != 200 else None,
            status_words=_status_words(),
        ),
        status,
    )


def _campaign_for(form: Form) -> NamedCampaign | None:
    """Return the campaign that this request will belong to; `app` fills the port."""
    finder = extension().campaign_for
    return finder(form.value("came_by"), today()) if finder else None


def _status_words() -> dict[str, str]:
    """Return what each status is called, for the script that shows what was asked already."""
    return {status: gettext(STATUS_WORDS[status]) for status in REQUEST_STATUSES}


@blueprint.get("/requests/new")
@guard(PUBLIC)
def new() -> tuple[str, int]:
    """Show the request form, with what a link has filled in."""
    return _form_page(Form(values=request.args.to_dict()))


@blueprint.post("/requests/new")
@guard(PUBLIC)
def submit() -> AnyResponse | tuple[str, int]:
    """Take a request: to its page, or by a link in a mail; or only preview what all will read."""
    data, form = load(RequestForm(), request.form)
    step = request.form.get("step", "")
    if step == EDIT:
        return _form_page(Form(form.values, {}, form.lists))
    visitor = current_visitor()
    if data is not None and visitor is None and not data.get("email"):
        missing = N_("Give an e-mail address, or sign in: the answer must find you.")
        form, data = form.and_errors({"email": [missing]}), None
    if data is None:
        return _form_page(form, 422)
    now = clock.now()
    try:
        if step == PREVIEW:
            return _preview(data, form)
        if visitor is None:
            with unit_of_work():
                service.checked_commune(data.get("commune"), settings().communes)
                service.ask_confirmation(
                    data,
                    email=data.pop("email"),
                    lang=current_language(),
                    now=now,
                    chance=system_chance,
                )
            return redirect(url_for("data_requests.sent"), code=303)
        ref = receive(data, now)
    except Refusal as refusal:
        return _form_page(form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("data_requests.show", ref=ref), code=303)


def _preview(data: dict[str, Any], form: Form) -> tuple[str, int]:
    """Show what everyone will read of a request before it is sent."""
    service.checked_commune(data.get("commune"), settings().communes)
    own = accounts.details(current_visitor()) or tuple(filter(None, (data.get("email"),)))
    button, action = gettext("Send the request"), url_for("data_requests.submit")
    sending = Sending(action, button, FIELDS, own, page="data_requests/preview.html")
    near = similar.near(data["title"], data["wanted"])
    return preview_page(form, data, sending, near=near), 200


@blueprint.get("/requests/sent")
@guard(PUBLIC)
def sent() -> str:
    """Say that a link was sent and what to do with it."""
    return render_template("data_requests/sent.html")


@blueprint.get("/requests/confirm/<token>")
@guard(PUBLIC)
def confirm(token: str) -> str:
    """Ask for the click that sends a request; mail scanners that open links send nothing."""
    no_store()
    return render_template("data_requests/confirm.html", token=token)


@blueprint.post("/requests/confirm/<token>")
@guard(PUBLIC)
def confirmed(token: str) -> AnyResponse:
    """Make the case of a confirmed address."""
    now = clock.now()
    with unit_of_work():
        ref = service.confirm(
            token,
            actor=accounts.actor(None),
            now=now,
            today=today(),
            chance=system_chance,
            communes=settings().communes,
        )
    key = private_links.key_for(settings().secret_key, ref, "receipt")
    return redirect(url_for("data_requests.show", ref=ref, key=key), code=303)


@blueprint.get("/requests/<ref>")
@guard(PUBLIC)
def show(ref: str) -> str | tuple[str, int]:
    """Show one request: status and clock, the answer, the texts, the timeline, what to do."""
    head, party, is_author = shown(ref)
    if head.visibility == "removed":
        return _removed(head)
    codes = queries.codes(head.id)
    texts = cases.public_texts(head.id)
    by_role = {t.role: t for t in texts if t.role not in BY_ANYBODY}
    answers = cases.public_answers(head.id)
    title = by_role["title"].words if "title" in by_role else None
    key = author_key(ref)
    if key:
        no_store()
    happened = clocks.happened(head.id)
    lines = _legal_lines(head, codes, happened)
    return render_template(
        "data_requests/show.html",
        head=head,
        codes=codes,
        badge=case_badge(head.status),
        due=due(head, today()),
        texts=by_role,
        comments=[t for t in texts if t.role == "comment"],
        title=title,
        answer=answers[0] if answers else None,
        older_answers=answers[1:],
        timeline=timeline(cases.public_timeline(head.id), town=settings().name),
        objects=rules.OBJECTS,
        themes=rules.THEMES,
        outcomes=rules.OUTCOMES,
        grounds=rules.GROUNDS,
        not_stated=rules.NOT_STATED,
        own=cases.own_texts(head.id, head.party_id) if is_author and head.party_id else [],
        is_author=is_author,
        receipt_key=key or None,
        lines=lines,
        notice=law().pack.notice[current_language()],
        no_clock=law().pack.no_clock[current_language()],
        opinion=next((one for one in happened if one.code == "cada_opinion"), None),
        meanings=rules.MEANINGS,
        appeal=cada_address(ref, key) if (is_author or key) and _is_refused(happened) else "",
        licences=LICENCES,
        reused=reuses.shown(cases.reuses_by_case([head.id])[head.id]),
        may_reuse=reusing.open_for_reuses(head, answers),
        offer=offers.open_offer(head.id, party) if party is not None else None,
        may_reopen=head.status in REQUEST_CLOSED and (is_author or bool(key)),
        supported=party is not None and cases.supported_by(head.id, party),
        followed=party is not None and cases.followed_by(head.id, party),
        proof=_proof_place(head.id),
        campaign=_campaign_of(head.id),
        bridged=_bridged(head.id),
        beside=_beside(head.id),
        similar=[
            card(row, today=today())
            for row in (queries.similar(title, but=head.id, most=3) if title else [])
        ],
    )


def _legal_lines(
    head: cases.CaseHead,
    codes: queries.RequestCodes | None,
    happened: Sequence[clocks.Happened],
) -> list[LegalLine]:
    """Return the delays of a request; none of what was brought in: its clock was elsewhere."""
    if clocks.state(head.id) is None or codes is None:
        return []
    table = clocks.timetable(codes.object, head.received_on, happened, law())
    return legal_lines(table, today(), current_language())


def _is_refused(happened: Sequence[clocks.Happened]) -> bool:
    return any(one.code in {"refused", "implicit_refusal"} for one in happened)


def _removed(head: cases.CaseHead) -> tuple[str, int]:
    reason = removal(cases.public_timeline(head.id))
    return render_template("cases/removed.html", head=head, reason=reason), 410


def _proof_place(case_id: int) -> int | None:
    """Return where the log holds this request; `app` fills the port, the feed answers."""
    finder = extension().proof_place
    return finder(case_id) if finder else None


def _campaign_of(case_id: int) -> NamedCampaign | None:
    """Return the campaign that a request belongs to; `app` fills the port."""
    finder = extension().campaign_of
    return finder(case_id) if finder else None


def _bridged(case_id: int) -> Bridged | None:
    """Return where this request was written, if not here; `app` fills the port."""
    finder = extension().bridged
    return finder(case_id) if finder else None


def _beside(case_id: int) -> list[tuple[str, Bridged]]:
    """Return the proposals of other sites that ask for the same; `app` fills the port."""
    finder = extension().beside
    return finder(case_id) if finder else []


def _linked() -> int:
    """Return how many proposals of other sites are listed as links; `app` fills the port."""
    counter = extension().linked
    return counter() if counter else 0


def _receipt(ref: str) -> tuple[cases.CaseHead, KeptReceipt, str]:
    """Return a request, its receipt and the key of the link that led here, for whom it is for.

    For its author, signed in or by the link in the mail; and for agents where one of them entered
    it, to hand it over. Nobody else learns whether there is one.
    """
    head = cases.head(ref)
    if head is None or head.kind != DATA_REQUEST:
        raise NotFound(N_("There is no case with this reference."))
    key = request.args.get("key", "")
    visitor = current_visitor()
    if not key and visitor is None:
        raise SignInNeeded(N_("Please sign in first, or open the link in our message."))
    own = persons.is_author(head, visitor.account_id if visitor else None)
    at_desk = head.channel in rules.CHANNELS and visitor is not None and visitor.may("agent")
    by_key = bool(author_key(ref))
    kept = queries.receipt(head.id) if own or at_desk or by_key else None
    maker = extension().receipt
    if kept is None or maker is None:
        raise NotFound(N_("There is no receipt for you here."))
    no_store()
    return head, maker(head.id, *kept), key if by_key else ""


@blueprint.get("/requests/<ref>/receipt")
@guard(PUBLIC)
def receipt(ref: str) -> Response:
    """Give the author the file that opens the log's reception entry, with its proof once it is."""
    head, kept, _ = _receipt(ref)
    response = Response(kept.document, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{head.ref}.json"'
    return response


@blueprint.get("/requests/<ref>/receipt/about")
@guard(PUBLIC)
def receipt_about(ref: str) -> str:
    """Say what the receipt is worth, when its proof is in it, and how anybody checks it."""
    head, kept, key = _receipt(ref)
    return render_template(
        "data_requests/receipt.html",
        head=head,
        index=kept.index,
        after=_next_batch(),
        key=key or None,
    )


def _next_batch() -> datetime | None:
    """Return when what waits enters the log, None where that is at once."""
    plan = extension().next_batches
    return plan(clock.now()).week if plan else None
