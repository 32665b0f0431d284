# SPDX-License-Identifier: AGPL-3.0-or-later
"""Release, hold, remove: what decides what everyone sees; the queue of texts, the town's lists."""

import hashlib
import hmac
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from beffroi.accounts import queries as accounts
from beffroi.cases.queries import review
from beffroi.cases.queries.review import Narrowing, ReviewText
from beffroi.cases.rules import ROLE_WORDS
from beffroi.cases.service import reading
from beffroi.cases.service.reading import IN_HAND
from beffroi.cases.service.reviewing import Masks
from beffroi.incidents import queries as incidents
from beffroi.incidents.adapters import photos
from beffroi.kernel import clock
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from beffroi.kernel.extension import settings
from beffroi.moderation import rules, service
from beffroi.texts import queries as texts
from beffroi.texts.rules import (
    ADDED,
    LABEL_WORDS,
    STATUSES,
    Mark,
    Reading,
    lines,
    marks_from,
    over,
    pieces,
    united,
)
from beffroi_web.forms import Form
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

blueprint = Blueprint("moderation", __name__)

Page = tuple[str, int] | Response


def _actor() -> Actor:
    return accounts.actor(current_visitor())


def _desk(ref: str, anchor: str | None = None) -> Response:
    return redirect(url_for("dashboards.desk_case", ref=ref, _anchor=anchor), code=303)


@blueprint.post("/desk/cases/<ref>/texts/<int:text_id>/hold")
@guard("agent", "moderator")
def hold(ref: str, text_id: int) -> Response:
    """Take one text off the public pages."""
    with unit_of_work():
        service.hold(
            ref,
            text_id,
            reason=request.form.get("reason", ""),
            actor=_actor(),
            now=clock.now(),
        )
    return _desk(ref)


@blueprint.get("/desk/cases/<ref>/photos/<name>")
@guard("agent", "moderator")
def photo(ref: str, name: str) -> Response:
    """Give a photo of a case, or its thumbnail, whatever its state."""
    if not incidents.has_photo(ref, name, public=False):
        raise NotFound(N_("There is no such photo."))
    return photos.answer(settings().data_dir, name)


@blueprint.post("/desk/cases/<ref>/photos/<int:photo_id>/hold")
@guard("agent", "moderator")
def hold_photo(ref: str, photo_id: int) -> Response:
    """Refuse one photo, or take it off the public pages."""
    with unit_of_work():
        service.hold_photo(
            ref,
            photo_id,
            reason=request.form.get("reason", ""),
            actor=accounts.actor(current_visitor()),
            now=clock.now(),
        )
    return _desk(ref, "photos")


@blueprint.post("/desk/cases/<ref>/remove")
@guard("moderator")
def remove(ref: str) -> Response:
    """Take a whole case off the public pages; what left the town is withdrawn."""
    code = request.form.get("code", "")
    if code not in rules.REASONS:
        raise Invalid(N_("Choose why."), errors={"code": [N_("Missing.")]})
    with unit_of_work():
        service.remove(
            ref,
            reason=request.form.get("reason", ""),
            code=code,
            actor=_actor(),
            now=clock.now(),
        )
    return _desk(ref)


# ---- the queue of texts -------------------------------------------------------------------------

DONE_WORDS = {
    "released": N_("Published."),
    "held": N_("Held back."),
    "judged": N_("Noted."),
    "gone": N_("Somebody else has just decided about that text."),
}


def _done() -> str:
    """Return what has just been done, in words, or nothing."""
    words = DONE_WORDS.get(request.args.get("done", ""))
    return str(gettext(words)) if words else ""


def _narrowing() -> Narrowing:
    """Return which texts are wanted, from the address or the form."""
    wanted = Narrowing(*(request.values.get(name, "") for name in ("shelf", "status", "reason")))
    wanted = Narrowing(wanted.shelf or "waiting", wanted.status, wanted.reason)
    known = (
        wanted.shelf in review.SHELVES
        and wanted.status in ("", *STATUSES)
        and wanted.reason in ("", *rules.REVIEW_WORDS)
    )
    if not known:
        raise NotFound(N_("The desk has no such queue."))
    return wanted


