# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Debian package, as far as it can be looked at in a second; `deploy/deb/try` does the rest."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from beffroi.backups.adapters import sealed
from beffroi.config import from_environ
from beffroi.first_settings.commands import CONFIG
from beffroi.first_settings.commands import run as run_first
from support.deployed import DEPLOY, ROOT
from support.town import CountedChance

DEB = DEPLOY / "deb"
DROP_IN = "etc/systemd/system/beffroi-.service.d/90-version-before.conf"
SCRIPTS = [
    *(DEB / name for name in ("build", "newer", "try", "try-booted", "beffroi")),
    *sorted((DEB / "debian").glob("p*")),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_of_the_package_is_one_that_the_shell_can_read(script: object) -> None:
    path = DEB / str(script)
    done = subprocess.run(["sh", "-n", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.stat().st_mode & 0o111


def test_the_package_has_what_the_page_on_installing_by_hand_copies() -> None:
    page = (ROOT / "docs/how-to/install-by-hand.md").read_text()
    build = (DEB / "build").read_text()
    units = {path.name for path in (DEPLOY / "systemd").glob("beffroi-[!a]*.*") if path.is_file()}
    assert units
    assert all(f"deploy/systemd/{unit}" in build for unit in units)
    copied = re.findall(r"deploy/(?:gunicorn|nginx|systemd/sysusers)[\w./]*", page)
    assert copied
    assert all(f"/{one}" in build for one in copied)


ENGLISH = ROOT / "docs/how-to/install-from-the-package.md"


def typed(page: Path) -> list[str]:
    """Return what a page says to type, before what it says of upgrades."""
    text = page.read_text(encoding="utf-8").partition("\n## Upgrading")[0]
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_page_in_french_says_to_type_the_same() -> None:
    assert typed(ROOT / "docs/fr/installer.md") == typed(ENGLISH)
    assert len(typed(ENGLISH)) == 8
    assert (DEB.parent / "nginx/sites/town.conf").read_text().count("demandes.ville.example")


def test_what_the_page_says_of_the_backups_key_makes_settings_that_encrypt(tmp_path: Path) -> None:
    """The setting lands before the providers' tables, where it would mean something else."""
    file, answers = tmp_path / "town.toml", tmp_path / "answers.toml"
    answers.write_text(f"""
body = "37156"
public_url = "https://demandes.montlouis.example"
data_dir = "{tmp_path}"
[providers.mairie]
label = "Mairie"
issuer = "https://sso.example"
client_id = "b"
client_secret = "c"
staff = true
""")
    words, told = ["--answers", str(answers)], {CONFIG: str(file)}
    assert run_first(words, told, None, chance=CountedChance())[0] == 0
    [block] = [one for one in typed(ENGLISH) if "--new-key" in one]
    block = block.replace("/etc/beffroi/town.toml", str(file)).replace("~/", f"{tmp_path}/")
    (tmp_path / "bin").mkdir()
    written(tmp_path / "bin/beffroi", f"cat <<'PAIR'\n{sealed.key_file(sealed.new_key())}PAIR")
    path = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", "-euc", block], capture_output=True, text=True, check=False, env=path
    )
    assert done.returncode == 0, done.stderr
    settings = from_environ(told)
    assert [one[:4] for one in settings.backup_recipients] == ["age1"]
    assert settings.backup_recipients[0] in (tmp_path / "backups.key").read_text()
    assert settings.providers[0].staff
    assert (tmp_path / "backups.key").stat().st_mode & 0o777 == 0o600


def test_no_name_of_a_user_is_one_that_systemd_refuses() -> None:
    """`systemd-sysusers` wants no colon there, and its fault stops the installation."""
    said = re.findall(r'^u \S+ +- +"([^"]*)"', (DEPLOY / "systemd/sysusers.conf").read_text(), re.M)
    assert len(said) == 3
    assert not any(":" in one for one in said)


FOLDERS = (
    "opt/beffroi/bin", "etc/beffroi", "etc/systemd/system", "run/systemd/system",
    "var/lib/beffroi", "var/backups/beffroi", "usr/share/debconf", "bin",
)  # fmt: skip
STUBS = {
    "systemctl": 'echo "$*" >>"$CALLED"',
    "runuser": 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    "install": 'for last; do :; done; mkdir -p "$last"',
    "chown": ":",
    "systemd-sysusers": ":",
}


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., tuple[int, str, list[str]]]:
    """A machine with a town of version 1: runs a script of the package there.

    Everything that the scripts name lies below a folder; what only root and systemd can do is
    written down. The programs are shell scripts: `init` ends as the file `ends` says.
    """
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/share/debconf/confmodule").touch()
    (tmp_path / "etc/beffroi/town.toml").write_text("siren = 1\n")
    for name, body in STUBS.items():
        written(tmp_path / "bin" / name, body)
    programs(tmp_path, 1)

    def run(script: str, *words: str) -> tuple[int, str, list[str]]:
        text = (DEB / "debian" / script).read_text()
        text = re.sub(r"(?<![\w.])/(opt|etc|run|var|usr/share)/", rf"{tmp_path}/\1/", text)
        called = tmp_path / "called"
        called.write_text("")
        done = subprocess.run(
            ["sh", "-c", text, script, *words],
            env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "CALLED": str(called)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stderr, called.read_text().splitlines()

    return run


def written(path: Path, body: str) -> None:
    path.unlink(missing_ok=True)  # as dpkg does: never into the file that is there
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def programs(root: Path, version: int) -> None:
    """Unpack the programs of a version."""
    ends = root / "ends"
    said = (
        f"echo {version} \"$@\" | tr '\\n' ' ' >>{root}/ran; echo >>{root}/ran;"
        f' case "$*" in *init*) exit $(cat {ends});; esac'
    )
    for name in ("beffroi", "python"):
        written(root / "opt/beffroi/bin" / name, said)


def test_a_failed_migration_leaves_the_services_in_the_version_before(
    machine: Callable[..., tuple[int, str, list[str]]], tmp_path: Path
) -> None:
    before, shown = tmp_path / "opt/beffroi.before", tmp_path / DROP_IN
    ran, worker = tmp_path / "ran", tmp_path / "run/beffroi-upgrade-worker"
    worker.touch()  # as prerm leaves it where the worker ran
    code, said, called = machine("preinst", "upgrade", "1")
    assert (code, called) == (0, ["daemon-reload", "try-restart beffroi-web.service"]), said
    assert "backup" in ran.read_text()
    programs(tmp_path, 2)
    (tmp_path / "ends").write_text("1")
    code, said, called = machine("postinst", "configure", "1")
    assert code == 1
    assert "dpkg --configure beffroi" in said
    assert "/opt/beffroi.before:/opt/beffroi" in shown.read_text().replace(str(tmp_path), "")
    assert called == ["start beffroi-worker.service"]  # and the signer had not run
    assert "echo 1" in (before / "bin/beffroi").read_text()
    (tmp_path / "ends").write_text("2")  # settings that version 2 refuses, and version 1 takes
    assert machine("postinst", "configure", "1")[0] == 1
    assert before.is_dir()
    ran.write_text("")
    programs(tmp_path, 3)
    assert machine("preinst", "upgrade", "2")[0] == 0  # another try, with another version
    assert {line.split()[0] for line in ran.read_text().splitlines()} == {"1"}  # which serves
    (tmp_path / "ends").write_text("0")
    code, said, called = machine("postinst", "configure", "1")
    assert code == 0, said
    assert "start beffroi-worker.service" in called
    assert not before.exists()
    assert not shown.exists()
    assert not worker.exists()


def test_without_a_backup_what_was_stopped_for_the_upgrade_runs_again(
    machine: Callable[..., tuple[int, str, list[str]]], tmp_path: Path
) -> None:
    (tmp_path / "run/beffroi-upgrade-signer").touch()
    (tmp_path / "var/lib/beffroi").rmdir()
    written(tmp_path / "opt/beffroi/bin/python", 'case "$*" in *backup*) exit 1;; esac')
    code, said, _ = machine("preinst", "upgrade", "1")
    assert code == 1
    assert "nothing is upgraded" in said
    assert machine("postrm", "abort-upgrade", "1")[0] == 0
    code, said, called = machine("postinst", "abort-upgrade", "2")
    assert code == 0, said
    assert "start beffroi-signer.service" in called
    assert not (tmp_path / "opt/beffroi.before").exists()
