# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a citizen’s words to the CERT’s mailbox: form, desk, a message in a folder, its key."""

import io
import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from pymisp import MISPEvent
from pypdf import PdfReader

from beffroi.kernel.db import MIGRATIONS
from support.cert import ADDRESS, jpeg, make_cert
from support.databases import fresh
from support.stix_judge import faults_of
from support.town import open_town

SAID = {
    "category": "phishing",
    "site": "www.ville.example",
    "description": "On me demande ma carte bancaire au nom de la médiathèque.",
    "addresses": "https://vi11e.example/payer",
}


def test_a_citizen_s_words_reach_the_cert_and_nobody_else(tmp_path: Path) -> None:
    cert, mail = make_cert(tmp_path), tmp_path / "mail"
    changes = {"cert_email": ADDRESS, "cert_key": str(cert.path), "mail_url": f"file:{mail}"}
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), **changes) as town:
        photo = (io.BytesIO(jpeg()), "ecran.jpg")
        sent = town.visitor().post("/incidents/new/public-site", {**SAID, "photos": photo})
        assert sent.status_code == 303, sent.text
        ref = town.one("SELECT ref FROM \"case\" WHERE kind = 'cyber'")
        officer = town.signed_in("cyber_officer", name="Camille Sécurité")
        assert officer.post(f"/desk/cyber/{ref}/take").status_code == 303
        assert f"/desk/cyber/{ref}/cert" in officer.page(f"/desk/cyber/{ref}")
        assert officer.post(f"/desk/cyber/{ref}/cert").status_code == 303
        town.work()
        letters = [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in mail.glob("cert-*.eml")
        ]
        [letter] = letters
        assert isinstance(letter, EmailMessage)
        assert letter["To"] == ADDRESS
        readable, event, bundle = cert.reads(letter).iter_attachments()
        pdf = PdfReader(io.BytesIO(readable.get_content()))
        said = " ".join(page.extract_text() for page in pdf.pages)
        for words in (ref, "médiathèque", "hxxps[:]//vi11e[.]example/payer", "TLP:AMBER+STRICT"):
            assert words in said, words
        assert "Camille" not in said
        assert sum(len(page.images) for page in pdf.pages) == 1
        misp = MISPEvent()
        misp.load(event.get_content().decode())
        assert {"attachment", "url"} <= {attribute.type for attribute in misp.attributes}
        stix = bundle.get_content().decode()
        assert faults_of(stix) == []
        assert "https://vi11e.example/payer" in {
            o.get("value") for o in json.loads(stix)["objects"]
        }
        others = [p.read_text() for p in mail.glob("*.eml") if not p.name.startswith("cert-")]
        assert all("médiathèque" not in one and "vi11e" not in one for one in others)
        assert "Remis au CERT" in officer.page(f"/desk/cyber/{ref}")
