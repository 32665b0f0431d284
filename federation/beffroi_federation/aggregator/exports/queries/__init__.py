# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows for programs, as JSON values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from beffroi_federation.aggregator.exports.models import ExportDue, ExportFile
from beffroi_federation.aggregator.intake.queries import freshness
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national.queries import CellRow, RecordFilter, RecordRow, lately
from beffroi_federation.aggregator.national.queries.lately import Gone
from beffroi_federation.aggregator.national.rules import SHIFT, reference
from beffroi_federation.aggregator.national.service import UNRELEASED_AFTER
from beffroi_federation.aggregator.topics import queries as topics
from beffroi_federation.aggregator.topics.queries import TopicRow, Wanted
from beffroi_federation.aggregator.topics.rules.topic import parse_slug
from beffroi_federation.aggregator.towns import queries as registry
from beffroi_federation.aggregator.towns.queries import EventRow, TownRow
from beffroi_federation.records import VERSION
from beffroi_web.errors import NotFound
from beffroi_web.words import N_

Rows = list[dict[str, Any]]


def towns(
    *, words: str, commune: str, after: tuple[Any, ...] | None, limit: int, now: datetime
) -> tuple[Rows, tuple[str, str] | None]:
    """Return a page of towns and the place of the next one."""
    rows = registry.towns_page(query=words, commune=commune, after=_two(after), limit=limit + 1)
    shown = rows[:limit]
    fresh = freshness([row.log_id for row in shown])
    unreleased = national.unreleased(now - UNRELEASED_AFTER, [row.log_id for row in shown])
    served = registry.communes_of_towns([row.id for row in shown])
    items = []
    for row in shown:
        known = fresh.get(row.log_id)
        verified = known.verified_at if known else None
        items.append(
            {
                "siren": row.siren,
                "name": row.name,
                "kind": row.kind,
                "url": row.url,
                "communes": served.get(row.id, []),
                "population_band": row.population_band,
                "state": row.state,
                "origin": row.origin,
                "prefix": row.prefix,
                "vkey": row.vkey,
                "size": known.size if known else 0,
                "verified_at": verified.isoformat() if verified else None,
                "refused": bool(known and known.refusals),
                "unreleased": unreleased.get(row.log_id, 0),
            }
        )
    return items, (shown[-1].name, shown[-1].siren) if len(rows) > limit else None


def _two(values: tuple[Any, ...] | None) -> Any:
    return None if values is None else (values[0], values[1])


def records(
    given: Mapping[str, Any], *, town_id: int | None, after: tuple[Any, ...] | None, limit: int
) -> tuple[Rows, tuple[str | int, int] | None]:
    """Return a page of records of one kind and the place of the next one.

    Newest period first; with `since`, what was seen here from then on, the oldest change first.
    """
    since: datetime | None = given.get("since")
    kind, place = given.get("kind", "request"), _two(after)
    if since is not None and place is not None:
        place = (from_microseconds(place[0]), place[1])
    found: Sequence[RecordRow | CellRow]
    if kind == "incident_summary":
        part: dict[str, Any] = {
            "area": given.get("commune", ""), "department": given.get("department", ""),
            "town_id": town_id, "after": place, "limit": limit + 1,
        }  # fmt: skip
        found = lately.cells_since(since=since, **part) if since else national.cells(**part)
    else:
        wanted = RecordFilter(
            kind=kind, town_id=town_id, words=given.get("q", ""),
            **{name: given.get(name, "") for name in ("status", "theme", "commune", "department")},
        )  # fmt: skip
        if since is not None:
            found = lately.records_since(wanted, since=since, after=place, limit=limit + 1)
        else:
            found = national.records(wanted, after=place, limit=limit + 1)
    shown = found[:limit]
    homes = registry.towns_of_logs(row.log_id for row in shown)
    items = [_record(homes[row.log_id], row) for row in shown]
    if len(found) <= limit:
        return items, None
    last = shown[-1]
    return items, (microseconds(last.seen_at), last.id) if since else _next_place(last)


EPOCH = datetime.fromtimestamp(0, UTC)


