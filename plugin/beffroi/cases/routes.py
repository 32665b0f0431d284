# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people and agents do to a case whatever its kind: support, follow, comment, assign, note."""

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.accounts import queries as accounts
from beffroi.cases import queries, service
from beffroi.cases.queries import offers, subscribing
from beffroi.cases.schemas import (
    EDIT,
    PREVIEW,
    CommentForm,
    Sending,
    case_url,
    preview_page,
)
from beffroi.cases.service import offering
from beffroi.cases.service.subscribing import stop_all
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound, SignInNeeded
from beffroi.texts.rules import chosen
from beffroi_web.csrf import csrf_exempt
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("cases", __name__)


def _party(now: datetime) -> int:
    """Return the party of the signed-in person; inside a unit of work."""
    visitor = current_visitor()
    account = accounts.account(visitor.account_id) if visitor else None
    if account is None:
        raise SignInNeeded(N_("Please sign in first."))
    return service.party_for_account(
        account.id, email=account.email, name=account.name, lang=current_language(), now=now
    )


def _back(ref: str, anchor: str = "") -> Response:
    head = queries.head(ref)
    if head is None:
        raise NotFound(N_("There is no case with this reference."))
    return redirect(case_url(head.kind, ref) + anchor, code=303)


def _listed(ref: str) -> None:
    head = queries.head(ref)
    if head is None or head.visibility != "public":
        raise NotFound(N_("There is no case with this reference."))


@blueprint.post("/requests/<ref>/support")
@blueprint.post("/incidents/<ref>/support")
@guard(SIGNED_IN)
def support(ref: str) -> Response:
    """Count the signed-in person's support of a listed case, once."""
    _listed(ref)
    now = clock.now()
    with unit_of_work():
        service.support(service.the_case(ref), _party(now), now=now)
    return _back(ref, "#act")


@blueprint.post("/requests/<ref>/follow")
@blueprint.post("/incidents/<ref>/follow")
@guard(SIGNED_IN)
def follow(ref: str) -> Response:
    """Make the signed-in person follow a listed case."""
    _listed(ref)
    now = clock.now()
    with unit_of_work():
        case = service.the_case(ref)
        service.follow(case.id, _party(now), now=now, chance=system_chance)
    return _back(ref, "#act")


@blueprint.post("/requests/<ref>/join")
@blueprint.post("/incidents/<ref>/join")
@guard(SIGNED_IN)
def join(ref: str) -> Response:
    """Count the signed-in person's support of a listed case and tell them what becomes of it."""
    _listed(ref)
    now = clock.now()
    with unit_of_work():
        case, party = service.the_case(ref), _party(now)
        service.support(case, party, now=now)
        service.follow(case.id, party, now=now, chance=system_chance)
    return _back(ref, "#act")


@blueprint.post("/requests/<ref>/comment")
@blueprint.post("/incidents/<ref>/comment")
@guard(SIGNED_IN)
def comment(ref: str) -> Response | tuple[str, int]:
    """Take a comment; it waits for an agent to release it.

    With the step `preview` nothing is sent yet: its author sees what everyone will read.
    """
    now = clock.now()
    data, form = load(CommentForm(), request.form)
    step = request.form.get("step", "")
    if step in (PREVIEW, EDIT):
        _listed(ref)
        if step == EDIT or data is None:
            return _comment_page(ref, form, 422 if step == PREVIEW else 200)
        return _comment_preview(data, form)
    with unit_of_work():
        party = _party(now)
        service.comment(
            service.the_case(ref),
            request.form.get("comment", ""),
            party_id=party,
            actor=accounts.actor(current_visitor()),
            now=now,
            hidden=chosen(
                {
                    "hide": request.form.getlist("hide"),
                    "hide_words": request.form.get("hide_words", ""),
                }
            ),
        )
    return _back(ref, "#timeline")


def _comment_page(ref: str, form: Form, status: int) -> tuple[str, int]:
    """Show the form of a comment by itself, with what was typed."""
    if status == 200:
        form = Form(form.values, {}, form.lists)
    head = queries.head(ref)
    assert head is not None  # noqa: S101  it is listed
    no_store()
    page = render_template(
        "cases/comment.html", ref=ref, back=case_url(head.kind, ref), form=form, action=request.path
    )
    return page, status


def _comment_preview(data: dict[str, Any], form: Form) -> tuple[str, int]:
    """Show what everyone will read of a comment before it is sent."""
    known = accounts.details(current_visitor())
    sending = Sending(request.path, gettext("Send the comment"), ("comment",), known)
    return preview_page(form, data, sending), 200


