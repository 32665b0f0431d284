# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which state of the national store a page was made from (`beffroi_web.versions`), and the minute.

What pages show of records, cells, topics and the registry has a value that changes with it. How
fresh a town is changes at every pull, several times a second in a whole country: that is told with
the present minute instead, so a page that is kept is never more than a minute behind there.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, has_request_context, request
from jinja2.runtime import Macro

from beffroi_federation.aggregator.kernel.db import Base, db
from beffroi_web import versions
from beffroi_web.clock import Clock
from beffroi_web.early import Short, made_from_data, say_version, version_asked
from beffroi_web.languages import current_language, explicit_language
from beffroi_web.reading import Reader

SHOWN = "shown"
TABLES = (
    "town", "town_commune", "town_event", "log", "item", "record", "incident_cell", "set_aside",
    "tombstone", "held_text", "topic", "topic_place", "topic_apart", "topic_event", "topic_member",
    "topic_profile", "theme_holder", "holder_event", "export_file", "shared_object",
)  # fmt: skip
"""The tables whose rows show on pages."""

READER = "beffroi_aggregator_reader"
DATA_VERSION = versions.version_table(Base.metadata)
_VERSIONS = versions.Versions(db, dict.fromkeys(TABLES, SHOWN))
note = _VERSIONS.note

View = TypeVar("View", bound=Callable[..., Any])
Read = TypeVar("Read")
_READ = "beffroi_aggregator_read"


def init_versions(app: Flask) -> None:
    """Watch the statements of an application's engine, and keep connections for single reads."""
    _VERSIONS.watch(db.engine)
    app.extensions[READER] = Reader(db.engine)


def version_of(app: Flask, clock: Clock) -> Callable[[], str]:
    """Return what reads the value that stands now, with the minute."""
    reader: Reader = app.extensions[READER]
    return lambda: f"{versions.token(reader, SHOWN)}-{clock.now():%Y%m%d%H%M}"


def from_the_store(*, spoken: bool = False, short: Short | None = None) -> Callable[[View], View]:
    """Return a decorator for a view whose answer follows from the national store and the minute.

    `spoken` says that it also follows from the reader's language and from the day. The value is the
    one that was read before the view began.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def answered(**given: Any) -> Any:
            say_version(version_asked(request.environ))
            return view(**given)

        return cast(View, made_from_data(spoken=spoken, short=short)(answered))

    return mark


def of_this_state(what: Hashable, read: Callable[[], Read]) -> Read:
    """Return what is read once for all answers made from the same state of the store and minute.

    For what many addresses show alike: `what` names it, and it follows from the store alone. It is
    thrown away when another value is seen. Outside a marked view it is read each time.
    """
    value = version_asked(request.environ) if has_request_context() else None
    if value is None:
        return read()
    kept: tuple[str, dict[Hashable, Any]] | None = current_app.extensions.get(_READ)
    if kept is None or kept[0] != value:
        kept = current_app.extensions[_READ] = (value, {})
    if what not in kept[1]:
        kept[1][what] = read()
    return cast(Read, kept[1][what])


def still(name: Hashable, make: Callable[..., Read], *values: Any) -> Read:
    """Return what a macro or function makes, once for a language and a state of the store.

    The values follow from the store alone, and `name` tells them from others of the same macro.
    """
    made_by = make.name if isinstance(make, Macro) else make.__name__
    speaks = (current_language(), explicit_language(), request.script_root)
    return of_this_state((*speaks, made_by, name), lambda: make(*values))


def reader() -> Reader:
    """Return the running application's connections for single reads."""
    kept: Reader = current_app.extensions[READER]
    return kept
