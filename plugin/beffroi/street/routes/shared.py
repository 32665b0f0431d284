# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages of the street desk share."""

from flask import Blueprint
from flask_babel import gettext

from beffroi.accounts import queries as accounts
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel import clock
from beffroi.kernel.actors import Actor
from beffroi.kernel.extension import settings
from beffroi.legal.calendars import calendar_of
from beffroi.street.schemas import STREET
from beffroi.street.service import Moment
from beffroi_web.visitors import current_visitor

blueprint = Blueprint("street", __name__)


def moment() -> Moment:
    """Return now, the day in the town and its calendar."""
    now = clock.now()
    return Moment(now, clock.today(now), calendar_of("FR", settings().communes))


def actor() -> Actor:
    """Return who acts."""
    return accounts.actor(current_visitor())


def categories() -> list[tuple[str, str]]:
    """Return the street categories with their words, to choose from."""
    return [(code, gettext(CATEGORIES[code].label)) for code in STREET]
