# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does with texts: reads those that have to be read, draws, shows what is due."""

from datetime import date, datetime

from beffroi.cases.queries import review
from beffroi.cases.service import reading, showing
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db, unit_of_work
from beffroi.texts.rules.sampling import monday

AT_ONCE = 200


def read_unread(most: int = AT_ONCE) -> int:
    """Read the texts that have to be read (again), and take off what is shown and clean no more."""
    ids = reading.unread(most)
    db.session.rollback()
    if not ids:
        return 0
    with unit_of_work():
        for text_id in reading.read_again(ids):
            showing.unshow(text_id)
    return len(ids)


def show_clean(*, now: datetime, today: date, chance: Chance, most: int = AT_ONCE) -> int:
    """Hold this week's draw if it was not, then show what is due; return how many texts appeared.

    For towns that want it. Each text is its own unit of work: nobody waits for the others.
    """
    if not review.was_drawn(monday(today)):
        with unit_of_work():
            showing.draw_week(monday(today), now=now, chance=chance)
    if review.standing(wanted=True, now=now).state(now) != "on":
        db.session.rollback()
        return 0
    shown = 0
    ids = showing.due(now, most)
    db.session.rollback()
    for text_id in ids:
        with unit_of_work():
            shown += showing.show(text_id, now=now)
    return shown
