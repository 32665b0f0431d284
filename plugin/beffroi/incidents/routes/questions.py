# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk's page of questions: what each category asks besides, for administrators to change."""

import re
from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.incidents import rules
from beffroi.incidents.queries import asked
from beffroi.incidents.routes.shared import blueprint
from beffroi.incidents.rules.questions import KINDS, Question, read, said
from beffroi.incidents.schemas import QuestionForm
from beffroi.incidents.service import asking
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi.kernel.extension import settings
from beffroi_web.forms import Form, load
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.words import N_


def _page(form: Form, status: int = 200) -> tuple[str, int]:
    no_store()
    lang = current_language()
    rows = [(0, one, False) for one in read(settings().questions)[0]]
    rows += [(one.id, one.question, one.retired) for one in asked.at_the_desk()]
    page = render_template(
        "incidents/questions.html",
        form=form,
        categories=[
            (c.code, gettext(c.label)) for c in rules.CATEGORIES.values() if c.family == "street"
        ],
        kinds=KINDS,
        kind_choices=[(code, gettext(words)) for code, words in KINDS.items()],
        questions=[
            {
                "id": number,
                "one": one,
                "words": said(one.words, lang),
                "choices": [said(words, lang) for words in one.choices.values()],
            }
            for number, one, retired in rows
            if not retired
        ],
        names={c.code: c.label for c in rules.CATEGORIES.values()},
    )
    return page, status


@blueprint.get("/desk/questions")
@guard("agent", "administrator")
def asked_questions() -> tuple[str, int]:
    """Show what each category asks besides."""
    return _page(Form())


@blueprint.post("/desk/questions")
@guard("administrator")
def add_question() -> Response | tuple[str, int]:
    """Add a question to a category."""
    data, form = load(QuestionForm(), request.form)
    if data is None:
        return _page(form, 422)
    choices = _choices(data.get("choices", ""), data.get("choices_en", ""))
    if choices is None:
        wrong = N_("Write one choice a line, as many in each language, each once.")
        return _page(form.and_errors({"choices": [wrong]}), 422)
    try:
        with unit_of_work():
            asking.add_question(_question(data, choices))
    except Refusal as refusal:
        return _page(form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("incidents.asked_questions"), code=303)


def _question(data: Mapping[str, Any], choices: Mapping[str, Mapping[str, str]]) -> Question:
    def both(name: str) -> dict[str, str]:
        words = {"fr": data.get(name, ""), "en": data.get(f"{name}_en", "")}
        return {lang: one for lang, one in words.items() if one}

    return Question(
        data["category"],
        data["code"],
        data["kind"],
        both("words"),
        both("hint"),
        choices if data["kind"] == "list" else {},
        required=bool(data.get("required")),
        public=bool(data.get("public")) and data["kind"] != "text",
        fixed=False,
    )


def _choices(french: str, english: str) -> dict[str, dict[str, str]] | None:
    """Return choices by code, from one a line in each language; None where they do not pair."""
    lines = [" ".join(line.split()) for line in french.splitlines() if line.strip()]
    others = [" ".join(line.split()) for line in english.splitlines() if line.strip()]
    if others and len(others) != len(lines):
        return None
    found: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines):
        code = re.sub("[^a-z0-9]+", "_", (others[number] if others else line).lower())
        code = f"c{number + 1}_{code}".strip("_")[:24].rstrip("_")
        found[code] = {"fr": line, **({"en": others[number]} if others else {})}
    return found if len({words["fr"] for words in found.values()}) == len(lines) else None


@blueprint.post("/desk/questions/<int:question_id>/retire")
@guard("administrator")
def retire_question(question_id: int) -> Response:
    """Ask a question no more; what was answered to it stays with its reports."""
    with unit_of_work():
        asking.retire_question(question_id)
    return redirect(url_for("incidents.asked_questions"), code=303)
