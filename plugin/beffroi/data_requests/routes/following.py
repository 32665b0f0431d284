# SPDX-License-Identifier: AGPL-3.0-or-later
"""Follow a theme, or everything that the town answers: one click, or by a confirmed address."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.accounts import queries as accounts
from beffroi.cases import service as case_service
from beffroi.cases.queries import persons, subscribing
from beffroi.cases.rules import TOWN
from beffroi.cases.service import subscribing as service
from beffroi.data_requests.routes.shared import blueprint, today
from beffroi.data_requests.rules import THEMES
from beffroi.data_requests.schemas import FollowForm
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound, SignInNeeded
from beffroi.kernel.extension import settings
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


def in_words(theme: str) -> str:
    """Return what is followed, in the reader's language: a theme's name, or the town's."""
    return gettext(THEMES[theme]) if theme else settings().name


def follows(theme: str) -> bool:
    """Say whether who looks is signed in and follows a theme (empty: the town) already."""
    return any(theme in subscribing.themes_of(party) for party in _own_parties())


def _own_parties() -> list[int]:
    """Return the parties of who is signed in, also those from before there was an account."""
    visitor = current_visitor()
    known = accounts.account(visitor.account_id) if visitor else None
    return [one.id for one in persons.parties_of(known.id, known.email)] if known else []


def _moment() -> service.Moment:
    return service.Moment(clock.now(), today())


@blueprint.get("/requests/follow")
@guard(PUBLIC)
def follow() -> tuple[str, int]:
    """Ask for an address, or for the click of somebody signed in."""
    theme = request.args.get("theme", TOWN)
    if theme not in ("", *THEMES):
        raise NotFound(N_("There is no such theme."))
    return _page(theme, Form())


def _page(theme: str, form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    page = render_template(
        "data_requests/follow.html",
        form=form,
        theme=theme,
        what=in_words(theme),
        followed=follows(theme),
        needs_email=current_visitor() is None,
    )
    return page, status


@blueprint.post("/requests/follow")
@guard(PUBLIC)
def subscribe() -> Response | tuple[str, int]:
    """Follow at once when signed in; else send the link that confirms the address."""
    data, form = load(FollowForm(), request.form)
    theme = form.value("theme")
    if theme not in ("", *THEMES):
        raise Invalid(N_("There is no such theme."))
    if current_visitor() is not None:
        _subscribe_visitor(theme)
        return redirect(url_for("dashboards.account", _anchor="follows"), code=303)
    if data is None or not data["email"]:
        missing = {} if form.errors else {"email": [N_("This is needed.")]}
        return _page(theme, form.and_errors(missing), 422)
    with unit_of_work():
        service.ask_confirmation(
            theme,
            email=data["email"],
            lang=current_language(),
            now=clock.now(),
            chance=system_chance,
        )
    return redirect(url_for("data_requests.follow_sent"), code=303)


def _subscribe_visitor(theme: str) -> None:
    visitor = current_visitor()
    account = accounts.account(visitor.account_id) if visitor else None
    if account is None:
        raise SignInNeeded(N_("Please sign in first."))
    at = _moment()
    with unit_of_work():
        party = case_service.party_for_account(
            account.id, email=account.email, name=account.name, lang=current_language(), now=at.now
        )
        service.subscribe(party, theme, at, chance=system_chance)
        others = set(_own_parties()) - {party}
        service.gather(party, others, at, chance=system_chance)


@blueprint.get("/requests/follow/sent")
@guard(PUBLIC)
def follow_sent() -> str:
    """Say that a link was sent and what to do with it."""
    return render_template("data_requests/follow_sent.html")


@blueprint.get("/requests/follow/confirm/<token>")
@guard(PUBLIC)
def follow_confirm(token: str) -> str:
    """Ask for the click that confirms; mail scanners that open links confirm nothing."""
    no_store()
    return render_template("data_requests/follow_confirm.html", token=token)


@blueprint.post("/requests/follow/confirm/<token>")
@guard(PUBLIC)
def follow_confirmed(token: str) -> Response:
    """Subscribe a confirmed address, and show by which page it stops."""
    with unit_of_work():
        stop = service.confirm(token, _moment(), chance=system_chance)
    return redirect(url_for("cases.stop_following", token=stop), code=303)


@blueprint.post("/account/follows")
@guard(SIGNED_IN)
def unsubscribe() -> Response:
    """End what somebody signed in follows."""
    with unit_of_work():
        for party in _own_parties():
            service.unsubscribe(party, request.form.get("theme", ""), now=clock.now())
    return redirect(url_for("dashboards.account", _anchor="follows"), code=303)


def followed_by(parties: list[int]) -> list[tuple[str, str, Any]]:
    """Return (theme, words, since) of what some parties follow now; for the account's page."""
    return [
        (row.theme, in_words(row.theme), row.since)
        for row in subscribing.subscriptions_of(parties)
        if row.ended_at is None
    ]
