# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of incidents: listed cases and released public text only, and counts for disclosure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case, func, null, or_, select

from beffroi.cases.models import Attachment, Case, CaseText, Party
from beffroi.cases.rules import API_CLIENT, STREET
from beffroi.incidents.models import Incident
from beffroi.kernel import driver
from beffroi.kernel.db import db
from beffroi_privacy.photos import LIMITS


@dataclass(frozen=True, slots=True)
class IncidentCodes:
    """The codes of one incident."""

    family: str
    category: str
    listed: bool
    happened_on: date | None


def codes(case_id: int) -> IncidentCodes | None:
    """Return the codes of an incident."""
    row = db.session.execute(
        select(Incident.family, Incident.category, Incident.listed, Incident.happened_on).where(
            Incident.case_id == case_id
        )
    ).first()
    return IncidentCodes(*row) if row else None


def street_codes(case_ids: Sequence[int]) -> Sequence[Any]:
    """Return (id, category, commune, status, open) of the street reports among some cases."""
    return sorted(driver.rows_of(_STREET_CODES, case_ids))


_STREET_CODES = (
    'SELECT c.id, i.category, c.commune, c.status, c.open FROM "case" c'
    " JOIN incident i ON i.case_id = c.id WHERE c.kind = 'street' AND c.id IN (?)"
)


@dataclass(frozen=True, slots=True)
class CasePhoto:
    """One photo of a case: `name` and `thumb` are stored names, the size is the thumbnail's."""

    id: int
    name: str
    thumb: str
    state: str
    alt: str | None
    width: int
    height: int


def _photos(*conditions: Any) -> list[CasePhoto]:
    return [photo for _, photo in _with_case(*conditions)]


def _with_case(*conditions: Any) -> list[tuple[int, CasePhoto]]:
    """Return photos, each with the id of its case, the oldest first."""
    rows = db.session.execute(
        select(
            Attachment.case_id,
            Attachment.id,
            Attachment.stored_name,
            Attachment.thumb_name,
            Attachment.state,
            Attachment.alt,
            Attachment.width,
            Attachment.height,
        )
        .join(Case, Case.id == Attachment.case_id)
        .where(Attachment.kind == "photo", *conditions)
        .order_by(Attachment.id)
    )
    found = []
    for case_id, row_id, name, thumb, state, alt, width, height in rows:
        if not (thumb and width and height):
            continue  # another kind of file
        scale = min(1.0, LIMITS.small_edge / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        found.append((case_id, CasePhoto(row_id, name, thumb, state, alt, *size)))
    return found


def photos(case_id: int) -> list[CasePhoto]:
    """Return every photo of a case, oldest first; for agents only."""
    return _photos(Attachment.case_id == case_id)


def shown() -> tuple[Any, ...]:
    """Return when everyone may see a photo: it, its case's words and the case itself are public.

    The state stands in a function so that SQLite does not take the index on states, and read every
    released text of the town to find those of one case.
    """
    words = select(CaseText.id).where(
        CaseText.case_id == Case.id,
        CaseText.role.in_(("title", "description")),
        func.coalesce(CaseText.state, "") == "released",
    )
    return Attachment.state == "released", Case.visibility == "public", words.exists()


def public_photos(case_id: int) -> list[CasePhoto]:
    """Return the photos of a case that everyone may see, oldest first."""
    return _photos(Attachment.case_id == case_id, *shown())


def first_photos(case_ids: Collection[int]) -> dict[int, CasePhoto]:
    """Return the first photo that everyone may see of each of some cases that has one."""
    found = _with_case(Attachment.case_id.in_(case_ids), *shown()) if case_ids else []
    return dict(reversed(found))


def has_photo(ref: str, name: str, *, public: bool) -> bool:
    """Say whether a case has a photo or thumbnail of this stored name; `public`: for everyone."""
    named = or_(Attachment.stored_name == name, Attachment.thumb_name == name)
    return bool(_photos(Case.ref == ref, named, *(shown() if public else ())))


@dataclass(frozen=True, slots=True)
class Counted:
    """One report as the counts need it: codes, days and who, no words."""

    family: str
    category: str
    commune: str | None
    received_on: date
    closed_on: date | None
    party_id: int | None
    sensitive: bool


def counted(since: date, until: date) -> Iterator[Counted]:
    """Yield the street reports received or closed in some days (both included), but removed ones.

    Reports on public sites are in no count: five of one incident would tell of it before its time.
    What came through another application has that application's party, which says nothing of who
    reported it: such a report counts as one of an unknown person.
    """
    rows = db.session.execute(
        select(
            Incident.family,
            Incident.category,
            Case.commune,
            Case.received_on,
            Case.closed_on,
            case((Party.kind == API_CLIENT, null()), else_=Case.party_id),
            Case.sensitive,
        )
        .join(Case, Case.id == Incident.case_id)
        .outerjoin(Party, Party.id == Case.party_id)
        .where(Case.visibility != "removed", Case.kind == STREET)
        .where(Case.received_on.between(since, until) | Case.closed_on.between(since, until))
        .execution_options(yield_per=2000)
    )
    for row in rows:
        yield Counted(*row)


def volumes(since: date, until: date) -> list[Any]:
    """Return (family, category, commune, received) of a span of days, for choosing periods."""
    return list(
        db.session.execute(
            select(Incident.family, Incident.category, Case.commune, func.count())
            .join(Case, Case.id == Incident.case_id)
            .where(Case.received_on.between(since, until), Case.visibility != "removed")
            .where(Case.kind == STREET)
            .group_by(Incident.family, Incident.category, Case.commune)
        )
    )


def figures() -> dict[str, int]:
    """Return the live figures of the front page, listed street reports only."""
    rows = db.session.execute(
        select(Case.open, func.count())
        .where(Case.kind == "street", Case.visibility == "public")
        .group_by(Case.open)
    ).all()
    by_open = {bool(is_open): int(count) for is_open, count in rows}
    return {
        "reported": sum(by_open.values()),
        "closed": by_open.get(False, 0),
        "open": by_open.get(True, 0),
    }
