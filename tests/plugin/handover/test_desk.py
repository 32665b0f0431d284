# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a case to the CERT's mailbox, decrypted there; and who may not know of it."""

import io
import json
import logging
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from pymisp import MISPEvent
from pypdf import PdfReader

from beffroi.cases.events import CaseErased
from beffroi.cyber.adapters import own_key
from beffroi.handover import service
from beffroi.kernel.bus import publish
from beffroi.kernel.db import MIGRATIONS
from beffroi.kernel.errors import Conflict
from support.cert import ADDRESS, Cert, cyber_case, gnupg_cert, make_cert
from support.databases import fresh
from support.stix_judge import faults_of
from support.town import Town, open_town


def place(ref: str) -> str:
    return f"/desk/cyber/{ref}/cert"


@pytest.fixture
def cert(tmp_path: Path) -> Cert:
    return make_cert(tmp_path, valid=timedelta(days=900))


@pytest.fixture
def guarded(tmp_path: Path, cert: Cert):
    """A town that knows its CERT."""
    changes = {"cert_email": ADDRESS, "cert_key": str(cert.path), "cert_phone": "0970 609 909",
               "cert_name": "CSIRT de la région"}  # fmt: skip
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), **changes) as made:
        yield made


def everything(town: Town) -> str:
    """What people who may not know of the case could read: jobs, facts, outbox, journal."""
    tables = ("job", "log_fact", "timeline", "handover", "delivery")
    return " ".join(str(row) for name in tables for row in town.rows(f'SELECT * FROM "{name}"'))


def test_a_case_reaches_the_cert_encrypted_in_three_parts(
    guarded: Town, cert: Cert, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    agent = guarded.signed_in("agent")
    ref, _ = cyber_case(guarded, agent)
    page = agent.page(place(ref))
    assert "0970 609 909" in page
    assert "hxxps[:]//vi11e[.]example" in page
    assert agent.post(place(ref)).status_code == 303
    assert agent.post(place(ref)).status_code == 422  # it is on its way already
    guarded.mail.refusals = 2  # the citizen's receipt, and this
    guarded.work()
    assert guarded.mail.to(ADDRESS) == []
    assert "Le serveur de courrier ne l’a pas pris" in agent.page(place(ref))
    guarded.later(minutes=2)
    guarded.work()
    [message] = guarded.mail.to(ADDRESS)
    outside = bytes(message).decode()
    for secret in (ref, "Médiathèque", "vi11e", "phishing", "AMBER"):
        assert secret not in outside
    inner = cert.reads(message)
    assert ref in str(inner["Subject"])
    readable, event, bundle = inner.iter_attachments()
    said = " ".join(p.extract_text() for p in PdfReader(io.BytesIO(readable.get_content())).pages)
    assert "Médiathèque" in said
    misp = MISPEvent()
    misp.load(event.get_content().decode())
    assert "tlp:amber+strict" in [tag.name for tag in misp.tags]
    assert faults_of(bundle.get_content().decode()) == []
    assert ref in {
        r["external_id"] for o in json.loads(bundle.get_content())["objects"]
        for r in o.get("external_references", ())
    }  # fmt: skip
    guarded.work()
    assert len(guarded.mail.to(ADDRESS)) == 1
    kept = everything(guarded) + caplog.text
    assert all(secret not in kept for secret in ("Médiathèque", "vi11e"))
    assert guarded.one("SELECT count(*) FROM outbox") == 0


@pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg on this machine")
def test_gnupg_opens_the_message_and_knows_by_the_published_key_who_signed_it(
    tmp_path: Path,
) -> None:
    with gnupg_cert(tmp_path) as (gnupg, path):
        changes = {"cert_email": ADDRESS, "cert_key": str(path), "mail_from": "us@town.example"}
        with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), **changes) as town:
            agent, folder = town.signed_in("agent"), town.settings.data_dir
            ref, _ = cyber_case(town, agent)

            def sent() -> list[str]:
                other, _ = cyber_case(town, agent)
                agent.post(place(other))
                town.work()
                inner, status = gnupg.opened(town.mail.to(ADDRESS)[-1])
                assert other in str(inner["Subject"])
                return status

            def fetched() -> str:
                page = town.visitor().get("/security/key.asc")
                assert "IMPORT_OK" in str(gnupg.run("--import", given=page.data)[1])
                known = own_key.own_key(folder)
                assert known is not None
                assert known.in_groups in town.visitor().page("/security")
                return known.fingerprint.upper()

            assert "unsigned" in agent.page(place(ref) + "?lang=en")
            assert town.visitor().get("/security/key.asc").status_code == 404
            assert "SIG" not in str(sent())
            assert own_key.make(folder, own_key.owner(town.settings))
            assert "unsigned" not in agent.page(place(ref) + "?lang=en")
            assert not own_key.make(folder, own_key.owner(town.settings))
            first = fetched()
            assert [one for one in sent() if one.startswith("VALIDSIG") and one.endswith(first)]
            before = town.mail.to(ADDRESS)[-1]
            vouched = own_key.rotate(folder, own_key.owner(town.settings))
            assert "GOODSIG" in str(gnupg.run("--verify", given=vouched.encode())[1])
            second = fetched()
            assert second in vouched
            assert first != second
            assert [one for one in sent() if one.startswith("VALIDSIG") and one.endswith(second)]
            assert "GOODSIG" in str(gnupg.opened(before)[1])
            own_key.rotate(folder, own_key.owner(town.settings), stolen=True)
            fetched()
            assert "REVKEYSIG" in str(gnupg.opened(town.mail.to(ADDRESS)[-1])[1])
            assert {p.stat().st_mode & 0o777 for p in (folder / "openpgp").iterdir()} == {0o600}
            town.later(days=800)
            assert own_key.signer(folder, now=town.now) is None


