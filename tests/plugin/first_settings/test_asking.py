# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that knows its own name has settings after a few questions, or after none."""

import os
import pty
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from beffroi import cli
from beffroi.config import from_environ
from beffroi.first_settings import commands, rules
from beffroi.first_settings.commands import CONFIG, Terminal, run
from beffroi.legal import territory
from support.town import CountedChance

NOTHING = ""


def somebody(answers: list[str], said: list[str]) -> Terminal:
    """Answer the questions in their order; what is shown is kept."""
    left = iter(answers)

    def ask(words: str) -> str:
        said.append(words)
        return next(left)

    return Terminal(ask, ask, said.append)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("76351", "Ville du Havre"), ("85194", "Ville des Sables-d'Olonne"),
        ("17300", "Ville de la Rochelle"), ("01001", "Commune de l’Abergement-Clémenciat"),
        ("80021", "Ville d’Amiens"), ("91223", "Ville d’Étampes"), ("35238", "Ville de Rennes"),
        ("2A004", "Ville d’Ajaccio"),
    ],
)  # fmt: skip
def test_a_body_is_called_as_its_people_call_it(code: str, name: str) -> None:
    assert rules.of_body(territory.communes()[code])["name"] == name


def test_a_body_is_found_by_name_code_or_siren_and_knows_its_size() -> None:
    assert [one.communes for one in territory.find("rennes")][:1] == [("35238",)]
    assert territory.find("35238") == territory.find("213502388")
    assert rules.of_body(territory.find("35238")[0])["population_band"] == "200000+"
    saints = territory.find("Saint Denis")
    assert len(saints) > 2
    assert {one.name for one in saints[:2]} == {"Saint-Denis"}
    [metropole] = territory.find("243500139")
    assert (metropole.kind, "35238" in metropole.communes) == ("epci", True)
    assert territory.find("nowhere at all") == territory.find("  ") == []
    assert territory.unknown(["35238", "99999"]) == ["99999"]
    for body in (*territory.communes().values(), *territory.epci().values()):
        if body.siren and body.inhabitants is not None:
            assert rules.band_of(body.inhabitants) in rules.BANDS


def test_few_answers_make_settings_with_which_a_town_starts(tmp_path: Path) -> None:
    file, said = tmp_path / "etc" / "town.toml", []
    answers = [
        "Nulle-Part-sur-Rien", "Saint-Denis", "2", NOTHING, "https://demandes.saint-denis.example",
        NOTHING, str(tmp_path / "data"), str(tmp_path / "key"), NOTHING, NOTHING, NOTHING, NOTHING,
        NOTHING, "2", NOTHING, "https://pro.example/", "an-id", 'a "secret"', "21930066800015",
    ]  # fmt: skip
    code, environ = run([], {CONFIG: str(file)}, somebody(answers, said), chance=CountedChance())
    assert code == 0, said
    assert "Aucune de 2026" in "\n".join(said)
    settings = from_environ(environ)
    assert (settings.kind, len(settings.communes)) == ("commune", 1)
    assert settings.communes[0] == territory.find("Saint-Denis")[1].communes[0]
    assert settings.contact == "contact@saint-denis.example"
    assert (settings.mail_from, settings.behind_proxy) == ("demandes@saint-denis.example", True)
    assert settings.database_url == f"sqlite:///{tmp_path / 'data' / 'town.sqlite3'}"
    [provider] = settings.providers
    assert (provider.staff, provider.client_secret) == (True, 'a "secret"')
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(settings.secret_key) == 64
    assert settings.backup_dir == Path("/var/backups/beffroi")
    assert "https://demandes.saint-denis.example/auth/proconnect/callback" in "\n".join(said)
    again, _ = run([], {CONFIG: str(file)}, somebody(answers, said), chance=CountedChance())
    assert again == 2, "a file that is there is never replaced"


@pytest.mark.parametrize(
    ("said", "staff"), [("oui", True), ("Y", True), ("", False), ("no", False)]
)
def test_a_provider_is_the_staffs_own_only_if_that_was_said(said: str, staff: bool) -> None:
    known = {one.name: "x" for one in rules.asked_of("generic-oidc")} | {"staff": said}
    assert rules.provider_of("generic-oidc", known)["mairie"]["staff"] is staff


def test_a_file_of_answers_needs_the_body_and_proposes_the_rest(tmp_path: Path) -> None:
    answers, file = tmp_path / "answers.toml", tmp_path / "town.toml"
    words = ["--answers", str(answers)]

    def outcome(text: str) -> int:
        answers.write_text(text, encoding="utf-8")
        return run(words, {CONFIG: str(file)}, None, chance=CountedChance())[0]

    for wrong in ("", 'body = "Rennes"', "body =", 'body = "35238"\npublic_url = "no address"'):
        assert outcome(wrong) == 2
        assert list(tmp_path.iterdir()) == [answers], "nothing half written stays"
    assert outcome('body = "35238"\ndata_dir = "data"\nlanguages = ["fr"]') == 0
    kept = tomllib.loads(file.read_text(encoding="utf-8"))
    assert (kept["public_url"], kept["languages"]) == ("https://demandes.rennes.fr", ["fr"])
    assert kept["communes"] == ["35238"]


def test_without_settings_and_without_anybody_it_says_what_to_do(tmp_path: Path) -> None:
    environ = {CONFIG: str(tmp_path / "away.toml")}
    assert commands.are_missing(environ)
    assert not commands.are_missing(environ | {"BEFFROI_NAME": "Somewhere"})
    assert run([], environ, None, chance=CountedChance())[0] == 2


def test_what_init_does_not_know_is_wrong_usage_and_asks_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["init", "--unknown"], {CONFIG: str(tmp_path / "away.toml")})
    assert "unrecognized arguments" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_at_a_terminal_init_asks_and_goes_on_to_the_tables(tmp_path: Path) -> None:
    file = tmp_path / "town.toml"
    answers = [
        "35238", "", "http://127.0.0.1:8000", "", str(tmp_path / "data"), str(tmp_path / "key"),
        "", "", "", "", "", "",
    ]  # fmt: skip
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
               CONFIG: str(file), "LANG": "en_GB.UTF-8"}  # fmt: skip
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "beffroi.cli", "init"], env=environ, stdin=theirs,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        os.write(ours, ("\n".join(answers) + "\n").encode())
        shown, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, shown
    assert "Rennes (35238" in shown
    assert "database: at the newest schema" in shown
    assert (tmp_path / "data" / "town.sqlite3").exists()
