# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a case looks when it goes out to a page: its badge, its card, its timeline, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from flask import url_for
from flask_babel import gettext
from markupsafe import Markup

from beffroi.cases import rules
from beffroi_web.cards import Badge, CaseCard, Due, Tone
from beffroi_web.filters import ago, paragraphs

LEGAL_GROUND = "CRPA, art. R. 311-13"


def badge(status: str) -> Badge:
    """Return the badge of a status in the reader's language."""
    return Badge(gettext(rules.STATUS_WORDS[status]), cast(Tone, rules.STATUS_TONES[status]))


def due(row: Any, today: date) -> Due | None:
    """Return the clock line of an open case that has a legal delay."""
    if not row.open or row.due_on is None:
        return None
    late = row.due_on < today
    what = gettext("Silence became a refusal") if late else gettext("Answer due")
    return Due(what, row.due_on, LEGAL_GROUND, late)


def case_url(kind: str, ref: str) -> str:
    """Return the address of a case's page."""
    endpoint = "data_requests.show" if kind == rules.DATA_REQUEST else "incidents.show"
    return url_for(endpoint, ref=ref)


def card(row: Any, *, today: date, facts: Sequence[str] = (), title: str | None = None) -> CaseCard:
    """Return the card of a row of a list; a text under review is said to be so."""
    words = title or row.title or gettext("Text under review")
    short = words if len(words) <= 140 else words[:137].rsplit(" ", 1)[0] + " …"
    return CaseCard(
        reference=row.ref,
        title=short,
        url=case_url(row.kind, row.ref),
        badge=badge(row.status),
        facts=(ago(row.received_on), *facts),
        due=due(row, today),
    )


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One step as the timeline component shows it."""

    when: datetime
    who: str
    title: str
    by: str
    text: Markup | str


def _pair(name: str, sentence: str) -> str:
    """Return a name and marked words as the language points them: `Texte publié : Titre`."""
    return str(gettext("%(name)s: %(words)s", name=name, words=gettext(sentence)))


def timeline(steps: Sequence[Any], *, town: str) -> list[TimelineEvent]:
    """Return a public timeline in words; reasons of moves and removals are part of it."""
    shown = []
    for step in steps:
        codes: Mapping[str, Any] = step.codes or {}
        title = gettext(rules.STEP_WORDS.get(step.step, step.step))
        if step.step in {"moved", "reopened"}:
            title = _pair(title, rules.STATUS_WORDS[codes["to"]])
        if step.step == "released":
            title = _pair(title, rules.ROLE_WORDS[codes["role"]])
        if step.step == "commented" and step.words is None:
            title = gettext("Comment, under review")
        words = step.words if step.step == "commented" else codes.get("reason")
        by = town if step.voice == "institution" else ""
        shown.append(
            TimelineEvent(step.at, step.voice, title, by, paragraphs(words) if words else "")
        )
    return shown