def test_a_key_whose_time_is_over_is_replaced_also_where_it_was_stolen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = "Ville <ville@town.example>"
    monkeypatch.setattr(own_key, "LIFE", timedelta(seconds=1))
    own_key.make(tmp_path, owner)
    seen = [own_key.own_key(tmp_path)]
    for stolen in (False, True):
        time.sleep(2.1)
        assert own_key.rotate(tmp_path, owner, stolen=stolen) == ""
        seen.append(own_key.own_key(tmp_path))
    assert len({one.fingerprint for one in seen if one is not None}) == 3


def test_receipt_and_answer_are_recorded(guarded: Town) -> None:
    agent = guarded.signed_in("agent")
    ref, _ = cyber_case(guarded, agent)
    agent.post(place(ref))
    one = guarded.one("SELECT id FROM handover")
    early = agent.post(f"{place(ref)}/{one}/receipt")
    assert early.status_code == 409
    guarded.work()
    assert agent.post(f"{place(ref)}/{one}/receipt").status_code == 303
    assert "Reçu par le CERT" in agent.page(place(ref))
    empty = agent.post(f"{place(ref)}/{one}/answer", {f"answer-{one}": "  "})
    assert empty.status_code == 422
    agent.post(f"{place(ref)}/{one}/answer", {f"answer-{one}": "Pris en compte, CERT-2027-3."})
    page = agent.page(place(ref))
    assert "Répondu par le CERT" in page
    assert "CERT-2027-3" in page
    other, _ = cyber_case(guarded, agent)
    assert agent.post(f"{place(other)}/{one}/receipt").status_code == 404


@pytest.mark.parametrize("role", ["agent", "moderator", "administrator", "citizen"])
def test_nobody_off_the_list_learns_that_there_is_such_a_case(guarded: Town, role: str) -> None:
    agent, other = guarded.signed_in("agent"), guarded.signed_in(role)
    ref, _ = cyber_case(guarded, agent)
    agent.post(place(ref))
    answers = [other.get(p) for p in (place(ref), f"{place(ref)}/pdf", f"{place(ref)}/stix")]
    answers += [other.post(place(ref)), other.post(f"{place(ref)}/1/answer", {"answer-1": "x"})]
    nowhere = other.get(place("S-2027-999999")).status_code
    assert {answer.status_code for answer in answers} == {nowhere}
    assert nowhere in (403, 404)
    assert guarded.one("SELECT count(*) FROM handover") == 1


