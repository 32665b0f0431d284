# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures in words."""

from flask_babel import gettext, ngettext

from beffroi_federation.aggregator.dashboards.rules.figures import Figures
from beffroi_web.filters import number
from beffroi_web.pieces import kept


def weeks_words(weeks: int | None) -> str:
    """Return a number of weeks in words; a dash for none."""
    return "–" if weeks is None else str(kept()(_weeks_words, weeks))


def _weeks_words(weeks: int) -> str:
    if weeks == 0:
        return str(gettext("under a week"))
    return str(ngettext("%(num)d week", "%(num)d weeks", weeks))


def said(measure: str, value: int | None) -> str:
    """Return what a map shows of a place, in words; a dash for nothing."""
    if value is None:
        return "–"
    if measure == "rate":
        return str(gettext("%(share)s%%", share=number(value)))
    return weeks_words(value) if measure == "delay" else str(number(value))


def headline(figures: Figures, only: str) -> str:
    """Return what is going on in one sentence; `only` is the name of the one town, if it is one."""
    if not figures.towns:
        return str(
            gettext("No town takes part yet: what is asked and answered will be counted here.")
        )
    who = only or ngettext("%(n)s town", "%(n)s towns", figures.towns, n=number(figures.towns))
    if not figures.requests:
        return str(gettext("%(who)s: no request published yet.", who=who))
    asked = ngettext(
        "%(n)s request", "%(n)s requests", figures.requests, n=number(figures.requests)
    )
    if figures.delay is None:
        return str(gettext("%(who)s: %(asked)s, none answered yet.", who=who, asked=asked))
    return str(
        gettext(
            "%(who)s: %(asked)s, %(share)s in a hundred answered, half of them within %(delay)s.",
            who=who, asked=asked, share=number(figures.rate or 0), delay=weeks_words(figures.delay),
        )
    )  # fmt: skip
