# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page on backups, followed to the letter: its commands in a shell, around them processes."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from beffroi.kernel.db import MIGRATIONS, db
from beffroi_federation.signer_folder import SignerFolder
from beffroi_federation.signer_words import seed_words
from support.databases import database_fixture
from support.demo_run import ROOT, free_base
from support.nation_copy import NationCopy
from support.town_processes import BIN, TownProcesses

pytestmark = pytest.mark.slow
PAGE = ROOT / "docs" / "how-to" / "back-up-and-restore.md"
database_url = database_fixture(MIGRATIONS, kinds=("sqlite",))


@dataclass
class Operator:
    """Somebody at a shell, in a folder of their own, with the town's settings."""

    town: TownProcesses
    folder: Path
    left: list[str] = field(
        default_factory=lambda: re.findall(
            r"^ *```sh\n(.*?)^ *```", PAGE.read_text(), re.MULTILINE | re.DOTALL
        )
    )

    def types_next(self, *, code: int = 0) -> str:
        """Type the next commands of the page; return what they said."""
        done = subprocess.run(
            ["sh", "-euc", self.left.pop(0)],
            env={**self.town.environment, "PATH": f"{BIN}:/usr/bin:/bin"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def operator(database_url: str, tmp_path: Path) -> Iterator[Operator]:
    with TownProcesses(tmp_path, database_url, free_base()) as town:
        (tmp_path / "policy").write_text(NationCopy().policy)
        town.settings["BEFFROI_WITNESS_POLICY"] = str(tmp_path / "policy")
        town.start_signer()
        yield Operator(town, tmp_path)


def size(town: TownProcesses) -> int:
    """Wait until the log is served, and return its size."""
    ends = time.monotonic() + 40
    while time.monotonic() < ends:
        answer = requests.get(f"{town.url}/log/checkpoint", timeout=5)
        if answer.ok:
            return int(answer.text.split("\n")[1])
        time.sleep(0.2)
    raise AssertionError(town.said())


def published(town: TownProcesses) -> int:
    """Have what waits published, once the signer answers; return how many entries entered."""
    ends = time.monotonic() + 40
    while time.monotonic() < ends:
        done = town.run("publish")
        if done.returncode == 0:
            return int(done.stdout.split()[0])
        time.sleep(0.2)
    raise AssertionError(done.stderr + town.said())


def types_what_encrypts(operator: Operator) -> None:
    """Make a key, write an encrypted backup with it, and verify that with the key."""
    operator.types_next()
    assert "AGE-SECRET-KEY-1" in (operator.folder / "backups.key").read_text()
    assert "peut être restaurée" in operator.types_next()
    [file] = (operator.folder / "nights").glob("*.backup.age")
    assert file.read_bytes().startswith(b"age-encryption.org/v1")
    assert "peut être restaurée" in operator.types_next()


def test_the_page_holds_from_its_first_command_to_its_last(operator: Operator) -> None:
    town, nation = operator.town, NationCopy()
    with nation.served() as url:
        assert published(town) == 1
        said = operator.types_next()
        assert "monday.backup" in said
        if town.settings["BEFFROI_DATABASE_URL"].startswith("sqlite"):
            types_what_encrypts(operator)
        else:  # nothing of it is of the database; both are in `test_folder_of_backups`
            del operator.left[:3]

        town.start_web()
        town.wait()
        app = town.app()
        browser = town.signed_in(app, "camille")
        page = browser.get(f"{town.url}/requests/new", timeout=10).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        form = {
            "csrf_token": token[1],
            "object": "dataset",
            "title": "Menus des cantines",
            "wanted": "Tous les menus.",
        }
        assert browser.post(f"{town.url}/requests/new", data=form, timeout=10).ok, form
        with app.app_context():
            db.engine.dispose()
        assert published(town) == 2
        before = size(town)
        vkeys = requests.get(f"{town.url}/.well-known/beffroi.json", timeout=5).json()["vkeys"]
        nation.copy(
            lambda path: requests.get(f"{town.url}/log/{path}", timeout=5).content,
            vkeys,
            int(time.time()),
        )
        town.settings["BEFFROI_AGGREGATOR_URL"] = url

        held = town.run("restore", "--yes", str(operator.folder / "monday.backup"))
        assert held.returncode == 1
        assert "utilisée" in held.stderr
        town.kill_web()
        said = operator.types_next()
        assert "Restauré" in said
        assert "2 entrées sont revenues" in said
        town.start_web()
        town.wait()
        assert size(town) == before
        town.kill_web()

        # a new machine: nothing of the signer's is there but the words
        folder = SignerFolder(operator.folder / "town" / "signer")
        words = seed_words(folder.ring.read().seeds[0].seed)
        town.kill_signer()
        shutil.rmtree(folder.path)
        said = operator.types_next()
        assert "locked until its key is back" in said
        (operator.folder / "words").write_text(" ".join(words))
        assert "locked" in operator.types_next()
        town.start_signer()
        time.sleep(1)
        said = operator.types_next()
        assert "2 entrées sont revenues" in said
        town.start_web()
        town.wait()
        assert size(town) == before
        town.kill_web()

        said = operator.types_next()
        assert "L’époque 2 commence" in said
        town.start_web()
        town.wait()
        assert size(town) == 3  # the epoch, its batch, the reception again
        checkpoint = requests.get(f"{town.url}/log/checkpoint", timeout=5).text
        assert checkpoint.split("\n")[0].endswith("/210000006/2")
    assert operator.left == [], "a command of the page was left out"
