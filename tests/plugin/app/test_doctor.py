# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi doctor` on set-ups that are broken in one way each: a sentence, and what to do."""

import argparse
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from beffroi import doctor
from beffroi.app import site_of
from beffroi.backups.adapters import ledger, newest
from beffroi.backups.adapters.sealed import new_key
from beffroi.backups.rules.rotation import file_name
from beffroi.doctor import outside
from beffroi.kernel import jobs
from beffroi.kernel.db import MIGRATIONS
from beffroi_federation.aggregator.towns.rules import dns_text
from beffroi_federation.identity import parse_identity
from beffroi_federation.notes import Verifier
from beffroi_web.clock import SystemClock
from beffroi_web.migrating import downgrade, upgrade
from beffroi_web.sign_in.settings import ProviderSettings
from support.browser import served
from support.databases import fresh
from support.decidim_site import CALLBACKS, decidim_site
from support.hostile_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    Answer,
    HostileProvider,
    as_json,
    hostile_provider,
)
from support.mailbox import open_mailbox
from support.town import Town

Found = dict[str, str]


@dataclass(frozen=True)
class TlsServer:
    """A port that speaks TLS, with a certificate for `localhost` that vouches for itself."""

    port: int
    certificate: Path
    ends: datetime


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[TlsServer]:
    ends = SystemClock().now().replace(microsecond=0) + timedelta(days=60)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(SystemClock().now() - timedelta(days=1)).not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield TlsServer(server.server_port, certificate, ends)
    server.shutdown()
    thread.join()
    server.server_close()


def seen(town: Town, capsys: pytest.CaptureFixture[str], *what: str, **changes: Any) -> list[Found]:
    """Run the doctor on the town with some settings changed; return what it found."""
    settings = replace(town.settings, **changes)
    args = argparse.Namespace(what=list(what), json=True)
    with town.look():
        code = doctor.run(args, doctor.Examined(settings, site_of(settings), town.now))
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    found: list[Found] = told["findings"]
    assert told["ok"] is (code == 0)
    assert told["ok"] is all(one["state"] != "fault" for one in found)
    for one in found:
        assert one["remedy"] or one["state"] == "ok", one
    return found


def fault(found: list[Found], words: str) -> None:
    assert any(words in one["sentence"] for one in found if one["state"] == "fault"), found