def microseconds(at: datetime) -> int:
    """Return a moment as a place in a list has it: microseconds of the epoch."""
    return (at - EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    """Return the moment of a place; one that is too far away is the last of all."""
    return EPOCH + timedelta(microseconds=max(0, min(count, 2**57)))


def similar(line: str, limit: int) -> Rows:
    """Return the requests of any town that are nearest to a line, each with its topic."""
    found = topics.similar(line, limit)
    homes = registry.towns_of_logs(row.log_id for _, row in found)
    return [{**_record(homes[row.log_id], row), "topic": topic_item(topic)} for topic, row in found]


def topic_item(row: TopicRow) -> dict[str, Any]:
    """Return a topic with its counts; `url` is added by who knows addresses."""
    return {
        "id": row.slug,
        "title_fr": row.title_fr or None,
        "title_en": row.title_en or None,
        "theme": row.theme,
        "requests": row.size,
        "towns": row.towns,
        "published": row.published,
        "refused": row.refused,
        "waiting": row.waiting,
    }


def topics_page(
    given: Mapping[str, Any], *, town_id: int | None, after: tuple[Any, ...] | None, limit: int
) -> tuple[Rows, tuple[int, int] | None]:
    """Return a page of topics, those of the most towns first, or the nearest to words."""
    if given.get("q"):
        found = topics.rows([id for _, id in topics.nearest(given["q"], limit)])
        return [topic_item(row) for row in found], None
    wanted = Wanted(given.get("status", ""), given.get("theme", ""), town_id)
    rows, place = topics.listed(wanted, after=_two(after), limit=limit)
    return [topic_item(row) for row in rows], place


def topic(slug: str) -> tuple[int, dict[str, Any]]:
    """Return a topic's id and members by its public name, followed to what it is part of now.

    Raises NotFound if there is none, or it has no requests any more.
    """
    id = parse_slug(slug)
    current = topics.now_is(id) if id is not None else None
    found = topics.rows([current]) if current is not None else []
    if not found:
        raise NotFound(N_("There is no such topic; its requests may have been withdrawn."))
    return found[0].id, topic_item(found[0])


def topic_requests(
    topic_id: int, *, after: tuple[Any, ...] | None, limit: int
) -> tuple[Rows, tuple[int, int, int] | None]:
    """Return a page of a topic's requests, answered ones first."""
    place_after = None if after is None else (after[0], after[1], after[2])
    rows, place = topics.members(topic_id, after=place_after, limit=limit)
    homes = registry.towns_of_logs(row.log_id for row in rows)
    return [_record(homes[row.log_id], row) for row in rows], place


def _next_place(row: RecordRow | CellRow) -> tuple[str, int]:
    return (row.until if isinstance(row, CellRow) else row.period), row.id


def _record(town: TownRow, row: RecordRow | CellRow) -> dict[str, Any]:
    return {
        "ref": reference(town.siren, town.epoch, row.first),
        "siren": town.siren,
        "town": town.name,
        "origin": town.origin,
        "index": row.position,
        "department": row.department,
        "seen_at": row.seen_at.isoformat(),
        "record": dict(row.known) if isinstance(row, RecordRow) else _cell(row),
    }


def _cell(row: CellRow) -> dict[str, Any]:
    """Return a cell as the record it came from."""
    members = {
        "v": VERSION,
        "kind": "incident_summary",
        "family": row.family,
        "category": row.category,
        "area": row.area,
        "period": row.period,
        "state": row.state,
        "count": row.count,
        "closed": row.closed,
        "delay": row.delay,
    }
    return {name: value for name, value in members.items() if value is not None}


def events(
    *, town_id: int | None, step: str, after: tuple[Any, ...] | None, limit: int
) -> tuple[list[EventRow], tuple[int] | None]:
    """Return a page of events and the place of the next one."""
    before = after[0] if after else None
    rows = registry.events(town_id=town_id, step=step, before=before, limit=limit + 1)
    shown = rows[:limit]
    return shown, (shown[-1].id,) if len(rows) > limit else None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a feed is narrowed to; `topic` is a topic's public name as it is now, with its title."""

    theme: str = ""
    department: str = ""
    topic: str = ""
    title: str = ""
    topic_id: int | None = None


def chosen(theme: str, department: str, slug: str) -> Chosen:
    """Return what a feed is narrowed to; NotFound if there is no such topic."""
    if not slug:
        return Chosen(theme, department)
    id, item = topic(slug)
    return Chosen(theme, department, item["id"], item["title_fr"] or item["title_en"], id)


MOST_TOLD = 1_000
"""Withdrawals told on one page of a feed."""

Entries = list[tuple[TownRow, RecordRow]]
Goings = list[tuple[TownRow, Gone]]


def feed(
    wanted: Chosen, *, before: tuple[datetime, int] | None, limit: int, told_since: datetime
) -> tuple[Entries, tuple[datetime, int] | None, Goings]:
    """Return a page of a feed: requests, the place of the next page, and what was withdrawn.

    Withdrawals stand between the requests that were seen before and after them, if they were seen
    after `told_since`.
    """
    among = None if wanted.topic_id is None else topics.member_ids(wanted.topic_id)
    part = lately.Part(wanted.theme, wanted.department, among)
    rows = lately.changed(part, before=before, limit=limit + 1)
    shown = rows[:limit]
    later = (shown[-1].seen_at, shown[-1].id) if len(rows) > limit else None
    after = max(told_since, later[0]) if later else told_since
    log_ids = registry.logs_of_department(wanted.department) if wanted.department else None
    gone = lately.gone(
        log_ids=log_ids, after=after, until=before[0] if before else None, limit=MOST_TOLD
    )
    homes = registry.towns_of_logs([row.log_id for row in shown] + [one.log_id for one in gone])
    return (
        [(homes[row.log_id], row) for row in shown],
        later,
        [(homes[one.log_id], one) for one in gone],
    )


def reference_of(town: TownRow, one: RecordRow | Gone) -> str:
    """Return the public name of a record, whether it is here or gone."""
    return reference(town.siren, town.epoch, one.id & ((1 << SHIFT) - 1))


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the whole as it is served."""

    name: str
    rows: int
    bytes: int
    sha256: str
    made_at: datetime


_FILE = [getattr(ExportFile, name) for name in FileRow.__dataclass_fields__]


def files() -> list[FileRow]:
    """Return every file of the whole, by name."""
    rows = db.session.execute(select(*_FILE).order_by(ExportFile.name))
    return [FileRow(*row) for row in rows]


def file(name: str) -> FileRow | None:
    """Return a file of the whole by its name."""
    row = db.session.execute(select(*_FILE).where(ExportFile.name == name)).first()
    return FileRow(*row) if row else None


def oldest_due(name: str) -> datetime | None:
    """Return since when something has been withdrawn from what a file holds, or None."""
    stem = name.partition(".")[0]
    kind, _, year = stem.partition("-")
    query = select(func.min(ExportDue.at)).where(ExportDue.name == kind)
    if year:
        query = query.where(ExportDue.year == year)
    return db.session.scalar(query)
