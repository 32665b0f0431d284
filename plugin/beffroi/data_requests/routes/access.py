# SPDX-License-Identifier: AGPL-3.0-or-later
"""Access to documents at the desk: what is at the CADA, what is owed when, and the year."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request
from flask_babel import gettext

from beffroi.accounts import queries as accounts
from beffroi.data_requests import rules
from beffroi.data_requests.queries import appeals as reads
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.routes.shared import blueprint, law, today
from beffroi.data_requests.schemas import LegalLine, legal_lines
from beffroi.kernel.errors import Forbidden
from beffroi.kernel.extension import settings
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


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


def _for_whom() -> None:
    """Raise Forbidden for an agent where a person in charge of access to documents is named."""
    if not accounts.may_handle_letters(current_visitor()):
        raise Forbidden(
            N_("The CADA’s letters are handled by the person in charge of access to documents.")
        )
    no_store()


def _number() -> int:
    """Return the year that is asked for, this one if none is."""
    now, asked = today().year, request.args.get("year", "")
    return int(asked) if asked.isdecimal() and 2000 <= int(asked) <= now else now


def _figures(number: int) -> list[tuple[str, str, int]]:
    """Return the report of a year: (code, what in words, how often)."""
    zone = ZoneInfo(settings().time_zone)
    first, last = (datetime(n, 1, 1, tzinfo=zone) for n in (number, number + 1))
    said = reads.year(number, first, last)
    found = [("received", gettext("Received"), said.received)]
    found += _counted("received", N_("Received: %(what)s"), rules.OBJECTS, said.objects)
    found += [(code, gettext(words), said.events.get(code, 0)) for code, words in FIGURES.items()]
    found += _counted("outcome", N_("Answer: %(what)s"), rules.OUTCOMES, said.outcomes)
    found += _counted("ground", N_("Ground: %(what)s"), rules.GROUNDS, said.grounds)
    found += _counted("opinion", N_("Opinion: %(what)s"), rules.MEANINGS, said.meanings)
    return found


def _counted(
    before: str, sentence: str, words: Mapping[str, str], counts: Mapping[str, int]
) -> list[tuple[str, str, int]]:
    return [
        (f"{before}_{code}", gettext(sentence, what=gettext(said)), counts[code])
        for code, said in words.items()
        if counts.get(code)
    ]


@blueprint.get("/desk/appeals.csv")
@guard("agent", "access_officer")
def report() -> Response:
    """Give the yearly report as CSV: code, words, count (CRPA, R. 330-4)."""
    _for_whom()
    number = _number()
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(("year", "code", "what", "count"))
    table.writerows((number, *row) for row in _figures(number))
    response = Response(buffer.getvalue(), mimetype="text/csv")
    name = f'attachment; filename="access-{settings().siren}-{number}.csv"'
    response.headers["Content-Disposition"] = name
    return response


@blueprint.get("/desk/appeals")
@guard("agent", "access_officer")
def appeals() -> str:
    """Show every request at the CADA with what is owed next, and a year of the clock in figures."""
    _for_whom()
    now, number = today().year, _number()
    return render_template(
        "data_requests/appeals.html",
        rows=[_row(one) for one in reads.appeals()],
        year=number,
        years=range(now, now - 3, -1),
        figures=[(words, count) for _, words, count in _figures(number)],
        named=accounts.role_is_held("access_officer"),
        notice=law().pack.notice[current_language()],
    )


FIGURES = {code: words for code, words in rules.LEGAL_EVENTS.items() if code != "acknowledged"}
