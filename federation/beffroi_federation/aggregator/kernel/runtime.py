# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the running application was made with: its settings and its clock. For the edge only."""

import gc
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast

from flask import Flask, current_app

from beffroi_federation.aggregator.config import AggregatorSettings
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.versions import init_versions
from beffroi_web.clock import Clock, SystemClock
from beffroi_web.database import engine_options, tune

EXTENSION = "beffroi_aggregator"


class Follower(Protocol):
    """What is derived from records further up, and follows them inside their transactions."""

    def shown(self, ids: Sequence[int]) -> None:
        """Note that requests are shown, changed, or kept back."""

    def going(self, ids: Sequence[int]) -> None:
        """Note that records are withdrawn or held back for good, while they are still there."""

    def unshown(self, ids: Sequence[int]) -> None:
        """Let go of whatever stands on records that are shown no longer."""

    def dropped(self) -> None:
        """Let go of everything: all records are derived anew in this transaction."""


class NoFollower:
    """Nothing stands on records."""

    def shown(self, ids: Sequence[int]) -> None:
        """Do nothing."""

    def going(self, ids: Sequence[int]) -> None:
        """Do nothing."""

    def unshown(self, ids: Sequence[int]) -> None:
        """Do nothing."""

    def dropped(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """One running aggregator.

    `submitted` is told, inside its transaction, that a log submitted a larger checkpoint: there is
    something to pull. `settled` is told, after it, that records of some logs (None: of any) were
    derived. `follower` is told in the transactions in which records come and go.
    """

    settings: AggregatorSettings
    clock: Clock
    submitted: Callable[[int, datetime], None] = lambda _log_id, _now: None
    settled: Callable[[Collection[int] | None, datetime], None] = lambda _log_ids, _now: None
    follower: Follower = field(default_factory=NoFollower)


def runtime() -> Runtime:
    """Return what the application that answers now was made with."""
    return cast(Runtime, current_app.extensions[EXTENSION])


def now() -> datetime:
    """Return the present moment in UTC; services are told the moment instead of asking."""
    return runtime().clock.now()


def equip(app: Flask, made_with: Runtime) -> None:
    """Give an application its database, its settings and its clock."""
    settings = made_with.settings
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
    )
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        init_versions(app)
    app.extensions[EXTENSION] = made_with


def without_pages(
    settings: AggregatorSettings,
    *,
    clock: Clock | None = None,
    settled: Callable[[Collection[int] | None, datetime], None] = lambda _log_ids, _now: None,
    follower: Follower | None = None,
) -> Flask:
    """Return an application that answers nobody: all that pulling needs, in a third less memory.

    What is loaded by then stays; the collector of garbage is told not to go through it again.
    """
    app = Flask(__name__, static_folder=None)
    made_with = Runtime(
        settings, clock or SystemClock(), settled=settled, follower=follower or NoFollower()
    )
    equip(app, made_with)
    gc.freeze()
    return app
