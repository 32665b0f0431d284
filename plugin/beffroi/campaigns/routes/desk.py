# SPDX-License-Identifier: AGPL-3.0-or-later
"""Campaigns at the desk: series, sorting, meet-ups, who helps, the words of the note."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from beffroi.campaigns import queries, rules, service
from beffroi.campaigns.queries import members
from beffroi.campaigns.routes.note import document, lines_of
from beffroi.campaigns.routes.shared import blueprint, shown, the_edition, today
from beffroi.campaigns.schemas import AssociationForm, MeetingForm, SeriesForm, in_words, weeks_of
from beffroi.campaigns.service import gathering
from beffroi.data_requests.queries import gathered
from beffroi.data_requests.rules import THEMES
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound
from beffroi.kernel.extension import settings
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.words import N_

Answer = Response | tuple[str, int]


@blueprint.get("/desk/campaigns")
@guard("agent")
def desk_list() -> str:
    """Show every series with its editions, and what waits to be sorted."""
    no_store()
    found = [shown(one) for one in queries.editions()]
    rows = [
        (one, [e for e in found if e.edition.series_id == one.id]) for one in queries.all_series()
    ]
    waiting = {e.edition.id: members.unsorted(e.edition.id) for e in found if not e.edition.counted}
    return render_template(
        "campaigns/desk_list.html", rows=rows, waiting=waiting, first=settings().languages[0]
    )


# ---- series -------------------------------------------------------------------------------------


def _defaults(one: queries.Series | None) -> dict[str, str]:
    """Return what the form of a series shows before anything is typed."""
    if one is None:
        weeks = {f"weeks_{p}": str(w) for p, w in zip(rules.PHASES, rules.WEEKS, strict=True)}
        return {"owed": "5", "every_months": "3", "active": "1", **weeks}
    return {
        **{f"title_{lang}": words for lang, words in one.titles.items()},
        **{f"words_{lang}": words for lang, words in one.words.items()},
        **{f"weeks_{p}": str(w) for p, w in zip(rules.PHASES, one.weeks, strict=True)},
        "theme": one.theme or "",
        "owed": str(one.owed),
        "first_on": one.first_on.isoformat(),
        "every_months": str(one.every_months),
        "active": "1" if one.active else "",
    }


def _series_page(one: queries.Series | None, form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    page = render_template(
        "campaigns/desk_series.html",
        one=one,
        form=form,
        languages=settings().languages,
        themes=THEMES,
        phases=rules.PHASES,
    )
    return page, status


@blueprint.get("/desk/campaigns/new")
@guard("agent")
def desk_new() -> Answer:
    """Show the form of a new series."""
    return _series_page(None, Form(values=_defaults(None)))


@blueprint.get("/desk/campaigns/series/<int:series_id>")
@guard("agent")
def desk_series(series_id: int) -> Answer:
    """Show the settings of a series."""
    one = _series(series_id)
    return _series_page(one, Form(values=_defaults(one)))


def _series(series_id: int) -> queries.Series:
    found = queries.series(series_id)
    if found is None:
        raise NotFound(N_("There is no such campaign."))
    return found


@blueprint.post("/desk/campaigns/new")
@guard("agent")
def desk_make() -> Answer:
    """Make a series; its first edition is there at once."""
    return _save(None)


@blueprint.post("/desk/campaigns/series/<int:series_id>")
@guard("agent")
def desk_change(series_id: int) -> Answer:
    """Change a series; the editions that have not begun follow."""
    return _save(_series(series_id))


def _save(one: queries.Series | None) -> Answer:
    data, form = load(SeriesForm(), request.form)
    if data is None:
        return _series_page(one, form, 422)
    languages = settings().languages
    given = service.Settings(
        titles={lang: form.value(f"title_{lang}") for lang in languages},
        words={lang: form.value(f"words_{lang}") for lang in languages},
        first_on=data["first_on"],
        theme=data["theme"] or None,
        owed=data["owed"],
        every_months=data["every_months"],
        weeks=weeks_of(data),
        active=data["active"],
    )
    try:
        with unit_of_work():
            service.save_series(
                one.id if one else None, given, languages=languages, today=today(),
                now=clock.now(), chance=system_chance,
            )  # fmt: skip
    except Invalid as refusal:
        return _series_page(one, form.and_errors(_said(refusal)), 422)
    return redirect(url_for("campaigns.desk_list"), code=303)


def _said(refusal: Invalid) -> dict[str, Any]:
    return dict(refusal.errors) if refusal.errors else {"": [refusal.sentence]}


# ---- an edition ---------------------------------------------------------------------------------


@blueprint.get("/desk/campaigns/<slug>")
@guard("agent")
def desk_edition(slug: str) -> Answer:
    """Show an edition as agents work on it."""
    return _page(slug, Form())


def _page(slug: str, form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    one = the_edition(slug)
    found = members.members(one.id)
    titles = gathered.for_desk([m.id for m in found])
    page = render_template(
        "campaigns/desk_edition.html",
        one=one,
        shown=shown(one),
        form=form,
        waiting=[(m, titles.get(m.id, m.row.ref)) for m in found if m.eligible is None],
        sorted=[(m, titles.get(m.id, m.row.ref)) for m in found if m.eligible is not None],
        helpers=queries.associations(one.id),
        meetings=queries.meetings([one.id]),
        proposed=queries.proposals(one, ZoneInfo(settings().time_zone)),
    )
    return page, status


def _done(slug: str, anchor: str, act: Callable[[], object], form: Form) -> Answer:
    """Do something to an edition in a unit of work; show its page again with what is wrong."""
    try:
        with unit_of_work():
            act()
    except Invalid as refusal:
        return _page(slug, form.and_errors(_said(refusal)), 422)
    return redirect(url_for("campaigns.desk_edition", slug=slug, _anchor=anchor), code=303)


@blueprint.post("/desk/campaigns/<slug>/sort")
@guard("agent")
def desk_sort(slug: str) -> Answer:
    """Say whether one request is eligible, with the reason if it is not."""
    form = Form(values=request.form.to_dict())
    eligible = form.value("eligible") == "yes"
    ref, reason = form.value("ref"), form.value("reason")
    return _done(
        slug, "sorting", lambda: gathering.sort(slug, ref, eligible=eligible, reason=reason), form
    )


@blueprint.post("/desk/campaigns/<slug>/sort-the-rest")
@guard("agent")
def desk_sort_rest(slug: str) -> Answer:
    """Declare every request that waits eligible."""
    return _done(slug, "sorting", lambda: gathering.sort_the_rest(slug), Form())


@blueprint.post("/desk/campaigns/<slug>/attach")
@guard("agent")
def desk_attach(slug: str) -> Answer:
    """Let a request that came otherwise belong to the edition."""
    form = Form(values=request.form.to_dict())
    return _done(
        slug, "sorting", lambda: gathering.attach(slug, form.value("ref"), now=clock.now()), form
    )


@blueprint.post("/desk/campaigns/<slug>/associations")
@guard("agent")
def desk_associate(slug: str) -> Answer:
    """Add who helps; it gets a page of the call of its own."""
    data, form = load(AssociationForm(), request.form)
    if data is None:
        return _page(slug, form, 422)
    return _done(slug, "helpers", lambda: gathering.add_association(slug, **data), form)


@blueprint.post("/desk/campaigns/<slug>/associations/<int:association_id>/remove")
@guard("agent")
def desk_dissociate(slug: str, association_id: int) -> Answer:
    """Take who helps out of the edition."""
    return _done(slug, "helpers", lambda: gathering.drop_association(slug, association_id), Form())


@blueprint.post("/desk/campaigns/<slug>/meetings")
@guard("agent")
def desk_meet(slug: str) -> Answer:
    """Add a meet-up."""
    data, form = load(MeetingForm(), request.form)
    if data is None:
        return _page(slug, form, 422)
    return _done(
        slug,
        "meetings",
        lambda: gathering.add_meeting(
            slug, data["meeting"], data["place"],
            begins_at=_moment(data["on"], data["at"]), ends_at=_moment(data["on"], data["until"]),
            now=clock.now(), chance=system_chance,
        ),
        form,
    )  # fmt: skip


def _moment(day: date, hour: str) -> datetime:
    hours, minutes = hour.replace("h", ":").split(":")
    return datetime.combine(day, time(int(hours), int(minutes)), ZoneInfo(settings().time_zone))


@blueprint.post("/desk/campaigns/<slug>/meetings/<int:meeting_id>/remove")
@guard("agent")
def desk_cancel(slug: str, meeting_id: int) -> Answer:
    """Take a meet-up out of the edition."""
    return _done(
        slug, "meetings", lambda: gathering.drop_meeting(slug, meeting_id, now=clock.now()), Form()
    )


@blueprint.post("/desk/campaigns/<slug>/take-over")
@guard("agent")
def desk_take_over(slug: str) -> Answer:
    """Take over who helped and the meet-ups of the edition before, those that were ticked."""
    helpers, meetings = (
        {int(one) for one in request.form.getlist(name) if one.isascii() and one.isdigit()}
        for name in ("association", "meeting")
    )
    return _done(
        slug,
        "proposed" if not (helpers or meetings) else "meetings" if meetings else "helpers",
        lambda: gathering.take_over(
            slug, helpers, meetings,
            zone=ZoneInfo(settings().time_zone), now=clock.now(), chance=system_chance,
        ),
        Form(),
    )  # fmt: skip


# ---- the note -----------------------------------------------------------------------------------


@blueprint.get("/desk/campaigns/<slug>/note")
@guard("agent")
def desk_note(slug: str) -> Answer:
    """Show the words of the note with the figures that come by themselves."""
    words = queries.note_words(the_edition(slug).id, drafts=True)
    return _note_page(slug, Form(values={f"note_{k}": v for k, v in words.items()}))


def _note_page(slug: str, form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    one = the_edition(slug)
    page = render_template(
        "campaigns/desk_note.html",
        one=one,
        shown=shown(one),
        form=form,
        languages=settings().languages,
        document=document(one, lines_of(one), ""),
        can_publish=one.counted and one.note_at is None,
        note_on=in_words(one.note_on),
        saved=request.args.get("saved", ""),
    )
    return page, status


@blueprint.post("/desk/campaigns/<slug>/note")
@guard("agent")
def desk_write(slug: str) -> Answer:
    """Keep the words of the note, and publish it if that is the button."""
    form, now = Form(values=request.form.to_dict()), clock.now()
    languages = settings().languages
    try:
        with unit_of_work():
            words = {lang: form.value(f"note_{lang}") for lang in languages}
            service.save_note(slug, words, languages=languages)
            if form.value("step") == "publish":
                service.publish_note(slug, today=today(), now=now)
    except Invalid as refusal:
        return _note_page(slug, form.and_errors(_said(refusal)), 422)
    if form.value("step") == "publish":
        return redirect(url_for("campaigns.note", slug=slug), code=303)
    return redirect(url_for("campaigns.desk_note", slug=slug, saved="yes"), code=303)
