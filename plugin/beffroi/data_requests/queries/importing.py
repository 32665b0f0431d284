# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was brought in before: what a second run of an import is compared with."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from beffroi.cases.models import Case, CaseText, OfficialAnswer
from beffroi.data_requests.models import DataRequest
from beffroi.kernel.db import db


def case_ids(sources: Collection[str]) -> dict[str, int]:
    """Return the cases of some sources, by source."""
    rows = db.session.execute(
        select(DataRequest.source, DataRequest.case_id).where(DataRequest.source.in_(sources))
    )
    return {str(source): case_id for source, case_id in rows}


@dataclass(frozen=True, slots=True)
class Brought:
    """A request that came by an import, as it stands here: originals by role, and its outcomes.

    `forgotten` says that originals have ended: there is nothing left to compare texts with.
    """

    status: str
    received_on: date
    removed: bool
    forgotten: bool
    texts: Mapping[str, Collection[str]]
    outcomes: Collection[str]


def brought(sources: Collection[str]) -> dict[str, Brought]:
    """Return the requests that have one of these sources, by source."""
    heads = db.session.execute(
        select(DataRequest.source, Case.id, Case.status, Case.received_on, Case.visibility)
        .join(Case, Case.id == DataRequest.case_id)
        .where(DataRequest.source.in_(sources))
    ).all()
    if not heads:
        return {}
    ids = [head.id for head in heads]
    texts: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    of_cases = select(CaseText.case_id, CaseText.role, CaseText.original).where(
        CaseText.case_id.in_(ids), CaseText.role.in_(("title", "wanted", "answer"))
    )
    for case_id, role, original in db.session.execute(of_cases):
        texts[case_id][role].add(original)
    outcomes: dict[int, set[str]] = defaultdict(set)
    answers = select(OfficialAnswer.case_id, OfficialAnswer.outcome)
    for case_id, outcome in db.session.execute(answers.where(OfficialAnswer.case_id.in_(ids))):
        outcomes[case_id].add(outcome)
    return {
        head.source: Brought(
            head.status,
            head.received_on,
            head.visibility == "removed",
            any("" in originals for originals in texts[head.id].values()),
            texts[head.id],
            outcomes[head.id],
        )
        for head in heads
    }
