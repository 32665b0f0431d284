# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person changes about the own account."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import extension, settings
from beffroi_web.guards import SIGNED_IN, guard
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("accounts", __name__)


@blueprint.post("/account/language")
@guard(SIGNED_IN)
def language() -> Response:
    """Keep the language chosen for pages and mail."""
    lang = request.form.get("lang", "")
    if lang not in settings().languages:
        raise Invalid(N_("This language is not offered."), errors={"lang": [N_("Unknown.")]})
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    with unit_of_work():
        extension().sign_in.set_language(visitor.account_id, lang)
    return redirect(url_for("dashboards.account"), code=303)
