# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public list of proposals that stay on the site on which they were written."""

from flask import render_template, request

from beffroi.bridges import queries
from beffroi.bridges.routes.shared import blueprint, token_in_words
from beffroi_web.guards import PUBLIC, guard


@blueprint.get("/requests/linked")
@guard(PUBLIC)
def linked() -> str:
    """List released proposals with their origin, how they stand there, and their votes there."""
    before = request.args.get("before", "")
    right = before.isascii() and before.isdigit() and len(before) < 18
    found, after = queries.linked(int(before) if right else None)
    return render_template(
        "bridges/linked.html", found=found, after=after, first=not right, token=token_in_words
    )
