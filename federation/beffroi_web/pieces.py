# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pieces of a page that stay the same until the language or the day changes, put together once.

    {% set same = keeping() %}
    {{ same(badge, item.badge.word, item.badge.tone) }}      the macro is called the first time only

A board shows twenty badges of eight kinds, and every page the same links: what is made of nothing
but words of the catalogues, codes, numbers and days is remembered by those. Never hand over what a
person wrote, a moment with an hour, or what depends on who asks: pieces are shared by all readers
and outlive the text they would have been made from.
"""

from collections.abc import Callable, Hashable
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, has_request_context, request, url_for
from jinja2.runtime import Macro

from beffroi_web.languages import explicit_language, speaking
from beffroi_web.state import web

MOST = 4096
"""Pieces kept in one language on one day; when there are more, all are let go and made anew."""
SITUATIONS = 16
"""Languages and days kept at once."""

Keep = Callable[..., Any]


def kept() -> Keep:
    """Return a function that calls a macro or function with some values, or recalls what it made.

    It belongs to the answer being made and to the language that speaks now. Macros are told apart
    by name, so those that are kept have names of their own; a template makes them anew at times.
    """
    locale = speaking()
    held = g.get("beffroi_kept")
    if held is not None and held[0] is locale:
        return held[1]  # type: ignore[no-any-return]
    root = request.script_root if has_request_context() else ""
    keep = _keeper(_pieces((locale.language if locale else "", explicit_language(), _day(), root)))
    g.beffroi_kept = (locale, keep)
    return keep


def _pieces(situation: Hashable) -> dict[Hashable, Any]:
    """Return what is kept for a situation; when another day comes, the old ones go."""
    known = web().pieces
    found = known.get(situation)
    if found is None:
        if len(known) >= SITUATIONS:
            known.clear()
        found = known.setdefault(situation, {})
    return found


def _keeper(pieces: dict[Hashable, Any]) -> Keep:
    def keep(make: Any, *values: Hashable) -> Any:
        key = (make.name if isinstance(make, Macro) else make, values)
        try:
            return pieces[key]
        except KeyError:
            made = make(*values)
            if len(pieces) >= MOST:
                pieces.clear()
            pieces[key] = made
            return made

    return keep


def _day() -> date:
    state = web()
    return state.clock.now().astimezone(_zone(state.site.timezone)).date()


_zone = cache(ZoneInfo)


def address_of(endpoint: str, name: str, value: str) -> str:
    """Return what `url_for` gives for an address with one part that varies, for lists of them."""
    if not (value.isascii() and value.replace("-", "").isalnum()):
        return _address(endpoint, name, value)
    before, after = kept()(_around, endpoint, name)
    return f"{before}{value}{after}"


def _around(endpoint: str, name: str) -> tuple[str, str]:
    mark = "1a1a1a1a1"
    before, _, after = _address(endpoint, name, mark).rpartition(mark)
    return before, after


def _address(endpoint: str, name: str, value: str) -> str:
    part: dict[str, Any] = {name: value}
    return url_for(endpoint, **part)


def page_kind() -> str:
    """Return the address pattern of the page being made (`/requests/<ref>`); "" if there is none.

    The links of a navigation that lead to this page, or to what is above it, depend on no more.
    """
    rule = request.url_rule
    return rule.rule if rule is not None else ""
