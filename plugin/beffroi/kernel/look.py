# SPDX-License-Identifier: AGPL-3.0-or-later
"""The colour that an administrator has chosen at the desk; without one, the settings' is worn.

The town's pages read it for every answer, so that all processes change at once. A change renews
the data's version (`kernel.versions`), by which pages that were kept are made anew.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.config import Settings
from beffroi.kernel.db import Model, db
from beffroi.kernel.versions import reader
from beffroi_web.database import BigId, UtcDateTime

_ONLY = 1
_READ = "SELECT colour FROM town_look WHERE id = ?"


class TownLook(Model):
    """The chosen colour as it was given (`#rrggbb`); `source` is the site it was read from."""

    __tablename__ = "town_look"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    colour: Mapped[str] = mapped_column(String(7))
    source: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen at the desk: the colour, the site it was read from ("": typed), and when."""

    colour: str
    source: str
    set_at: datetime


def worn(settings: Settings) -> str:
    """Return the colour that the pages wear now; whatever is wrong, that of the settings."""
    try:
        found = reader().rows(_READ, (_ONLY,))
    except Exception:  # a page about a fault of the database must not fail for its colour
        return settings.colour
    return str(found[0][0]) if found else settings.colour


def chosen() -> Chosen | None:
    """Return what was chosen at the desk, if anything was."""
    row = db.session.execute(select(TownLook.colour, TownLook.source, TownLook.set_at)).first()
    return Chosen(*row) if row else None


def choose(colour: str, source: str, *, now: datetime) -> None:
    """Wear a colour that was checked (`#rrggbb`), inside a unit of work."""
    forget()
    db.session.add(TownLook(id=_ONLY, colour=colour, source=source, set_at=now))
    db.session.flush()


def forget() -> None:
    """Wear the settings' colour again, inside a unit of work."""
    db.session.execute(delete(TownLook))
