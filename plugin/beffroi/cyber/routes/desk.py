# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk of confidential cases: the list of those one may know of, and the file of one."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, render_template, request
from flask_babel import format_date, gettext

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases.queries import CaseHead
from beffroi.cases.schemas import badge
from beffroi.cyber import queries, rules
from beffroi.cyber.models import CyberCase
from beffroi.cyber.queries import desk
from beffroi.cyber.routes.shared import blueprint, staff, the_head
from beffroi.cyber.rules import embargo
from beffroi.cyber.rules.sites import defanged
from beffroi.cyber.service import clocks
from beffroi.cyber.service.release import standing
from beffroi.incidents import queries as incidents
from beffroi.incidents import rules as incident_rules
from beffroi.incidents.adapters import photos
from beffroi.kernel import clock, jobs
from beffroi.kernel.errors import NotFound, SignInNeeded
from beffroi.kernel.extension import settings
from beffroi_web.forms import Form
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_


def _account() -> int:
    visitor = current_visitor()
    if visitor is None:
        raise SignInNeeded(N_("Please sign in first."))
    return visitor.account_id


@blueprint.get("/desk/cyber")
@staff
def listing() -> str:
    """Show the confidential cases that who is asking may know of, and say nothing of others."""
    closed = request.args.get("queue") == "closed"
    visitor = current_visitor()
    officer = visitor is not None and visitor.may(rules.OFFICER)
    no_store()
    return render_template(
        "cyber/list.html",
        rows=[(r, badge(r.status)) for r in desk.listing(_account(), is_open=not closed)],
        closed=closed,
        officer=officer,
        unsent=jobs.dead(quiet=True) if officer else 0,
        categories=incident_rules.CATEGORIES,
        severities=rules.SEVERITIES,
        now=clock.now(),
        zoned=zoned,
    )


def zoned(moment: datetime, zone: str) -> str:
    """Return a moment as day, hour and zone: `12 avril 2027, 09:30 (Europe/Paris, UTC+02:00)`."""
    local = moment.astimezone(ZoneInfo(zone))
    offset = f"{local:%z}"
    day = format_date(local.date(), "long")
    return f"{day}, {local:%H:%M} ({zone}, UTC{offset[:3]}:{offset[3:]})"


def desk_page(head: CaseHead, form: Form, status: int = 200) -> tuple[str, int]:
    """Show everything of one case to somebody who may know of it."""
    case = desk.the_case(head.id)
    if case is None:
        raise NotFound(N_("There is no case with this reference."))
    steps, town, now = desk.steps(head.id), settings(), clock.now()
    readers = desk.readers(head.id)
    lang = current_language()
    delays = {d.code: d for d in clocks.pack().delays}
    no_store()
    page = render_template(
        "cyber/case.html",
        head=head,
        case=case,
        form=form,
        badge=badge(head.status),
        category=incident_rules.CATEGORIES[_category(head.id)],
        file=queries.file_of(head.id),
        happened_on=desk.happened_on(head.id),
        photos=incidents.photos(head.id),
        author=cases.author(head.party_id),
        messages=desk.messages(head.id),
        steps=steps,
        step_words=rules.STEPS,
        names=accounts.names({s.who for s in steps if s.who is not None}),
        clocks=[(row, delays[row.rule]) for row in desk.clocks(head.id) if row.rule in delays],
        says={code: delay.says for code, delay in delays.items()},
        said=lambda words: words.get(lang) or words["en"],
        notice=clocks.pack().notice,
        readers=readers,
        colleagues=[one for one in accounts.staff() if one not in readers],
        tasks=desk.tasks(head.id),
        contacts=desk.contacts(head.id),
        silent_before=now - timedelta(days=town.cyber_silent_days),
        silent_days=town.cyber_silent_days,
        csirt=(town.cyber_csirt_name, town.cyber_csirt_email, town.cyber_csirt_phone),
        zones=embargo.zones(town.time_zone),
        local_embargo=_local(case),
        tlps=[(one, f"{one}: {gettext(words)}") for one, words in rules.TLP_WORDS.items()],
        hinders=_hindrances(head, case, now),
        answers=cases.public_answers(head.id),
        outcomes=[(one, gettext(incident_rules.OUTCOMES[one])) for one in rules.OUTCOMES],
        rules=rules,
        now=now,
        zone=town.time_zone,
        zoned=zoned,
        defanged=defanged,
    )
    return page, status


def _local(case: CyberCase) -> tuple[str, str]:
    """Return day and hour of an embargo in its own zone, as a form has them."""
    if case.embargo_until is None:
        return "", ""
    local = case.embargo_until.astimezone(ZoneInfo(case.embargo_zone))
    return f"{local:%Y-%m-%d}", f"{local:%H:%M}"


def _category(case_id: int) -> str:
    codes = incidents.codes(case_id)
    return codes.category if codes is not None else "weakness"


def _hindrances(head: CaseHead, case: CyberCase, now: datetime) -> tuple[str, ...]:
    return rules.hindrances(standing(head, case), band=settings().population_band, now=now)


@blueprint.get("/desk/cyber/<ref>")
@staff
def show(ref: str) -> tuple[str, int]:
    """Show the file of a case to those who need to know of it."""
    return desk_page(the_head(ref), Form())


@blueprint.get("/desk/cyber/<ref>/evidence/<name>")
@staff
def evidence(ref: str, name: str) -> Response:
    """Give a picture of a case, or its thumbnail, to those who need to know of it."""
    head = the_head(ref)
    if not incidents.has_photo(head.ref, name, public=False):
        raise NotFound(N_("There is no such photo."))
    return photos.answer(settings().data_dir, name)