def test_what_is_well_is_said_to_be(village: Town, capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("database", "worker", "disk", "cert"):
        assert [one["state"] for one in seen(village, capsys, what)] == ["ok"], what
    public = {"public_url": "https://town.example", "behind_proxy": True}
    assert [one["state"] for one in seen(village, capsys, "address", **public)] == ["ok"]


def test_a_public_address_without_tls_is_a_fault(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    fault(seen(village, capsys, "address", public_url="http://town.example"), "plain http")


def test_a_database_that_is_away_empty_or_old_is_told_apart(
    village: Town, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    away = "postgresql+psycopg://beffroi@127.0.0.1:9/none?connect_timeout=1"
    fault(seen(village, capsys, "database", database_url=away), "does not answer")
    empty = f"sqlite:///{tmp_path}/empty.sqlite3"
    fault(seen(village, capsys, "database", database_url=empty), "no tables")
    old = fresh("sqlite", MIGRATIONS, tmp_path)
    downgrade(MIGRATIONS, old, "0022")
    fault(seen(village, capsys, "database", database_url=old), "its schema is 0022")
    upgrade(MIGRATIONS, old)
    assert seen(village, capsys, "database", database_url=old)[0]["state"] == "ok"


def test_a_signer_that_does_not_answer_is_a_fault(
    village: Town, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    gone = replace(village.settings, signer_socket=tmp_path / "none")
    args = argparse.Namespace(what=["signer"], json=False)
    assert doctor.run(args, doctor.Examined(gone, site_of(gone), village.now)) == 1
    told = capsys.readouterr().out
    assert told.startswith("✗ signer: it does not answer")
    assert "→ start it" in told


def test_a_job_that_nobody_takes_up_says_that_no_worker_runs(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    with village.change():
        jobs.enqueue("nothing", {}, run_at=village.now)
    assert seen(village, capsys, "worker")[0]["state"] == "ok"
    village.later(hours=3)
    fault(seen(village, capsys, "worker"), "has waited for 3.0 hours")


def test_mail_that_cannot_leave_is_a_fault(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    fault(seen(village, capsys, "mail", mail_url=""), "no mail server is set")
    fault(seen(village, capsys, "mail", mail_url="smtp://127.0.0.1:9"), "127.0.0.1:9 does not")
    with open_mailbox() as mailbox:
        set_up = {"mail_url": mailbox.url, "mail_from": "Town <us@town.example>"}
        assert "goes to us@town.example" in str(seen(village, capsys, "mail", **set_up))
        mailbox.unknown.add("back@town.example")
        refused = seen(village, capsys, "mail", **set_up, mail_bounces="back@town.example")
        fault(refused, "takes no mail from back@town.example (550)")
        assert mailbox.messages == [], "the doctor sends nothing"


def test_a_cert_without_a_key_that_serves_is_a_fault(
    village: Town, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    key = {"cert_email": "cert@region.example", "cert_key": tmp_path / "none.asc"}
    assert [one["state"] for one in seen(village, capsys, "cert", **key)] == ["fault", "warning"]


def test_a_body_that_is_not_on_the_list_of_communes_is_told(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    rennes = {"siren": "213502388", "communes": ("35238",), "demonstration": False}
    assert seen(village, capsys, "body", **rennes)[0]["state"] == "ok"
    for wrong, words in (
        ({"communes": ("99999",)}, "99999"),
        ({"siren": "210000006"}, "213502388"),
    ):
        [found] = seen(village, capsys, "body", **(rennes | wrong))
        assert (found["state"], words in found["sentence"]) == ("warning", True)


def test_a_public_address_that_leads_elsewhere_or_nowhere_is_a_fault(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(village.app) as url:
        [found] = seen(village, capsys, "reached", public_url=url)
        assert (found["state"], "leads to this town" in found["sentence"]) == ("ok", True)
        fault(seen(village, capsys, "reached", public_url=url, siren="210000014"), "something else")
        fault(seen(village, capsys, "reached", public_url=f"{url}/away"), "answers with 404")
    fault(seen(village, capsys, "reached", public_url=url), "does not answer from this machine")


def test_a_certificate_is_told_before_it_ends_and_a_false_one_is_a_fault(
    village: Town, tls_server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state(days: int) -> str:
        now = tls_server.ends - timedelta(days=days, hours=1)
        [found] = outside.certificate("localhost", tls_server.port, now)
        return found.state

    assert state(30) == "fault", "nobody vouches for it"
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_server.certificate))
    assert [state(days) for days in (30, 20, 2)] == ["ok", "warning", "fault"]


def test_an_aggregator_that_is_away_a_stranger_or_that_refused_the_log_is_told(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    town: dict[str, Any] = {
        "siren": village.settings.siren, "state": "approved", "refused": False, "size": 12,
        "verified_at": village.now.isoformat(),
    }  # fmt: skip
    answers: list[Any] = []
    site = Flask("nation")

    @site.get("/api/v1/towns")
    def towns() -> Any:
        date = format_datetime(village.now, usegmt=True)
        return {"items": answers}, 200, {"Date": date}

    def said(url: str) -> tuple[str, str]:
        found = seen(village, capsys, "aggregator", aggregator_url=url)
        return found[-1]["state"], found[-1]["sentence"]

    assert said("")[0] == "ok"
    with served(site) as url:
        assert "does not know this town" in said(url)[1]
        for changes, state, words in (
            ({}, "ok", "12 entries"),
            ({"verified_at": None}, "warning", "not verified the log yet"),
            ({"verified_at": "2026-12-01T00:00:00+00:00"}, "warning", "42 days ago"),
            ({"refused": True}, "fault", "refused what the log served"),
            ({"state": "quarantined"}, "fault", "quarantined there"),
        ):
            answers[:] = [town | changes]
            found = said(url)
            assert (found[0], words in found[1]) == (state, True), found
    assert said(url)[0] == "fault"


def test_a_town_that_the_aggregator_does_not_know_is_told_its_dns_entry(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Flask("nation and town")
    site.get("/api/v1/towns")(lambda: {"items": []})
    with served(village.app) as own, served(site) as nation:
        settings = {"public_url": own, "aggregator_url": nation}
        remedy = seen(village, capsys, "aggregator", **settings)[-1]["remedy"]
    told = village.app.test_client().get("/.well-known/beffroi.json", base_url=own)
    identity = parse_identity(told.data)
    expected = dns_text(identity, Verifier.from_text(identity.vkeys[0]))
    assert f'_beffroi.127.0.0.1 TXT "{expected}"' in remedy


def test_backups_that_are_old_or_were_never_made_are_told(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    fault(seen(village, capsys, "backup"), "no backup was ever made")
    newest.note(village.settings.data_dir, village.now)
    for days, state in ((0, "ok"), (3, "warning"), (8, "fault")):
        village.clock.moment = newest_made(village) + timedelta(days=days)
        assert seen(village, capsys, "backup")[0]["state"] == state


def test_backups_in_clear_untried_away_or_kept_for_too_long_are_told(
    village: Town, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = village.settings.data_dir
    newest.note(data, village.now)
    sealed_for = {"backup_recipients": (str(new_key().to_public()),)}

    def told(**more: Any) -> list[str]:
        found = seen(village, capsys, "backup", **{**sealed_for, **more})
        return [one["sentence"] for one in found if one["state"] != "ok"]

    assert told() == ["no backup was ever restored on trial"]
    ledger.verified(data, made_at=village.now, now=village.now)
    assert told(backup_dir=tmp_path) == []
    [clear] = told(backup_recipients=())
    assert "not encrypted" in clear
    [away] = told(backup_dir=tmp_path / "away")
    assert "cannot be read" in away
    name = file_name(village.settings.siren, village.now - timedelta(days=40), sealed=True)
    (tmp_path / name).write_bytes(b"age-encryption.org/v1\n")
    [old] = told(backup_dir=tmp_path)
    assert "a backup of 40 days" in old
    village.later(days=36)
    newest.note(data, village.now)
    assert told() == ["last verified restore 36 days ago"]


def newest_made(town: Town) -> datetime:
    made = newest.made_at(town.settings.data_dir)
    assert made is not None
    return made


def test_names_that_there_are_not_are_wrong_usage(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    for what in (["weather"], ["sign-in", "nobody"]):
        args = argparse.Namespace(what=what, json=False)
        examined = doctor.Examined(village.settings, site_of(village.settings), village.now)
        assert doctor.run(args, examined) == 2
        assert what[-1] in capsys.readouterr().out


def test_a_check_that_breaks_is_a_fault_and_the_others_go_on(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    found = seen(village, capsys, "disk", "address", data_dir=Path("/nowhere/at/all"))
    fault(found, "could not be looked at (FileNotFoundError)")
    assert found[-1]["about"] == "address"


# ---- sign-in ------------------------------------------------------------------------------------


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    with hostile_provider() as running:
        running.answers["/authorize"] = lambda: Answer(303, headers={"Location": "/login"})
        yield running


def at(provider: HostileProvider, **changes: Any) -> tuple[ProviderSettings, ...]:
    settings = ProviderSettings("town", "Town", provider.issuer, CLIENT_ID, CLIENT_SECRET)
    return (replace(settings, **changes),)


def test_a_provider_that_is_well_is_said_to_be_with_the_address_to_register(
    village: Town, capsys: pytest.CaptureFixture[str], provider: HostileProvider
) -> None:
    found = seen(
        village, capsys, "sign-in", "town", providers=at(provider),
        public_url="https://town.example",
    )  # fmt: skip
    assert {one["state"] for one in found if "seconds apart" not in one["sentence"]} == {"ok"}
    assert "https://town.example/auth/town/callback" in found[0]["sentence"]


def described(**changes: Any) -> Callable[[HostileProvider], None]:
    def change(provider: HostileProvider) -> None:
        whole = provider.description() | changes
        provider.answers["/.well-known/openid-configuration"] = lambda: as_json(whole)

    return change


def answered(path: str, answer: Answer) -> Callable[[HostileProvider], None]:
    def change(provider: HostileProvider) -> None:
        provider.answers[path] = lambda: answer

    return change


BROKEN = {
    "no JSON": (answered("/.well-known/openid-configuration", Answer(200, b"<p>")), "is no JSON"),
    "away": (answered("/.well-known/openid-configuration", Answer(503)), "answered 503"),
    "moved": (
        answered("/.well-known/openid-configuration", Answer(301, headers={"Location": "/x"})),
        "not taken (redirect)",
    ),
    "another issuer": (described(issuer="https://id.example/"), "is that of 'https://id.example/'"),
    "no token endpoint": (described(token_endpoint=None), "token_endpoint in the description"),
    "unsafe": (described(authorization_endpoint="http://id.example/a"), "authorization_endpoint"),
    "basic only": (
        described(token_endpoint_auth_methods_supported=["client_secret_basic"]),
        "does not take client_secret_post",
    ),
    "another algorithm": (
        described(id_token_signing_alg_values_supported=["PS512"]),
        "signs with PS512",
    ),
    "no PKCE": (described(code_challenge_methods_supported=["plain"]), "PKCE with S256"),
    "no keys": (answered("/jwks", as_json({"keys": []})), "has no key"),
    "unknown client": (answered("/authorize", Answer(400, b"no")), "refuses a sign-in"),
    "unknown way back": (
        answered("/authorize", Answer(303, headers={"Location": "/x?error=invalid_request"})),
        "refuses a sign-in",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_provider_is_said_in_words(
    village: Town, capsys: pytest.CaptureFixture[str], provider: HostileProvider, name: str
) -> None:
    change, words = BROKEN[name]
    change(provider)
    fault(seen(village, capsys, "sign-in", providers=at(provider)), words)


def test_scopes_that_are_not_offered_and_clocks_that_differ_are_told(
    village: Town, capsys: pytest.CaptureFixture[str], provider: HostileProvider
) -> None:
    described(scopes_supported=["openid", "email"])(provider)
    found = seen(village, capsys, "sign-in", providers=at(provider))
    assert any("does not list the scopes profile" in one["sentence"] for one in found)
    fault(found, "seconds apart")  # the town of the tests lives in another year


def test_a_decidim_site_is_told_from_an_openid_provider(
    village: Town, capsys: pytest.CaptureFixture[str], provider: HostileProvider
) -> None:
    with decidim_site() as site:
        mistaken = replace(at(provider)[0], issuer=site.address)
        found = seen(village, capsys, "sign-in", providers=(mistaken,))
        fault(found, "is a Decidim site")
        right = replace(mistaken, key="decidim", driver="oauth2-decidim", scopes=())
        town = CALLBACKS[0].removesuffix("/auth/decidim/callback")
        found = seen(village, capsys, "sign-in", providers=(right,), public_url=town)
        assert any("answers as a Decidim site" in one["sentence"] for one in found)
        assert any("takes this client" in one["sentence"] for one in found)
        found = seen(
            village, capsys, "sign-in", providers=(right,), public_url="http://127.0.0.1:8000"
        )
        fault(found, "Decidim takes no http://127.0.0.1")
        fault(found, "a page of error to this client")
    other = replace(right, issuer=provider.issuer)
    fault(seen(village, capsys, "sign-in", providers=(other,)), "describes itself as an OpenID")
    fault(seen(village, capsys, "sign-in", providers=(right,)), "does not answer")


def test_a_town_without_any_provider_is_told_so(
    village: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    fault(seen(village, capsys, providers=()), "nobody can sign in")
