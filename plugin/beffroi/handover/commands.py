# SPDX-License-Identifier: AGPL-3.0-or-later
"""The jobs by which a file leaves. Each may run twice: the message keeps its name, objects theirs.

Whatever goes wrong is told by sentences about the way, never about the case: the table of jobs and
the log are read by people who may not know of it.
"""

from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale, gettext

from beffroi.config import Settings
from beffroi.cyber.adapters import own_key
from beffroi.handover import queries, rules, service
from beffroi.handover.adapters import openpgp, stix, taxii, writing
from beffroi.handover.adapters.letter import Envelope, inside, letter
from beffroi.kernel import jobs
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.extension import Extension
from beffroi.notifications.adapters.mail import mailer_for
from beffroi_web.fetching import NotFetched
from beffroi_web.words import N_

NO_MAIL = N_("The mail server did not take it.")
NOT_MADE = N_("The file could not be made: a fault of this program, to be reported.")
NO_SERVER = N_("No TAXII server is set (BEFFROI_CERT_TAXII).")
NOT_TAKEN = N_("The CERT's server did not take it.")


class NotHandedOver(Exception):
    """A file has not left: a marked sentence says why, `detail` what the other side said."""

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(f"{sentence}|{detail}")


def send(args: dict[str, Any], now: datetime) -> None:
    """Make a file and hand it over; raises NotHandedOver where that failed, to be tried again."""
    handed = queries.by_id(int(args["handover"]))
    made = writing.dossier(handed.case_id, now=handed.made_at) if handed else None
    db.session.rollback()  # the other side may be slow; no transaction stays open meanwhile
    if handed is None or made is None or handed.sent_at is not None:
        return  # erased meanwhile, or sent before
    try:
        _away(handed, made, now)
    except NotHandedOver as fault:
        with unit_of_work():
            service.went_wrong(handed.id, str(fault))
        raise


def _away(handed: queries.Handed, made: rules.Dossier, now: datetime) -> None:
    """Hand a file over, or raise NotHandedOver, which quotes nothing of it."""
    try:
        if handed.channel == rules.TAXII:
            _to_server(handed, made, now)
        else:
            _by_mail(handed, made, now)
    except openpgp.Unusable as fault:
        raise NotHandedOver(fault.sentence, fault.day) from None
    except NotFetched as fault:
        raise NotHandedOver(NOT_TAKEN, str(fault)) from None
    except OSError as fault:
        raise NotHandedOver(NO_MAIL, type(fault).__name__) from None
    except NotHandedOver:
        raise
    except Exception as fault:  # a library's fault may quote what it was given: only its name
        raise NotHandedOver(NOT_MADE, type(fault).__name__) from None


def _by_mail(handed: queries.Handed, made: rules.Dossier, now: datetime) -> None:
    carried: Extension = current_app.extensions["beffroi"]
    settings = carried.settings
    key = openpgp.key_of(settings.cert_key, now=now)
    with force_locale(settings.languages[0]):
        subject = gettext("Case %(ref)s for the CERT", ref=made.file.ref)
        words = gettext(
            "%(town)s hands over the case %(ref)s (TLP %(tlp)s), in three parts: a file to be"
            " read, an event of MISP, a bundle of STIX 2.1. Please say that you have received it.",
            town=settings.name, ref=made.file.ref, tlp=made.file.tlp,
        )  # fmt: skip
    parts = writing.parts(made, settings.time_zone)
    signer = own_key.signer(settings.data_dir, now=now)
    encrypted = key.encrypted(inside(subject, words + "\n", parts), signer)
    envelope = Envelope(own_key.sender(settings), handed.recipient, handed.message_id, now)
    mailer = carried.mailer or mailer_for(settings.mail_url, settings.mail_bounces)
    mailer.send(letter(envelope, encrypted))
    with unit_of_work():
        service.sent(handed.id, now=now, fingerprint=key.fingerprint)


def _server(settings: Settings) -> taxii.Server:
    if settings.cert_taxii is None:
        raise NotHandedOver(NO_SERVER)
    return taxii.Server(settings.cert_taxii, public_url=settings.public_url)


def _to_server(handed: queries.Handed, made: rules.Dossier, now: datetime) -> None:
    server = _server(current_app.extensions["beffroi"].settings)
    taken = server.add(stix.objects(made), now=now)
    with unit_of_work():
        service.sent(handed.id, now=now, foreign_id=taken.id)
        if taken.complete:
            service.settled(handed.id, failures=taken.failures, now=now)
        else:
            jobs.enqueue(rules.POLL, {"handover": handed.id}, run_at=now + rules.POLL_EVERY)


def poll(args: dict[str, Any], now: datetime) -> None:
    """Ask the CERT's server what it made of a file, and again later while it works on it."""
    handed = queries.by_id(int(args["handover"]))
    db.session.rollback()
    if handed is None or handed.foreign_id is None or handed.state != "sent":
        return
    if handed.sent_at is None or handed.sent_at < now - rules.GIVE_UP_AFTER:
        return
    try:
        taken = _server(current_app.extensions["beffroi"].settings).status(
            handed.foreign_id, now=now
        )
    except NotFetched as fault:
        raise NotHandedOver(NOT_TAKEN, str(fault)) from None
    with unit_of_work():
        if taken.complete:
            service.settled(handed.id, failures=taken.failures, now=now)
        else:
            jobs.enqueue(rules.POLL, {"handover": handed.id}, run_at=now + rules.POLL_EVERY)


HANDLERS: dict[str, jobs.Handler] = {rules.SEND: send, rules.POLL: poll}
"""Which job is whose."""
