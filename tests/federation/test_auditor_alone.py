# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi-verify` needs what the protocol's distribution names, and nothing of the servers."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.simulated_town import SimulatedTown
from support.town_files import write_files

ROOT = Path(__file__).parents[2]
SERVERS = ("flask", "sqlalchemy", "alembic", "authlib", "gunicorn", "requests", "werkzeug")
# What each named distribution brings along, by the names that are imported.
ALLOWED = {
    "beffroi_federation", "beffroi_privacy", "beffroi_web", "cryptography", "cffi", "_cffi_backend",
    "marshmallow", "msgspec", "stdnum", "phonenumbers",
}  # fmt: skip

ALONE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if path is None and top not in ALLOWED and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)
        return None

sys.meta_path.insert(0, Refuse())
from beffroi_federation.auditor import main
code = main(sys.argv[1:])
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & set(SERVERS), loaded & set(SERVERS)
sys.exit(code)
"""


def alone(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command where only the protocol's own requirements can be imported."""
    program = f"ALLOWED, SERVERS = {sorted(ALLOWED)}, {SERVERS}\n{ALONE}"
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.slow
def test_an_audit_runs_where_only_the_protocol_is_installed(tmp_path: Path) -> None:
    town = SimulatedTown()
    town.begin_batch("2999-W01")
    town.record(b'{"kind":"request","v":2}')
    town.publish()
    write_files(tmp_path, town.files())
    done = alone(tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "is sound" in done.stdout
    (tmp_path / "log/tile/entries/000.p/2").write_bytes(b"")
    assert alone(tmp_path).returncode == 1
    with town.served() as prefix:
        assert alone(prefix).returncode == 0


def test_the_protocol_asks_for_no_server_when_it_is_installed() -> None:
    project = tomllib.loads((ROOT / "federation/pyproject.toml").read_text())["project"]
    asked = " ".join(project["dependencies"]).lower()
    assert not [name for name in (*SERVERS, "psycopg", "procrastinate") if name in asked]
    assert project["scripts"]["beffroi-verify"] == "beffroi_federation.auditor:main"
