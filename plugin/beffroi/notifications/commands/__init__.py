# SPDX-License-Identifier: AGPL-3.0-or-later
"""The jobs that send messages. Each may run twice; the message id stays the same."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale, format_date, gettext

from beffroi.campaigns.rules import PHASES, STEPS, in_language
from beffroi.config import Settings
from beffroi.kernel import private_links
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.jobs import QUIET
from beffroi.notifications import queries, rules, service
from beffroi.notifications.adapters.mail import Mailer, mailer_for
from beffroi.notifications.commands.digests import digest_due, written

__all__ = ["HANDLERS", "digest_due"]


def _mailer(settings: Settings) -> Mailer:
    made: Mailer | None = current_app.extensions["beffroi"].mailer
    return made or mailer_for(settings.mail_url, settings.mail_bounces)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["beffroi"].settings
    return settings


def _envelope(
    settings: Settings, to: str, subject: str, message_id: str, now: datetime
) -> EmailMessage:
    host = settings.public_url.split("//", 1)[1].split(":")[0]
    message = EmailMessage()
    message["From"] = settings.mail_from or f"beffroi@{host}"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message["Date"] = format_datetime(now)
    message["Auto-Submitted"] = "auto-generated"
    return message


def send_step(args: dict[str, Any], now: datetime) -> None:
    """Tell one follower of one official step, in the follower's language."""
    settings = _settings()
    note = queries.message(int(args["delivery"]))
    db.session.rollback()  # the mail server may be slow; no transaction stays open meanwhile
    if note is None:
        with unit_of_work():
            service.owed_no_more(int(args["delivery"]))
        return
    section = "requests" if note.kind == "data_request" else "incidents"
    page = f"{settings.public_url}/{section}/{note.ref}"
    stop = f"{settings.public_url}/follow/{note.token}"
    with force_locale(note.lang):
        subject = gettext(rules.SUBJECTS[note.step], ref=note.ref, other=note.other)
        lines = [gettext("Hello,"), ""]
        if note.title:
            lines += [gettext("%(name)s: %(words)s", name=note.ref, words=note.title), ""]
        lines += [*_about_the_step(settings, note, page), ""]
        if note.has_receipt:
            lines += [*_about_the_receipt(settings, note.ref, now), ""]
        if note.may_withdraw:
            key = private_links.key_for(settings.secret_key, note.ref, "withdraw")
            lines += [
                gettext("To withdraw it and have it erased:"),
                f"{page}/withdraw?key={key}",
                "",
            ]
        if note.answer:
            lines += [gettext("The answer:"), "", note.answer, ""]
        if note.remedies:
            lines += [gettext("Your rights:"), "", note.remedies, ""]
        lines += ["-- ", settings.name]
        if note.token:
            lines.append(gettext("Stop receiving these messages:") + " " + stop)
    message = _envelope(settings, note.to, subject, note.message_id, now)
    if note.token:
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("\n".join(lines) + "\n")
    _mailer(settings).send(message)
    with unit_of_work():
        service.sent(int(args["delivery"]), now=now)


def send_announcement(args: dict[str, Any], now: datetime) -> None:
    """Tell one follower of a campaign of one step, in the follower's language."""
    settings, key = _settings(), int(args["announcement"])
    owed = queries.campaign_message(key)
    db.session.rollback()
    if owed is None:
        with unit_of_work():
            service.announced_no_more(key)
        return
    step, one = owed.step.step, owed.edition
    page = f"{settings.public_url}/campaigns/{one.slug}"
    stop = f"{settings.public_url}{owed.stop}"
    with force_locale(owed.lang):
        title = in_language(one.titles, owed.lang, settings.languages[0])
        head = f"{title} · {gettext(STEPS[step])}"
        lines = [gettext("Hello,"), "", title, ""]
        first, last = one.plan.span(step) if step in PHASES else (owed.step.on_day,) * 2
        days = {"first": format_date(first, "long"), "last": format_date(last, "long")}
        lines += [gettext(rules.CAMPAIGN_SENTENCES[step], town=settings.name, **days), ""]
        if step in PHASES and last < local_day(now, settings.time_zone):
            lines += [gettext("We tell you late: this phase is over already."), ""]
        lines += [page + ("/note" if step == "published" else ""), "", "-- ", settings.name]
        lines += [gettext("Stop receiving these messages:") + " " + stop]
    message = _envelope(settings, owed.to, head, owed.message_id, now)
    message["List-Unsubscribe"] = f"<{stop}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("\n".join(lines) + "\n")
    _mailer(settings).send(message)
    with unit_of_work():
        service.announced(key, now=now)


