# SPDX-License-Identifier: AGPL-3.0-or-later
"""The digests of a day: who is owed one, and how it is written."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import format_date, gettext, ngettext

from beffroi.campaigns.rules import PHASES, in_language
from beffroi.cases.queries import subscribing
from beffroi.config import Settings
from beffroi.data_requests.queries.published import PublishedRequest
from beffroi.data_requests.rules import OUTCOMES
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import unit_of_work
from beffroi.notifications import queries, service
from beffroi.notifications.queries import DigestMessage
from beffroi.notifications.rules import FROM_HOUR, MOST_QUOTED, MOST_TOLD, told_of

BLOCK = 200
LATE = timedelta(hours=1)
"""By how much a step may carry an earlier moment than that at which the last digest was owed."""


def digest_due(settings: Settings, *, now: datetime) -> int | None:
    """Owe today's digests to those who have none yet; return how many are owed.

    None before the morning: it is not time yet. Readers are taken a block at a time, each block a
    unit of work of its own, so that a worker that dies has owed whole blocks and loses none.
    """
    if now.astimezone(ZoneInfo(settings.time_zone)).time() < FROM_HOUR:
        return None
    today = local_day(now, settings.time_zone)
    day = service.Day(today, subscribing.settled_row(now), settings.public_url, now)
    happened: dict[tuple[int, datetime], queries.Happened] = {}
    owed = after = 0
    while True:
        with unit_of_work():
            readers = subscribing.due(today, after=after, most=BLOCK)
            for one in readers:
                key = one.told_to, one.told_at - LATE
                if key not in happened:
                    happened[key] = queries.happened(one.told_to, day.until, since=key[1])
                told = told_of(happened[key], subscribing.themes_of(one.party_id))
                owed += service.owe_digest(one, key[1], day, has_news=bool(told))
        if len(readers) < BLOCK:
            return owed
        after = readers[-1].party_id


def written(note: DigestMessage, town: str, public_url: str) -> tuple[str, list[str]]:
    """Return the subject and the lines of a digest, in the language that is set."""
    count = len(note.answered) + len(note.listed)
    subject = ngettext(
        "%(town)s: one piece of news", "%(town)s: %(num)d pieces of news", count, town=town
    )
    lines = [gettext("Hello,"), ""]
    if note.answered:
        lines += [gettext("Answered:"), ""]
        for one in note.answered[:MOST_TOLD]:
            lines += [*_named(one, public_url), *_answer(one), ""]
    if note.listed:
        lines += [gettext("Newly asked:"), ""]
        for one in note.listed[:MOST_TOLD]:
            lines += [*_named(one, public_url), ""]
    if max(len(note.answered), len(note.listed)) > MOST_TOLD:
        lines += [gettext("There is more:"), f"{public_url}/requests", ""]
    return subject, [*lines, *_beside(note, public_url)]


def _beside(note: DigestMessage, public_url: str) -> list[str]:
    """Return what a digest says beside its news: reports that were answered, campaigns that run."""
    lines: list[str] = []
    if note.reports:
        said = ngettext(
            "One report was answered too:", "%(num)d reports were answered too:", note.reports
        )
        lines += [said, f"{public_url}/incidents", ""]
    for one in note.campaigns:
        phase = one.plan.phase(note.day)
        until = format_date(one.plan.span(phase)[1], "long")
        title = in_language(one.titles, note.lang, next(iter(one.titles), ""))
        said = gettext(
            "Campaign “%(title)s”, until %(day)s: %(phase)s.",
            title=title, day=until, phase=gettext(PHASES[phase]),
        )  # fmt: skip
        lines += [said, f"{public_url}/campaigns/{one.slug}", ""]
    return lines


def _named(one: PublishedRequest, public_url: str) -> list[str]:
    title = one.words.get("title")
    head = gettext("%(name)s: %(words)s", name=one.ref, words=title) if title else one.ref
    return [head, f"{public_url}/requests/{one.ref}"]


def _answer(one: PublishedRequest) -> Sequence[str]:
    if one.answer is None:
        return ()
    said = [gettext(OUTCOMES[one.answer.outcome])]
    words = " ".join((one.answer.words or "").split())
    if words:
        said.append(words if len(words) <= MOST_QUOTED else words[: MOST_QUOTED - 1] + "…")
    return said
