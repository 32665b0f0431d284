# SPDX-License-Identifier: AGPL-3.0-or-later
"""The front page, the account and the pages that say how it all works."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask_babel import gettext

from beffroi.accounts import queries as accounts
from beffroi.campaigns import queries as campaigns
from beffroi.campaigns.schemas import shown as shown_campaign
from beffroi.cases import queries as cases
from beffroi.cases import rules as case_rules
from beffroi.cases.queries import persons
from beffroi.cases.schemas import answered_card, card
from beffroi.dashboards import queries
from beffroi.dashboards.routes.shared import KIND_WORDS, blueprint, today
from beffroi.data_requests.routes import following
from beffroi.data_requests.rules import turns as turn_rules
from beffroi.data_requests.schemas import SizeLine, size_line
from beffroi.kernel import clock
from beffroi.kernel.extension import SeenLog, extension, settings
from beffroi.legal.law import law_of
from beffroi.legal.sizes import size_of
from beffroi.rights import queries as rights
from beffroi.rights import rules as right_rules
from beffroi_web.cards import CaseCard
from beffroi_web.guards import PUBLIC, SIGNED_IN, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor


@blueprint.get("/")
@guard(PUBLIC)
def front() -> str:
    """Say what this is and offer the two things that people come for."""
    shown = queries.front()
    day = today()
    answered = sorted(shown.answered, key=lambda r: r.closed_on or r.received_on, reverse=True)
    refs = {r.ref for r in answered}
    lang, first = current_language(), settings().languages[0]
    return render_template(
        "dashboards/front.html",
        campaigns=[shown_campaign(one, day, lang, first) for one in campaigns.running(day)],
        figures=shown,
        newest=[card(r, today=day) for r in shown.newest if r.ref not in refs],
        answered=[answered_card(r, cases.public_answers(r.id), today=day) for r in answered],
    )


@blueprint.get("/how-it-works")
@guard(PUBLIC)
def how_it_works() -> str:
    """Say how lists are ranked, texts masked, counts protected."""
    return render_template(
        "dashboards/how_it_works.html",
        moves=case_rules.MOVES,
        weekly=settings().publish == "weekly",
        witnesses=_witnesses(),
        sizes=_sizes(),
    )


def _sizes() -> list[SizeLine]:
    """Return what the law asks of bodies of some size, and whether it binds this one."""
    town = settings()
    size = size_of(town.population_band, town.full_time_agents, town.kind)
    bodies = law_of(town.communes).pack.bodies
    return [size_line(body, size, current_language()) for body in bodies]


def _witnesses() -> list[SeenLog]:
    """Return which witnesses have seen the log."""
    ask = extension().witnesses
    return ask() if ask is not None else []


@blueprint.get("/accessibility")
@guard(PUBLIC)
def accessibility() -> str:
    """Say what is accessible, what is not yet, and whom to write to."""
    return render_template("dashboards/accessibility.html", contact=settings().contact)


@blueprint.get("/privacy")
@guard(PUBLIC)
def privacy() -> str:
    """Say what is kept about people, why, and how long."""
    return render_template(
        "dashboards/privacy.html",
        contact=settings().contact,
        kept=settings(),
        asks_elsewhere=extension().elsewhere is not None,
    )


@blueprint.get("/account")
@guard(SIGNED_IN)
def account() -> str:
    """Show the person's own cases and settings."""
    visitor = current_visitor()
    assert visitor is not None  # noqa: S101  the guard saw to it
    person = rights.person(visitor.account_id)
    own = [row for party in person.party_ids for row in cases.cases_of(party)]
    no_store()
    return render_template(
        "dashboards/account.html",
        account=accounts.account(visitor.account_id),
        sessions=extension().sign_in.sessions(visitor.account_id, visitor, clock.now()),
        reports=[
            card(r, today=today(), facts=(gettext(KIND_WORDS[r.kind]),))
            for r in own
            if r.kind != case_rules.DATA_REQUEST
        ],
        requests=_own_requests([r for r in own if r.kind == case_rules.DATA_REQUEST]),
        who_words=turn_rules.WHO_WORDS,
        what_words=turn_rules.WHAT_WORDS,
        receipts=[r.ref for r in own if r.kind == case_rules.DATA_REQUEST],
        comments=[t for t in persons.texts_by(person.party_ids) if t.role in case_rules.BY_ANYBODY],
        follows=following.followed_by(person.party_ids),
        kept=rights.kept_for(visitor.account_id),
        reasons=right_rules.REASONS,
        is_staff=visitor.may("agent", "moderator", "access_officer"),
        languages=settings().languages,
    )


def _own_requests(rows: Sequence[Any]) -> list[tuple[CaseCard, tuple[turn_rules.Turn, ...]]]:
    """Return somebody's own data requests, each with what is expected of whom."""
    law, day = law_of(settings().communes), today()
    return [(card(row, today=day), queries.expected(row.ref, law, day)) for row in rows]
