# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the street desk does when something happens to a case, in the same transaction."""

from collections.abc import Sequence

from beffroi.cases import queries as cases
from beffroi.cases.events import CaseChanged, CaseErased, PublicVersionChanged, TextReleased
from beffroi.cases.rules import STREET
from beffroi.incidents.events import ReportsImported
from beffroi.kernel import clock
from beffroi.kernel.actors import SYSTEM
from beffroi.kernel.db import at_the_end
from beffroi.kernel.extension import settings
from beffroi.legal.calendars import calendar_of
from beffroi.street import queries, service
from beffroi.street.service import Moment, forwarding


def moment() -> Moment:
    """Return now, the day in the town and its calendar."""
    now = clock.now()
    return Moment(now, clock.today(now), calendar_of("FR", settings().communes))


def on_case_changed(event: CaseChanged) -> None:
    """Bring the queue up to date at the end of the change; a new report is routed then."""
    if event.kind == STREET:
        at_the_end(_catch_up, event.case_id)


def _catch_up(case_ids: Sequence[int]) -> None:
    service.catch_up(case_ids, moment())


def on_reports_imported(event: ReportsImported) -> None:
    """Put imported street reports into the queue."""
    service.take_imported(queries.imported(event.case_ids))


def on_public_version_changed(event: PublicVersionChanged) -> None:
    """Pass a report on to the body that is competent, as soon as its words are released."""
    if event.kind == STREET:
        at_the_end(_pass_on, event.case_id)


def _pass_on(case_ids: Sequence[int]) -> None:
    town = settings()
    tools = {tool.name: frozenset(tool.services) for tool in town.open311_forward}
    for case_id in case_ids:
        forwarding.pass_on(case_id, tools, secret=town.secret_key, now=clock.now())


def on_text_released(event: TextReleased) -> None:
    """Tell followers that the competent body has answered, once its words are released."""
    if event.role == "update" and queries.answer_of(event.text_id) == event.case_id:
        forwarding.answer_released(event.case_id, event.text_id, actor=SYSTEM, now=event.at)


def on_case_erased(event: CaseErased) -> None:
    """Destroy what ties an erased report to another body and to photos."""
    if cases.head_by_id(event.case_id) is not None:
        service.forget([event.case_id])
