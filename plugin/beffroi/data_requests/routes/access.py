# SPDX-License-Identifier: AGPL-3.0-or-later
"""Access to documents at the desk: what is at the CADA, what is owed when, and the year."""

from typing import Any

from flask import render_template, request
from flask_babel import gettext

from beffroi.data_requests import rules
from beffroi.data_requests.queries import appeals as reads
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.routes.shared import blueprint, law, today
from beffroi.data_requests.schemas import LegalLine, legal_lines
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language


def _owed(appeal: reads.Appeal) -> LegalLine | None:
    """Return what the institution owes next in an appeal."""
    table = clocks.timetable(appeal.object, appeal.head.received_on, appeal.events, law())
    lines = legal_lines(table, today(), current_language())
    owed = [line for line in lines if not line.is_right and line.is_open]
    return min(owed, key=lambda line: line.on or today(), default=None)


def _row(appeal: reads.Appeal) -> dict[str, Any]:
    registered, opinion = appeal.event("cada_registered"), appeal.event("cada_opinion")
    return {
        "ref": appeal.head.ref,
        "registered": registered.on if registered else None,
        "number": registered.number if registered else None,
        "opinion": rules.MEANINGS.get(opinion.meaning or "") if opinion else None,
        "owed": _owed(appeal),
    }


@blueprint.get("/desk/appeals")
@guard("agent")
def appeals() -> str:
    """Show every request at the CADA with what is owed next, and a year of the clock in figures."""
    no_store()
    now = today().year
    asked = request.args.get("year", "")
    number = int(asked) if asked.isdigit() and 2000 <= int(asked) <= now else now
    said = reads.year(number)
    figures = [(gettext("Received"), said.received)]
    figures += [(gettext(words), said.events.get(code, 0)) for code, words in FIGURES.items()]
    figures += [
        (gettext("Opinion: %(meaning)s", meaning=gettext(rules.MEANINGS[code])), count)
        for code, count in sorted(said.meanings.items())
        if code in rules.MEANINGS
    ]
    return render_template(
        "data_requests/appeals.html",
        rows=[_row(one) for one in reads.appeals()],
        year=number,
        years=range(now, now - 3, -1),
        figures=figures,
        notice=law().pack.notice[current_language()],
    )


FIGURES = {code: words for code, words in rules.LEGAL_EVENTS.items() if code != "acknowledged"}
