# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `init_web` keeps on the application, and how the other modules reach it."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from babel.support import Translations
from flask import Flask, current_app

from beffroi_web.clock import Clock
from beffroi_web.colours import sheet_of
from beffroi_web.site import Site

if TYPE_CHECKING:
    from limits.storage import MemoryStorage

    from beffroi_web.counts import SharedCounts
    from beffroi_web.early import Addresses
    from beffroi_web.visitors import Visitor

EXTENSION = "beffroi_web"


@dataclass(slots=True)
class WebState:
    """The shared web parts of one application: its site, its clock, its visitors, its words."""

    site: Site
    clock: Clock
    load_visitor: Callable[[], "Visitor | None"]
    translations: Mapping[str, Translations]
    assets: Mapping[str, str]
    colour: Callable[[], str]
    counts: "MemoryStorage | SharedCounts | None" = None
    catalogues: tuple[Path, ...] = ()
    pieces: dict[Hashable, dict[Hashable, Any]] = field(default_factory=dict)
    paths: frozenset[str] = frozenset()
    early: "tuple[Addresses, str] | None" = None

    def version_of(self, filename: str) -> str | None:
        """Return the version of a file of ours for its address; None if there is no such file."""
        if filename == "theme.css":
            return sheet_of(self.colour())[1]
        return self.assets.get(filename)


def web_of(app: Flask) -> WebState:
    """Return the shared web parts of an application; `KeyError` if `init_web` was not called."""
    return cast(WebState, app.extensions[EXTENSION])


def web() -> WebState:
    """Return the shared web parts of the application that answers now."""
    state: WebState = current_app.extensions[EXTENSION]
    return state
