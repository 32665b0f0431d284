# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi doctor`: everything of a town that can be looked at from its own machine, in words.

Each check says in one sentence what is and, where something is not well, what to do. It writes
nothing, sends no mail and signs nothing. A check that fails in a way that nobody foresaw is a
fault with the error's kind, and the others go on. Exit 0 where nothing is at fault.
"""

import argparse
import json
import shutil
import smtplib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from beffroi.config import Settings
from beffroi.cyber.adapters import own_key
from beffroi.doctor import outside
from beffroi.feed import commands as feed
from beffroi.feed.commands.hints import hints_standing
from beffroi.handover.adapters import openpgp
from beffroi.kernel import jobs
from beffroi.kernel.db import MIGRATIONS
from beffroi.legal import territory
from beffroi.notifications import queries as notifications
from beffroi.notifications.adapters.mail import SmtpMailer
from beffroi.places import queries as places
from beffroi.signer.queries import signer_for
from beffroi_web.findings import Finding, as_rows, doubtful, exit_code, good, lines, wrong
from beffroi_web.migrating import current_and_head
from beffroi_web.sign_in import checking
from beffroi_web.sign_in.routes import redirect_uri
from beffroi_web.site import Site

LITTLE, VERY_LITTLE = 2_000_000_000, 200_000_000
"""Free bytes of the data folder below which there is a warning, and a fault."""
WAITED = timedelta(minutes=10)
"""How long a job is due before no worker can be running."""
SIGN_IN = "sign-in"


@dataclass(frozen=True, slots=True)
class Examined:
    """What is looked at, and when."""

    settings: Settings
    site: Site
    now: datetime


Check = Callable[[Examined], Iterable[Finding]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "what", nargs="*", metavar="WHAT", help=f"some of {', '.join(CHECKS)}; all if none is named"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace, examined: Examined) -> int:
    """Look at what is named and print what was found; 2 for a name that there is not."""
    wanted, keys = args.what or list(CHECKS), []
    if args.what[:1] == [SIGN_IN]:
        wanted, keys = [SIGN_IN], args.what[1:]
    unknown = [name for name in wanted if name not in CHECKS]
    known = [provider.key for provider in examined.settings.providers]
    unknown += [key for key in keys if key not in known]
    if unknown:
        print(f"beffroi doctor: there is no {', '.join(unknown)} here; {', '.join(CHECKS)} can be")
        print(f"named, and after {SIGN_IN} a provider: {', '.join(known) or 'none is set'}")
        return 2
    found = [one for name in wanted for one in _looked_at(name, examined)]
    if keys:
        found = [one for one in found if one.about.removeprefix(f"{SIGN_IN} ") in keys]
    if args.json:
        print(json.dumps({"ok": exit_code(found) == 0, "findings": as_rows(found)}))
    else:
        print("\n".join(lines(found)))
    return exit_code(found)


def _looked_at(name: str, examined: Examined) -> list[Finding]:
    try:
        return list(CHECKS[name](examined))
    except SQLAlchemyError:
        return [wrong(name, "the database must be well first", "see what is said of it")]
    except Exception as error:
        return [
            wrong(
                name, f"it could not be looked at ({type(error).__name__})",
                "look at the log of the service, and tell the makers of Beffroi",
            )
        ]  # fmt: skip


# ---- the checks ---------------------------------------------------------------------------------


def _address(examined: Examined) -> Iterator[Finding]:
    parts = urlsplit(examined.settings.public_url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme == "https":
        yield good("address", f"the town is at {examined.settings.public_url}")
    elif local:
        yield doubtful(
            "address", f"the town is at {examined.settings.public_url}, on this machine alone",
            "write the address that citizens use in BEFFROI_PUBLIC_URL",
        )  # fmt: skip
    else:
        yield wrong(
            "address", "the public address is plain http: sessions and messages can be read",
            "get a certificate and write https:// in BEFFROI_PUBLIC_URL",
        )  # fmt: skip
    if parts.scheme == "https" and not examined.settings.behind_proxy:
        yield doubtful(
            "address", "the settings say that no proxy stands in front, and we speak no TLS",
            "write BEFFROI_BEHIND_PROXY = true once nginx passes the visitor's address on",
        )  # fmt: skip


def _database(examined: Examined) -> Iterator[Finding]:
    try:
        current, head = current_and_head(MIGRATIONS, examined.settings.database_url)
    except SQLAlchemyError as error:
        yield wrong(
            "database", f"it does not answer ({type(error).__name__})",
            "start it, and look at BEFFROI_DATABASE_URL and at the rights of its user",
        )  # fmt: skip
        return
    if current == head:
        yield good("database", f"it answers, at the newest schema ({head})")
    elif current is None:
        yield wrong("database", "it has no tables", "run beffroi init")
    else:
        yield wrong(
            "database", f"its schema is {current}, this version expects {head}",
            "run beffroi upgrade-check, and do what it says",
        )  # fmt: skip


def _signer(examined: Examined) -> Iterator[Finding]:
    try:
        standing = signer_for(examined.settings).state()
    except (OSError, feed.ProtocolError):
        yield wrong(
            "signer", "it does not answer: nothing can be published",
            "start it (systemctl start beffroi-signer), and look at the rights of its socket",
        )  # fmt: skip
        return
    if standing.locked:
        yield wrong("signer", standing.sentence(), "run beffroi restore, which says what is needed")
    else:
        yield good("signer", standing.sentence())


def _worker(examined: Examined) -> Iterator[Finding]:
    due = jobs.oldest_due(examined.now - WAITED)
    if due is None:
        yield good("worker", "no job has waited for more than ten minutes")
    else:
        hours = (examined.now - due).total_seconds() / 3600
        yield wrong(
            "worker", f"a job has waited for {hours:.1f} hours: no worker is running",
            "start it (systemctl start beffroi-worker)",
        )  # fmt: skip
    if dead := jobs.dead():
        yield doubtful(
            "worker", f"{dead} jobs were given up after many tries",
            "look at /desk/health and at the mail settings",
        )  # fmt: skip


def _mail(examined: Examined) -> Iterator[Finding]:
    url = examined.settings.mail_url
    parts = urlsplit(url)
    if not url:
        yield wrong(
            "mail", "no mail server is set: citizens are told nothing",
            "write BEFFROI_MAIL_URL, such as smtps://user:password@mail.town.example",
        )  # fmt: skip
        return
    if parts.scheme == "file":
        yield doubtful("mail", "messages are written into a folder and sent to nobody", _MAIL)
        return
    yield _mail_server(examined.settings)
    yield from _mail_refused()


def _mail_server(settings: Settings) -> Finding:
    """Say whether the mail server would take a message from us to ourselves; none is sent."""
    parts = urlsplit(settings.mail_url)
    where = f"{parts.hostname}:{parts.port or (465 if parts.scheme == 'smtps' else 25)}"
    own = settings.mail_from or f"beffroi@{urlsplit(settings.public_url).hostname}"
    try:
        SmtpMailer(settings.mail_url, settings.mail_bounces).try_out(parseaddr(own)[1])
    except smtplib.SMTPAuthenticationError:
        remedy = "look at user and password in BEFFROI_MAIL_URL (an @ in them is %40)"
        return wrong("mail", f"{where} refuses our user or password", remedy)
    except smtplib.SMTPResponseException as error:
        said = f"{where} takes no mail from {settings.mail_bounces or own} ({error.smtp_code})"
        return wrong("mail", said, _SENDER)
    except (OSError, smtplib.SMTPException) as error:
        return wrong("mail", f"{where} does not answer ({type(error).__name__})", _MAIL)
    back = settings.mail_bounces or parseaddr(own)[1]
    return good("mail", f"{where} takes mail from us; what other servers send back goes to {back}")


def _mail_refused() -> Iterator[Finding]:
    """Say how many messages servers refused for good; to whom is not said."""
    refused = notifications.refusals()
    if refused.messages:
        many = f"{refused.messages} messages to at most {refused.addresses} addresses"
        yield doubtful(
            "mail", f"{many} were refused for good, {refused.given_up} given up since",
            "one or two: an address does not exist. Many: no mail is taken from here, look at the"
            " sender, and at SPF, DKIM and DMARC of its domain",
        )  # fmt: skip
    else:
        yield good("mail", "no message is kept that a server refused for good")


_SENDER = (
    "look at BEFFROI_MAIL_FROM and BEFFROI_MAIL_BOUNCES, and let the mail server take mail from"
    " this machine, or set user and password in BEFFROI_MAIL_URL"
)
_MAIL = "look at BEFFROI_MAIL_URL, at the network, and at what the provider of mail asks for"


def _disk(examined: Examined) -> Iterator[Finding]:
    free = shutil.disk_usage(examined.settings.data_dir).free
    said = f"{free / 1e9:.1f} GB are free where the town keeps its data"
    remedy = "make room, or give it a larger disk: a full one stops all writing"
    if free < VERY_LITTLE:
        yield wrong("disk", said, remedy)
    elif free < LITTLE:
        yield doubtful("disk", said, remedy)
    else:
        yield good("disk", said)


def _cert(examined: Examined) -> Iterator[Finding]:
    if not examined.settings.cert_email:
        yield good("cert", "no CERT is set: confidential cases are handed over by hand")
        return
    warning = openpgp.warning(examined.settings.cert_key, now=examined.now)
    if warning:
        yield wrong("cert", warning, "ask the CERT for its key and write BEFFROI_CERT_KEY")
    else:
        yield good("cert", f"files for {examined.settings.cert_email} can be encrypted")
    own = own_key.own_key(examined.settings.data_dir)
    if own is None or own.ends_soon(examined.now):
        yield doubtful(
            "cert",
            "what goes to the CERT leaves unsigned: the town has no key"
            if own is None or own.ends_at is None
            else f"the key that signs what goes to the CERT ends on {own.ends_at:%Y-%m-%d}",
            "run `beffroi openpgp rotate`, and tell the CERT the new fingerprint by telephone",
        )


def _sign_in(examined: Examined) -> Iterator[Finding]:
    if not examined.settings.providers:
        yield wrong(
            SIGN_IN, "nobody can sign in: no provider is set",
            "see docs/how-to/sign-in-provider.md",
        )  # fmt: skip
    for provider in examined.settings.providers:
        yield from checking.check(provider, redirect_uri(examined.site, provider.key), examined.now)


def _body(examined: Examined) -> Iterator[Finding]:
    ours = examined.settings
    strange = territory.unknown(ours.communes)
    known = territory.communes().get(ours.communes[0])
    if strange and not ours.demonstration:
        yield doubtful(
            "body", f"no commune of {territory.year()} has the code {', '.join(strange[:5])}",
            "look at BEFFROI_COMMUNES: codes are INSEE's, and change when communes merge",
        )  # fmt: skip
    elif ours.kind == "commune" and known is not None and known.siren not in ("", ours.siren):
        yield doubtful(
            "body", f"the SIREN of {known.name} is {known.siren}, the settings say {ours.siren}",
            "look at BEFFROI_SIREN: it is part of the name of the log, and stays",
        )  # fmt: skip
    else:
        many = "one commune" if len(ours.communes) == 1 else f"{len(ours.communes)} communes"
        yield good("body", f"{ours.name}, SIREN {ours.siren}, {many}")


def _reached(examined: Examined) -> Iterable[Finding]:
    return outside.reached(examined.settings, examined.now)


def _aggregator(examined: Examined) -> Iterable[Finding]:
    return outside.aggregator(examined.settings, examined.now)


def _hints(examined: Examined) -> Iterator[Finding]:
    settings = examined.settings
    if not settings.aggregator_url:
        return  # that there is none is said of the aggregator
    if not settings.aggregator_hints_key:
        yield doubtful(
            "hints", "no key is pinned: what other towns answered is not read at night",
            "ask whoever runs the aggregator for it, and write BEFFROI_AGGREGATOR_HINTS_KEY",
        )  # fmt: skip
        return
    told = hints_standing(settings, now=examined.now)
    if told.trouble:
        yield wrong(
            "hints", f"{told.trouble[0].lower()}{told.trouble[1:]}",
            "look at BEFFROI_AGGREGATOR_HINTS_KEY, and ask whoever runs the aggregator",
        )  # fmt: skip
    elif told.day is not None:
        yield good("hints", f"the file of {told.day} is held")
    elif told.read_at is not None:
        yield good("hints", "the aggregator has no file for this town now")
    else:
        yield doubtful(
            "hints", "no file was read yet", "start the worker, which reads one at its first turn"
        )


OLD_ADDRESSES = timedelta(days=365)
"""Age of the addresses from which on new streets are missed: the national file is made daily."""


def _addresses(examined: Examined) -> Iterator[Finding]:
    held = places.standing()
    if held.read_at is None:
        yield good("addresses", "none are held: a place in words becomes no point on the map")
        return
    said = f"{held.addresses} addresses of {len(held.communes)} communes"
    days = max(0, (examined.now - held.read_at).days)
    without = [code for code in examined.settings.communes if code not in held.communes]
    if without:
        yield doubtful(
            "addresses", f"{said}, none of {', '.join(without[:5])}",
            "beffroi import addresses FILE, with the file of that département",
        )  # fmt: skip
    elif examined.now - held.read_at > OLD_ADDRESSES:
        yield doubtful(
            "addresses", f"{said}, read {days} days ago",
            "fetch a newer file and run beffroi import addresses FILE",
        )  # fmt: skip
    else:
        yield good("addresses", f"{said}, read {days} days ago")


def _backup(examined: Examined) -> Iterable[Finding]:
    return outside.backup(examined.settings, examined.now)


CHECKS: Mapping[str, Check] = {
    "body": _body,
    "address": _address,
    "reached": _reached,
    "database": _database,
    "signer": _signer,
    "worker": _worker,
    "mail": _mail,
    "disk": _disk,
    "backup": _backup,
    "addresses": _addresses,
    "aggregator": _aggregator,
    "hints": _hints,
    "cert": _cert,
    SIGN_IN: _sign_in,
}
