# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages of rights share: the blueprint, and who is asking."""

from datetime import date, datetime

from flask import Blueprint
from flask_babel import gettext

from beffroi.kernel import clock
from beffroi.kernel.errors import Refusal, SignInNeeded
from beffroi.kernel.extension import settings
from beffroi.rights import queries, service
from beffroi_web.forms import Form
from beffroi_web.headers import no_store
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("rights", __name__)


def whose_account() -> queries.Person:
    """Return who is signed in; what follows is for this reader alone."""
    visitor = current_visitor()
    if visitor is None:
        raise SignInNeeded(N_("Please sign in first."))
    no_store()
    return queries.person(visitor.account_id)


def terms() -> service.Terms:
    """Return for how long what must not be erased yet is kept apart here."""
    said = settings()
    return service.Terms(said.keep_for_appeal_months, said.keep_for_archive_months)


def today(now: datetime) -> date:
    """Return the day in the town."""
    return clock.today(now)


def refused(form: Form, refusal: Refusal) -> Form:
    """Return a form as it was typed, with what a refusal says of it."""
    return form.and_errors(refusal.errors or {"": [gettext(refusal.sentence, **refusal.values)]})
