# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be seen of a town from its public address, of its aggregator, and of its backups."""

import hashlib
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from beffroi.backups.adapters import folder, ledger
from beffroi.config import Settings
from beffroi_web.findings import Finding, doubtful, good, wrong

SECONDS = 10.0
MOST = 262_144
"""Bytes of an answer that are read."""
SOON, VERY_SOON = timedelta(days=21), timedelta(days=3)
"""How long before its end a certificate is told, and is a fault."""
VERY_OLD = timedelta(days=7)
"""How old the newest backup may be before it is a fault; it is told before."""
UNPROVEN = timedelta(days=35)
"""How long no backup may have been restored on trial before it is told."""
APART = timedelta(minutes=2)
"""How far two clocks may be apart."""
UNSEEN = timedelta(days=2)
"""How long an aggregator may not have looked at a log before it is told."""


def reached(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Ask the public address for this town's identity, as a citizen's browser would reach it."""
    address = settings.public_url
    parts = urlsplit(address)
    if parts.scheme == "https":
        yield from certificate(parts.hostname or "", parts.port or 443, now)
    try:
        status, _, body = _ask(f"{address}/.well-known/beffroi.json")
    except (OSError, HTTPException) as error:
        yield wrong(
            "reached", f"{address} does not answer from this machine ({_named(error)})",
            "look at the DNS, the firewall and nginx; some networks do not lead back to themselves",
        )  # fmt: skip
        return
    siren = _member(body, "siren")
    if status == 200 and siren == settings.siren:
        yield good("reached", f"{address} leads to this town, seen from this machine")
    elif status == 200:
        yield wrong(
            "reached", f"{address} leads to something else than this town",
            "look at the DNS, and at server_name and proxy_pass of nginx",
        )  # fmt: skip
    else:
        yield wrong(
            "reached", f"{address} answers with {status}",
            "look at nginx, and whether the web service runs (systemctl status beffroi-web)",
        )  # fmt: skip


def certificate(host: str, port: int, now: datetime) -> Iterator[Finding]:
    """Say how long the certificate of a host is good for; a false one is a fault."""
    try:
        with (
            socket.create_connection((host, port), timeout=SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            ends = ssl.cert_time_to_seconds(str((secured.getpeercert() or {}).get("notAfter")))
    except ssl.SSLCertVerificationError as error:
        yield wrong(
            "certificate", f"browsers refuse the certificate of {host}: {error.verify_message}",
            "renew it (certbot renew), and have nginx send the whole chain (fullchain.pem)",
        )  # fmt: skip
        return
    except OSError:
        return  # that nothing answers there is said of the address
    left = datetime.fromtimestamp(ends, UTC) - now
    said = f"the certificate of {host} is good for {left.days} more days"
    remedy = "look at the timer that renews it (systemctl list-timers), or run certbot renew"
    if left < VERY_SOON:
        yield wrong("certificate", said, remedy)
    elif left < SOON:
        yield doubtful("certificate", said, remedy)
    else:
        yield good("certificate", said)


def aggregator(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Ask the aggregator whether it knows this town, and when it last verified its log."""
    address = settings.aggregator_url
    if not address:
        yield good("aggregator", "none is set: nothing of this town is federated")
        return
    try:
        status, date, body = _ask(f"{address}/api/v1/towns?q={settings.siren}&limit=1")
    except (OSError, HTTPException) as error:
        yield wrong("aggregator", f"{address} does not answer ({_named(error)})", _ELSEWHERE)
        return
    if date is not None and abs(date - now) > APART:
        apart = abs(date - now).total_seconds()
        yield wrong(
            "aggregator", f"its clock and ours are {apart:.0f} seconds apart",
            "set the clock of this machine (timedatectl set-ntp true): delays are counted by it",
        )  # fmt: skip
    items = _member(body, "items") if status == 200 else None
    if not isinstance(items, list):
        yield wrong("aggregator", f"{address} answers with {status}", _ELSEWHERE)
        return
    known = [one for one in items if isinstance(one, dict) and one.get("siren") == settings.siren]
    yield _standing(known[0], now) if known else doubtful(
        "aggregator", f"{address} does not know this town",
        f"ask whoever runs it to add {settings.public_url}{_vouching(settings)}",
    )  # fmt: skip


def _vouching(settings: Settings) -> str:
    """Return the DNS entry that vouches for the log's key (docs/protocol, identity), as advice."""
    try:
        vkeys = _member(_ask(f"{settings.public_url}/.well-known/beffroi.json")[2], "vkeys")
        kid = str(vkeys[0]).split("+")[1]
        digest = hashlib.sha256("\n".join(vkeys).encode()).hexdigest()
    except (OSError, HTTPException, TypeError, LookupError):
        return ""
    host = urlsplit(settings.public_url).hostname
    return f', and put into the DNS: _beffroi.{host} TXT "v=1; kid={kid}; h={digest}"'


_ELSEWHERE = "look at BEFFROI_AGGREGATOR_URL and at the network; what waits is pulled later"


def _standing(told: dict[str, Any], now: datetime) -> Finding:
    """Say how a town stands with its aggregator, by what the aggregator tells everybody."""
    if told.get("state") != "approved":
        return wrong(
            "aggregator", f"the town is {str(told.get('state'))[:20]} there",
            "read why on the aggregator's page of the town, and write to whoever runs it",
        )  # fmt: skip
    if told.get("refused") is True:
        return wrong(
            "aggregator", "it refused what the log served the last time",
            "read why on the aggregator's page of the town",
        )  # fmt: skip
    try:
        seen = datetime.fromisoformat(str(told.get("verified_at")))
    except ValueError:
        return doubtful("aggregator", "it has not verified the log yet", "look again in some hours")
    days = (now - seen).days
    if now - seen > UNSEEN:
        return doubtful(
            "aggregator", f"it last verified the log {days} days ago",
            "look whether the log can be reached from outside, and at the aggregator's page",
        )  # fmt: skip
    return good("aggregator", f"it verified {told.get('size')} entries within the last two days")


def backup(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Say how old the newest backup is that this installation made, whether it can be restored."""
    standing = ledger.standing(settings.data_dir)
    remedy = "run beffroi backup each night by a timer, and keep the file on another machine"
    if standing.made_at is None:
        yield wrong("backup", "no backup was ever made here", remedy)
        return
    old = now - standing.made_at
    said = f"the newest backup is {old.total_seconds() / 3600:.0f} hours old"
    if old > VERY_OLD:
        yield wrong("backup", said, remedy)
    elif standing.is_late(now):
        yield doubtful("backup", said, remedy)
    else:
        yield good("backup", said)
    yield _proven(standing.verified_at, now)
    if not settings.backup_recipients:
        yield doubtful(
            "backup", "backups are not encrypted: whoever gets hold of one reads everything",
            "make a pair of keys (beffroi backup --new-key) and name it in backup_recipients",
        )  # fmt: skip
    if settings.backup_dir is not None:
        yield from _held_too_long(settings, settings.backup_dir, now)


def _held_too_long(settings: Settings, place: Path, now: datetime) -> Iterator[Finding]:
    """Tell of a folder that is away, and of backups in it that hold what was erased long ago."""
    try:
        kept = list(folder.kept_in(place, settings.siren, {}))
    except OSError:
        yield wrong("backup", f"the folder {place} cannot be read", "mount it, or mend its rights")
        return
    days = max(((now - one.made_at).days for one in kept), default=0)
    if days > settings.backup_days:
        yield doubtful(
            "backup", f"a backup of {days} days is in {place}: it holds what was erased since",
            "run beffroi backup, which deletes it once a newer one is there",
        )  # fmt: skip


def _proven(at: datetime | None, now: datetime) -> Finding:
    """Say when a backup was last restored on trial."""
    remedy = "run beffroi backup --verify, or beffroi backup-verify FILE"
    if at is None:
        return doubtful("backup", "no backup was ever restored on trial", remedy)
    days = (now - at).days
    said = f"last verified restore {days} days ago"
    return doubtful("backup", said, remedy) if now - at > UNPROVEN else good("backup", said)


def _ask(address: str) -> tuple[int, datetime | None, bytes]:
    """Return status, the other side's clock and the body; a redirect is not followed."""
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers={"Accept": "*/*"})
        answer: HTTPResponse = connection.getresponse()
        said = answer.headers.get("Date")
        date = None
        if said is not None:
            try:
                date = parsedate_to_datetime(said)
            except ValueError:
                date = None
        return answer.status, date, answer.read(MOST)
    finally:
        connection.close()


def _member(body: bytes, name: str) -> Any:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said.get(name) if isinstance(said, dict) else None


def _named(error: Exception) -> str:
    return str(error.args[-1])[:80] if error.args else type(error).__name__
