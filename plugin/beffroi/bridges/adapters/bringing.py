# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads one source into the tables: what is new, or everything; what is gone is hidden.

A reading asks the site page by page; between the pages no transaction is open, and each page is a
unit of work of its own. Broken off at any point it has kept what came and hidden nothing: what is
gone is only looked at after a whole sweep without a fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask_babel import force_locale

from beffroi.bridges import queries, rules, service
from beffroi.bridges.adapters.reading import Opening, opened
from beffroi.bridges.queries import Source
from beffroi.bridges.rules import BadSource, ContentSource, ExternalItem, Gone, NoSuchField
from beffroi.bridges.rules.words import one_line
from beffroi.bridges.service import secrets, taking
from beffroi.bridges.service.taking import At, Prepared, Taken
from beffroi.cases.rules import TEXT_LIMITS
from beffroi.config import Settings
from beffroi.data_requests.adapters.checking import cut, without, words_of
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import db, unit_of_work
from beffroi_web.fetching import NotFetched

MOST_REASONS = 20


@dataclass(slots=True)
class Report:
    """How one reading went: what was written, how often the site was asked, what was left out."""

    taken: Taken = field(default_factory=Taken)
    requests: int = 0
    seen: int = 0
    swept: bool = False
    vanished: int = 0
    fault: str = ""
    refused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, done: Taken) -> None:
        """Add what one portion wrote."""
        for name in ("new", "changed", "gone", "back", "unchanged"):
            setattr(self.taken, name, getattr(self.taken, name) + getattr(done, name))


def opening(source: Source, settings: Settings, now: datetime) -> Opening:
    """Return what the adapter of a source has to know, its credentials opened."""
    said = secrets.opened(settings.secret_key, source.credentials, now)
    pair = (str(said["key"]), str(said["secret"])) if said else None
    return Opening(
        source.kind, source.address, source.lang, source.component, source.optional, source.space,
        pair,
    )  # fmt: skip


def read(
    source: Source,
    settings: Settings,
    *,
    now: datetime,
    whole: bool = False,
    by: ContentSource | None = None,
    all_gone: bool = False,
) -> Report:
    """Read one source; what went wrong is in the report, and with the source.

    `whole` sweeps although the day has not passed, `all_gone` believes that most of it is gone.
    """
    report = Report()
    at = At(now, local_day(now, settings.time_zone))
    report.swept = whole or source.swept_at is None or source.swept_at <= now - rules.SWEEP_EVERY
    db.session.rollback()
    try:
        by = by or opened(opening(source, settings, now), settings)
        if source.optional is None:
            info = by.probe()
            with unit_of_work():
                service.probed(source.id, info)
        with force_locale(source.lang):  # reasons are kept in the town's own language
            if report.swept:
                _sweep(source, by, report, at, all_gone=all_gone)
            else:
                _new_ones(source, by, report, at)
    except NoSuchField as fault:
        report.fault = f"The site has not the field {fault} any more; it is probed anew"
        with unit_of_work():
            service.forget_probe(source.id)
    except (BadSource, NotFetched) as fault:
        report.fault = str(fault)
    report.requests = by.requests if by else 0
    _write_down(source, report, now)
    return report


def _write_down(source: Source, report: Report, now: datetime) -> None:
    with unit_of_work():
        service.ended(
            source.id,
            now=now,
            swept=report.swept,
            fault=report.fault,
            refused=len(report.refused),
            requests=report.requests,
            vanished=report.vanished,
        )


def _new_ones(source: Source, by: ContentSource, report: Report, at: At) -> None:
    """Read what was published since the last reading; a source without that is swept."""
    if "published_since" not in by.capabilities or source.read_at is None:
        report.swept = True
        _sweep(source, by, report, at, all_gone=False)
        return
    cursor = None
    since = source.read_at.date()
    while True:
        page = by.list_items(published_since=since, cursor=cursor)
        keep(source, page.items, report, at)
        report.warnings += page.warnings[:MOST_REASONS]
        cursor = page.next_cursor
        if cursor is None or report.seen > rules.MOST_ITEMS:
            return


