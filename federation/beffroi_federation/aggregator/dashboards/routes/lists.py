# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages of this feature share: the blueprint, the way home, places in lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext

from beffroi_federation.aggregator.kernel.versions import of_this_state
from beffroi_federation.aggregator.towns import queries as towns
from beffroi_web.errors import NotFound
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

blueprint = Blueprint("dashboards", __name__)

MOST_TOWNS_IN_A_CHOICE = 200


def crumbs(*steps: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    """Return the way to a page from the home page."""
    return [(gettext("Home"), url_for("dashboards.home")), *steps]


def place_after(*kinds: type) -> Any:
    """Return the place in a list after which the page begins, None for its beginning."""
    text = request.args.get("cursor", "")
    if not text:
        return None
    values = decode_cursor(text)
    if len(values) != len(kinds) or not all(map(isinstance, values, kinds)):
        raise NotFound(N_("This place in the list is not known; start from the first page."))
    return values


def later_page(values: Sequence[str | int | None]) -> str:
    """Return the address of the next page of the list that is shown."""
    endpoint = request.endpoint or "dashboards.home"
    args: dict[str, Any] = {**request.args.to_dict(), **(request.view_args or {})}
    return url_for(endpoint, **{**args, "cursor": encode_cursor(values)})


def options(sentences: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return codes with their words, for a choice that begins with all of them."""
    return [("", gettext("All")), *((code, gettext(said)) for code, said in sentences.items())]


def town_options() -> list[tuple[str, str]]:
    """Return the towns to choose from; a country of them is searched instead."""
    return [("", gettext("All")), *of_this_state("towns to choose", _towns_to_choose)]


def _towns_to_choose() -> list[tuple[str, str]]:
    rows = towns.towns_page(limit=MOST_TOWNS_IN_A_CHOICE)
    return [(row.siren, row.name) for row in rows]


def given(*names: str) -> dict[str, str]:
    """Return what a list is narrowed to, by name; empty for what is not said."""
    return {name: request.args.get(name, "").strip()[:200] for name in names}
