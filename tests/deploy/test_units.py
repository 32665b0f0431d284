# SPDX-License-Identifier: AGPL-3.0-or-later
"""The systemd units: systemd itself finds nothing wrong with them, and they shut the service in."""

import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import gunicorn.config
import pytest

from beffroi.first_settings.rules import QUESTIONS
from beffroi_web.serving import serve
from support.deployed import DEPLOY, ROOT, unit_values

UNITS = DEPLOY / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
MOST_EXPOSED = 15
"""Tenths of systemd's own points, 0 to 100; a plain unit has about 90."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="not run: systemd-analyze is not here"
)


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)


def test_there_are_four_services_for_a_town_and_two_for_the_nation() -> None:
    assert SERVICES == [
        "beffroi-aggregator-web.service",
        "beffroi-aggregator-worker.service",
        "beffroi-backup.service",
        "beffroi-signer.service",
        "beffroi-web.service",
        "beffroi-worker.service",
    ]


@needs_systemd
def test_systemd_finds_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    folder = tmp_path / "system"
    shutil.copytree(UNITS, folder)
    for path in folder.glob("*.service"):
        # Its exit code is 0 even for a wrong Type=, so that its silence is what counts.
        path.write_text(re.sub(r"/opt/beffroi/bin/\S+", "/bin/true", path.read_text()))
    units = [path for path in folder.iterdir() if path.suffix in {".service", ".socket", ".timer"}]
    assert {path.suffix for path in units} == {".service", ".socket", ".timer"}
    done = analyze("verify", "--man=no", *units)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_shut_in(service: str) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", UNITS / service)
    assert done.returncode == 0, done.stdout


@needs_systemd
def test_the_ceiling_would_notice_that_the_drop_in_is_gone(tmp_path: Path) -> None:
    shutil.copy(UNITS / SERVICES[0], tmp_path)
    done = analyze(
        "security", "--offline=true", f"--threshold={MOST_EXPOSED}", tmp_path / SERVICES[0]
    )
    assert done.returncode != 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_as_its_own_user_in_its_own_folder(service: str) -> None:
    user = next((u for u in ("beffroi-aggregator", "beffroi-signer") if u in service), "beffroi")
    for name in ("User", "Group", "StateDirectory"):
        assert unit_values(service, name) == [user]
    mode = "0750" if user == "beffroi-signer" else "0700"
    assert unit_values(service, "StateDirectoryMode") == [mode]
    assert re.search(rf"^u {user} ", (UNITS / "sysusers.conf").read_text(), re.MULTILINE)


def test_only_the_signer_can_read_the_keys_and_it_has_no_network() -> None:
    signer = "beffroi-signer.service"
    assert unit_values(signer, "PrivateNetwork") == ["yes"]
    assert unit_values(signer, "InaccessiblePaths") == []
    for service in ("beffroi-web.service", "beffroi-worker.service", "beffroi-backup.service"):
        assert unit_values(service, "InaccessiblePaths") == ["-/var/lib/beffroi-signer/keys"]
        assert unit_values(service, "StateDirectory") != unit_values(signer, "StateDirectory")
    users = (UNITS / "sysusers.conf").read_text()
    assert re.search(r"^m beffroi +beffroi-signer$", users, re.MULTILINE)


def test_who_needs_no_network_has_none() -> None:
    assert unit_values("beffroi-signer.service", "PrivateNetwork") == ["yes"]
    assert unit_values("beffroi-signer.service", "IPAddressDeny") == ["any"]
    assert unit_values("beffroi-signer.service", "IPAddressAllow") == []
    assert unit_values("beffroi-backup.service", "IPAddressDeny") == ["any"]
    assert unit_values("beffroi-backup.service", "IPAddressAllow") == ["localhost"]


def test_the_timer_starts_the_backup_which_may_write_where_the_package_says() -> None:
    assert (UNITS / "beffroi-backup.timer").read_text().count("OnCalendar=") == 1
    [folder] = unit_values("beffroi-backup.service", "ReadWritePaths")
    proposed = {one.name: one.propose for one in QUESTIONS}
    assert proposed["backup_dir"]({}) == folder.removeprefix("-")
    assert "beffroi-backup.timer" in (DEPLOY / "deb/debian/postinst").read_text()
    assert "beffroi-backup.timer" in (DEPLOY / "deb/debian/prerm").read_text()


@pytest.mark.parametrize("service", [name for name in SERVICES if "-web" in name])
def test_a_slow_machine_is_given_the_time_to_start(service: str) -> None:
    """With a processor in software it took 5 min 41 s; systemd by itself gives 90 s."""
    assert unit_values(service, "Type") == ["notify"]  # with another it would end nothing
    assert unit_values(service, "TimeoutStartSec") == ["10min"]


@pytest.mark.parametrize("service", [name for name in SERVICES if "-web" in name])
def test_service_socket_and_nginx_mean_the_same_socket(service: str) -> None:
    listened = unit_values(service.replace(".service", ".socket"), "ListenStream")
    bound = unit_values(service, "ExecStart")[0].split("unix:")[1]
    site = "aggregator" if "aggregator" in service else "town"
    passed = re.findall(r"server unix:(\S+)", (DEPLOY / f"nginx/sites/{site}.conf").read_text())
    assert listened == [bound]
    assert set(passed) == {bound}


def test_the_serve_command_and_the_file_say_the_same_to_gunicorn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`serve` gives its own options, which win: a file that says otherwise would deceive."""
    started: list[list[str]] = []

    def become(_: str, words: list[str]) -> NoReturn:
        started.append(words)
        raise SystemExit(0)

    monkeypatch.setattr("os.execv", become)
    with pytest.raises(SystemExit):
        serve(["--bind", "unix:/run/x"], program="beffroi", application="x:app", bind="",
              check=lambda: None)  # fmt: skip
    config = gunicorn.config.Config()
    given = vars(config.parser().parse_args(started[0][3:]))
    file = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    names = {name for name, value in given.items() if value is not None} - {"args", "bind"}
    assert len(names) >= 9
    for name in names:
        config.set(name, given[name])
        said = config.settings[name].get()
        config.set(name, file[name])
        assert config.settings[name].get() == said, name


def test_gunicorn_accepts_every_setting_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "nothing.py").write_text("def app(environ, start): return []\n")
    options = ["--check-config", "-c", DEPLOY / "gunicorn.conf.py", "--chdir", tmp_path]
    done = subprocess.run(
        [ROOT / ".venv/bin/gunicorn", *options, "nothing:app"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
