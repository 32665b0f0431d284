# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jinja filters: dates and numbers in words, and texts of strangers made harmless."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import format_time, gettext
from markupsafe import Markup, escape

from beffroi_web.compiling import SpokenEnvironment
from beffroi_web.languages import speaking
from beffroi_web.state import web
from beffroi_web.words import N_

_FRENCH_FIRST = re.compile(r"\b1 (?=\D)")


def init_filters(app: Flask) -> None:
    """Give the templates `date`, `clock_time`, `ago`, `number`, `paragraphs` and `safe_link`."""
    environment = cast(SpokenEnvironment, app.jinja_env)
    environment.fitted = {"number": _numbers_in}
    environment.filters.update(
        date=date_in_words,
        clock_time=clock_time,
        ago=ago,
        number=number,
        paragraphs=paragraphs,
        safe_link=safe_link,
    )


def date_in_words(when: date | datetime | None, style: str = "long") -> Markup:
    """Return `<time datetime="2027-01-12">12 janvier 2027</time>`; nothing for `None`.

    A moment is shown on the day it has in the site's time zone. `style` is a name or pattern of
    Unicode date formats (`long`, `d MMM`).
    """
    if when is None:
        return Markup()
    machine = when.isoformat(timespec="seconds") if isinstance(when, datetime) else when.isoformat()
    day = when.astimezone(_zone(web().site.timezone)).date() if isinstance(when, datetime) else when
    words = _day_as(day, style, speaking())
    return Markup(f'<time datetime="{machine}">{escape(words)}</time>')  # noqa: S704  of our own


def clock_time(when: datetime) -> str:
    """Return the hour and minute of a moment in the site's time zone, as the language writes it."""
    return str(format_time(when, "short"))


def ago(when: date | datetime | None) -> Markup:
    """Return `<time …>il y a 3 jours</time>` (or `dans 9 jours`), by the application's clock.

    A moment less than a day away is told in hours or minutes; anything else in whole days of the
    site's time zone, up to six weeks, then in months and years.
    """
    if when is None:
        return Markup()
    state, locale = web(), speaking()
    zone = _zone(state.site.timezone)
    now = state.clock.now().astimezone(zone)
    if isinstance(when, datetime):
        machine, exact = when.isoformat(timespec="seconds"), when.astimezone(zone)
        day, distance = exact.date(), exact - now
        words = _hours(distance, locale) if abs(distance) < _ONE_DAY else _days(day, now, locale)
    else:
        machine, day = when.isoformat(), when
        words = _days(day, now, locale)
    title = _day_as(day, "long", locale)
    return Markup(  # noqa: S704  of our own
        f'<time datetime="{machine}" title="{escape(title)}">{escape(words)}</time>'
    )


_ONE_DAY = timedelta(days=1)


_zone = cache(ZoneInfo)


@lru_cache(maxsize=4096)
def _day_as(day: date, style: str, locale: Locale | None) -> str:
    words = format_date(day, style, locale=locale or _PLAIN)
    if day.day == 1 and locale is not None and locale.language == "fr":
        return _FRENCH_FIRST.sub("1er ", words)  # Unicode's patterns know no "1er"
    return words


def _hours(distance: timedelta, locale: Locale | None) -> str:
    if abs(distance) < timedelta(minutes=1):
        return str(gettext("just now"))
    seconds = distance.days * 86_400 + distance.seconds
    return _distance(_rounded(seconds), "minute", 1, locale)


def _rounded(seconds: int) -> int:
    """Return the number of seconds for all those that Babel tells in the same words.

    It rounds to minutes below an hour and to hours below a day. What rounds up to the next unit is
    told in the smaller one (60 minutes), so it stays as it is.
    """
    unit, more = (60, 3_600) if abs(seconds) < 3_600 else (3_600, 86_400)
    whole = round(seconds / unit) * unit
    return seconds if abs(whole) == more else whole


def _days(day: date, now: datetime, locale: Locale | None) -> str:
    distance = day - now.date()
    near = {-1: N_("yesterday"), 0: N_("today"), 1: N_("tomorrow")}
    if distance.days in near:
        return str(gettext(near[distance.days]))
    # Babel passes to the next unit at `threshold` of it: seven weeks never come before 45 days.
    few = abs(distance.days) < 45
    return _distance(distance.days * 86_400, "day", 7 if few else 1.5, locale)


@lru_cache(maxsize=4096)
def _distance(seconds: int, granularity: str, threshold: float, locale: Locale | None) -> str:
    return format_timedelta(
        timedelta(seconds=seconds),
        granularity=granularity,  # type: ignore[arg-type]  # Babel lists the words as literals
        threshold=threshold,
        add_direction=True,
        locale=locale or _PLAIN,
    )


def number(value: int | float | None) -> str:
    """Return a number as the language writes it; an en dash for `None`."""
    return _numbers_in(speaking() or _PLAIN)(value)


_PLAIN = Locale("en")


@cache
def _numbers_in(locale: Locale) -> Callable[[int | float | None], str]:
    @lru_cache(maxsize=8192)
    def number(value: int | float | None) -> str:
        return "–" if value is None else str(format_decimal(value, locale=locale))

    return number


def paragraphs(text: str | None) -> Markup:
    """Return plain text as escaped HTML: blank lines part paragraphs, line ends stay."""
    blocks: list[list[str]] = [[]]
    for line in (text or "").splitlines():
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    parts = [Markup("<br>\n").join(escape(line) for line in block) for block in blocks if block]
    return Markup("\n").join(Markup("<p>{}</p>").format(part) for part in parts)


def safe_link(address: str | None, words: str | None = None) -> Markup:
    """Return a link to a stranger's address, or its escaped text if it is not safe to follow.

    Safe is: https, a host, no user name in it, at most 500 characters, no space or control
    character. The link passes no credit and opens no window into ours (`nofollow noopener`).
    """
    text = address or ""
    if not _is_safe(text):
        return escape(words or text)
    return Markup('<a href="{}" rel="nofollow noopener external">{}</a>').format(
        text, words or text
    )


def _is_safe(address: str) -> bool:
    if len(address) > 500 or not address.isprintable() or " " in address or "\\" in address:
        return False
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme == "https" and bool(host) and parts.username is None
