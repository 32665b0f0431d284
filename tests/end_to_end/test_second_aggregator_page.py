# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page by which a second aggregator is started: its commands run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.nation import make_town, request_content

PAGE = Path(__file__).parents[2] / "docs/how-to/start-a-second-aggregator.md"

pytestmark = pytest.mark.slow


def test_the_page_leads_from_nothing_to_verified_towns_and_files(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"```sh (\w+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
    assert list(blocks) == ["setup", "towns", "read"]
    town = make_town()
    town.record(request_content(1))
    town.publish()
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, module in (("beffroi-aggregator", "beffroi_federation.aggregator.cli"),
                         ("python3", "")):  # fmt: skip
        command = f"-m {module}" if module else ""
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (tools / name).chmod(0o755)
    with town.served():
        address = town.prefix.removesuffix("/log")
        # On one machine without TLS the address is loopback, which only a loopback nation may read.
        script = blocks["setup"].replace("https://beffroi.region.example", "http://127.0.0.1:8399")
        script = script.replace("behind_proxy = true", f'demo_peers = "{address}"')
        script += blocks["towns"] + blocks["read"]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, check=False, timeout=120,
            capture_output=True, text=True,
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "TOWN": address,
                 "SIREN": town.siren},
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hints: " in done.stdout
    assert f"{town.siren}  approved" in done.stdout
    assert "sound" in done.stdout
    assert re.search(r"[0-9]+ files made", done.stdout)
    assert len(list((tmp_path / "data/exports").glob("*.parquet"))) >= 6
