# SPDX-License-Identifier: AGPL-3.0-or-later
"""What belongs to an edition: requests, who helps, meet-ups; and sorting. None commits."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta, tzinfo
from urllib.parse import unquote_plus

from sqlalchemy import delete, func, select, update

from beffroi.campaigns import queries, rules
from beffroi.campaigns.models import (
    Campaign,
    CampaignAssociation,
    CampaignMeeting,
    CampaignRequest,
)
from beffroi.campaigns.service import gated, the_edition
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.rules import DATA_REQUEST
from beffroi.cases.service import gate
from beffroi.config import luhn
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.addresses import check_address
from beffroi_web.words import N_

MOST_ASSOCIATIONS, MOST_MEETINGS = 50, 50


def join(case_id: int, came_by: str, *, now: datetime) -> None:
    """Let a request belong to the edition whose call runs on the day it was received.

    `came_by` is what the address of its form said; see `queries.call_for`.
    """
    head = cases.head_by_id(case_id)
    found = queries.call_for(came_by, head.received_on) if head else None
    if found is None:
        return
    chosen, helper = found
    db.session.add(
        CampaignRequest(
            case_id=case_id,
            campaign_id=chosen.id,
            association_id=helper.id if helper else None,
            joined_at=now,
        )
    )
    db.session.flush()


def attach(slug: str, ref: str, *, now: datetime) -> None:
    """Let a listed request belong to an edition whose survey is not over, whenever it came."""
    row, head = the_edition(slug), cases.head(ref.strip())
    if head is None or head.kind != DATA_REQUEST or head.visibility != "public":
        raise Invalid(
            N_("There is no case with this reference."),
            errors={"ref": [N_("There is no case with this reference.")]},
        )
    if row.voters is not None:
        raise Conflict(N_("The survey is over: no request joins any more."))
    known = db.session.get(CampaignRequest, head.id)
    if known is not None:
        raise Invalid(
            N_("This request belongs to a campaign already."),
            errors={"ref": [N_("This request belongs to a campaign already.")]},
        )
    db.session.add(CampaignRequest(case_id=head.id, campaign_id=row.id, joined_at=now))
    db.session.flush()
    case = case_service.case_by_id(head.id)
    if case is not None:
        case_service.public_changed(case, now=now)  # its record names the campaign


def sort(slug: str, ref: str, *, eligible: bool, reason: str) -> None:
    """Say whether a request of an edition is eligible; why, if it is not. The reason is public."""
    row, head = the_edition(slug), cases.head(ref)
    member = db.session.get(CampaignRequest, head.id) if head else None
    if member is None or member.campaign_id != row.id:
        raise NotFound(N_("There is no case with this reference."))
    _still_open(row)
    member.eligible = eligible
    member.reason = None if eligible else gated("reason", reason, "reason")


def sort_the_rest(slug: str) -> int:
    """Declare every request that nobody has sorted eligible; return how many."""
    row = the_edition(slug)
    _still_open(row)
    done = db.session.execute(
        update(CampaignRequest)
        .where(CampaignRequest.campaign_id == row.id, CampaignRequest.eligible.is_(None))
        .values(eligible=True)
        .execution_options(synchronize_session="fetch")
    )
    return int(getattr(done, "rowcount", 0))


def _still_open(row: Campaign) -> None:
    if row.voters is not None:
        raise Conflict(N_("The survey is counted: its requests are sorted for good."))


def add_association(slug: str, name: str, number: str, url: str) -> str:
    """Add who helps to organise an edition; return the code of its page."""
    row = the_edition(slug)
    name, number, url = gated("name", name, "name"), number.replace(" ", ""), url.strip()
    siren = len(number) == 9 and number.isdigit() and luhn(number)
    if number and not (siren or re.fullmatch(r"W[0-9A-Z]{9}", number)):
        sentence = N_("Give a SIREN (nine digits) or an RNA number (W…).")
        raise Invalid(sentence, errors={"number": [sentence]})
    if url:
        _check_link(url)
    known = queries.associations(row.id)
    if len(known) >= MOST_ASSOCIATIONS:
        raise Conflict(N_("There are enough of these already."))
    taken = {one.code for one in known}
    code = rules.slug(row.call_on, name).split("-", 2)[-1]
    code = next(c for c in (code, *(f"{code}-{n}" for n in range(2, 99))) if c not in taken)
    db.session.add(
        CampaignAssociation(
            campaign_id=row.id, code=code, name=name, number=number or None, url=url or None
        )
    )
    db.session.flush()
    return code


def _check_link(url: str) -> None:
    gate(unquote_plus(url), "url")
    try:
        check_address(url, frozenset())
    except ValueError:
        sentence = N_("Write a complete address, beginning with https://.")
        raise Invalid(sentence, errors={"url": [sentence]}) from None


def drop_association(slug: str, association_id: int) -> None:
    """Take who helps out of an edition; requests that came by it are only the edition's then."""
    row = the_edition(slug)
    db.session.execute(
        update(CampaignRequest)
        .where(
            CampaignRequest.campaign_id == row.id,
            CampaignRequest.association_id == association_id,
        )
        .values(association_id=None)
    )
    db.session.execute(
        delete(CampaignAssociation).where(
            CampaignAssociation.campaign_id == row.id, CampaignAssociation.id == association_id
        )
    )


