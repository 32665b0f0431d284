# SPDX-License-Identifier: AGPL-3.0-or-later
"""Release, hold, remove: the three things that decide what everyone sees."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from beffroi.accounts import queries as accounts
from beffroi.incidents import queries as incidents
from beffroi.incidents.adapters import photos
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound
from beffroi.kernel.extension import settings
from beffroi.moderation import rules, service
from beffroi_web.guards import guard
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("moderation", __name__)


def _desk(ref: str, anchor: str | None = None) -> Response:
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor=anchor), code=303)


@blueprint.post("/desk/cases/<ref>/texts/<int:text_id>/hold")
@guard("agent", "moderator")
def hold(ref: str, text_id: int) -> Response:
    """Take one text off the public pages."""
    with unit_of_work():
        service.hold(
            ref,
            text_id,
            reason=request.form.get("reason", ""),
            actor=accounts.actor(current_visitor()),
            now=clock.now(),
        )
    return _desk(ref)


@blueprint.get("/desk/cases/<ref>/photos/<name>")
@guard("agent", "moderator")
def photo(ref: str, name: str) -> Response:
    """Give a photo of a case, or its thumbnail, whatever its state."""
    if not incidents.has_photo(ref, name, public=False):
        raise NotFound(N_("There is no such photo."))
    return photos.answer(settings().data_dir, name)


@blueprint.post("/desk/cases/<ref>/photos/<int:photo_id>/hold")
@guard("agent", "moderator")
def hold_photo(ref: str, photo_id: int) -> Response:
    """Refuse one photo, or take it off the public pages."""
    with unit_of_work():
        service.hold_photo(
            ref,
            photo_id,
            reason=request.form.get("reason", ""),
            actor=accounts.actor(current_visitor()),
            now=clock.now(),
        )
    return _desk(ref, "photos")


@blueprint.post("/desk/cases/<ref>/remove")
@guard("moderator")
def remove(ref: str) -> Response:
    """Take a whole case off the public pages; what left the town is withdrawn."""
    code = request.form.get("code", "")
    if code not in rules.REASONS:
        raise Invalid(N_("Choose why."), errors={"code": [N_("Missing.")]})
    with unit_of_work():
        service.remove(
            ref,
            reason=request.form.get("reason", ""),
            code=code,
            actor=accounts.actor(current_visitor()),
            now=clock.now(),
        )
    return _desk(ref)
