# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses that both applications have by contract, and the links of header and footer."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import current_app, request, url_for
from flask_babel import gettext

from beffroi_web.languages import explicit_language
from beffroi_web.site import NavItem
from beffroi_web.state import web
from beffroi_web.visitors import current_visitor


@dataclass(frozen=True, slots=True)
class Link:
    """One link ready to be shown; `current` if it leads to this page or to what is below it."""

    label: str
    url: str
    current: bool


def address(path: str, **query: str) -> str:
    """Return a path of this site with query fields, carrying on an explicitly chosen language."""
    lang = explicit_language()
    fields = {**query, **({"lang": lang} if lang and "lang" not in query else {})}
    return path + ("?" + urlencode(fields) if fields else "")


def has_path(path: str) -> bool:
    """Say whether the application serves a fixed path."""
    state = web()
    if not state.paths:  # the first page is made when every route is there
        state.paths = frozenset(rule.rule for rule in current_app.url_map.iter_rules())
    return path in state.paths


def links(items: Sequence[NavItem]) -> list[Link]:
    """Return the links of a navigation that this visitor may use, in the reader's language."""
    visitor = current_visitor()
    shown = [item for item in items if not item.roles or (visitor and visitor.may(*item.roles))]
    return [
        Link(gettext(item.label), url_for(item.endpoint), _is_current(url_for(item.endpoint)))
        for item in shown
    ]


def here() -> str:
    """Return the path and query of this page, for coming back to it."""
    return request.full_path if request.query_string else request.path


def _is_current(url: str) -> bool:
    path = url.partition("?")[0]
    if path == "/":
        return request.path == "/"
    return request.path == path or request.path.startswith(path + "/")
