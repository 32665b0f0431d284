# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a case goes out to a page (badge, card, timeline), and a list's filters that come in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any, cast

from flask import render_template, request, url_for
from flask_babel import format_date, get_timezone, gettext, ngettext
from markupsafe import Markup, escape
from marshmallow import Schema, fields, validate
from werkzeug.datastructures import MultiDict

from beffroi.cases import rules
from beffroi.cases.queries.preview import preview
from beffroi.kernel.errors import Invalid
from beffroi.texts.rules import LABEL_WORDS, LONGEST_CHOSEN, MOST_CHOSEN, chosen
from beffroi_web.cards import Badge, CaseCard, Due, Tone
from beffroi_web.filters import ago, paragraphs
from beffroi_web.forms import Form, load
from beffroi_web.headers import no_store
from beffroi_web.paging import limit_from
from beffroi_web.pieces import kept
from beffroi_web.words import N_

PREVIEW, EDIT = "preview", "edit"
"""Steps of a form before it is sent: see what everyone will read; go back and change."""


class HidingFields(Schema):
    """What the author of a form wants hidden in whatever is shown of it.

    `hide` are pieces of the texts, `hide_words` the same one a line, as a form has them.
    """

    hide = fields.List(
        fields.String(validate=validate.Length(2, LONGEST_CHOSEN)),
        validate=validate.Length(max=MOST_CHOSEN),
    )
    hide_words = fields.String(validate=validate.Length(max=5000))


class CommentForm(HidingFields):
    """A comment and what its author hides in it."""

    comment = fields.String(
        required=True, validate=validate.Length(1, rules.TEXT_LIMITS["comment"])
    )


LEGAL_GROUND = "CRPA, art. R. 311-13"


def badge(status: str) -> Badge:
    """Return the badge of a status in the reader's language."""
    return cast(Badge, kept()(_badge, status))


def _badge(status: str) -> Badge:
    return Badge(gettext(rules.STATUS_WORDS[status]), cast(Tone, rules.STATUS_TONES[status]))


def due(row: Any, today: date) -> Due | None:
    """Return the clock line of an open case that has a delay: a legal one, or a report's target."""
    if not row.open or row.due_on is None:
        return None
    late = row.due_on < today
    return cast(Due, kept()(_due, row.due_on, late, row.kind == rules.DATA_REQUEST))


def _due(day: date, late: bool, by_law: bool) -> Due:
    if not by_law:
        what = gettext("Was to be handled") if late else gettext("To be handled")
        return Due(what, day, gettext("our own target"), late)
    what = gettext("Silence became a refusal") if late else gettext("Answer due")
    return Due(what, day, LEGAL_GROUND, late)


def case_url(kind: str, ref: str) -> str:
    """Return the address of a case's page."""
    before, after = kept()(_case_url, kind)
    return f"{before}{ref}{after}"


def _case_url(kind: str) -> tuple[str, str]:
    """Return what stands before and after the reference in the addresses of cases of a kind."""
    endpoint = "data_requests.show" if kind == rules.DATA_REQUEST else "incidents.show"
    before, _, after = url_for(endpoint, ref="REF").partition("REF")
    return before, after


TITLE_LENGTH, SUMMARY_LENGTH = 140, 220


def shortened(words: str, most: int) -> str:
    """Return words cut after a whole one, with an ellipsis, so that at most `most` are left."""
    flat = " ".join(words.split())
    return flat if len(flat) <= most else flat[: most - 2].rsplit(" ", 1)[0] + " …"


def _under_review(row: Any) -> str:
    """Return the title of a case whose words nobody has released: its reference tells it apart."""
    if row.kind == rules.DATA_REQUEST:
        return str(gettext("Request %(ref)s (text under review)", ref=row.ref))
    return str(gettext("Report %(ref)s (text under review)", ref=row.ref))


def _when(sentence: str, day: date) -> Markup:
    """Return a marked sentence with its `%(when)s` as a `time` element: `reçu il y a 3 jours`."""
    return Markup(escape(gettext(sentence))) % {"when": ago(day)}  # noqa: S704  escaped before


def card(row: Any, *, today: date, facts: Sequence[str] = (), title: str | None = None) -> CaseCard:
    """Return the card of a row of a list; a text under review is said to be so."""
    same = kept()
    before, after = same(_case_url, row.kind)
    return CaseCard(
        reference=row.ref,
        title=shortened(title or row.title or _under_review(row), TITLE_LENGTH),
        url=f"{before}{row.ref}{after}",
        badge=same(_badge, row.status),
        facts=(same(_when, N_("received %(when)s"), row.received_on), *facts),
        due=due(row, today),
    )


