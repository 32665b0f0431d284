# SPDX-License-Identifier: AGPL-3.0-or-later
"""A CERT for tests: its key, its mailbox read with the private one, cases to hand over to it."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from pysequoia import Tsk, decrypt

from beffroi.cyber.models import CyberCase, CyberReader, CyberStep
from beffroi.cyber.rules import Contact, CyberFile, Evidence, Step
from beffroi.handover.rules import Dossier, Sender
from beffroi.kernel.db import db
from support.town import Person, Town

ADDRESS = "csirt@region.example"
AT = datetime(2027, 1, 12, 11, 0, tzinfo=UTC)
WORDS = (
    "Un courriel me demande mon mot de passe : <b>Médiathèque</b>\nhttps://vi11e.example/login?a=b"
)
"""What a citizen wrote; "Médiathèque" is looked for where it must not be."""


@dataclass(frozen=True, slots=True)
class Cert:
    """The secret key of a CERT, and the file with its public one."""

    secret: Tsk
    path: Path

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the key."""
        return str(self.secret.extract_certificate().fingerprint)

    def reads(self, message: EmailMessage) -> EmailMessage:
        """Return what is inside an encrypted message (RFC 3156)."""
        version, body = (message_from_bytes(bytes(message), policy=policy.default)).iter_parts()
        assert version.get_content_type() == "application/pgp-encrypted"
        assert b"Version: 1" in version.get_payload(decode=True)
        sealed = body.get_payload(decode=True)
        assert isinstance(sealed, bytes)
        opened = decrypt(sealed, decryptor=self.secret.decryptor())
        assert opened.bytes is not None
        inner = message_from_bytes(opened.bytes, policy=policy.default)
        assert isinstance(inner, EmailMessage)
        return inner


def make_cert(folder: Path, *, valid: timedelta | None = None) -> Cert:
    """Make a CERT with a key of its own, valid for a time from now on or for good."""
    seconds = int(valid.total_seconds()) if valid else None
    secret = Tsk.generate(f"CERT <{ADDRESS}>", validity_seconds=seconds)
    path = folder / "cert.asc"
    path.write_text(str(secret.extract_certificate()), encoding="ascii")
    return Cert(secret, path)


def sealed_part(message: EmailMessage) -> bytes:
    """Return the encrypted part of a message (RFC 3156)."""
    _, body = message_from_bytes(bytes(message), policy=policy.default).iter_parts()
    sealed = body.get_payload(decode=True)
    assert isinstance(sealed, bytes)
    return sealed


class Gnupg:
    """A CERT that works with Debian's `gpg`, in a folder of its own."""

    def __init__(self, home: str) -> None:
        self.home = home

    def run(self, *words: str, given: bytes = b"") -> tuple[bytes, list[str]]:
        """Run `gpg`; return what it gives and the lines of its status."""
        line = ["gpg", "--homedir", self.home, "--batch", "--status-fd", "2", *words]
        done = subprocess.run(line, input=given, capture_output=True, check=False)
        status = done.stderr.decode(errors="replace").splitlines()
        return done.stdout, [one[9:] for one in status if one.startswith("[GNUPG:] ")]

    def opened(self, message: EmailMessage) -> tuple[EmailMessage, list[str]]:
        """Return what is inside a message, and what `gpg` says of it."""
        plain, status = self.run("--trust-model", "always", "--decrypt", given=sealed_part(message))
        inner = message_from_bytes(plain, policy=policy.default)
        assert isinstance(inner, EmailMessage)
        return inner, status


@contextmanager
def gnupg_cert(folder: Path) -> Iterator[tuple[Gnupg, Path]]:
    """Make a CERT whose key GnuPG made; give it and the file with its public key."""
    home = tempfile.mkdtemp(prefix="g")  # short: its sockets lie there
    gnupg, path = Gnupg(home), folder / "gnupg.asc"
    try:
        gnupg.run("--passphrase", "", "--quick-gen-key", f"CERT <{ADDRESS}>", "future-default")
        path.write_bytes(gnupg.run("--export", "--armor")[0])
        yield gnupg, path
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def cyber_case(town: Town, *readers: Person, **fields: Any) -> tuple[str, int]:
    """Open a case of phishing that some people may know of; return its reference and id."""
    ref = town.report(
        family="cyber", category="phishing", description=WORDS, email="alix@citizens.example"
    )
    case_id = town.id_of(ref)
    said = {
        "site": "www.ville.example", "owner": "ours", "addresses": "https://vi11e.example/login?a=b",
        "rsit": "fraud/phishing", "severity": "major", "tlp": "AMBER+STRICT",
        "personal_data": True, "embargo_zone": "Europe/Paris", "opened_at": town.now,
    }  # fmt: skip
    with town.change():
        if db.session.get(CyberCase, case_id) is None:
            db.session.add(CyberCase(case_id=case_id, **said))
        else:
            for name, value in said.items():
                setattr(db.session.get(CyberCase, case_id), name, value)
        db.session.flush()
        case = db.session.get(CyberCase, case_id)
        for name, value in fields.items():
            setattr(case, name, value)
        for reader in readers:
            row = CyberReader(case_id=case_id, account_id=reader.account_id, added_at=town.now)
            db.session.add(row)
        db.session.add(
            CyberStep(case_id=case_id, at=town.now, code="told", words="Hébergeur prévenu")
        )
    return ref, case_id


def jpeg() -> bytes:
    """Return a small picture."""
    made = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(made, "JPEG")
    return made.getvalue()


def case_file(**changes: Any) -> CyberFile:
    """Return the file of a case, without any town."""
    values: dict[str, Any] = {
        "ref": "S-2027-7", "case_id": 7, "town": "Ville", "siren": "210000006",
        "category": "phishing", "rsit": "fraud:phishing", "severity": "major",
        "tlp": "AMBER+STRICT", "embargo_until": AT + timedelta(days=90),
        "embargo_zone": "Europe/Paris", "opened_at": AT, "happened_on": date(2027, 1, 11),
        "closed_on": None, "site": "www.ville.example",
        "addresses": ("https://vi11e.example/login?a=b",), "words": WORDS, "personal_data": True,
        "evidence": (), "steps": (Step(AT, "Hébergeur prévenu"),),
        "contacts": (Contact("host", "Hébergeur", "abuse@host.example", AT, None),),
    }  # fmt: skip
    return CyberFile(**{**values, **changes})


def dossier(pictures: int = 0, **changes: Any) -> Dossier:
    """Return what a town hands over of a case."""
    shown = {f"{n:032x}": jpeg() for n in range(pictures)}
    evidence = tuple(
        Evidence(f"evidence-{n}.jpg", "image/jpeg", "0" * 64, len(body), name)
        for n, (name, body) in enumerate(shown.items(), 1)
    )
    sender = Sender(
        "demandes.ville.example/beffroi/210000006/1", "Beffroi-sur-Exemple", "210000006",
        "https://demandes.ville.example", "dsi@ville.example",
    )  # fmt: skip
    file = case_file(**{"evidence": evidence, **changes})
    return Dossier(file, sender, AT + timedelta(hours=2), shown)
