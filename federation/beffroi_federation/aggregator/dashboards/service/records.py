# SPDX-License-Identifier: AGPL-3.0-or-later
"""How records are said: cards, periods and places in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from flask_babel import get_locale, gettext

from beffroi_federation.aggregator.dashboards.rules.health import PERIOD
from beffroi_federation.aggregator.national.queries import CellRow, RecordRow
from beffroi_federation.aggregator.national.rules import (
    STATUS_TONES,
    STATUS_WORDS,
    THEME_WORDS,
    reference,
)
from beffroi_federation.aggregator.towns.queries import TownRow, towns_of_logs
from beffroi_web.cards import Badge, CaseCard
from beffroi_web.pieces import address_of, kept


def period_words(period: str | None) -> str:
    """Return a period in words: a week by its Monday, a month, a quarter, a year."""
    return str(kept()(_period_words, period))


def _period_words(period: str | None) -> str:
    match = PERIOD.fullmatch(period or "")
    if match is None:
        return period or ""
    year = int(match["year"])
    if match["week"]:
        monday = date.fromisocalendar(year, int(match["week"]), 1)
        day = format_date(monday, "d MMMM y", locale=get_locale())
        return str(gettext("week of %(day)s", day=day))
    if match["quarter"]:
        number = match["quarter"]
        return str(gettext("quarter %(number)s of %(year)s", number=number, year=year))
    if match["month"]:
        return str(format_date(date(year, int(match["month"]), 1), "MMMM y", locale=get_locale()))
    return str(year)


def supports_words(band: str | None) -> str:
    """Return a band of supports in words, nothing for none."""
    if not band or band == "0":
        return ""
    return str(gettext("%(band)s supports", band=band.replace("-", "–")))


def record_url(town: TownRow, row: RecordRow) -> str:
    """Return the address of a record's page."""
    return address_of("dashboards.record", "ref", reference(town.siren, town.epoch, row.first))


def cards(rows: Sequence[RecordRow]) -> list[CaseCard]:
    """Return requests as cards, with the town's name."""
    towns = towns_of_logs(row.log_id for row in rows)
    return [_card(towns[row.log_id], row) for row in rows]


def _card(town: TownRow, row: RecordRow) -> CaseCard:
    known, same = row.known, kept()
    facts = (
        same(_received, row.period),
        same(_theme, str(known.get("theme"))),
        same(supports_words, known.get("supports")),
    )
    return CaseCard(
        reference=town.name,
        title=str(known.get("title")),
        url=record_url(town, row),
        badge=same(_badge, str(known.get("status"))),
        summary=_short(str(known.get("summary", ""))),
        facts=tuple(fact for fact in facts if fact),
    )


def _received(period: str | None) -> str:
    return str(gettext("Received: %(when)s", when=_period_words(period)))


def _theme(code: str) -> str:
    return str(gettext(THEME_WORDS.get(code, code)))


def _badge(status: str) -> Badge:
    return Badge(
        gettext(STATUS_WORDS.get(status, status)),
        STATUS_TONES.get(status, "neutral"),  # type: ignore[arg-type]  # a table of tones
    )


def _short(text: str, most: int = 200) -> str:
    """Return the beginning of a text, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + "…"


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell of incident counts with the town it comes from."""

    cell: CellRow
    town: TownRow


def cell_views(cells: Sequence[CellRow]) -> list[CellView]:
    """Return cells with their towns."""
    towns = towns_of_logs(cell.log_id for cell in cells)
    return [CellView(cell, towns[cell.log_id]) for cell in cells]
