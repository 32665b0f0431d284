# SPDX-License-Identifier: AGPL-3.0-or-later
"""The note on publication and improvement: a page, a PDF, a CSV file; all of what is public.

Words are the institution's, once published. Figures follow what is public today: an answer that
comes late is in them, and what was removed is not.
"""

import csv
import io
from collections.abc import Mapping

from flask import Response, render_template, url_for
from flask_babel import gettext

from beffroi.campaigns import queries, rules
from beffroi.campaigns.queries import members
from beffroi.campaigns.routes.shared import blueprint, shown, the_edition, title_of, today
from beffroi.campaigns.rules.document import Block, Cell, Document
from beffroi.campaigns.rules.note import COLUMNS, Figures, Line, figures
from beffroi.campaigns.schemas import from_to, in_words
from beffroi.data_requests.rules import GROUNDS, OUTCOMES
from beffroi.kernel.errors import NotFound
from beffroi.kernel.extension import settings
from beffroi_web.cells import harmless
from beffroi_web.filters import number
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language, explicit_language
from beffroi_web.words import N_

_WRITTEN = frozenset({"title", "reason", "published_url"})


def _published(slug: str) -> queries.Edition:
    one = the_edition(slug)
    if one.note_at is None:
        raise NotFound(N_("The note of this campaign is not published yet."))
    return one


def lines_of(one: queries.Edition) -> list[Line]:
    """Return the requests of an edition as a note has them."""
    return members.lines(one, members.members(one.id), settings().time_zone)


def document(one: queries.Edition, lines: list[Line], words: str) -> Document:
    """Return the whole note in the reader's language."""
    plan = one.plan
    span = from_to(plan.call, plan.span("note")[1])
    numbers = figures(lines)
    blocks = [Block("text", words)] if words else []
    blocks += [
        Block("heading", gettext("In figures")),
        _figures(numbers),
        Block("heading", gettext("The first ones, which are owed a public answer")),
        *_owed(one, numbers),
        *_refused(numbers),
        Block("heading", gettext("What comes next")),
        *_next(one, numbers),
        Block("heading", gettext("Every request")),
        _every(lines),
    ]
    return Document(
        title=gettext("Note on publication and improvement: %(title)s", title=title_of(one)),
        subtitle=gettext(
            "%(town)s · %(span)s · figures of %(day)s",
            town=settings().name, span=span, day=in_words(today()),
        ),
        author=settings().name,
        lang=current_language(),
        blocks=blocks,
    )  # fmt: skip


def _figures(said: Figures) -> Block:
    delay = gettext("none yet")
    if said.median_delay is not None:
        delay = gettext("%(count)s days", count=number(said.median_delay))
    pairs = [
        (gettext("Requests received"), number(said.received)),
        (gettext("Found eligible"), number(said.eligible)),
        (gettext("Not eligible, with the reason"), number(said.not_eligible)),
        (gettext("With a public answer"), number(said.answered)),
        (gettext("Published, wholly or in part, or open before"), number(said.published)),
        (gettext("Refused, wholly or in part, or not held"), number(said.refused)),
        (gettext("Still without an answer"), number(said.waiting)),
        (gettext("Median delay to the first answer"), delay),
    ]
    if said.unsorted:
        pairs.insert(3, (gettext("Not sorted yet"), number(said.unsorted)))
    rows = [(Cell(name), Cell(value)) for name, value in pairs]
    heads = (gettext("What is counted"), gettext("Count"))
    return Block("table", gettext("The campaign in figures"), heads, rows, (1,))


def _owed(one: queries.Edition, said: Figures) -> list[Block]:
    if not said.owed:
        words = gettext("The survey is not counted yet, or no request was eligible.")
        return [Block("text", words)]
    kept = gettext(
        "%(kept)s of the first %(all)s have their public answer.",
        kept=number(said.kept), all=number(len(said.owed)),
    )  # fmt: skip
    rows = [
        (Cell(number(line.place or 0)), _named(line), Cell(_answer(line))) for line in said.owed
    ]
    heads = (gettext("Place"), gettext("Request"), gettext("Public answer"))
    caption = gettext("The first %(all)s of the survey", all=number(one.owed))
    return [Block("text", kept), Block("table", caption, heads, rows, (0,))]


def _quarter(code: str) -> str:
    """Return what people read for a quarter such as `2027-Q3`."""
    year, _, quarter = code.partition("-Q")
    return str(gettext("Q%(quarter)s %(year)s", quarter=quarter, year=year))


