# SPDX-License-Identifier: AGPL-3.0-or-later
"""A place by its address: what words may mean is shown to choose from, and nothing is guessed.

Everything is looked up in the town's own copy of its addresses (`beffroi.places`). What is typed
travels in the body of a POST, which no log holds, and nothing of a look-up is kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, jsonify, render_template, request
from flask_babel import gettext

from beffroi.incidents import rules
from beffroi.incidents.routes.shared import blueprint
from beffroi.incidents.schemas import place_hint
from beffroi.kernel.extension import settings
from beffroi.places import queries as places
from beffroi.places.rules import Found, Place
from beffroi_web.forms import Form
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.limits import limit
from beffroi_web.words import N_

WORDS = "words"
"""Chosen instead of a place: the words stay as they are."""
FIELDS = ("found", "found_for")
"""The code of the place that was chosen, and the words that it was chosen for."""
LONGEST = 300
SHORTEST = 3


@blueprint.post("/incidents/new/places")
@guard(PUBLIC)
@limit("300 per minute")
def suggest() -> Response:
    """Return the places that words may mean while they are typed; nothing of it is kept."""
    said = " ".join(request.form.get("q", "").split())[:LONGEST]
    found = Found()
    if len(said) >= SHORTEST:
        found = places.find(said, commune=_commune(request.form.get("commune", "")), typing=True)
    no_store()
    return jsonify(
        {
            "items": [
                {
                    "code": one.code,
                    "label": one.label,
                    "hint": place_hint(one) if one.reach or one.missing else "",
                    "latitude": one.latitude,
                    "longitude": one.longitude,
                }
                for one in found.places
            ],
            "more": found.more,
        }
    )


def _commune(said: str) -> str:
    return said if said in settings().communes else ""


def chosen(values: Mapping[str, Any]) -> Place | None:
    """Return the place that was chosen for the words of a form as they stand now."""
    code = _meant(values)
    return places.place(code) if code else None


def is_lost(data: Mapping[str, Any]) -> bool:
    """Say whether the place that was chosen for the words is none of ours any more."""
    return bool(_meant(data)) and chosen(data) is None


def _meant(values: Mapping[str, Any]) -> str:
    """Return the code of the place that was chosen for the words as they stand, "" if none was.

    A point that was pointed at, or typed, is preferred by whoever gave it.
    """
    code = values.get("found") or WORDS
    same = values.get("found_for", "") == values.get("place", "")
    is_open = same and _of_the_street(values) and not _has_point(values)
    return code if is_open and code != WORDS else ""


def _of_the_street(values: Mapping[str, Any]) -> bool:
    """Say whether what is reported is of the street, or not said yet: nothing else has a place."""
    category = rules.CATEGORIES.get(values.get("category") or "")
    return category is None or category.family == "street"


def _has_point(values: Mapping[str, Any]) -> bool:
    """Say whether a form, as it was typed or as it was read, gives a point."""
    return any(values.get(name) not in (None, "") for name in ("latitude", "longitude"))


def unsure(data: Mapping[str, Any]) -> Found | None:
    """Return what is to be chosen from before a report goes on; None where nothing is."""
    said = data.get("place", "")
    if not said or _has_point(data) or not _of_the_street(data) or chosen(data) is not None:
        return None
    if data.get("found") == WORDS and data.get("found_for", "") == said:
        return None
    found = places.find(said, commune=_commune(data.get("commune") or ""))
    return found if found.places else None


def settled(data: Mapping[str, Any], place: Place | None) -> dict[str, Any]:
    """Return a form with the point and the commune of the place that was chosen, if one was."""
    if place is None:
        return dict(data)
    return {
        **data,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "commune": data.get("commune") or place.commune,
    }


def choice_page(
    form: Form, found: Found, kept: Sequence[tuple[str, str]], said: str
) -> tuple[str, int]:
    """Ask which place was meant; all that was typed is carried along.

    Whoever goes on without having chosen is told so.
    """
    again = form.value("found_for") == said and request.form.get("asked") == "1"
    if again:
        form = form.and_errors({"found": [N_("Choose one of these, or keep your words.")]})
    options = [(one.code, one.label, place_hint(one)) for one in found.places]
    quoted = gettext("“%(words)s”", words=said)
    options.append((WORDS, gettext("None of these: keep my words as they are"), quoted))
    no_store()
    page = render_template(
        "incidents/which_place.html",
        form=form,
        options=options,
        more=found.more,
        kept=[(name, value) for name, value in kept if name not in FIELDS],
        said=said,
        addresses_of=places.standing().read_at,
    )
    return page, 422 if again else 200