def _args(wanted: Narrowing) -> dict[str, Any]:
    """Return what an address carries of it."""
    given = asdict(wanted)
    given["shelf"] = "" if wanted.shelf == "waiting" else wanted.shelf
    return {name: value or None for name, value in given.items()}


@blueprint.get("/desk/texts")
@guard("agent", "moderator")
def queue() -> str:
    """Show the texts that wait for an agent, oldest first."""
    wanted = _narrowing()
    page = review.listing(wanted, cursor=request.args.get("cursor") or None)
    no_store()
    return render_template(
        "moderation/texts.html",
        rows=page.items,
        next_cursor=page.next_cursor,
        wanted=wanted,
        args=_args(wanted),
        counts=review.counts(),
        statuses=rules.STATUS_WORDS,
        reasons=rules.REVIEW_WORDS,
        roles=ROLE_WORDS,
        done=_done(),
    )


@dataclass(frozen=True, slots=True)
class Typed:
    """A decision as the form holds it: the places proposed and ticked, words to hide besides."""

    proposed: tuple[Mark, ...]
    ticked: tuple[Mark, ...]
    also: str = ""
    reason: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)

    def masks(self, original: str) -> Masks:
        """Return what they mean for a text."""
        return service.masks_of(original, self.proposed, self.ticked, lines(self.also))

    def placed(self, original: str) -> "Typed":
        """Return the same with the words to hide besides as places, each with its own tick."""
        return replace(self, ticked=self.masks(original).hidden, also="")


def _the_text(text_id: int) -> ReviewText:
    found = review.text(text_id)
    if found is None or not found.original:
        raise NotFound(N_("There is no such text."))
    return found


def _reading(text: ReviewText) -> Reading:
    aids = reading.aids_for(text.case_party, text.text_party, hidden=text.hidden)
    return reading.read_with(text.original, aids)


def _text_page(text: ReviewText, typed: Typed | None = None, status: int = 200) -> Page:
    """Show one text with its masks as toggles, what everyone would read, what can be decided."""
    wanted, found = _narrowing(), _reading(text)
    typed = typed or Typed(found.marks, found.marks)
    masks = typed.masks(text.original)
    shown = (*typed.proposed, *masks.added)
    no_store()
    page = render_template(
        "moderation/text.html",
        text=text,
        open=text.state in IN_HAND,
        pieces=[
            (words, mark, over(words, [Mark(0, len(words), mark.label)]) if mark else "")
            for words, mark in pieces(text.original, shown)
        ],
        typed=typed,
        kept={
            mark
            for _, mark in pieces(text.original, shown)
            if mark and any(m.start < mark.end and mark.start < m.end for m in masks.hidden)
        },
        public=over(text.original, masks.hidden),
        found=found,
        form=Form(values={"also": typed.also, "reason": typed.reason}).and_errors(typed.errors),
        wanted=wanted,
        following=review.next_text(wanted, after=text),
        args=_args(wanted),
        counts=review.counts(),
        labels=LABEL_WORDS,
        statuses=rules.STATUS_WORDS,
        reasons=rules.REVIEW_WORDS,
        roles=ROLE_WORDS,
        done=_done(),
    )
    return page, status


@blueprint.get("/desk/texts/<int:text_id>")
@guard("agent", "moderator")
def text(text_id: int) -> Page:
    """Show one text of the queue."""
    return _text_page(_the_text(text_id))


def _onwards(text: ReviewText, done: str) -> Response:
    """Go on to the next text of the same list, or to the list when nothing is left of it."""
    wanted = _narrowing()
    following = review.next_text(wanted, after=text)
    args = {**_args(wanted), "done": done}
    if following is None:
        return redirect(url_for("moderation.queue", **args), code=303)
    return redirect(url_for("moderation.text", text_id=following, **args), code=303)


def _secret() -> bytes:
    """Return the key under which decisions are remembered, made from the town's secret."""
    return hmac.new(settings().secret_key.encode(), b"mask decisions", hashlib.sha256).digest()


