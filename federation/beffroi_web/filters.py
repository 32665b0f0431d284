# SPDX-License-Identifier: AGPL-3.0-or-later
"""Jinja filters: dates and numbers in words, and texts of strangers made harmless."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import format_time, get_locale, get_timezone, gettext
from markupsafe import Markup, escape

from beffroi_web.state import web
from beffroi_web.words import N_

_FRENCH_FIRST = re.compile(r"\b1 (?=\D)")


def init_filters(app: Flask) -> None:
    """Give the templates `date`, `clock_time`, `ago`, `number`, `paragraphs` and `safe_link`."""
    app.jinja_env.filters.update(
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
    day = when.astimezone(get_timezone()).date() if isinstance(when, datetime) else when
    words = _day_in_words(day, style)
    return Markup('<time datetime="{}">{}</time>').format(machine, words)


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
    now = web().clock.now().astimezone(get_timezone())
    if isinstance(when, datetime):
        machine, exact = when.isoformat(timespec="seconds"), when.astimezone(get_timezone())
        day = exact.date()
        words = _hours(exact - now) if abs(exact - now) < timedelta(days=1) else _days(day, now)
    else:
        machine, day = when.isoformat(), when
        words = _days(day, now)
    title = _day_in_words(day, "long")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(machine, title, words)


def _day_in_words(day: date, style: str) -> str:
    return _day_as(day, style, get_locale())


@lru_cache(maxsize=4096)
def _day_as(day: date, style: str, locale: Locale) -> str:
    words = format_date(day, style, locale=locale)
    if day.day == 1 and locale.language == "fr":
        return _FRENCH_FIRST.sub("1er ", words)  # Unicode's patterns know no "1er"
    return words


def _hours(distance: timedelta) -> str:
    if abs(distance) < timedelta(minutes=1):
        return str(gettext("just now"))
    return _distance(distance, granularity="minute", threshold=1)


def _days(day: date, now: datetime) -> str:
    distance = day - now.date()
    near = {-1: N_("yesterday"), 0: N_("today"), 1: N_("tomorrow")}
    if distance.days in near:
        return str(gettext(near[distance.days]))
    # Babel passes to the next unit at `threshold` of it: seven weeks never come before 45 days.
    few = abs(distance.days) < 45
    return _distance(distance, granularity="day", threshold=7 if few else 1.5)


def _distance(distance: timedelta, granularity: str, threshold: float) -> str:
    return _distance_as(distance, granularity, threshold, get_locale())


@lru_cache(maxsize=4096)
def _distance_as(distance: timedelta, granularity: str, threshold: float, locale: Locale) -> str:
    return format_timedelta(
        distance,
        granularity=granularity,  # type: ignore[arg-type]  # Babel lists the words as literals
        threshold=threshold,
        add_direction=True,
        locale=locale,
    )


def number(value: int | float | None) -> str:
    """Return a number as the language writes it; an en dash for `None`."""
    return "–" if value is None else _number_as(value, get_locale())


@lru_cache(maxsize=8192)
def _number_as(value: int | float, locale: Locale) -> str:
    return str(format_decimal(value, locale=locale))


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
