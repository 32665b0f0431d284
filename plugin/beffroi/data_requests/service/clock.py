# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on the legal clock of a request: begin, answer, write down, strike. None commits.

What comes of itself (an implicit refusal, its confirmation) is written once, on the day it comes or
at the first look after it: the event's row is unique, the request's row is locked, and the day of
the next stroke moves on in the same transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import force_locale, format_date, gettext
from sqlalchemy import delete

from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.models import Case
from beffroi.data_requests import rules
from beffroi.data_requests.models import DataRequest, LegalEvent
from beffroi.data_requests.queries import clock as reads
from beffroi.kernel.actors import SYSTEM, Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi.legal.calendars import ONE
from beffroi.legal.clock import Timetable
from beffroi.legal.law import Law
from beffroi_web.words import N_


def begin(case: Case, row: DataRequest, law: Law, *, now: datetime) -> None:
    """Wind the clock of a new request; acknowledge it, with the remedies, where mail can reach.

    The words are the ones that the message carries, and are kept with their date.
    """
    author = cases.author(case.party_id)
    if row.object in law.pack.objects and case.due_on and author is not None and author.email:
        _write(case.id, "acknowledged", case.received_on, now=now, remedies=True,
               words=acknowledgement(case.due_on, case.lang))  # fmt: skip
    wind(case, row, law, today=case.received_on)


def acknowledgement(due_on: date, lang: str) -> str:
    """Return what an acknowledgement says of delay and remedies, in the author's language.

    Source: CRPA, R. 112-5 and R. 311-12 to R. 311-15, R. 343-1.
    """
    with force_locale(lang):
        day = format_date(due_on, "long")
    return _said(rules.REMEDIES, lang, day=day)


def _said(lines: tuple[str, ...], lang: str, **values: str) -> str:
    with force_locale(lang):
        return "\n".join(gettext(line, **values) for line in lines)


def wind(case: Case, row: DataRequest, law: Law, *, today: date) -> Timetable:
    """Work the clock out anew after something happened; return its timetable.

    What was brought in from elsewhere had its clock there: none is wound here, whatever follows.
    """
    events = reads.happened(case.id)
    table = reads.timetable(row.object, case.received_on, events, law)
    if row.source is not None:
        return table
    written = {one.code for one in events}
    row.clock = table.state(today)
    answered_on = max((e.on for e in events if e.code in {"answered", "refused"}), default=None)
    row.clock_on = min(
        (
            day
            for code, day in table.given.items()
            if code not in written and (answered_on is None or day > answered_on)
        ),
        default=None,
    )
    db.session.flush()
    return table


def answered(case: Case, outcome: str, law: Law, *, now: datetime, today: date) -> None:
    """Write down what an official answer is to the clock; a later one of its kind changes nothing.

    What only announces, or points elsewhere, ends no delay.
    """
    row = _row(case)
    code = rules.EVENT_OF_OUTCOME.get(outcome)
    known = {one.code: one for one in reads.happened(case.id)}
    if code == "refused" and "cada_registered" in known:
        code = "refused_again"
    if code is not None and code not in known:
        author = cases.author(case.party_id)
        reaches = author is not None and bool(author.email)
        names = code.startswith("refused") and reaches
        words = _said(rules.REMEDIES_OF[code], case.lang) if names else None
        _write(case.id, code, today, now=now, remedies=names, words=words)
    wind(case, row, law, today=today)


@dataclass(frozen=True, slots=True)
class Given:
    """What an agent writes down: an event of `rules.RECORDABLE`, its day, an opinion's number."""

    code: str
    on: date
    number: str = ""
    meaning: str = ""


def write_down(
    case: Case, given: Given, law: Law, *, actor: Actor, now: datetime, today: date
) -> None:
    """Write down what another institution did, or what this one told it, with its true date."""
    row = _row(case)
    events = reads.happened(case.id)
    _check(case, given, {one.code: one.on for one in events}, today=today)
    _write(case.id, given.code, given.on, now=now, number=given.number or None,
           meaning=given.meaning or None)  # fmt: skip
    codes = {"day": given.on.isoformat(), "number": given.number, "meaning": given.meaning}
    case_service.step(case, given.code, actor=actor, now=now, codes=codes)
    before = row.clock
    wind(case, row, law, today=today)
    if row.clock != before:
        case_service.public_changed(case, now=now)


