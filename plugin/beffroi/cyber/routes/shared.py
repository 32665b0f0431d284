# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may open a confidential case; and the one door that closes every other page of the desk."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from beffroi.cases import queries as cases
from beffroi.cases.queries import CaseHead
from beffroi.cases.rules import CONFIDENTIAL
from beffroi.cyber import queries
from beffroi.cyber.rules import OFFICER
from beffroi.kernel.errors import NotFound
from beffroi_web.guards import guard
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("cyber", __name__)

View = TypeVar("View", bound=Callable[..., Any])

OWN = "/desk/cyber"
"""Below it each page asks itself who may see a case."""


def staff(view: View) -> View:
    """Let whoever acts for the institution open a view; it asks itself who may see which case."""
    return guard("agent", "moderator", "access_officer", "cyber_officer")(view)


def sees(case_id: int) -> bool:
    """Say whether who is asking may know of a case; an officer by the role of this session."""
    visitor = current_visitor()
    if visitor is None or not queries.may_see(case_id, visitor.account_id):
        return False
    return queries.is_reader(case_id, visitor.account_id) or visitor.may(OFFICER)


def the_head(ref: str) -> CaseHead:
    """Return the head of a case that who is asking may know of; NotFound, as if there were none."""
    head = cases.head(ref)
    if head is None or head.kind != CONFIDENTIAL or not sees(head.id):
        raise NotFound(N_("There is no case with this reference."))
    return head


@blueprint.before_app_request
def keep_others_out() -> Response | None:
    """Answer every page of the desk about a confidential case as if there were none.

    A reference that there is not is answered here too, before any view looks at what was sent: so
    that the two answers cannot differ. Whoever may know of a case is led to its own page.
    """
    ref = (request.view_args or {}).get("ref")
    path = request.path
    if ref is None or not path.startswith("/desk/") or path.startswith(OWN + "/"):
        return None
    head = cases.head(str(ref))
    if head is not None and head.kind != CONFIDENTIAL:
        return None
    if (
        head is not None
        and request.method == "GET"
        and request.endpoint == "dashboards.desk_case"
        and sees(head.id)
    ):
        return redirect(url_for("cyber.show", ref=head.ref), code=303)
    raise NotFound(N_("There is no case with this reference."))
