# SPDX-License-Identifier: AGPL-3.0-or-later
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from beffroi.config import LEAST, LONGEST, Settings, from_environ, from_mapping, luhn
from beffroi_web.configuration import SettingsRefused

COMPLETE: dict[str, Any] = {
    "name": "Beffroi-sur-Exemple",
    "siren": "210000006",
    "kind": "commune",
    "communes": "99999",
    "public_url": "https://demandes.ville.example",
    "secret_key": "s" * 32,
    "data_dir": "/srv/beffroi",
}


def environ(**changes: str) -> dict[str, str]:
    return {f"BEFFROI_{name.upper()}": str(value) for name, value in (COMPLETE | changes).items()}


def faults(given: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsRefused) as refused:
        from_mapping(given)
    return refused.value.faults


def test_the_required_settings_are_enough() -> None:
    settings = from_environ(environ())
    assert settings.communes == ("99999",)
    assert settings.database_url == "sqlite:////srv/beffroi/town.sqlite3"
    assert settings.origin == "demandes.ville.example/beffroi/210000006/1"
    assert settings.providers == ()


def test_every_missing_setting_is_named_at_once() -> None:
    said = " ".join(faults({}))
    for name in COMPLETE:
        assert f"BEFFROI_{name.upper()} is missing" in said


def test_every_fault_is_said_at_once() -> None:
    found = faults(
        COMPLETE
        | {
            "siren": "123456789",
            "kind": "village",
            "public_url": "https://ville.example/path",
            "secret_key": "short",
            "colour": "red",
            "publish": "sometimes",
            "mail_url": "sendmail",
            "database_url": "mysql://x",
            "population_band": "many",
            "communes": "99999 Rennes",
            "demonstration": "perhaps",
            "submissions_per_hour": "0",
            "dates_moved": "many",
            "time_zone": "Europe/Beffroi",
            "languages": "",
            "colours": "#000000",
            "providers": {"x": {"label": "X"}},
        }
    )
    for name in (
        "SIREN", "KIND", "PUBLIC_URL", "SECRET_KEY", "COLOUR ", "PUBLISH", "MAIL_URL",
        "DATABASE_URL", "POPULATION_BAND", "COMMUNES", "DEMONSTRATION", "SUBMISSIONS_PER_HOUR",
        "COLOURS is not a setting",
        "DATES_MOVED", "TIME_ZONE", "LANGUAGES",
    ):  # fmt: skip
        assert any(f"BEFFROI_{name}" in fault for fault in found), name
    assert any("provider 'x'" in fault for fault in found)


def test_how_long_things_are_kept_has_a_least_and_a_most() -> None:
    for name, least in LEAST.items():
        for wrong in (least - 1, LONGEST + 1, "for ever"):
            found = faults(COMPLETE | {name: str(wrong)})
            assert any(f"BEFFROI_{name.upper()} " in fault for fault in found), (name, wrong)
    settings = from_mapping(COMPLETE | {"keep_originals_days": "90", "keep_for_appeal_months": 2})
    assert (settings.keep_originals_days, settings.keep_for_appeal_months) == (90, 2)


def test_nobody_is_warned_after_the_account_has_ended() -> None:
    found = faults(COMPLETE | {"keep_accounts_days": 90, "warn_accounts_days": 90})
    assert found == ["BEFFROI_WARN_ACCOUNTS_DAYS is less than BEFFROI_KEEP_ACCOUNTS_DAYS"]


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SettingsRefused, match="BEFFROI_PUBLISHED is not a setting"):
        from_environ(environ(published="weekly"))


def test_settings_of_the_nation_and_of_tests_are_not_ours_to_refuse() -> None:
    from_environ(
        environ() | {"BEFFROI_AGGREGATOR_NAME": "x", "BEFFROI_REAL_DATA": "/x", "OTHER": "y"}
    )


def test_the_address_of_the_nation_is_a_setting_of_the_town() -> None:
    nation = "https://national.example"
    assert from_environ(environ(aggregator_url=nation)).aggregator_url == nation
    assert from_environ(environ()).aggregator_url == ""
    for wrong in ("http://national.example", nation + "/", "http://127.0.0.1", "ftp://x"):
        assert any("AGGREGATOR_URL" in f for f in faults(COMPLETE | {"aggregator_url": wrong}))


def test_there_is_no_default_secret_and_no_default_place() -> None:
    without = {f.name for f in fields(Settings) if f.default is MISSING}
    assert {"secret_key", "data_dir", "public_url", "siren"} <= without
    for empty in ("", " "):
        assert any("SECRET_KEY" in fault for fault in faults(COMPLETE | {"secret_key": empty}))


def test_the_secret_is_not_shown_when_settings_are_printed() -> None:
    assert "s" * 32 not in repr(from_mapping(COMPLETE))


def test_a_file_gives_settings_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "town.toml"
    file.write_text(
        'name = "From the file"\nkind = "epci"\nsubmissions_per_hour = 7\n'
        'communes = ["99998", "99999"]\ndemonstration = true\n',
        encoding="utf-8",
    )
    given = environ()
    for name in ("NAME", "COMMUNES"):
        del given[f"BEFFROI_{name}"]
    settings = from_environ(given | {"BEFFROI_CONFIG": str(file)})
    assert (settings.name, settings.kind) == ("From the file", "commune")
    assert (settings.communes, settings.demonstration) == (("99998", "99999"), True)
    assert settings.submissions_per_hour == 7


@pytest.mark.parametrize("words", ["name = ", "not toml at all"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, words: str) -> None:
    file = tmp_path / "town.toml"
    file.write_text(words, encoding="utf-8")
    with pytest.raises(SettingsRefused, match="BEFFROI_CONFIG names"):
        from_environ(environ() | {"BEFFROI_CONFIG": str(file)})
    with pytest.raises(SettingsRefused, match="BEFFROI_CONFIG names"):
        from_environ(environ() | {"BEFFROI_CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize("code", ["35238", "2A004", "2B033", "97411"])
def test_commune_codes_of_every_kind_are_taken(code: str) -> None:
    assert from_mapping(COMPLETE | {"communes": code}).communes == (code,)


@pytest.mark.parametrize("code", ["3523", "352381", "2C004", "Rennes"])
def test_what_is_no_commune_code_is_refused(code: str) -> None:
    assert any("COMMUNES" in fault for fault in faults(COMPLETE | {"communes": code}))


def test_two_towns_on_one_host_have_different_cookies() -> None:
    one = from_mapping(COMPLETE | {"public_url": "http://127.0.0.1:8302"})
    other = from_mapping(COMPLETE | {"public_url": "http://127.0.0.1:8303"})
    assert one.slug != other.slug


def test_a_wrong_check_digit_is_seen() -> None:
    assert luhn("210000006")
    assert not any(luhn(f"21000000{digit}") for digit in "012345789")


def test_a_providers_setting_that_is_no_json_is_one_fault_and_no_crash() -> None:
    found = faults(COMPLETE | {"providers": "{not json"})
    assert any("BEFFROI_PROVIDERS cannot be read" in fault for fault in found)