def _about_the_step(settings: Settings, note: queries.Message, page: str) -> list[str]:
    """Return the lines that say what has happened, or ask, and the address that they lead to."""
    said = gettext(rules.SENTENCES[note.step], town=settings.name, other=note.other)
    if not note.question:
        return [said, "", page]
    named = str(note.other)
    if note.other_title:
        named = gettext("%(name)s: %(words)s", name=note.other, words=note.other_title)
    return [said, "", named, "", f"{settings.public_url}/join/{note.question}"]


def _about_the_receipt(settings: Settings, ref: str, now: datetime) -> list[str]:
    """Return the lines that lead an author to the receipt, without signing in."""
    key = private_links.key_for(settings.secret_key, ref, "receipt")
    plan = current_app.extensions["beffroi"].next_batches
    lines = [gettext("Your receipt, which proves to anybody that we have received it:")]
    lines.append(f"{settings.public_url}/requests/{ref}/receipt/about?key={key}")
    if plan is not None:
        day = format_date(local_day(plan(now).week, settings.time_zone), "long")
        lines.append(gettext("The proof will be there after %(day)s.", day=day))
    return lines


def send_confirmation(args: dict[str, Any], now: datetime) -> None:
    """Send the link that confirms the address of a request, or of a reuse."""
    settings = _settings()
    what = args.get("what", "request")
    link = f"{settings.public_url}{rules.CONFIRM_PATHS[what]}/{args['token']}"
    with force_locale(args["lang"]):
        subject = gettext(rules.CONFIRM_SUBJECTS[what], town=settings.name)
        words = gettext(rules.CONFIRM_SENTENCES[what])
        ignore = gettext("If you did not write to us, ignore this message: nothing is kept.")
    host = settings.public_url.split("//", 1)[1].split(":")[0]
    message = _envelope(
        settings, args["email"], subject, f"<confirm-{args['token'][:16]}@{host}>", now
    )
    message.set_content(f"{words}\n\n{link}\n\n{ignore}\n\n-- \n{settings.name}\n")
    _mailer(settings).send(message)


def send_letter(args: dict[str, Any], now: datetime) -> None:
    """Send a message about an account, in its holder's language."""
    settings = _settings()
    subject, sentences = rules.LETTERS[args["name"]]
    values = {"town": settings.name, **args["values"]}
    with force_locale(args["lang"]):
        lines = [gettext("Hello,"), "", gettext(sentences[0], **values), ""]
        if args["path"]:
            lines += [settings.public_url + args["path"], ""]
        for sentence in sentences[1:]:
            lines += [gettext(sentence, **values), ""]
        lines += [*args["more"], *([""] if args["more"] else []), "-- ", settings.name]
        head = gettext(subject, **values)
    host = settings.public_url.split("//", 1)[1].split(":")[0]
    message_id = f"<{args['name']}-{args['key']}@{host}>"
    message = _envelope(settings, args["to"], head, message_id, now)
    message.set_content("\n".join(lines) + "\n")
    _mailer(settings).send(message)


def send_digest(args: dict[str, Any], now: datetime) -> None:
    """Tell one subscriber of one day's news, in the subscriber's language."""
    settings, digest_id = _settings(), int(args["digest"])
    note = queries.digest(digest_id)
    db.session.rollback()  # as above: no transaction stays open while the mail server is slow
    if note is None:
        with unit_of_work():
            service.digest_owed_no_more(digest_id)
        return
    stop = f"{settings.public_url}/follow/{note.token}"
    with force_locale(note.lang):
        subject, lines = written(note, settings.name, settings.public_url)
        lines += ["-- ", settings.name, gettext("Stop receiving these messages:") + " " + stop]
    message = _envelope(settings, note.to, subject, note.message_id, now)
    message["List-Unsubscribe"] = f"<{stop}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("\n".join(lines) + "\n")
    _mailer(settings).send(message)
    with unit_of_work():
        service.digest_sent(digest_id, now=now)


HANDLERS = {
    service.SEND_STEP: send_step,
    service.SEND_DIGEST: send_digest,
    service.SEND_ANNOUNCEMENT: send_announcement,
    service.SEND_CONFIRMATION: send_confirmation,
    service.SEND_LETTER: send_letter,
    service.SEND_STEP + QUIET: send_step,
    service.SEND_LETTER + QUIET: send_letter,
}
