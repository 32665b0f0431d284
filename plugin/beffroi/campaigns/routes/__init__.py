# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages of campaigns: the list, an edition, taking part; feeds, kit, note and desk beside it."""

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.campaigns import queries, rules
from beffroi.campaigns.queries import members, persons
from beffroi.campaigns.routes import desk, feeds, kit, note
from beffroi.campaigns.routes.shared import blueprint, own_party, party, shown, the_edition, today
from beffroi.campaigns.rules.survey import CHOICES
from beffroi.campaigns.schemas import (
    AROUND,
    DayChart,
    chart_summary,
    choice_names,
    day_chart,
    from_to,
    in_words,
    member_cards,
    result_words,
)
from beffroi.campaigns.service import following, survey
from beffroi.cases.schemas import card
from beffroi.data_requests.queries import gathered
from beffroi.data_requests.rules import THEMES
from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid, NotFound
from beffroi_web.csrf import csrf_exempt
from beffroi_web.forms import Form
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.languages import current_language
from beffroi_web.words import N_

__all__ = ["blueprint", "desk", "feeds", "kit", "note"]

MOST_COMPARED = 8
"""How many calls are compared on the page of all campaigns."""


@blueprint.get("/campaigns")
@guard(PUBLIC)
def listing() -> str:
    """Show every campaign, those that run first, and what each call brought."""
    day = today()
    found = [shown(one) for one in queries.editions()]
    begun = [one for one in found if one.phase != rules.PLANNED][:MOST_COMPARED]
    charts = [(one, chart) for one in begun if (chart := _chart(one.edition)) is not None]
    return render_template(
        "campaigns/list.html",
        running=[one for one in found if one.phase in rules.PHASES],
        planned=[one for one in found if one.phase == rules.PLANNED],
        over=[one for one in found if one.phase == rules.OVER],
        charts=charts,
        today=day,
    )


def _chart(one: queries.Edition) -> DayChart | None:
    plan = one.plan
    counts = gathered.per_day(plan.call - AROUND, plan.sorting + AROUND)
    return day_chart(plan, counts, today())


@blueprint.get("/campaigns/<slug>")
@guard(PUBLIC)
def show(slug: str) -> tuple[str, int]:
    """Show an edition: its phases, what can be done now, its requests and what became of them."""
    return _page(the_edition(slug), Form())


def _page(one: queries.Edition, form: Form, status: int = 200) -> tuple[str, int]:
    code = request.args.get("by", "") if request.method == "GET" else ""
    helpers = queries.associations(one.id)
    helper = next((h for h in helpers if h.code == code), None)
    if code and helper is None:
        raise NotFound(N_("There is no such campaign."))
    found, edition, mine = members.members(one.id), shown(one), own_party()
    eligible = [m for m in found if m.eligible]
    chart = _chart(one)
    page = render_template(
        "campaigns/show.html",
        one=one,
        shown=edition,
        form=form,
        helper=helper,
        helpers=helpers,
        brought={h.id: sum(m.association_id == h.id for m in found) for h in helpers},
        cards=member_cards(one, found, today()),
        options=[("", gettext("No request"))]
        + [(m.row.ref, card(m.row, today=today()).title) for m in eligible],
        choices=list(zip(range(1, CHOICES + 1), choice_names(), _own(one, mine), strict=True)),
        can_vote=edition.phase == "sorting" and not one.counted and bool(eligible),
        result=result_words(one) if one.counted else "",
        meetings=queries.meetings([one.id]),
        chart=chart,
        chart_words=chart_summary(chart) if chart else "",
        what=rules.WHAT_HAPPENS,
        calendar=[(gettext(w), from_to(*one.plan.span(p))) for p, w in rules.PHASES.items()],
        next_day=_next_day(one),
        follows=mine is not None and persons.follows(one.series_id, mine),
        theme=THEMES.get(one.theme or ""),
        done=request.args.get("done", ""),
    )
    return page, status


def _own(one: queries.Edition, mine: int | None) -> list[str]:
    """Return the references that the reader has chosen, one a place."""
    chosen = members.ballot(one.id, mine) if mine is not None else []
    refs = {case_id: ref for ref, case_id in survey.eligible(one.id).items()} if chosen else {}
    kept = [refs.get(case_id, "") for case_id in chosen]
    return [*kept, *[""] * CHOICES][:CHOICES]


def _next_day(one: queries.Edition) -> str:
    """Return the day on which the next edition begins, in words; nothing if there is none."""
    series = queries.series(one.series_id)
    if series is None or not series.active:
        return ""
    after = max(one.over_on, today())
    return in_words(series.rhythm.next_plan(not_before=after, today=today()).call)


@blueprint.post("/campaigns/<slug>/vote")
@guard(SIGNED_IN)
def vote(slug: str) -> Response | tuple[str, int]:
    """Keep what the signed-in person ranks first, in the place of what they chose before."""
    one, now = the_edition(slug), clock.now()
    form = Form(values=request.form.to_dict())
    refs = [form.value(f"choice-{n}") for n in range(1, CHOICES + 1)]
    try:
        with unit_of_work():
            survey.vote(one.id, refs, party_id=party(now), today=today(), now=now)
    except Invalid as refusal:
        return _page(one, form.and_errors(refusal.errors), 422)
    return redirect(url_for("campaigns.show", slug=slug, done="vote", _anchor="act"), code=303)


@blueprint.post("/campaigns/<slug>/follow")
@guard(SIGNED_IN)
def follow(slug: str) -> Response:
    """Tell the signed-in person of each phase from now on, also of the editions to come."""
    one, now = the_edition(slug), clock.now()
    with unit_of_work():
        following.follow(one.series_id, party(now), now=now, chance=system_chance)
    return redirect(url_for("campaigns.show", slug=slug, done="follow", _anchor="act"), code=303)


@blueprint.get("/follow/campaigns/<token>")
@guard(PUBLIC)
def stop_following(token: str) -> str:
    """Ask, with a button, whether the messages about a campaign shall stop."""
    found = persons.follower(token)
    if found is None:
        raise NotFound(N_("This link stops nothing: it is not (or no longer) known."))
    titles, following_now = found
    title = rules.in_language(titles, current_language(), next(iter(titles), ""))
    return render_template(
        "campaigns/follow.html", title=title, following=following_now, token=token
    )


@blueprint.post("/follow/campaigns/<token>")
@guard(PUBLIC)
@csrf_exempt  # RFC 8058: mail programs post here; the token in the address is the proof
def stopped_following(token: str) -> Response:
    """Stop the messages about a campaign (also RFC 8058 one-click)."""
    with unit_of_work():
        following.unfollow(token, now=clock.now())
    if request.form.get("List-Unsubscribe") == "One-Click":
        return Response("", 200, mimetype="text/plain")  # RFC 8058, 3.1: it must not redirect
    return redirect(url_for("campaigns.stop_following", token=token), code=303)
