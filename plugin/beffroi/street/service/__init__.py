# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs of the street desk: receive, route, tell, close, reopen. None commits."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select, update

from beffroi.cases import queries as case_queries
from beffroi.cases import service as cases
from beffroi.cases.queries import CaseHead
from beffroi.cases.rules import STREET
from beffroi.cases.service import reading
from beffroi.incidents import queries as incidents
from beffroi.kernel import bulk
from beffroi.kernel.actors import SYSTEM, Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid
from beffroi.legal.calendars import Calendar
from beffroi.street import queries
from beffroi.street.models import DonePhoto, Forwarding, StreetReport
from beffroi.street.rules import decide, delays
from beffroi.street.rules.delays import NEVER
from beffroi_web.words import N_

IMPORTED = "import"
"""The channel of reports that were brought in from elsewhere: nobody promised them a date."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, the day in the town, and on which days its offices work."""

    now: datetime
    today: date
    calendar: Calendar


def catch_up(case_ids: Sequence[int], at: Moment) -> None:
    """Bring the queue to where some cases stand now; a report that is new is received.

    Cases that are no street reports are passed over; a removed one leaves the queue.
    """
    for case_id in case_ids:
        head = case_queries.head_by_id(case_id)
        if head is None or head.kind != STREET:
            continue
        if head.visibility == "removed":
            db.session.execute(delete(StreetReport).where(StreetReport.case_id == case_id))
            continue
        codes, before = incidents.codes(case_id), queries.kept(case_id)
        if codes is None:
            continue
        if before is None:
            _receive(head, codes.category, at)
        else:
            _follow(head, codes.category, before, at)


def _receive(head: CaseHead, category: str, at: Moment) -> None:
    """Put a new report into the queue: its date, its department, the body that is competent."""
    target = delays.target_of(category, queries.targets())
    case = cases.case_by_id(head.id)
    report = queries.reported(head.id)
    if case is None or report is None:
        return
    rule_id = None
    if case.due_on is None and case.open and head.channel != IMPORTED:
        case.due_on = delays.due_on(head.received_on, target, at.calendar)
    _write(case_queries.head_by_id(head.id) or head, category, None, None)
    if not case.open or head.department_id is not None:
        return
    decision = decide(queries.rules(), report)
    if decision.department_id is not None:
        rule_id = decision.rule_id
        cases.assign(
            case, department_id=decision.department_id, account_id=None, actor=SYSTEM, now=at.now
        )
    if decision.body_id is not None:
        _name_body(head.id, decision.body_id, at.now)
    remind_on = None
    if head.channel != IMPORTED:
        remind_on = delays.next_reminder(at.today, target, at.calendar)
    _write(case_queries.head_by_id(head.id) or head, category, rule_id, remind_on)


def _follow(head: CaseHead, category: str, before: queries.Kept, at: Moment) -> None:
    """Write down how a report of the queue stands now; what moves it puts the reminder off."""
    moved = (head.status, head.department_id or 0) != (before.status, before.department)
    remind_on = before.remind_on
    if not head.open:
        remind_on = None
    elif moved or not before.open:
        target = delays.target_of(category, queries.targets())
        remind_on = delays.next_reminder(at.today, target, at.calendar)
    rule_id = before.rule_id if (head.department_id or 0) == before.department else None
    _write(head, category, rule_id, remind_on)


def _write(head: CaseHead, category: str, rule_id: int | None, remind_on: date | None) -> None:
    row = db.session.get(StreetReport, head.id) or StreetReport(case_id=head.id)
    row.category, row.commune, row.status, row.open = category, head.commune, head.status, head.open
    row.department, row.assigned_to = head.department_id or 0, head.assigned_to
    row.due_on, row.rule_id, row.remind_on = head.due_on or NEVER, rule_id, remind_on
    db.session.add(row)
    db.session.flush()


def take_imported(brought: Sequence[queries.Imported]) -> None:
    """Put imported reports into the queue at once: routed by the rules, without a date."""
    rules = queries.rules()
    rows, by_department = [], dict[int, list[int]]()
    for one in brought:
        decision = decide(rules, one.report) if one.open and rules else None
        department = decision.department_id if decision else None
        if department is not None:
            by_department.setdefault(department, []).append(one.case_id)
        rows.append(
            {
                "case_id": one.case_id,
                "category": one.report.category,
                "commune": one.report.commune,
                "status": one.status,
                "open": one.open,
                "department": department or 0,
                "due_on": NEVER,
                "rule_id": decision.rule_id if decision else None,
            }
        )
    bulk.insert(StreetReport, rows)
    for department, case_ids in by_department.items():
        cases.give_to(case_ids, department)


# ---- routing again ------------------------------------------------------------------------------


def route_again(case_id: int, at: Moment) -> bool:
    """Give an open report without a department to the one that rules say; False if none does."""
    report, case = queries.reported(case_id), cases.case_by_id(case_id)
    if report is None or case is None or not case.open or case.department_id is not None:
        return False
    decision = decide(queries.rules(), report)
    if decision.department_id is None:
        return False
    cases.assign(
        case, department_id=decision.department_id, account_id=None, actor=SYSTEM, now=at.now
    )
    db.session.execute(
        update(StreetReport)
        .where(StreetReport.case_id == case_id)
        .values(rule_id=decision.rule_id, department=decision.department_id)
        .execution_options(synchronize_session="fetch")
    )
    return True


