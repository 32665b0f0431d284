# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the exchange does when something happens to a case, in the same transaction."""

from beffroi.cases.events import CaseErased, PublicVersionChanged
from beffroi.incidents.queries import exchange
from beffroi.kernel import jobs
from beffroi.kernel.extension import settings
from beffroi.open311 import service
from beffroi.open311.rules import SEND
from beffroi.street import queries as street


def on_public_version_changed(event: PublicVersionChanged) -> None:
    """Have a report passed on that another tool takes, as soon as its description is released."""
    tools = settings().open311_forward
    if not tools or event.kind != "street":
        return
    report = exchange.to_pass_on(event.case_id)
    named = street.tool_of(event.case_id)
    tool = next(
        (
            t
            for t in tools
            if report
            and report.category in t.services
            and (t.name == named if named else not t.only_by_rule)
        ),
        None,
    )
    if tool is not None and service.pass_on(event.case_id, tool.name, now=event.at):
        jobs.enqueue(SEND, {"case": event.case_id}, run_at=event.at)


def on_case_erased(event: CaseErased) -> None:
    """Destroy what links an erased case to other applications."""
    service.forget(event.case_id)
