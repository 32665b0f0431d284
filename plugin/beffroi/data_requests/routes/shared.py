# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages of data requests share: the blueprint, and who may see what of a request."""

from datetime import date
from typing import Any

from flask import Blueprint, request

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.queries import persons
from beffroi.cases.rules import (
    DATA_REQUEST,
)
from beffroi.data_requests import service
from beffroi.kernel import clock, private_links
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, SignInNeeded
from beffroi.kernel.extension import settings
from beffroi.legal.law import Law, law_of
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("data_requests", __name__)


def today() -> date:
    """Return the day in the town."""
    return clock.today()


def law() -> Law:
    """Return the law that holds for this town."""
    return law_of(settings().communes)


def shown(ref: str) -> tuple[cases.CaseHead, int | None, bool]:
    """Return the head of a request that this visitor may see, the visitor's party, and whether the
    visitor is its author."""
    head = cases.head(ref)
    visitor = current_visitor()
    party = cases.party_of_account(visitor.account_id) if visitor else None
    own = persons.is_author(head, visitor.account_id if visitor else None)
    if head is None or head.kind != DATA_REQUEST or (head.visibility == "unlisted" and not own):
        raise NotFound(N_("There is no case with this reference."))
    return head, party, own


def author_key(ref: str) -> str:
    """Return the key in the address if it is the author's for this request, or nothing."""
    key = request.args.get("key", "")
    fits = bool(key) and private_links.fits(settings().link_secrets, ref, key, "receipt")
    return key if fits else ""


def receive(data: dict[str, Any], now: Any) -> str:
    """Open the case of a signed-in person's request and return its reference."""
    visitor = current_visitor()
    account = accounts.account(visitor.account_id) if visitor else None
    if account is None:
        raise SignInNeeded(N_("Please sign in first."))
    data.pop("email", None)
    with unit_of_work():
        party = case_service.party_for_account(
            account.id, email=account.email, name=account.name, lang=current_language(), now=now
        )
        case = service.receive(
            data,
            service.Reception(party, "web", today(), current_language()),
            actor=accounts.actor(visitor),
            now=now,
            chance=system_chance,
            communes=settings().communes,
        )
        return case.ref