def _check(case: Case, given: Given, known: dict[str, date], *, today: date) -> None:
    """Raise Invalid for an event that cannot have happened, Conflict for one that is known."""
    if given.code not in rules.RECORDABLE:
        raise Invalid(N_("There is no such event."), errors={"code": [N_("Unknown.")]})
    if given.code in known:
        raise Conflict(N_("This was written down before."))
    needs = rules.RECORDABLE[given.code]
    earliest = max([case.received_on, *(known[code] for code in needs if code in known)])
    if needs and not set(needs) & set(known):
        raise Invalid(
            N_("This cannot have happened yet."),
            errors={"code": [N_("What comes before it is not written down.")]},
        )
    if not earliest <= given.on <= today:
        raise Invalid(
            N_("This cannot be the day."),
            errors={"on": [N_("It is not in the future, and not before what led to it.")]},
        )
    if given.code == "cada_opinion" and given.meaning not in rules.MEANINGS:
        raise Invalid(
            N_("Say what the opinion means."), errors={"meaning": [N_("Choose a meaning.")]}
        )


def strike(case_id: int, law: Law, *, now: datetime, today: date) -> int:
    """Write what came of itself in one request until today; return how many events were new."""
    case = case_service.case_by_id(case_id)
    if case is None:
        return 0
    row = _row(case)
    if row.clock_on is None or row.clock_on > today:
        return 0  # another worker was here
    new = _came(case, row, law, now=now, today=today)
    wind(case, row, law, today=today)
    if new and case.visibility == "public":
        case_service.public_changed(case, now=now)
    return new


def before_answer(case: Case, law: Law, *, now: datetime, today: date) -> None:
    """Write what had come of itself before an answer; nobody is told, for the answer is coming.

    A clock that rests stays silent: what happened in the meantime is not known here.
    """
    row = _row(case)
    if row.clock_on is not None and row.clock_on < today:
        _came(case, row, law, now=now, today=today - ONE, told=False)


def _came(
    case: Case, row: DataRequest, law: Law, *, now: datetime, today: date, told: bool = True
) -> int:
    """Write the events that came of themselves until a day; return how many were new."""
    events = reads.happened(case.id)
    table = reads.timetable(row.object, case.received_on, events, law)
    known = {one.code for one in events}
    articles = {s.delay.gives: s.delay.rule.article for s in table.steps if s.delay.gives}
    new = [(code, day) for code, day in table.happened(None, today) if code not in known]
    for code, day in new:
        _write(case.id, code, day, now=now, of_itself=True)
        if case.visibility != "removed":
            codes = {"day": day.isoformat(), "article": articles[code]}
            case_service.step(case, code, actor=SYSTEM, now=now, codes=codes, told=told)
    return len(new)


def rest(case_id: int) -> None:
    """Let nothing come of itself in a case until somebody acts on it, who winds its clock again."""
    row = db.session.get(DataRequest, case_id)
    if row is not None:
        row.clock_on = None


def forget(case_id: int) -> None:
    """Destroy what is known of the clock of an erased case."""
    db.session.execute(
        delete(LegalEvent)
        .where(LegalEvent.case_id == case_id)
        .execution_options(synchronize_session="fetch")
    )
    rest(case_id)


def _row(case: Case) -> DataRequest:
    row = db.session.get(DataRequest, case.id)
    if row is None:
        raise NotFound(N_("There is no case with this reference."))
    return row


def _write(
    case_id: int,
    code: str,
    on: date,
    *,
    now: datetime,
    of_itself: bool = False,
    remedies: bool = False,
    number: str | None = None,
    meaning: str | None = None,
    words: str | None = None,
) -> None:
    db.session.add(
        LegalEvent(
            case_id=case_id, code=code, on_day=on, of_itself=of_itself, remedies=remedies,
            number=number, meaning=meaning, words=words, at=now,
        )
    )  # fmt: skip
    db.session.flush()
