# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/desk/incidents/rules`: who handles what, until when; tried on the last reports before."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.cases import queries as cases
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, Refusal
from beffroi.kernel.extension import settings
from beffroi.street import queries, service
from beffroi.street.queries import desk
from beffroi.street.routes.shared import blueprint, categories, moment
from beffroi.street.rules import BODY_KINDS, Area, Rule, decide, delays, fits, importing, lines_of
from beffroi.street.rules.delays import TARGETS, Target
from beffroi.street.schemas import STREET, BodyForm, RuleForm
from beffroi.street.service import configuring
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.words import N_

TRIED = 100
"""On how many of the newest reports a rule is tried."""
ROUTED_AT_ONCE = 500
"""How many reports without a department one click routes."""


def _page(form: Form, status: int = 200, tried: Any = None) -> tuple[str, int]:
    no_store()
    own = queries.targets()
    page = render_template(
        "street/rules.html",
        form=form,
        rules=queries.rules(),
        areas=queries.areas(),
        bodies=queries.bodies(),
        departments=cases.department_addresses(),
        categories=categories(),
        category_words=CATEGORIES,
        communes=settings().communes,
        body_kinds=BODY_KINDS,
        tools=[tool.name for tool in settings().open311_forward],
        targets=[(code, delays.target_of(code, own), code in own) for code in STREET],
        shipped=TARGETS,
        tried=tried,
        done=request.args.get("done", ""),
        most=TRIED,
    )
    return page, status


def _again(form: Form, refusal: Refusal) -> tuple[str, int]:
    said = refusal.errors or {"": [gettext(refusal.sentence, **refusal.values)]}
    return _page(form.and_errors(said), 422)


def _back(anchor: str, done: str = "") -> Response:
    return redirect(url_for("street.rules", _anchor=anchor, done=done or None), code=303)


@blueprint.get("/desk/incidents/rules")
@guard("administrator")
def rules() -> tuple[str, int]:
    """Show departments, other bodies, areas, delays and the rules in their order."""
    return _page(Form())


@blueprint.post("/desk/incidents/rules")
@guard("administrator")
def keep_rule() -> Response | tuple[str, int]:
    """Keep a new rule, or (`step` try) see what it would have done with the last reports."""
    data, form = load(RuleForm(), request.form)
    if data is None:
        return _page(form, 422)
    try:
        given = {**data, "words": lines_of(data["words"])}
        if request.form.get("step") == "try":
            return _page(form, tried=_tried(given))
        with unit_of_work():
            configuring.keep_rule(None, given, communes=settings().communes)
    except Refusal as refusal:
        return _again(form, refusal)
    return _back("rules-title")


def _tried(given: dict[str, Any]) -> dict[str, Any]:
    """Return what a rule would have done with the last reports, behind those that are there."""
    area: Area | None = queries.areas().get(given["area"]) if given["area"] else None
    new = Rule(
        0, given["category"] or None, given["commune"] or None, area, given["words"],
        given["department"], given["body"],
    )  # fmt: skip
    return try_rules([*queries.rules(), new], new)


def try_rules(rules: Sequence[Rule], new: Rule | None = None) -> dict[str, Any]:
    """Return what some rules would have done with the last reports: figures and a few examples."""
    ids = queries.newest(TRIED)
    lines = {line.head.id: line for line in desk.rows_of(ids)}
    departments: Counter[int | None] = Counter()
    hit, taken = [], 0
    for case_id in ids:
        report = queries.reported(case_id)
        if report is None:
            continue
        decision = decide(rules, report)
        departments[decision.department_id] += 1
        if new is not None and fits(new, report):
            decides = new.id in (decision.rule_id, decision.body_rule_id)
            taken += decides
            hit.append((lines.get(case_id), decides, decision))
    return {
        "reports": len(ids),
        "fits": len(hit),
        "decides": taken,
        "examples": [one for one in hit if one[0] is not None][:20],
        "departments": departments.most_common(),
        "new": new is not None,
    }


@blueprint.post("/desk/incidents/rules/try")
@guard("administrator")
def try_all() -> tuple[str, int]:
    """Say what all the rules as they stand would have done with the last reports."""
    return _page(Form(), tried=try_rules(queries.rules()))


