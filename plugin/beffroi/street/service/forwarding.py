# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports that another body is competent for: named, passed on, answered. None commits.

What is passed on are released words, never before an agent has read them; who reported it goes
along only if that person agreed, in a message of its own.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete

from beffroi.cases import queries as case_queries
from beffroi.cases import service as cases
from beffroi.cases.rules import STREET
from beffroi.incidents.queries import exchange
from beffroi.kernel import private_links
from beffroi.kernel.actors import SYSTEM, Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi.notifications import service as notifications
from beffroi.notifications.service import Letter
from beffroi.street import queries
from beffroi.street.models import Forwarding
from beffroi_web.words import N_

ANSWERS = {
    "taken": N_("We take it on"),
    "done": N_("It is put right"),
    "not_ours": N_("It is not ours"),
}
"""What a body can answer, in the words of its form."""
SAID = {"taken": "in_progress", "done": "fixed", "not_ours": "not_ours"}
"""The same as the timeline has it (`cases.rules.ELSEWHERE_WORDS`)."""
NO_REPLY = "fr"
"""The language of a message to another body."""


def key_of(secret: str, ref: str, body_id: int) -> str:
    """Return the key of the link by which a body answers; of this report and this body alone."""
    return private_links.key_for(secret, ref, f"body {body_id}")


def by_key(
    secrets: tuple[str, ...], ref: str, key: str
) -> tuple[case_queries.CaseHead, queries.Passed]:
    """Return the report that a body's link opens, or raise NotFound."""
    head = case_queries.head(ref)
    found = queries.passed(head.id) if head is not None else None
    if head is None or found is None or head.visibility != "public" or found.sent_at is None:
        raise NotFound(N_("This link opens no report (any more)."))
    if not private_links.fits(secrets, ref, key, f"body {found.body.id}"):
        raise NotFound(N_("This link opens no report (any more)."))
    return head, found


def name(ref: str, body_id: int | None, *, actor: Actor, now: datetime) -> None:
    """Say which body is competent for a report, or that the institution itself is (None).

    One that was passed on already can only be given to another body.
    """
    case = cases.the_case(ref)
    if case.kind != STREET or not case.open:
        raise Conflict(N_("This report is closed."))
    row = db.session.get(Forwarding, case.id)
    if body_id is None:
        if row is not None and row.sent_at is not None:
            raise Conflict(N_("It was passed on already: say on its page what comes next."))
        db.session.execute(delete(Forwarding).where(Forwarding.case_id == case.id))
        return
    if queries.body(body_id) is None:
        raise Invalid(N_("There is no such body."), errors={"body": [N_("Unknown.")]})
    if row is None:
        row = Forwarding(case_id=case.id, body_id=body_id, state="waiting", named_at=now)
        db.session.add(row)
    elif row.body_id != body_id:
        row.body_id, row.state, row.named_at = body_id, "waiting", now
        row.sent_at = row.agreed_at = row.answered_at = row.answer_text_id = None
    db.session.flush()
    cases.step(case, "body_named", actor=actor, now=now, public=False)


def pass_on(
    case_id: int, tools: Mapping[str, Collection[str]], *, secret: str, now: datetime
) -> bool:
    """Pass a report on to its body once its words are released; False where nothing is to be done.

    `tools` are those of the settings, each with the categories that it takes. Where the body is
    reached through one, the exchange sends it (`beffroi.open311`) and this only writes down that it
    went; else it goes by mail, with a link that answers.
    """
    found, report = queries.passed(case_id), exchange.to_pass_on(case_id)
    if found is None or report is None or found.state != "waiting":
        return False
    by_tool = report.category in tools.get(found.body.tool or "", ())
    if not found.body.email and not by_tool:
        return False  # people are told who is competent; there is nobody to write to
    case, row = cases.case_by_id(case_id), db.session.get(Forwarding, case_id)
    if case is None or row is None or not case.open:
        return False
    row.state, row.sent_at = "sent", now
    if found.body.email and not by_tool:
        key = key_of(secret, report.ref, found.body.id)
        letter = Letter(
            "street-passed-on",
            found.body.email,
            NO_REPLY,
            f"body-{case_id}-{found.body.id}",
            f"/passed-on/{report.ref}?key={key}",
            {"ref": report.ref, "body": found.body.name},
            _lines(report),
        )
        notifications.owe_letter(letter, now=now)
    codes = {"body": found.body.name}
    cases.step(case, "sent_to_body", actor=SYSTEM, now=now, codes=codes)
    cases.public_changed(case, now=now)
    return True


def _lines(report: exchange.ToPassOn) -> Sequence[str]:
    lines = [report.description]
    if report.place:
        lines += ["", report.place]
    if report.position is not None:
        lines.append(f"{report.position[0]:.5f}, {report.position[1]:.5f} (WGS 84)")
    return lines


def agree(ref: str, *, now: datetime) -> None:
    """Tell the body who reported it, since its author agreed just now; once.

    The author's name and address go to that body and to nobody else.
    """
    case = cases.the_case(ref)
    found, row = queries.passed(case.id), db.session.get(Forwarding, case.id)
    author = case_queries.author(case.party_id)
    reachable = author is not None and author.email
    if found is None or row is None or author is None or not reachable or not found.body.email:
        raise Conflict(N_("There is nothing to pass on."))
    if found.sent_at is None:
        raise Conflict(N_("It has not been passed on yet: an agent reads it first."))
    if row.agreed_at is not None:
        return
    row.agreed_at = now
    letter = Letter(
        "street-author-agreed",
        found.body.email,
        NO_REPLY,
        f"agreed-{case.id}-{found.body.id}",
        f"/incidents/{ref}",
        {"ref": ref},
        [one for one in (author.name, author.email) if one],
    )
    notifications.owe_letter(letter, now=now)
    cases.step(case, "author_agreed", actor=Actor(), now=now, public=False)


def answer(ref: str, said: str, words: str, *, now: datetime) -> None:
    """Take a body's answer: its words wait for an agent, what it says of the state is shown.

    Raises Invalid for words that are missing, Conflict once the report is closed.
    """
    case = cases.the_case(ref)
    row = db.session.get(Forwarding, case.id)
    if row is None or not case.open:
        raise Conflict(N_("This report is closed: nothing more can be answered."))
    errors = {}
    if said not in ANSWERS:
        errors["said"] = [N_("Choose one of the answers offered.")]
    if len(words.strip()) < 2:
        errors["words"] = [N_("This is needed.")]
    if errors:
        raise Invalid(N_("The answer is not complete."), errors=errors)
    text = cases.add_text(case, "update", words, party_id=None, voice="body", now=now)
    row.answer_text_id, row.answered_at = text.id, now
    row.state = "declined" if said == "not_ours" else "answered"
    cases.step(case, "elsewhere", actor=SYSTEM, now=now, codes={"said": SAID[said]})
    cases.public_changed(case, now=now)


def answer_released(case_id: int, text_id: int, *, actor: Actor, now: datetime) -> None:
    """Tell every follower that a body has answered, once its words are released."""
    case, found = cases.case_by_id(case_id), queries.passed(case_id)
    if case is None or found is None:
        return
    codes = {"body": found.body.name}
    cases.step(case, "body_answered", actor=actor, now=now, codes=codes, text_id=text_id)
