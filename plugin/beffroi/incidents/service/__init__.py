# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on incidents: report, answer; on their photos: add, release, hold. None commits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select

from beffroi.cases import queries as case_queries
from beffroi.cases import service as cases
from beffroi.cases.models import Attachment, Case
from beffroi.cases.rules import STREET
from beffroi.incidents import rules
from beffroi.incidents.events import CyberReported, ReportsImported
from beffroi.incidents.models import Incident, IncidentPosition
from beffroi.incidents.queries import exchange
from beffroi.incidents.rules import StoredPhoto, places, questions
from beffroi.incidents.rules.questions import Question
from beffroi.incidents.service import asking, mapping
from beffroi.kernel import bulk
from beffroi.kernel.actors import Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.chance import Chance, system_chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi.places.rules import Place
from beffroi.texts.rules import chosen
from beffroi_web.maps import Outline
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Reception:
    """How and when a report reached the institution; the party is unknown for an anonymous one."""

    party_id: int | None
    channel: str
    received_on: date
    lang: str


@dataclass(frozen=True, slots=True)
class Territory:
    """What a report is checked against: communes, the outline if there is one, what is asked."""

    communes: tuple[str, ...]
    outline: Outline | None = None
    questions: Sequence[Question] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a form says once its answers agree."""

    commune: str | None
    point: tuple[float, float] | None
    answers: Sequence[questions.Answered]


def checked(form: Mapping[str, Any], received_on: date, territory: Territory) -> Checked:
    """Return what a form says; raise Invalid where its answers do not agree.

    Answers to questions stand under the names of their fields, in `answers` or beside the others.
    """
    category = rules.CATEGORIES[form["category"]]
    communes = territory.communes
    errors: dict[str, list[str]] = {}
    if category.family != form["family"]:
        errors["category"] = [N_("This category belongs to the other family.")]
    happened = form.get("date")
    if happened is not None and happened > received_on:
        errors["date"] = [N_("This day has not come yet.")]
    commune = form.get("commune") or (communes[0] if len(communes) == 1 else None)
    if commune is not None and commune not in communes:
        errors["commune"] = [N_("Choose one of ours.")]
    latitude, longitude = form.get("latitude"), form.get("longitude")
    wrong = places.fault(latitude, longitude, communes, territory.outline)
    if wrong is not None:
        name = "longitude" if wrong == places.ONE_MISSING and longitude is None else "latitude"
        errors[name] = [places.FAULT_WORDS[wrong]]
    asked = questions.of_category(territory.questions, category.code)
    answered, faults = questions.answers(asked, form.get("answers") or {})
    errors |= faults
    if errors:
        raise Invalid(N_("The report is not complete."), errors=errors)
    point = None if latitude is None or longitude is None else (latitude, longitude)
    return Checked(commune, point, answered)


def report(
    form: Mapping[str, Any],
    reception: Reception,
    *,
    actor: Actor,
    now: datetime,
    chance: Chance,
    communes: tuple[str, ...],
    outline: Outline | None = None,
    asked: Sequence[Question] = (),
    found: Place | None = None,
) -> Case:
    """Open an incident from a form; unlisted categories never appear one by one.

    `outline` and `asked` are what its point and its answers are checked against. `found` is the
    address that its point is of, where one was chosen.
    """
    category = rules.CATEGORIES[form["category"]]
    said = checked(form, reception.received_on, Territory(communes, outline, asked))
    case = cases.open_case(
        cases.NewCase(
            kind=category.family,
            channel=reception.channel,
            lang=reception.lang,
            texts={r: form[r] for r in ("description", "place") if form.get(r)},
            received_on=reception.received_on,
            party_id=reception.party_id,
            commune=said.commune,
            visibility="public" if category.listed else "unlisted",
            sensitive=category.sensitive,
            hidden=chosen(form),
        ),
        actor=actor,
        now=now,
        chance=chance,
    )
    db.session.add(
        Incident(
            case_id=case.id,
            family=category.family,
            category=category.code,
            listed=category.listed,
            happened_on=form.get("date"),
        )
    )
    db.session.flush()
    if said.point is not None:
        put_position(case, *said.point, found=found)
    asking.keep_answers(case.id, said.answers)
    if category.family == "cyber":
        publish(CyberReported(case.id, category.code, now))
    return case


def put_position(
    case: Case, latitude: float, longitude: float, *, found: Place | None = None
) -> None:
    """Keep where a report says that it is (degrees, WGS 84), and the address it was found by."""
    db.session.add(
        IncidentPosition(
            case_id=case.id,
            latitude=latitude,
            longitude=longitude,
            reach=found.reach if found else 0,
            address=found.label[:300] if found else "",
        )
    )
    db.session.flush()


def correct_position(case: Case, found: Place, *, actor: Actor, now: datetime) -> None:
    """Put a street report at an address, whatever its author gave; agents alone see that.

    Raises Conflict for a case that was removed, is none of the street, or is closed for so long
    that its originals are gone: a place would stay for ever. The commune stays what it was, for the
    counts of areas name it.
    """
    if case.kind != STREET or case.visibility == "removed":
        raise Conflict(N_("This report is no longer shown, so its place is not changed."))
    if not case.open and not any(one.original for one in case_queries.originals(case.id)):
        raise Conflict(N_("The originals of this report are gone, so its place is not changed."))
    db.session.execute(delete(IncidentPosition).where(IncidentPosition.case_id == case.id))
    put_position(case, found.latitude, found.longitude, found=found)
    cases.step(case, "place_set", actor=actor, now=now, public=False)


def forget_positions(case_ids: Collection[int], *, erased: bool = False) -> None:
    """Destroy the positions of some reports, for a place may be somebody's home, and their answers.

    What everyone saw stays (a cell, public answers), unless they are `erased`.
    """
    db.session.execute(delete(IncidentPosition).where(IncidentPosition.case_id.in_(case_ids)))
    asking.forget_answers(case_ids, public=erased)


def answer(
    case: Case,
    outcome: str,
    words: str,
    *,
    duplicate_of: str = "",
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """Close an incident as the institution, saying what was done."""
    if outcome not in rules.OUTCOMES:
        raise Invalid(N_("Choose an outcome."), errors={"outcome": [N_("Unknown.")]})
    if not words.strip():
        raise Invalid(
            N_("Say what was done: closing a report is an answer."),
            errors={"words": [N_("Missing.")]},
        )
    given = cases.Answer(
        status=outcome, outcome=outcome, words=words, duplicate_of=duplicate_of or None
    )
    cases.answer(case, given, actor=actor, now=now, today=today)


def add_photos(case: Case, photos: Sequence[StoredPhoto], *, now: datetime) -> None:
    """Add clean photos, whose bytes are in the store already; an agent looks before others see.

    A form that is sent twice makes two reports; its photos belong to the first.
    """
    names = [photo.name for photo in photos]
    taken = set(
        db.session.scalars(select(Attachment.stored_name).where(Attachment.stored_name.in_(names)))
    )
    for photo in photos:
        if photo.name in taken:
            continue
        db.session.add(
            Attachment(
                case_id=case.id,
                kind="photo",
                state="pending",
                sha256=photo.sha256,
                stored_name=photo.name,
                thumb_name=photo.thumb,
                width=photo.width,
                height=photo.height,
                added_at=now,
            )
        )
    db.session.flush()


def _the_photo(case: Case, photo_id: int) -> Attachment:
    row = db.session.get(Attachment, photo_id, populate_existing=True)
    if row is None or row.case_id != case.id or row.kind != "photo":
        raise NotFound(N_("There is no such photo."))
    return row


def release_photo(case: Case, photo_id: int, alt: str, *, actor: Actor, now: datetime) -> None:
    """Let everyone see a photo of a listed case, as soon as its text is released too.

    `alt` says what it shows, to people who cannot see it. Raises Conflict for a case
    that is not shown one by one, Invalid where `alt` is over 200 characters or holds a strong
    identifier.
    """
    row = _the_photo(case, photo_id)
    if case.visibility != "public":
        raise Conflict(N_("This case is not shown publicly, so its photos are not either."))
    words = " ".join(alt.split())
    if len(words) > 200:
        raise Invalid(
            N_("This text is too long: %(most)s characters at most."),
            errors={"alt": [N_("At most 200 characters.")]},
            most=200,
        )
    cases.gate(words)
    again = row.state == "released"
    row.state, row.alt = "released", words or None
    if not again:
        cases.step(case, "photo_released", actor=actor, now=now)


def release_photos(
    case: Case, names: Sequence[str], alt: str, *, actor: Actor, now: datetime
) -> None:
    """Let everyone see photos by their stored names; `alt` says what they show."""
    rows = select(Attachment.id).where(
        Attachment.case_id == case.id, Attachment.stored_name.in_(names)
    )
    for photo_id in db.session.scalars(rows.order_by(Attachment.id)).all():
        release_photo(case, photo_id, alt, actor=actor, now=now)


def hold_photo(case: Case, photo_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Refuse a photo, or take it off the public pages, with a reason; it can be released later."""
    row = _the_photo(case, photo_id)
    if not reason.strip():
        raise Invalid(
            N_("Say why: holding a photo needs a reason."), errors={"reason": [N_("Missing.")]}
        )
    row.state = "held"
    codes = {"reason": reason.strip()[:500]}
    cases.step(case, "photo_held", actor=actor, now=now, codes=codes, public=False)