@blueprint.post("/desk/incidents/rules/<int:rule_id>/<step>")
@guard("administrator")
def change_rule(rule_id: int, step: str) -> Response:
    """Move a rule up or down, or take it away."""
    if step not in {"up", "down", "remove"}:
        raise NotFound(N_("A rule is moved up or down, or removed."))
    with unit_of_work():
        if step == "remove":
            configuring.drop_rule(rule_id)
        else:
            configuring.move_rule(rule_id, -1 if step == "up" else 1)
    return _back("rules-title")


@blueprint.post("/desk/incidents/rules/route")
@guard("administrator")
def route_all() -> Response:
    """Route the open reports that have no department yet, the longest due first."""
    at = moment()
    found = desk.page({"state": "unrouted"}, desk.Who(None, at.today), most=ROUTED_AT_ONCE)
    routed = 0
    for line in found.items:
        with unit_of_work():
            routed += service.route_again(line.head.id, at)
    return _back("rules-title", f"routed-{routed}")


@blueprint.post("/desk/incidents/rules/file")
@guard("administrator")
def take_file() -> Response | tuple[str, int]:
    """Put the rules of a TOML file in the place of those that are there."""
    form = Form(values=request.form.to_dict())
    try:
        read = importing.read(
            form.value("file"),
            categories=STREET,
            communes=settings().communes,
            known=[name for name, _ in cases.department_addresses().values()],
        )
        with unit_of_work():
            count = configuring.take_file(read, communes=settings().communes)
    except Refusal as refusal:
        return _again(form, refusal)
    return _back("rules-title", f"file-{count}")


@blueprint.post("/desk/incidents/departments")
@guard("administrator")
def keep_department() -> Response | tuple[str, int]:
    """Keep a department's name and the address that its reminders go to."""
    form = Form(values=request.form.to_dict())
    number = form.value("id")
    try:
        with unit_of_work():
            configuring.keep_department(
                int(number) if number.isdecimal() else None, form.value("name"),
                form.value("email"),
            )  # fmt: skip
    except Refusal as refusal:
        return _again(form, refusal)
    return _back("departments-title")


@blueprint.post("/desk/incidents/bodies")
@guard("administrator")
def keep_body() -> Response | tuple[str, int]:
    """Keep another body and how it is reached."""
    data, form = load(BodyForm(), request.form)
    if data is None:
        return _page(form, 422)
    try:
        known = {tool.name for tool in settings().open311_forward}
        data["tool"] = data["tool"] if data["tool"] in known else ""
        with unit_of_work():
            configuring.keep_body(importing.Body(**data))
    except Refusal as refusal:
        return _again(form, refusal)
    return _back("bodies-title")


@blueprint.post("/desk/incidents/bodies/<int:body_id>/remove")
@guard("administrator")
def drop_body(body_id: int) -> Response:
    """Take a body away that nothing names."""
    with unit_of_work():
        configuring.drop_body(body_id)
    return _back("bodies-title")


@blueprint.post("/desk/incidents/areas")
@guard("administrator")
def keep_area() -> Response | tuple[str, int]:
    """Keep a named area: corners, words of its places, or both."""
    form = Form(values=request.form.to_dict())
    try:
        with unit_of_work():
            configuring.keep_area(form.value("name"), form.value("corners"), form.value("words"))
    except Refusal as refusal:
        return _again(form, refusal)
    return _back("areas-title")


@blueprint.post("/desk/incidents/areas/<int:area_id>/remove")
@guard("administrator")
def drop_area(area_id: int) -> Response:
    """Take an area away that no rule names."""
    with unit_of_work():
        configuring.drop_area(area_id)
    return _back("areas-title")


@blueprint.post("/desk/incidents/delays")
@guard("administrator")
def keep_delays() -> Response | tuple[str, int]:
    """Keep in how many working days each category is handled."""
    form = Form(values=request.form.to_dict())
    errors: dict[str, list[str]] = {}
    found: dict[str, Target] = {}
    own = queries.targets()
    for code in STREET:
        said = form.value(f"due-{code}").strip(), form.value(f"remind-{code}").strip()
        if not all(one.isdecimal() and len(one) <= 3 for one in said):
            errors[f"due-{code}"] = [N_("A delay has between 1 and 250 working days.")]
            continue
        target = Target(int(said[0]), int(said[1]))
        if target != delays.target_of(code, own):
            found[code] = target
    if errors:
        return _page(form.and_errors(errors), 422)
    try:
        with unit_of_work():
            for code, target in found.items():
                configuring.keep_target(code, target)
    except Refusal as refusal:
        return _again(form, refusal)
    return _back("delays-title")
