# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public list of proposals that stay on the site on which they were written."""

from flask import render_template, request

from beffroi.bridges import queries
from beffroi.bridges.routes.shared import blueprint, token_in_words
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.paging import row_from


@blueprint.get("/requests/linked")
@guard(PUBLIC)
def linked() -> str:
    """List released proposals with their origin, how they stand there, and their votes there."""
    before = row_from(request.args, "before")
    found, after = queries.linked(before)
    return render_template(
        "bridges/linked.html",
        found=found,
        after=after,
        first=before is None,
        token=token_in_words,
    )