def answered_card(row: Any, answers: Sequence[Any], *, today: date) -> CaseCard:
    """Return the card of an answered case: how the answer begins, and when it was given."""
    words = answers[0].words if answers else None
    return replace(
        card(row, today=today),
        summary=shortened(words or "", SUMMARY_LENGTH),
        facts=(_when(N_("answered %(when)s"), row.closed_on or row.received_on),),
    )


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One step as the timeline component shows it."""

    when: datetime
    who: str
    title: str
    by: str
    text: Markup | str


def _pair(name: str, words: str) -> str:
    """Return a name and its words as the language points them: `Texte publié : Titre`."""
    return str(gettext("%(name)s: %(words)s", name=name, words=words))


def timeline(steps: Sequence[Any], *, town: str) -> list[TimelineEvent]:
    """Return a public timeline in words; reasons of moves and removals are part of it.

    Texts released on one day by the same side are one event: a reader sees one act.
    """
    shown = []
    for (_, voice, name), group in groupby(steps, key=_occasion):
        together = list(group)
        by = town if voice == "institution" else ""
        if name in {"released", "shown"}:
            roles = [gettext(rules.ROLE_WORDS[role]) for role in _roles(together)]
            if not roles:
                continue
            title = _pair(gettext(rules.STEP_WORDS[name]), ", ".join(roles))
            shown.append(TimelineEvent(together[-1].at, voice, title, by, ""))
            continue
        if name == "photo_released":
            title = str(ngettext("Photo published", "%(num)d photos published", len(together)))
            shown.append(TimelineEvent(together[-1].at, voice, title, by, ""))
            continue
        for step in together:
            codes = step.codes or {}
            words = step.words if name in _WITH_WORDS else codes.get("reason")
            said = paragraphs(words) if words else _true_day(step)
            by_whom = codes.get("body") or by if name == "body_answered" else by
            shown.append(TimelineEvent(step.at, voice, _title(step), by_whom, said))
    return shown


_WITH_WORDS = frozenset({"commented", "updated", "body_answered"})
"""Steps that show the words of their text."""


def _true_day(step: Any) -> str:
    """Return the day on which a step of the law happened, and its article: it is written later."""
    codes: Mapping[str, Any] = step.codes or {}
    if not codes.get("day"):
        return ""
    day = format_date(date.fromisoformat(codes["day"]), "long")
    said = gettext("On %(day)s", day=day)
    more = ", ".join(codes[name] for name in ("article", "number") if codes.get(name))
    return f"{said} ({more})" if more else str(said)


def _occasion(step: Any) -> tuple[date, str, str]:
    """Return what makes steps one: the day, whose act, what act."""
    return step.at.astimezone(get_timezone()).date(), step.voice, step.step


def _roles(steps: Sequence[Any]) -> list[str]:
    """Return which texts were released, each once; a comment is an event with its words already."""
    return list(dict.fromkeys(s.codes["role"] for s in steps if s.codes["role"] != "comment"))


def _title(step: Any) -> str:
    """Return a step in words, with the state that it led to."""
    codes: Mapping[str, Any] = step.codes or {}
    title = str(gettext(rules.STEP_WORDS.get(step.step, step.step)))
    if step.step in {"moved", "reopened"}:
        status = rules.STATUS_WORDS[codes["to"]]
        return _pair(title, gettext(status))
    if step.step == "sent_to_body" and codes.get("body"):
        return _pair(title, codes["body"])
    if step.step == "elsewhere":
        said = rules.ELSEWHERE_WORDS[codes["said"]]
        return _pair(title, gettext(said))
    if step.step == "commented" and step.words is None:
        held = step.state == "held"
        return str(
            gettext("Comment, no longer shown") if held else gettext("Comment, under review")
        )
    return title


def removal(steps: Sequence[Any]) -> str:
    """Return why a case was removed, in the reader's language, from its public timeline."""
    codes: Mapping[str, Any] = next((s.codes for s in reversed(steps) if s.step == "removed"), {})
    if codes.get("by") == "author":
        return str(gettext("Its author has withdrawn it."))
    return str(codes.get("reason", ""))


def list_filters(
    query: Schema, statuses: Sequence[str], args: MultiDict[str, str] | None = None
) -> dict[str, Any]:
    """Return a public list's filters from the address of the page, or from these parameters.

    `any_open` goes with every kind's statuses; an unknown status does not narrow. Raises Invalid
    for what else does not fit.
    """
    given = request.args if args is None else args
    data, form = load(query, given)
    if data is None:
        raise Invalid(
            N_("This page address is not one of ours; start from the list."), errors=form.errors
        )
    data["limit"] = limit_from(given)
    if data["status"] and data["status"] not in (*statuses, "any_open"):
        data["status"] = ""
    return data


@dataclass(frozen=True, slots=True)
class Sending:
    """A form that is looked at before it is sent: where it goes, its button, whose it is.

    `listed` is false where nothing of it will be shown to anybody; `known` is what is known of its
    author, `page` the template. `fields` are the form's own, which the page keeps; `carried` are
    further ones with their values, and `note` says what they are.
    """

    action: str
    button: str
    fields: tuple[str, ...]
    known: tuple[str, ...]
    listed: bool = True
    carried: Sequence[tuple[str, str]] = ()
    note: str = ""
    page: str = "cases/preview.html"


def preview_page(form: Form, data: Mapping[str, Any], sending: Sending, **more: object) -> str:
    """Return the page that shows an author what everyone will read, before anything is sent.

    `more` is for what the page of a kind adds.
    """
    hidden = chosen(data)
    texts = {role: data[role] for role in rules.ROLE_WORDS if data.get(role)}
    no_store()
    return render_template(
        sending.page,
        **more,
        texts=preview(texts, known=sending.known, hidden=hidden),
        kept=[
            *((name, form.value(name)) for name in sending.fields if form.value(name)),
            *sending.carried,
        ],
        hidden=hidden,
        ticked=form.chosen("hide"),
        form=form,
        sending=sending,
        roles=rules.ROLE_WORDS,
        labels=LABEL_WORDS,
    )
