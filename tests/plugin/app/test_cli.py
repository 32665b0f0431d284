# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operator's door: each command does one thing, says what, and ends with the right code."""

from pathlib import Path

import pytest

from beffroi.cli import main
from beffroi.config import from_environ
from support.example import EXAMPLE
from support.signer import serving
from support.town import PUBLIC_URL

PROVIDERS = (
    '{"town-hall": {"label": "Town hall", "issuer": "https://sign-in.example",'
    ' "client_id": "x", "client_secret": "y", "staff": true}}'
)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a town in a new folder."""
    return {
        **EXAMPLE,
        "BEFFROI_PUBLIC_URL": PUBLIC_URL,
        "BEFFROI_DATA_DIR": str(tmp_path / "town"),
        "BEFFROI_PROVIDERS": PROVIDERS,
    }


def test_init_makes_everything_and_keeps_it_when_run_again(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"], environ) == 0
    ring = Path(environ["BEFFROI_DATA_DIR"], "signer", "keys", "keyring")
    first = ring.read_bytes()
    assert ring.stat().st_mode & 0o077 == 0
    assert ring.parent.stat().st_mode & 0o077 == 0
    assert "a new key was made" in capsys.readouterr().out
    assert main(["init"], environ) == 0
    assert ring.read_bytes() == first
    said = capsys.readouterr().out
    assert "the key that is there was kept" in said
    assert "origin: demandes.ville.example/beffroi/210000006/1" in said


def test_what_init_makes_is_for_its_owner_alone_and_for_nobody_else(
    environ: dict[str, str],
) -> None:
    assert main(["init"], environ) == 0
    folder = Path(environ["BEFFROI_DATA_DIR"])
    assert folder.stat().st_mode & 0o777 == 0o700  # so nobody else reaches what lies below
    assert (folder / "town.sqlite3").is_file()
    for path in (folder / "signer" / "keys").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_wrong_settings_end_with_2_and_every_fault(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = environ | {"BEFFROI_KIND": "village", "BEFFROI_COLOR": "red"}
    assert main(["init"], wrong) == 2
    said = capsys.readouterr().err
    assert "BEFFROI_KIND" in said
    assert "BEFFROI_COLOR is not a setting" in said
    assert not (tmp_path / "town").exists()


@pytest.mark.parametrize("arguments", [[], ["dance"], ["agents", "add", "king"]])
def test_wrong_usage_ends_with_2(arguments: list[str], environ: dict[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments, environ)
    assert ended.value.code == 2


def test_publish_writes_the_log_and_a_second_time_nothing(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"], environ)
    capsys.readouterr()
    with serving(from_environ(environ)):
        assert main(["publish"], environ) == 0
        assert capsys.readouterr().out == "1 entries published\n"
        assert main(["publish"], environ) == 0
        assert capsys.readouterr().out == "0 entries published\n"
        assert main(["worker", "--once"], environ) == 0


def test_without_a_signer_publish_says_what_to_start(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"], environ)
    assert main(["publish"], environ) == 1
    assert "The signer does not run: start `beffroi signer`" in capsys.readouterr().err


def test_roles_are_given_listed_and_taken(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"], environ)
    give = ["agents", "add", "agent", "--provider", "town-hall", "--email", "camille@town.example"]
    assert main(give, environ) == 0
    assert main(give, environ) == 0  # given once
    capsys.readouterr()
    assert main(["agents", "list"], environ) == 0
    assert capsys.readouterr().out == "agent\ttown-hall\tcamille@town.example\tcommand\n"
    take = ["agents", "remove", "agent", "--provider", "town-hall"]
    assert main([*take, "--email", "camille@town.example"], environ) == 0
    assert "1 grant(s) taken away" in capsys.readouterr().out
    assert main(["agents", "list"], environ) == 0
    assert capsys.readouterr().out == ""


def test_a_role_at_a_provider_that_does_not_exist_is_refused(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"], environ)
    assert main(["agents", "add", "agent", "--provider", "no", "--subject", "x"], environ) == 1
    assert "not given" in capsys.readouterr().err


def test_a_file_that_is_not_there_ends_with_1(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    main(["init"], environ)
    assert main(["import", "open311", str(tmp_path / "none.json")], environ) == 1
    assert "none.json" in capsys.readouterr().err