def _answer(line: Line) -> str:
    """Return whether an answer came, which, and when."""
    if line.outcome is None or line.answered_on is None:
        return str(gettext("Not yet: it is owed"))
    outcome = gettext(OUTCOMES[line.outcome])
    if line.planned:
        outcome = f"{outcome} ({_quarter(line.planned)})"
    return str(gettext("%(outcome)s, on %(day)s", outcome=outcome, day=in_words(line.answered_on)))


def _named(line: Line) -> Cell:
    title = line.title or gettext("Request %(ref)s (text under review)", ref=line.ref)
    url = settings().public_url + url_for("data_requests.show", ref=line.ref, lang=None)
    return Cell(title, url)


def _refused(said: Figures) -> list[Block]:
    if not said.grounds:
        return []
    words = {**GROUNDS, "not_stated": N_("Ground not stated")}
    rows = [(Cell(gettext(words[code])), Cell(number(count))) for code, count in said.grounds]
    heads = (gettext("Legal ground"), gettext("Count"))
    return [
        Block("heading", gettext("Refused, and on which ground")),
        Block("table", gettext("Refusals by ground"), heads, rows, (1,)),
    ]


def _next(one: queries.Edition, said: Figures) -> list[Block]:
    blocks = []
    if said.planned:
        rows = [(Cell(_quarter(code)), Cell(number(count))) for code, count in said.planned]
        heads = (gettext("Quarter"), gettext("Publications planned"))
        blocks.append(Block("table", gettext("What is planned, by quarter"), heads, rows, (1,)))
    series = queries.series(one.series_id)
    if series is not None and series.active:
        plan = series.rhythm.next_plan(not_before=max(one.over_on, today()), today=today())
        words = gettext("The next call opens on %(day)s.", day=in_words(plan.call))
        blocks.append(Block("text", words))
    return blocks or [Block("text", gettext("Nothing is planned yet."))]


def _every(lines: list[Line]) -> Block:
    rows = [(_named(line), Cell(_sorted(line)), Cell(_state(line))) for line in lines]
    heads = (gettext("Request"), gettext("Sorting"), gettext("What became of it"))
    return Block("table", gettext("Every request of the campaign"), heads, rows)


def _sorted(line: Line) -> str:
    if line.eligible is None:
        return str(gettext("Not sorted yet"))
    if line.eligible:
        return str(gettext("Eligible"))
    return str(gettext("Not eligible: %(reason)s", reason=line.reason or ""))


def _state(line: Line) -> str:
    return _answer(line) if line.outcome else str(gettext("No answer yet"))


@blueprint.get("/campaigns/<slug>/note")
@guard(PUBLIC)
def note(slug: str) -> str:
    """Show the note of an edition."""
    one = _published(slug)
    words = queries.note_words(one.id)
    return render_template(
        "campaigns/note.html",
        one=one,
        shown=shown(one),
        document=document(one, lines_of(one), _in_language(words)),
    )


def _in_language(words: Mapping[str, str]) -> str:
    return rules.in_language(words, current_language(), settings().languages[0])


@blueprint.get("/campaigns/<slug>/note.pdf")
@guard(PUBLIC)
def note_pdf(slug: str) -> Response:
    """Give the note as a PDF."""
    from beffroi.campaigns.adapters.note_pdf import as_pdf  # slow to load, and rarely needed

    one = _published(slug)
    words = _in_language(queries.note_words(one.id))
    made = as_pdf(document(one, lines_of(one), words))
    return _file(made, "application/pdf", f"note-{one.slug}.pdf")


@blueprint.get("/campaigns/<slug>/note.csv")
@guard(PUBLIC)
def note_csv(slug: str) -> Response:
    """Give every request of the note as CSV: RFC 4180, UTF-8, an empty cell for none."""
    one = _published(slug)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerows(_cells(line) for line in lines_of(one))
    return _file(buffer.getvalue().encode(), "text/csv", f"note-{one.slug}.csv")


def _cells(line: Line) -> list[str]:
    values = {
        **{name: getattr(line, name) for name in COLUMNS if hasattr(line, name)},
        "url": f"{settings().public_url}/requests/{line.ref}",
        "published_url": line.url,
        "delay_days": line.delay,
    }
    return [_cell(name, values[name]) for name in COLUMNS]


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(str(value)) if name in _WRITTEN else str(value)


def _file(made: bytes, kind: str, name: str) -> Response:
    response = Response(made, mimetype=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    if not explicit_language():
        response.vary.add("Accept-Language")
    return response
