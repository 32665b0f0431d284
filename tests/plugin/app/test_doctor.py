# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi doctor` on set-ups that are broken in one way each: a sentence, and what to do."""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beffroi import doctor
from beffroi.app import site_of
from beffroi.kernel import jobs
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.migrating import downgrade, upgrade
from beffroi_web.sign_in.settings import ProviderSettings
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
from support.town import Town

Found = dict[str, str]


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


def test_a_cert_without_a_key_that_serves_is_a_fault(
    village: Town, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    key = {"cert_email": "cert@region.example", "cert_key": tmp_path / "none.asc"}
    assert [one["state"] for one in seen(village, capsys, "cert", **key)] == ["fault"]


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
