# SPDX-License-Identifier: AGPL-3.0-or-later
from pathlib import Path
from typing import Any

import pytest

from beffroi_web.sign_in.settings import (
    ProviderSettings,
    ProviderSettingsFault,
    is_safe_address,
    parse_providers,
)

GOOD: dict[str, Any] = {
    "label": "Mairie",
    "issuer": "https://id.example/realms/town",
    "client_id": "beffroi",
    "client_secret": "s3cret",
}


def faults_of(tables: object) -> str:
    with pytest.raises(ProviderSettingsFault) as caught:
        parse_providers(tables)
    return "\n".join(caught.value.faults)


def test_the_four_needed_settings_are_enough() -> None:
    (provider,) = parse_providers({"mairie": GOOD})
    assert provider.key == "mairie"
    assert provider.described_at == (
        "https://id.example/realms/town/.well-known/openid-configuration"
    )
    assert provider.pkce
    assert not provider.staff
    assert provider.userinfo == "auto"
    assert provider.leeway == 120


def test_the_issuer_follows_from_a_discovery_address() -> None:
    table = {k: v for k, v in GOOD.items() if k != "issuer"} | {
        "discovery_url": "https://id.example/api/v2/.well-known/openid-configuration"
    }
    (provider,) = parse_providers({"fc": table})
    assert provider.issuer == "https://id.example/api/v2"


def test_every_fault_is_told_at_once() -> None:
    told = faults_of(
        {
            "Bad Key": GOOD | {"colour": "blue", "leeway": 301},
            "second": {"issuer": "http://id.example", "pkce": "yes", "scopes": ["email"]},
            "third": "nothing",
        }
    )
    for words in (
        "its name must be",
        "unknown setting 'colour'",
        "leeway: a whole number",
        "issuer: an https:// address",
        "pkce: true or false",
        "'openid' must be among them",
        "label is missing",
        "client_id is missing",
        "client_secret is missing",
        "'third': a table",
    ):
        assert words in told


def test_a_secret_is_never_part_of_the_printed_settings() -> None:
    (provider,) = parse_providers({"mairie": GOOD})
    assert "s3cret" not in repr(provider)


def test_claims_may_give_agent_and_moderator_only() -> None:
    table = GOOD | {"staff": True, "roles": {"groups": {"chiefs": "administrator"}}}
    assert "the role agent, moderator or access_officer" in faults_of({"mairie": table})
    table = GOOD | {"staff": True, "roles": {"groups": {"chiefs": "operator"}}}
    assert "the role agent, moderator or access_officer" in faults_of({"mairie": table})


def test_claims_of_a_provider_for_everybody_give_no_role() -> None:
    table = GOOD | {"roles": {"groups": {"desk": "agent"}}}
    assert "staff = true" in faults_of({"mairie": table})


def test_secret_and_public_key_algorithms_do_not_mix() -> None:
    told = faults_of({"mairie": GOOD | {"expected_alg": ["RS256", "HS256"]}})
    assert "HS… cannot stand beside" in told
    assert "expected_alg: some of" in faults_of({"mairie": GOOD | {"expected_alg": ["none"]}})


def test_two_providers_cannot_share_an_issuer() -> None:
    assert "used by two providers" in faults_of({"one": GOOD, "two": GOOD})


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example/a?b=c", True),
        ("http://127.0.0.1:8301", True),
        ("http://localhost:8301", True),
        ("http://id.example", False),
        ("https://user:word@id.example", False),
        ("https://id.example/#there", False),
        ("https://id.example/\nHost: x", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://[::1", False),
        ("https://id.example:99999", False),
    ],
)
def test_only_https_or_loopback_is_called(url: str, safe: bool) -> None:
    assert is_safe_address(url) is safe


def test_settings_cannot_be_changed_after_they_were_checked() -> None:
    (provider,) = parse_providers(
        {"mairie": GOOD | {"staff": True, "roles": {"groups": {"desk": "agent"}}}}
    )
    with pytest.raises(AttributeError):
        provider.staff = False  # type: ignore[misc]
    with pytest.raises(TypeError):
        provider.roles["groups"]["all"] = "agent"  # type: ignore[index]
    assert isinstance(provider, ProviderSettings)


CLIENT = {k: v for k, v in GOOD.items() if k != "label"}


def test_a_preset_stands_behind_what_the_town_says() -> None:
    (citizens,) = parse_providers({"fc": CLIENT | {"preset": "franceconnect-v2"}})
    assert (citizens.label, citizens.pkce, citizens.userinfo) == ("FranceConnect", False, "jwt")
    assert citizens.acr_values == ("eidas1",)
    assert citizens.auth_method == "client_secret_post"
    assert "code_challenge" not in citizens.authorize_params_allowed
    assert citizens.scopes == ("openid",)  # no civil status, no address unless a town wants it
    (named,) = parse_providers({"fc": CLIENT | {"preset": "franceconnect-v2", "label": "FC"}})
    assert named.label == "FC"
    (agents,) = parse_providers(
        {"pc": CLIENT | {"preset": "proconnect", "allowed_siret": ["21350238800019"]}}
    )
    assert agents.staff
    assert agents.claims_map == {"family_name": "usual_name"}
    (plain,) = parse_providers({"kc": GOOD | {"preset": "generic-oidc"}})
    assert (plain.pkce, plain.userinfo, plain.staff) == (True, "auto", False)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"preset": "france-connect"}, "one of franceconnect-v2"),
        ({"preset": "franceconnect-v2", "staff": True}, "it gives no role"),
        ({"preset": "franceconnect-v2", "pkce": True}, "code_challenge is not in"),
        ({"preset": "proconnect"}, "allowed_siret is missing"),
        ({"preset": "proconnect", "allowed_siret": ["123"]}, "14 digits"),
        ({"preset": "oauth2-decidim", "staff": True}, "it gives no role"),
        ({"allowed_siret": ["21350238800019"]}, "staff = true"),
        ({"claims_map": {"sub": "uid"}}, "a table with some of"),
        ({"min_assurance": "high"}, "one of eidas1"),
    ],
)
def test_what_a_provider_cannot_be_is_said(more: dict[str, Any], words: str) -> None:
    assert words in faults_of({"one": GOOD | more})


def test_a_mark_that_is_no_small_picture_stops_the_start(tmp_path: Path) -> None:
    kinds = {
        "a.txt": b"FranceConnect",
        "b.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><SCRIPT>alert(1)</SCRIPT></svg>",
        "c.png": b"\x89PNG\r\n\x1a\n" + b"0" * 100_000,
    }
    for name, content in kinds.items():
        (tmp_path / name).write_bytes(content)
    for path in (*(str(tmp_path / name) for name in kinds), str(tmp_path / "none.png"), "mark.png"):
        with pytest.raises(ProviderSettingsFault, match="logo"):
            parse_providers({"a": {**GOOD, "logo": path}})