@dataclass(frozen=True, slots=True)
class ImportedReport:
    """One report from elsewhere, already in our categories.

    `description` and `place` are the institution's own words (a sub-type, a street): they are
    released as they stand if the gate finds nothing in them. A citizen's words go into `unread`
    instead, and wait for an agent. `source` names the row for good, so that a second run skips it.
    """

    source: str
    category: str
    received_at: datetime
    commune: str | None
    description: str
    place: str = ""
    unread: str = ""
    closed_on: date | None = None
    position: tuple[float, float] | None = None
    """Latitude and longitude in degrees, WGS 84; for the institution only."""
    answer: str = ""
    """What the institution said when it closed the report; shown if the gate finds nothing."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    added: int
    known: int


def import_reports(
    rows: Sequence[ImportedReport],
    *,
    communes: tuple[str, ...],
    now: datetime,
    lang: str = "fr",
    chance: Chance = system_chance,
) -> Imported:
    """Bring many reports in at once; rows that were imported before are left alone.

    Nobody is told (nobody follows yet); the timeline says that they were imported.
    """
    known = exchange.known_sources([row.source for row in rows])
    fresh = list({row.source: row for row in rows if row.source not in known}.values())
    brought = [_brought(row, communes, lang) for row in fresh]
    cases.import_cases(brought, now=now, chance=chance)
    if brought:
        bulk.insert(
            Incident,
            [
                {
                    "case_id": case.case_id,
                    "family": rules.CATEGORIES[row.category].family,
                    "category": row.category,
                    "listed": rules.CATEGORIES[row.category].listed,
                    "happened_on": None,
                    "source": row.source,
                }
                for case, row in zip(brought, fresh, strict=True)
            ],
        )
        _placed(
            [(c.case_id, r.position) for c, r in zip(brought, fresh, strict=True) if r.position]
        )
        answers = [
            (case, cases.BroughtAnswer("resolved", row.answer, row.closed_on))
            for case, row in zip(brought, fresh, strict=True)
            if row.answer and row.closed_on is not None
        ]
        cases.import_answers(answers, now=now)
        publish(ReportsImported(tuple(case.case_id for case in brought), now))
    for case, row in zip(brought, fresh, strict=True):
        if case.kind == "cyber":
            publish(CyberReported(case.case_id, row.category, row.received_at, imported=True))
    return Imported(len(fresh), len(rows) - len(fresh))


def _placed(found: Sequence[tuple[int, tuple[float, float]]]) -> None:
    """Keep where imported reports are, and put them on the map."""
    if found:
        rows = [{"case_id": c, "latitude": at[0], "longitude": at[1]} for c, at in found]
        bulk.insert(IncidentPosition, rows)
        mapping.settle([case_id for case_id, _ in found], new=True)


def _brought(row: ImportedReport, communes: tuple[str, ...], lang: str) -> cases.BroughtCase:
    category = rules.CATEGORIES[row.category]
    texts = [
        cases.BroughtText("title" if row.unread else "description", row.description, True),
        cases.BroughtText("place", row.place, True),
        cases.BroughtText("description", row.unread, False),
    ]
    return cases.BroughtCase(
        kind=category.family,
        status="resolved" if row.closed_on else "open",
        visibility="public" if category.listed else "unlisted",
        commune=row.commune if row.commune in communes else None,
        received_at=row.received_at,
        closed_on=row.closed_on,
        sensitive=category.sensitive,
        lang=lang,
        texts=[t for t in texts if t.words],
    )