def put_off(case_id: int, at: Moment) -> None:
    """Put the reminder of a report off by its period: something was told of it today."""
    kept = queries.kept(case_id)
    if kept is not None and kept.open:
        target = delays.target_of(kept.category, queries.targets())
        _remind(case_id, kept.remind_on, delays.next_reminder(at.today, target, at.calendar))


def _remind(case_id: int, before: date | None, after: date) -> bool:
    """Move a reminder from one day to another; False where somebody else has moved it."""
    mine = StreetReport.case_id == case_id, StreetReport.remind_on.is_not_distinct_from(before)
    done = db.session.execute(
        update(StreetReport)
        .where(*mine)
        .values(remind_on=after)
        .execution_options(synchronize_session="fetch")
    )
    return bool(getattr(done, "rowcount", 0))


def take_reminder(case_id: int, category: str, remind_on: date, at: Moment) -> bool:
    """Take the reminder of one silent report for its period; False where it was taken already."""
    target = delays.target_of(category, queries.targets())
    return _remind(case_id, remind_on, delays.next_reminder(at.today, target, at.calendar))


# ---- what is told -------------------------------------------------------------------------------


def tell(ref: str, words: str, *, actor: Actor, at: Moment) -> None:
    """Say how a report stands, as the institution: read by everyone, sent to every follower."""
    case = cases.the_case(ref)
    if case.kind != STREET or case.visibility == "removed":
        raise Conflict(N_("Nothing more is told of this case."))
    if not words.strip():
        raise Invalid(N_("The update is empty."), errors={"update": [N_("This is needed.")]})
    cases.gate(words, "update")
    text = cases.add_text(case, "update", words, party_id=None, voice="institution", now=at.now)
    text.public, text.state, text.version = text.original, "released", 1
    text.released_at, text.released_by = at.now, actor.account_id
    codes = {"to": case.status}
    cases.step(case, "updated", actor=actor, now=at.now, codes=codes, text_id=text.id)
    cases.public_changed(case, now=at.now)
    put_off(case.id, at)


def mark_done_photos(case_id: int, names: Iterable[str]) -> None:
    """Remember that some photos show what the institution did; they are on the case already."""
    db.session.add_all([DonePhoto(stored_name=name, case_id=case_id) for name in names])
    db.session.flush()


# ---- still broken -------------------------------------------------------------------------------

REOPEN_DAYS = 180
"""For how long after it was closed a report can be opened again; later it is a new one."""
MOST_REOPENED = 3
"""How often others than the author may reopen a report; then only its author and the desk."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says that something is still broken: its author (perhaps by link) or a neighbour."""

    author: bool
    party_id: int | None
    actor: Actor


def still_broken(ref: str, words: str, who: Speaker, *, at: Moment) -> bool:
    """Say that a report is not put right; a closed one is open again. True if it was reopened.

    Why is a comment, read by an agent before others see it. Raises Conflict where it was closed
    long ago, repeats another, or was reopened by this neighbour before; Invalid without a reason.
    """
    case = cases.the_case(ref)
    if case.kind != STREET or case.visibility == "removed":
        raise Conflict(N_("This case is removed already."))
    if len(words.strip()) < 5:
        raise Invalid(
            N_("This step needs a reason."),
            errors={"reason": [N_("Say in a few words what is still wrong.")]},
        )
    reopens = not case.open
    if reopens:
        _check_reopening(case.id, case.status, case.closed_on, who, at.today)
        before = case.status
        by = "author" if who.author else "neighbour"
        cases.move(case, "open", by=by, actor=who.actor, now=at.now, today=at.today, reason=words)
        target = delays.target_of(_category(case.id), queries.targets())
        case.due_on = delays.due_on(at.today, target, at.calendar)
        codes = {"from": before, "to": case.status, "by": by}
        cases.step(case, "reopened", actor=who.actor, now=at.now, codes=codes)
    aids = reading.aids_for(who.party_id)
    text = cases.add_text(
        case, "comment", words, party_id=who.party_id, voice="citizen", now=at.now, aids=aids
    )
    cases.step(case, "commented", actor=who.actor, now=at.now, text_id=text.id)
    if reopens:
        cases.public_changed(case, now=at.now)
    return reopens


def _category(case_id: int) -> str:
    codes = incidents.codes(case_id)
    return codes.category if codes else ""


def _check_reopening(
    case_id: int, status: str, closed_on: date | None, who: Speaker, today: date
) -> None:
    if closed_on is not None and (today - closed_on).days > REOPEN_DAYS:
        raise Conflict(N_("It was closed long ago: please send a new report."))
    if who.author:
        return
    if status == "duplicate":
        raise Conflict(N_("It repeats another report: say it there."))
    earlier = [
        row
        for row in case_queries.desk_timeline(case_id)
        if row.step == "reopened" and row.codes.get("by") == "neighbour"
    ]
    mine = [row for row in earlier if row.account_id == who.actor.account_id]
    if mine or len(earlier) >= MOST_REOPENED:
        raise Conflict(N_("It was reopened this way before: the desk looks at it again."))


def forget(case_ids: Collection[int]) -> None:
    """Destroy what ties erased reports to other bodies and to photos."""
    for table in (Forwarding, DonePhoto, StreetReport):
        db.session.execute(
            delete(table)
            .where(table.case_id.in_(case_ids))
            .execution_options(synchronize_session="fetch")
        )


def _name_body(case_id: int, body_id: int, now: datetime) -> None:
    known = db.session.scalar(select(Forwarding.case_id).where(Forwarding.case_id == case_id))
    if known is None:
        db.session.add(Forwarding(case_id=case_id, body_id=body_id, state="waiting", named_at=now))
        db.session.flush()
