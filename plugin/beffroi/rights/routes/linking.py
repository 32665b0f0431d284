# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ways to sign in to one's own account: the list, one more, one less."""

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.accounts import queries as account_queries
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Conflict, NotFound
from beffroi.kernel.extension import extension, settings
from beffroi.notifications import service as notifications
from beffroi.rights.routes.shared import blueprint, whose_account
from beffroi.rights.service import linking
from beffroi_web.guards import SIGNED_IN, guard, lately
from beffroi_web.languages import current_language
from beffroi_web.sign_in.linking import Offer
from beffroi_web.sign_in.routes import drop_cookie, link_cookie
from beffroi_web.sign_in.settings import ProviderSettings
from beffroi_web.state import web
from beffroi_web.words import N_

LINK_PAGE = "/account/sign-ins/new"
"""Where sign-in leads an identity that somebody wants to add."""
_NONE_WAITS = N_("No way to sign in waits to be added: it took too long, or it was added already.")


@blueprint.get("/account/sign-ins")
@guard(SIGNED_IN)
def sign_ins() -> str:
    """List the ways to sign in to the account, and those that can be added."""
    whose, store = whose_account(), extension().sign_in
    account = store.account(whose.account_id)
    assert account is not None  # noqa: S101  whose_account saw to it
    by_issuer = {one.issuer: one for one in settings().providers}
    links = store.links.of(whose.account_id)
    taken = {account.issuer, *(one.issuer for one in links)}
    apart = account.issuer in _staff_issuers() or account_queries.has_role(whose.account_id)
    return render_template(
        "rights/sign_ins.html",
        first=(_label(by_issuer.get(account.issuer)), account.created),
        links=[(one.id, _label(by_issuer.get(one.issuer)), one.linked) for one in links],
        more=[
            one
            for one in settings().providers
            if not one.staff and one.issuer not in taken and not apart
        ],
        apart=linking.ACTS_FOR_TOWN if apart else "",
        done=request.args.get("done", ""),
    )


@blueprint.get(LINK_PAGE)
@guard(SIGNED_IN)
def confirm_sign_in() -> tuple[str, int]:
    """Ask whether an identity that has just signed in is to open this account."""
    whose_account()
    offer = _offer()
    try:
        ending = linking.examine(
            offer, extension().sign_in, staff_issuers=_staff_issuers()
        ).account_id
    except Conflict as refusal:
        return _asked(offer, ending=False, refused=gettext(refusal.sentence)), 409
    return _asked(offer, ending=ending is not None), 200


@blueprint.post(LINK_PAGE)
@guard(SIGNED_IN)
@lately
def add_sign_in() -> Response | tuple[str, int]:
    """Add the way to sign in that the person has just been asked about; tell the own address."""
    whose, offer, now = whose_account(), _offer(), clock.now()
    try:
        with unit_of_work():
            linking.add(offer, extension().sign_in, staff_issuers=_staff_issuers(), now=now)
            if whose.email:
                mark = f"{whose.account_id}-{int(now.timestamp())}"
                letter = notifications.Letter(
                    "sign-in-added", whose.email, current_language(), mark, "/account/sign-ins"
                )
                notifications.owe_letter(letter, now=now)
    except Conflict as refusal:
        return _asked(offer, ending=False, refused=gettext(refusal.sentence)), 409
    response = redirect(url_for("rights.sign_ins", done="added"), code=303)
    site = web().site
    drop_cookie(response, site, link_cookie(site), request.script_root + LINK_PAGE)
    return response


@blueprint.post("/account/sign-ins/remove")
@guard(SIGNED_IN)
@lately
def remove_sign_in() -> Response:
    """Take a way to sign in away; whoever is signed in by it is signed out."""
    whose, number = whose_account(), request.form.get("id", "")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise NotFound(N_("Your account has no such way to sign in."))
    with unit_of_work():
        linking.remove(whose.account_id, int(number), extension().sign_in)
    return redirect(url_for("rights.sign_ins", done="removed"), code=303)


def _asked(offer: Offer, *, ending: bool, refused: str = "") -> str:
    provider = next((p for p in settings().providers if p.key == offer.provider), None)
    return render_template(
        "rights/confirm_sign_in.html",
        provider=_label(provider),
        name=offer.name,
        ending=ending,
        refused=refused,
    )


def _offer() -> Offer:
    """Return the identity in this browser's hands, offered to whoever is signed in here."""
    store = extension().sign_in
    sealed = request.cookies.get(link_cookie(web().site), "")
    found: Offer | None = store.links.taken(sealed, whose_account().account_id, clock.now())
    if found is None:
        raise NotFound(_NONE_WAITS)
    return found


def _staff_issuers() -> frozenset[str]:
    return frozenset(one.issuer for one in settings().providers if one.staff)


def _label(provider: ProviderSettings | None) -> str:
    return provider.label if provider else gettext("a service that is no longer offered here")
