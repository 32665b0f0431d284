# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages of incidents share: the blueprint, photos of a form, what is asked, the map."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import Blueprint, render_template, request
from flask_babel import gettext

from beffroi.accounts import queries as accounts
from beffroi.cases import service as case_service
from beffroi.incidents.adapters import photos
from beffroi.incidents.queries import asked, maps
from beffroi.incidents.rules import MOST_PHOTOS, StoredPhoto, cells, pointing
from beffroi.incidents.rules.questions import Question, said
from beffroi.incidents.service import Reception, Territory
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.extension import extension, settings
from beffroi_web.forms import Form
from beffroi_web.languages import current_language
from beffroi_web.maps import Mark, Outline, Window, draw
from beffroi_web.visitors import current_visitor

blueprint = Blueprint("incidents", __name__)


def attached_to(form: Form) -> tuple[tuple[StoredPhoto, ...], list[str]]:
    """Return the photos that a form carries or brings, stored, and what is wrong with others."""
    tokens = form.chosen("photo_kept")
    earlier = photos.carried(settings().secret_key, tokens, now=clock.now())[:MOST_PHOTOS]
    room = MOST_PHOTOS - len(earlier)
    brought = photos.read(request.files.getlist("photos"), chance=system_chance, most=room)
    faults = list(brought.faults)
    if len(earlier) < len(set(tokens)):
        faults.append(gettext("A photo has waited too long: choose it again."))
    return (*earlier, *photos.keep(settings().data_dir, brought.photos)), faults


def reception(now: datetime) -> Reception:
    """Return how a report reaches us from the person who sends the form, inside a unit of work."""
    visitor = current_visitor()
    account = accounts.account(visitor.account_id) if visitor else None
    party = None
    if account is not None:
        party = case_service.party_for_account(
            account.id, email=account.email, name=account.name, lang=current_language(), now=now
        )
    return Reception(party, "web", clock.today(now), current_language())


def questions() -> list[Question]:
    """Return all that is asked now."""
    return asked.questions(settings().questions)


def territory() -> Territory:
    """Return what a report is checked against."""
    return Territory(settings().communes, extension().outline, questions())


def finest() -> int | None:
    """Return the level of the finest cells that everyone may see, or None where there is no map."""
    metres = settings().map_cell
    return cells.level_of(metres) if metres else None


def whole() -> Window | None:
    """Return the window of the whole territory: the outline's, else that of what is on the map."""
    outline: Outline | None = extension().outline
    if outline is not None:
        return outline.window
    return maps.whole() if settings().map_cell else None


def window_or(said: str, other: Window | None) -> Window | None:
    """Return the window that an address or a form names, cut to a sensible size, or another."""
    found = Window.of(said)
    return found.grown(1.0) if found is not None else other


def picture(window: Window, marks: Sequence[Mark] = ()) -> str:
    """Return a map as the address of a picture that holds itself, for a form to be pointed on.

    A point is in no address that a server writes down.
    """
    size = {"width": pointing.WIDTH, "height": pointing.HEIGHT}
    drawn = draw(window, marks, extension().outline, **size)
    svg = render_template("web/map.svg", drawn=drawn)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def in_words(question: Question) -> Mapping[str, object]:
    """Return a question as the form shows it, in the reader's language."""
    lang = current_language()
    return {
        "field": question.field,
        "category": question.category,
        "kind": question.kind,
        "words": said(question.words, lang),
        "hint": said(question.hint, lang),
        "choices": [(code, said(words, lang)) for code, words in question.choices.items()],
        "required": question.required,
        "public": question.public,
    }
