# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Debian package, as far as it can be looked at in a second; `deploy/deb/try` does the rest."""

import re
import subprocess
import tomllib

import pytest

from beffroi.config import from_mapping
from beffroi_web.configuration import SettingsRefused
from support.deployed import DEPLOY, ROOT

DEB = DEPLOY / "deb"
SCRIPTS = [DEB / "build", DEB / "try", DEB / "beffroi", *sorted((DEB / "debian").glob("p*"))]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_of_the_package_is_one_that_the_shell_can_read(script: object) -> None:
    path = DEB / str(script)
    done = subprocess.run(["sh", "-n", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.stat().st_mode & 0o111


def test_the_settings_of_the_package_need_only_be_filled_in() -> None:
    text = (DEB / "town.toml").read_text().replace("@SECRET@", "s" * 64)
    with pytest.raises(SettingsRefused) as refused:
        from_mapping(tomllib.loads(text))
    assert all("is missing" in fault for fault in refused.value.faults), refused.value.faults
    filled = re.sub(r"^# (?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE)
    settings = from_mapping(tomllib.loads(filled))
    assert [provider.label for provider in settings.providers] == ["Compte de la mairie"]
    assert settings.behind_proxy


def test_the_package_has_what_the_page_on_installing_by_hand_copies() -> None:
    page = (ROOT / "docs/how-to/install-by-hand.md").read_text()
    build = (DEB / "build").read_text()
    units = {path.name for path in (DEPLOY / "systemd").glob("beffroi-[!a]*.*") if path.is_file()}
    assert units
    assert all(f"deploy/systemd/{unit}" in build for unit in units)
    copied = re.findall(r"deploy/(?:gunicorn|nginx|systemd/sysusers)[\w./]*", page)
    assert copied
    assert all(f"/{one}" in build for one in copied)


def test_no_name_of_a_user_is_one_that_systemd_refuses() -> None:
    """`systemd-sysusers` wants no colon there, and its fault stops the installation."""
    said = re.findall(r'^u \S+ +- +"([^"]*)"', (DEPLOY / "systemd/sysusers.conf").read_text(), re.M)
    assert len(said) == 3
    assert not any(":" in one for one in said)
