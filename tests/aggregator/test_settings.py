# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings are refused whole, with every fault, and each one is documented."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from beffroi_federation.aggregator.config import (
    PREFIX,
    AggregatorSettings,
    from_environ,
    from_mapping,
)
from beffroi_web.configuration import SettingsRefused

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "name": "Nation",
    "public_url": "https://national.example",
    "secret_key": "s" * 32,
    "data_dir": "/var/lib/beffroi",
}


def faults_of(**changes: object) -> list[str]:
    given = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(SettingsRefused) as refused:
        from_mapping(given)
    return refused.value.faults


def test_good_settings_are_taken_with_the_database_in_the_data_folder() -> None:
    settings = from_mapping(GOOD)
    assert settings.database_url == "sqlite:////var/lib/beffroi/nation.sqlite3"
    assert settings.slug == "nation-443"
    assert "s" * 32 not in repr(settings)


def test_every_fault_is_named_at_once() -> None:
    faults = faults_of(
        name=None, secret_key="short", public_url="nonsense", pull_every="0", colour="blue",
        surprise="x", database_url="mysql://x",
    )  # fmt: skip
    for word in ("NAME is missing", "SECRET_KEY", "PUBLIC_URL", "PULL_EVERY", "COLOUR",
                 "SURPRISE is not a setting", "DATABASE_URL"):  # fmt: skip
        assert any(word in fault for fault in faults), word


def test_there_is_no_default_secret() -> None:
    assert faults_of(secret_key=None) == [f"{PREFIX}SECRET_KEY is missing"]


def test_demo_peers_are_only_for_an_aggregator_on_loopback() -> None:
    (fault,) = faults_of(demo_peers="http://127.0.0.1:8302")
    assert "loopback" in fault
    local = GOOD | {"public_url": "http://127.0.0.1:8300", "demo_peers": "http://127.0.0.1:8302"}
    assert from_mapping(local).demo_peers == {"http://127.0.0.1:8302"}


@pytest.mark.parametrize(
    "peer",
    ["http://localhost:8302", "http://127.0.0.1", "http://127.0.0.1:8302/x", "https://127.0.0.1:1",
     "http://10.0.0.1:80"],
)  # fmt: skip
def test_demo_peers_are_exact_addresses(peer: str) -> None:
    assert faults_of(public_url="http://127.0.0.1:8300", demo_peers=peer)


def test_plain_http_is_only_for_this_machine() -> None:
    (fault,) = faults_of(public_url="http://national.example")
    assert "https" in fault


def test_a_provider_with_faults_names_them() -> None:
    faults = faults_of(providers='{"demo": {"label": "x"}}')
    assert any("PROVIDERS" in fault and "client_id" in fault for fault in faults)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "nation.toml"
    file.write_text(
        'name = "From the file"\npublic_url = "https://n.example"\n'
        f'data_dir = "{tmp_path}"\nsecret_key = "{"f" * 32}"\n'
    )
    settings = from_environ({PREFIX + "CONFIG": str(file), PREFIX + "NAME": "From outside"})
    assert (settings.name, settings.public_url) == ("From outside", "https://n.example")


def test_a_file_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(SettingsRefused, match="CONFIG"):
        from_environ({PREFIX + "CONFIG": "/nowhere.toml"})


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    page = (ROOT / "docs/reference/aggregator-settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(rf"^\| `{PREFIX}([A-Z_]+)`", page, re.MULTILINE))
    assert documented == {f.name.upper() for f in fields(AggregatorSettings)} | {"CONFIG"}
