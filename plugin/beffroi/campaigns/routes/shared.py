# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages of campaigns share: the blueprint, the day, an edition or nothing."""

from datetime import date, datetime

from flask import Blueprint, url_for

from beffroi.accounts import queries as accounts
from beffroi.campaigns import queries
from beffroi.campaigns.queries import members
from beffroi.campaigns.rules import in_language
from beffroi.campaigns.schemas import Shown
from beffroi.campaigns.schemas import shown as show_edition
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.kernel import clock
from beffroi.kernel.errors import NotFound, SignInNeeded
from beffroi.kernel.extension import NamedCampaign, settings
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("campaigns", __name__)


def today() -> date:
    """Return the day in the town."""
    return clock.local_day(clock.now(), settings().time_zone)


def the_edition(slug: str) -> queries.Edition:
    """Return an edition, or raise NotFound."""
    found = queries.edition(slug)
    if found is None:
        raise NotFound(N_("There is no such campaign."))
    return found


def shown(one: queries.Edition) -> Shown:
    """Return an edition as pages show it to this reader."""
    return show_edition(one, today(), current_language(), settings().languages[0])


def title_of(one: queries.Edition, lang: str = "") -> str:
    """Return the title of an edition in a language, the reader's if none is named."""
    return in_language(one.titles, lang or current_language(), settings().languages[0])


def campaign_of(case_id: int) -> NamedCampaign | None:
    """Return the campaign that a request belongs to, for its page."""
    one = members.edition_of(case_id)
    return _named(one) if one else None


def campaign_for(came_by: str, day: date) -> NamedCampaign | None:
    """Return the campaign that a request sent on a day will belong to, for its form."""
    found = queries.call_for(came_by, day)
    return _named(found[0], found[1].name if found[1] else "") if found else None


def _named(one: queries.Edition, helper: str = "") -> NamedCampaign:
    url = url_for("campaigns.show", slug=one.slug)
    return NamedCampaign(title_of(one), url, one.plan.span("call")[1], helper)


def own_party() -> int | None:
    """Return the party of whoever is signed in, where there ever was one; reads only."""
    visitor = current_visitor()
    return cases.party_of_account(visitor.account_id) if visitor else None


def party(now: datetime) -> int:
    """Return the party of whoever is signed in, made when new; inside a unit of work."""
    visitor = current_visitor()
    account = accounts.account(visitor.account_id) if visitor else None
    if account is None:
        raise SignInNeeded(N_("Please sign in first."))
    return case_service.party_for_account(
        account.id, email=account.email, name=account.name, lang=current_language(), now=now
    )
