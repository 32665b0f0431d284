# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/desk/journal`: who did what for the institution, for administrators."""

import csv
import io

from flask import Blueprint, current_app, g, render_template, request
from werkzeug.wrappers import Response

from beffroi.journal import queries, rules, service
from beffroi.kernel import clock
from beffroi.kernel.actors import INSTITUTION_ROLES
from beffroi.kernel.extension import settings
from beffroi_web.cells import harmless
from beffroi_web.guards import guard, guard_of
from beffroi_web.headers import no_store
from beffroi_web.paging import row_from
from beffroi_web.visitors import current_visitor

blueprint = Blueprint("journal", __name__)


def write_down() -> None:
    """Write down the act of this request once, if it is one of the institution."""
    visitor = current_visitor()
    who = guard_of(current_app, request.endpoint) or frozenset()
    if visitor is None or not who <= INSTITUTION_ROLES or g.get("beffroi_act_written"):
        return
    g.beffroi_act_written = True
    where = request.view_args or {}
    service.write(request.endpoint or "", visitor, where, request.form, now=clock.now())


@blueprint.get("/desk/journal")
@guard("administrator")
def page() -> str:
    """List the newest acts, of everybody or of one account."""
    no_store()
    before, who = row_from(request.args, "before"), row_from(request.args, "who")
    found, more = queries.lines(before, who)
    return render_template(
        "journal/page.html", lines=found, more=more, acts=rules.ACTS, ways=rules.WAYS,
        who=who, first=before is None,
    )  # fmt: skip


@blueprint.get("/desk/journal.csv")
@guard("administrator")
def as_csv() -> Response:
    """Give every line as CSV: moment, account, name now, roles then, way, act, what it was on."""
    no_store()
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(("at", "account", "name", "roles", "way", "act", "on"))
    for one in queries.everything():
        account = "" if one.account_id is None else one.account_id
        cells = (harmless(one.name), one.roles, one.way, one.act, harmless(one.on))
        table.writerow((one.at.isoformat(), account, *cells))
    response = Response(buffer.getvalue(), mimetype="text/csv")
    name = f'attachment; filename="journal-{settings().siren}.csv"'
    response.headers["Content-Disposition"] = name
    return response