@blueprint.get("/follow/<token>")
@guard(PUBLIC)
def stop_following(token: str) -> str:
    """Ask, with a button, whether the messages about a case, or those of the day, shall stop."""
    no_store()
    found = queries.follower(token)
    if found is not None:
        return render_template("cases/follow.html", ref=found[0], following=found[1], token=token)
    themes = subscribing.of_token(token)
    if themes is None:
        raise NotFound(N_("This link stops nothing: it is not (or no longer) known."))
    return render_template("cases/follows.html", themes=themes, token=token)


@blueprint.post("/follow/<token>")
@guard(PUBLIC)
@csrf_exempt  # RFC 8058: mail programs post here; the token in the address is the proof
def stopped_following(token: str) -> Response:
    """Stop the messages about a case, or those of the day (also RFC 8058 one-click).

    The page of the latter may name the one `theme` that shall stop; the one-click stops all.
    """
    now = clock.now()
    one_click = request.form.get("List-Unsubscribe") == "One-Click"
    with unit_of_work():
        if subscribing.of_token(token) is None:
            service.unfollow(token, now=now)
        else:
            stop_all(token, now=now, theme=None if one_click else request.form.get("theme"))
    if one_click:
        return Response("", 200, mimetype="text/plain")  # RFC 8058, 3.1: it must not redirect
    return redirect(url_for("cases.stop_following", token=token), code=303)


@blueprint.get("/join/<token>")
@guard(PUBLIC)
def join_other(token: str) -> str:
    """Ask somebody, with a button, whether to stand behind the case that theirs repeats."""
    found = offers.offer(token)
    if found is None:
        raise NotFound(N_("This link asks nothing: it is not (or no longer) known."))
    no_store()
    title = queries.public_words(found.other_id).get("title") if found.other_shown else None
    return render_template("cases/join.html", offer=found, token=token, title=title)


@blueprint.post("/join/<token>")
@guard(PUBLIC)
def joined(token: str) -> Response:
    """Do what somebody said to the question; the link in the mail is the proof."""
    yes = request.form.get("say") == "yes"
    with unit_of_work():
        offering.answer_offer(token, yes=yes, now=clock.now(), chance=system_chance)
    return redirect(url_for("cases.join_other", token=token), code=303)


def _desk(ref: str) -> Response:
    return redirect(url_for("dashboards.desk_case", ref=ref), code=303)


@blueprint.post("/desk/cases/<ref>/note")
@guard("agent", "moderator")
def note(ref: str) -> Response:
    """Write an internal note."""
    with unit_of_work():
        service.note(
            service.the_case(ref),
            request.form.get("note", ""),
            actor=accounts.actor(current_visitor()),
            now=clock.now(),
        )
    return _desk(ref)


@blueprint.post("/desk/cases/<ref>/assign")
@guard("agent")
def assign(ref: str) -> Response:
    """Give a case to a department; "me" takes it oneself."""
    actor = accounts.actor(current_visitor())
    chosen = request.form.get("department", "")
    with unit_of_work():
        service.assign(
            service.the_case(ref),
            department_id=int(chosen) if chosen.isdecimal() else None,
            account_id=actor.account_id if request.form.get("me") else None,
            actor=actor,
            now=clock.now(),
        )
    return _desk(ref)


@blueprint.get("/desk/departments")
@guard("agent", "administrator")
def departments() -> str:
    """Show the departments that cases can be given to."""
    return render_template("cases/departments.html", departments=queries.departments())


@blueprint.post("/desk/departments")
@guard("administrator")
def add_department() -> Response:
    """Add a department, or find it again by its name."""
    name = " ".join(request.form.get("name", "").split())
    if not 2 <= len(name) <= 120:
        raise Invalid(N_("A department has a name of at most 120 characters."))
    with unit_of_work():
        service.add_department(name)
    return redirect(url_for("cases.departments"), code=303)


@blueprint.post("/desk/cases/<ref>/move")
@guard("agent")
def move(ref: str) -> Response:
    """Change a case's status along a move of the desk, with a reason where one is owed."""
    now = clock.now()
    with unit_of_work():
        service.move(
            service.the_case(ref),
            request.form.get("status", ""),
            by="desk",
            reason=request.form.get("reason", ""),
            actor=accounts.actor(current_visitor()),
            now=now,
            today=clock.today(now),
        )
    return _desk(ref)