def _sweep(source: Source, by: ContentSource, report: Report, at: At, *, all_gone: bool) -> None:
    """Look at everything: lightly where that is possible, wholly the first time."""
    known = queries.lights(source.id)
    alive = {external_id for external_id, (_, gone) in known.items() if not gone}
    if known and "light_sweep" in by.capabilities:
        seen = _lightly(source, by, known, report, at)
    else:
        seen = _wholly(source, by, report, at)
    gone = sorted(alive - seen)
    if not gone or "complete" not in by.capabilities:
        return
    if rules.too_many_vanish(len(alive), len(gone)) and not all_gone:
        report.vanished = len(gone)
        return
    if "light_sweep" in by.capabilities and len(gone) <= rules.ITEM_BY_ITEM:
        gone = [one for one in gone if isinstance(by.get_item(one), Gone)]
    for start in range(0, len(gone), 50):
        with unit_of_work():
            report.add(taking.vanish(source.id, gone[start : start + 50], at))


def _wholly(source: Source, by: ContentSource, report: Report, at: At) -> set[str]:
    seen: set[str] = set()
    cursor = None
    while True:
        page = by.list_items(cursor=cursor)
        report.warnings += page.warnings[:MOST_REASONS]
        seen |= {item.external_id for item in page.items}
        keep(source, page.items, report, at)
        cursor = page.next_cursor
        if cursor is None:
            return seen
        if len(seen) > rules.MOST_ITEMS:
            raise BadSource(f"It holds more than {rules.MOST_ITEMS} items; the rest was left")


def _lightly(
    source: Source,
    by: ContentSource,
    known: dict[str, tuple[str, bool]],
    report: Report,
    at: At,
) -> set[str]:
    """Ask for marks alone, and for the whole of what they say has changed."""
    seen: set[str] = set()
    changed: list[str] = []
    cursor = None
    while True:
        page = by.list_items(cursor=cursor, light=True)
        report.warnings += page.warnings[:MOST_REASONS]
        for one in page.light:
            seen.add(one.external_id)
            if known.get(one.external_id) != (one.light, False):
                changed.append(one.external_id)
        cursor = page.next_cursor
        if cursor is None:
            break
        if len(seen) > rules.MOST_ITEMS:
            raise BadSource(f"It holds more than {rules.MOST_ITEMS} items; the rest was left")
    report.seen += len(seen) - len(changed)
    if len(changed) > rules.ITEM_BY_ITEM:
        report.seen = 0
        return seen | _wholly(source, by, report, at)
    items = [by.get_item(one) for one in changed]
    keep(source, [one for one in items if isinstance(one, ExternalItem)], report, at)
    return seen - {one.external_id for one in items if isinstance(one, Gone)}


def keep(source: Source, items: Sequence[ExternalItem], report: Report, at: At) -> None:
    """Take some items of a source that fit, and keep a sentence for each of the others."""
    prepared = []
    report.seen += len(items)
    for item in items:
        try:
            prepared.append(prepare(item, source.lang, at.now))
        except ValueError as fault:
            if len(report.refused) < MOST_REASONS:
                report.refused.append(f"{item.external_id}: {fault}")
    if prepared:
        with unit_of_work():
            report.add(taking.take(source.id, prepared, at))


def prepare(item: ExternalItem, wanted: str, now: datetime) -> Prepared:
    """Return an item in one language, cut to our sizes, its author's names masked.

    Raises ValueError for what no text of ours may be.
    """
    title, lang = rules.in_language(item.title, wanted)
    body = rules.in_language(item.body, lang or wanted)[0]
    answer = rules.in_language(item.answer, lang or wanted)[0]
    title = without(item.author_names, cut(words_of(title, "title", 1000), TEXT_LIMITS["title"]))
    if not title:
        raise ValueError("title: it is empty")
    texts = [
        _shortened(without(item.author_names, words_of(said, name, 100_000)), TEXT_LIMITS[name])
        for name, said in (("wanted", body), ("answer", answer))
    ]
    published = item.published_at or now
    labels = tuple(
        one_line(rules.in_language(one, lang or wanted)[0], rules.MOST_LABEL)
        for one in item.labels[: rules.MOST_LABELS]
    )
    kept = (
        title, *texts, lang, item.url, item.status_mapped, item.status_raw, item.supports,
        item.comments, item.answered_at and item.answered_at.astimezone(UTC).isoformat(),
        *labels,
    )  # fmt: skip
    return Prepared(
        item.external_id, title, texts[0], lang[:8] or wanted, item.url, item.status_mapped,
        item.status_raw, texts[1], item.answered_at, published.astimezone(UTC), item.supports,
        item.comments, item.light, rules.digest(*kept), labels,
    )  # fmt: skip


def _shortened(text: str, most: int) -> str:
    """Return a text within its size, cut at a word and marked."""
    return text if len(text) <= most else text[: most - 2].rsplit(None, 1)[0][: most - 2] + " …"