def add_meeting(
    slug: str,
    title: str,
    place: str,
    *,
    begins_at: datetime,
    ends_at: datetime,
    now: datetime,
    chance: Chance,
) -> None:
    """Add a meet-up to an edition."""
    row = the_edition(slug)
    if not begins_at < ends_at <= begins_at + timedelta(days=3):
        sentence = N_("It ends after it begins, within three days.")
        raise Invalid(sentence, errors={"until": [sentence]})
    count = select(func.count()).select_from(CampaignMeeting)
    if int(db.session.scalar(count.where(CampaignMeeting.campaign_id == row.id)) or 0) >= (
        MOST_MEETINGS
    ):
        raise Conflict(N_("There are enough of these already."))
    db.session.add(
        CampaignMeeting(
            campaign_id=row.id,
            uid=chance(16).hex(),
            title=gated("title", title, "meeting"),
            place=gated("place", place, "place"),
            begins_at=begins_at,
            ends_at=ends_at,
        )
    )
    row.changed_at = now


def drop_meeting(slug: str, meeting_id: int, *, now: datetime) -> None:
    """Take a meet-up out of an edition."""
    row = the_edition(slug)
    row.changed_at = now
    db.session.execute(
        delete(CampaignMeeting).where(
            CampaignMeeting.campaign_id == row.id, CampaignMeeting.id == meeting_id
        )
    )


def take_over(
    slug: str,
    association_ids: Collection[int],
    meeting_ids: Collection[int],
    *,
    zone: tzinfo,
    now: datetime,
    chance: Chance,
) -> None:
    """Add what an agent chose of the proposals from the edition before; what is none is ignored."""
    row = the_edition(slug)
    one = queries.edition_by_id(row.id)
    proposed = queries.proposals(one, zone) if one else queries.Proposals()
    for helper in proposed.associations:
        if helper.id in association_ids:
            add_association(slug, helper.name, helper.number or "", helper.url or "")
    for meeting in proposed.meetings:
        if meeting.id in meeting_ids:
            add_meeting(
                slug, meeting.title, meeting.place, begins_at=meeting.begins_at,
                ends_at=meeting.ends_at, now=now, chance=chance,
            )  # fmt: skip


def forget_way(case_id: int) -> None:
    """Forget through whom an erased request came, and what was said of it."""
    member = db.session.get(CampaignRequest, case_id)
    if member is not None:
        member.association_id = member.reason = None
