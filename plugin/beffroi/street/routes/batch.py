# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/desk/incidents/batch`: the same thing done to several reports, after a page that lists it."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response

from beffroi.cases import queries as cases
from beffroi.cases.rules import STATUS_WORDS
from beffroi.cases.schemas import badge as case_badge
from beffroi.incidents.rules import CATEGORIES, OUTCOMES
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid
from beffroi.street.queries import desk
from beffroi.street.routes.queue import sentences
from beffroi.street.routes.shared import actor, blueprint, moment
from beffroi.street.rules.batch import ACTIONS, HOW
from beffroi.street.schemas import BatchForm
from beffroi.street.service import batch
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store

Page = Response | tuple[str, int]
FIRST = "how"
"""A field that only the page of a batch has: without it one comes from the queue."""
BATCH_FIELDS = ("department", "status", "outcome", "words", "duplicate_of")


@blueprint.post("/desk/incidents/batch")
@guard("agent")
def many() -> Page:
    """Show what a batch would do to each report (nothing is done yet), or do it."""
    data, form = load(BatchForm(), request.form)
    if data is None:
        return _page(form, (), status=422)
    asked = batch.Asked(
        action=data["action"],
        refs=tuple(data["ref"]),
        department_id=data["department"],
        status=data["status"],
        outcome=data["outcome"],
        words=data["words"],
        duplicate_of=data["duplicate_of"].strip(),
    )
    doing = data["step"] == "do"
    try:
        done = _carried_out(asked, keep=doing, all_or_none=data["how"] == "all")
    except Invalid as refusal:
        if FIRST not in request.form and set(refusal.errors) <= set(BATCH_FIELDS):
            return _page(form, (), asked, asking=True)
        form = form.and_errors(refusal.errors or {"": [refusal.sentence]})
        return _page(form, (), asked, status=422)
    except batch.Undone as undone:
        return _page(form, undone.done, asked, undone=doing, status=422 if doing else 200)
    return _page(form, done, asked, finished=True)


def _carried_out(asked: batch.Asked, *, keep: bool, all_or_none: bool) -> Sequence[batch.Done]:
    """Do a batch in one unit of work; raise Undone where nothing of it is to be kept."""
    with unit_of_work():
        done = batch.carry_out(asked, actor=actor(), at=moment())
        if not keep or (all_or_none and any(one.refusal for one in done)):
            raise batch.Undone(done)
    return done


def _page(
    form: Form,
    done: Sequence[batch.Done],
    asked: batch.Asked | None = None,
    *,
    finished: bool = False,
    undone: bool = False,
    asking: bool = False,
    status: int = 200,
) -> tuple[str, int]:
    no_store()
    refs = list(asked.refs) if asked else form.chosen("ref")
    lines = {line.head.ref: line for line in desk.by_refs(refs[:100])}
    became: list[tuple[str, Any, Any, list[str]]] = []
    for ref in refs[:100]:
        one = next((d for d in done if d.ref == ref), None)
        line = lines.get(ref)
        said = sentences(one.refusal) if one is not None and one.refusal is not None else []
        became.append((ref, line, case_badge(line.head.status) if line else None, said))
    page = render_template(
        "street/batch.html",
        form=form,
        asked=asked,
        became=became,
        refused=sum(bool(said) for *_, said in became),
        finished=finished,
        undone=undone,
        asking=asking,
        actions=ACTIONS,
        how=HOW,
        categories=CATEGORIES,
        statuses=STATUS_WORDS,
        outcomes=OUTCOMES,
        departments=cases.department_addresses(),
    )
    return page, status