@blueprint.post("/desk/texts/<int:text_id>")
@guard("agent", "moderator")
def decide(text_id: int) -> Page:
    """Decide on a text (release, hold, verdict of a draw), look at the result, or extend a list."""
    text = _the_text(text_id)
    typed = Typed(
        marks_from(request.form.getlist("proposed"), text.original),
        marks_from(request.form.getlist("mask"), text.original),
        request.form.get("also", "")[:5000],
        request.form.get("reason_words", "")[:500],
    )
    step, _, place = request.form.get("step", "look").partition(":")
    try:
        if step in ("release", "hold"):
            return _decided(text, typed, step)
        if step in ("leak", "sound"):
            return _judged(text, step)
        if step in ("allow", "deny"):
            return _listed(text, typed, step, place)
    except Conflict:
        return _onwards(text, "gone")
    return _text_page(text, typed.placed(text.original))


def _decided(text: ReviewText, typed: Typed, step: str) -> Page:
    """Release or hold a text; what the gate finds is said, what was decided kept."""
    masks, now = typed.masks(text.original), clock.now()
    try:
        with unit_of_work():
            if step == "release":
                service.release_masked(text, masks, key=_secret(), actor=_actor(), now=now)
            else:
                service.hold_undecided(
                    text, masks, reason=typed.reason, key=_secret(), actor=_actor(), now=now
                )
    except Conflict:
        raise
    except Refusal as refusal:
        said = gettext(refusal.sentence, **refusal.values)
        name = "reason_words" if step == "hold" else "also"
        wrong = replace(typed, errors={name: [said]})
        return _text_page(text, wrong, 422)
    return _onwards(text, "released" if step == "release" else "held")


def _judged(text: ReviewText, step: str) -> Page:
    why = gettext("A person was found in a text that the program called clean.")
    with unit_of_work():
        service.judge(text.id, leak=step == "leak", reason=why, actor=_actor(), now=clock.now())
    return _onwards(text, "judged")


def _listed(text: ReviewText, typed: Typed, kind: str, place: str) -> Page:
    """Put the words of one place on a list; the text is shown again, what was decided kept."""
    visitor = current_visitor()
    if visitor is None or not visitor.may("moderator"):
        raise Forbidden(N_("Only moderators and administrators change the lists."))
    [mark] = marks_from([place], text.original) or [None]
    if mark is None:
        raise Invalid(N_("This text has no such place."))
    words = text.original[mark.start : mark.end]
    why = gettext("From the review of %(ref)s", ref=text.ref)
    errors: dict[str, list[str]] = {}
    try:
        with unit_of_work():
            service.add_words(kind, words, why, actor=_actor(), now=clock.now())
    except (Invalid, Conflict) as refusal:
        errors = {"also": [refusal.errors.get("words", [refusal.sentence])[0]]}
    found = _reading(text).marks
    kept = typed.placed(text.original)
    fresh = [m for m in found if m not in kept.proposed]
    again = replace(
        kept,
        proposed=found,
        ticked=united((*(m for m in kept.ticked if m in found or m.label == ADDED), *fresh)),
        errors=errors,
    )
    return _text_page(text, again, 422 if errors else 200)


# ---- the town's lists ---------------------------------------------------------------------------


def _lists_page(form: Form, status: int = 200) -> tuple[str, int]:
    entries = {kind: texts.entries(kind) for kind in rules.LIST_WORDS}
    ids = {e.added_by for both in entries.values() for e in both if e.added_by is not None}
    no_store()
    page = render_template(
        "moderation/lists.html",
        entries=entries,
        lists=rules.LIST_WORDS,
        names=accounts.names(ids),
        form=form,
    )
    return page, status


@blueprint.get("/desk/lists")
@guard("moderator", "administrator")
def lists() -> tuple[str, int]:
    """Show the names that stay readable and the words that are always hidden."""
    return _lists_page(Form())


@blueprint.post("/desk/lists")
@guard("moderator", "administrator")
def add_words() -> Page:
    """Put a name or words on one of the two lists."""
    form = Form(values=request.form.to_dict())
    try:
        with unit_of_work():
            service.add_words(
                form.value("kind"),
                form.value("words"),
                form.value("reason"),
                actor=_actor(),
                now=clock.now(),
            )
    except (Invalid, Conflict) as refusal:
        return _lists_page(form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("moderation.lists"), code=303)


@blueprint.post("/desk/lists/<int:word_id>/remove")
@guard("moderator", "administrator")
def remove_words(word_id: int) -> Response:
    """Take an entry off its list."""
    with unit_of_work():
        service.remove_words(word_id)
    return redirect(url_for("moderation.lists"), code=303)