@pytest.mark.parametrize("fault", ["missing", "expired", "secret", "nonsense", "address"])
def test_nothing_leaves_in_clear_when_the_key_does_not_serve(tmp_path: Path, fault: str) -> None:
    cert = make_cert(tmp_path, valid=timedelta(days=900))
    words = {"missing": "Aucune clé publique", "expired": "a expiré le",
             "secret": "clé secrète", "nonsense": "ne contient aucune clé",
             "address": "Aucune adresse de CERT"}[fault]  # fmt: skip
    if fault == "secret":
        cert.path.write_bytes(bytes(cert.secret))
    if fault == "nonsense":
        cert.path.write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n", encoding="ascii")
    changes = {"cert_email": "" if fault == "address" else ADDRESS}
    if fault != "missing":
        changes["cert_key"] = str(cert.path)
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), **changes) as town:
        agent = town.signed_in("agent")
        ref, _ = cyber_case(town, agent)
        if fault == "expired":
            town.later(days=1000)
            agent = town.signed_in("agent")
            ref, _ = cyber_case(town, agent)
        assert words in agent.page(place(ref))
        assert (words in agent.page("/desk/health")) is (fault != "address")
        refused = agent.post(place(ref))
        assert refused.status_code == 422
        assert words in refused.get_data(as_text=True)
        town.work()
        assert town.mail.to(ADDRESS) == []


def test_the_desk_says_a_month_beforehand_that_the_key_ends(guarded: Town, cert: Cert) -> None:
    ends = cert.secret.extract_certificate().expiration
    assert ends is not None
    for left, said in ((30, ""), (29, "moins de 30 jours"), (0, "moins d’un jour")):
        guarded.clock.moment = ends - timedelta(days=left, hours=1)
        page = guarded.signed_in("agent").page("/desk/health")
        assert ("La clé du CERT expire" in page) is bool(said)
        assert said in page


def test_a_key_that_ends_before_the_worker_comes_sends_nothing(guarded: Town) -> None:
    agent = guarded.signed_in("agent")
    ref, _ = cyber_case(guarded, agent)
    agent.post(place(ref))
    guarded.later(days=1000)
    guarded.work()
    assert guarded.mail.to(ADDRESS) == []
    assert "expired" in guarded.one("SELECT fault FROM handover")


def test_what_could_not_leave_is_sent_at_once_when_the_button_is_pressed_again(
    guarded: Town,
) -> None:
    agent = guarded.signed_in("agent")
    ref, _ = cyber_case(guarded, agent)
    guarded.work()
    agent.post(place(ref))
    guarded.mail.refusals = 1
    guarded.work()
    assert guarded.mail.to(ADDRESS) == []
    assert agent.post(place(ref)).status_code == 303
    guarded.work()
    guarded.later(minutes=5)
    guarded.work()
    assert len(guarded.mail.to(ADDRESS)) == guarded.one("SELECT count(*) FROM handover") == 1


def test_two_presses_owe_one_hand_over(town: Town) -> None:
    _, case_id = cyber_case(town)
    where = {"public_url": "https://town.example", "now": town.now, "chance": town.chance}
    with town.change():
        service.hand_over(case_id, "mail", ADDRESS, **where)
        service.hand_over(case_id, "taxii", "https://taxii.example/", **where)
        with pytest.raises(Conflict):
            service.hand_over(case_id, "mail", ADDRESS, **where)
    assert town.one("SELECT count(*) FROM handover") == 2


def test_an_erased_case_leaves_no_hand_over(guarded: Town) -> None:
    agent = guarded.signed_in("agent")
    ref, case_id = cyber_case(guarded, agent)
    agent.post(place(ref))
    with guarded.change():
        publish(CaseErased(case_id=case_id, ref=ref, at=guarded.now))
    guarded.work()
    assert guarded.mail.to(ADDRESS) == []
