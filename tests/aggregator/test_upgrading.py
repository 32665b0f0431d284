# SPDX-License-Identifier: AGPL-3.0-or-later
"""Before a nation is upgraded it is said what would happen, and nothing is written."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from beffroi_federation.aggregator import upgrading
from beffroi_federation.aggregator.cli import main
from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_web.migrating import upgrade
from support.databases import empty
from support.upgrading import everything


def test_what_an_upgrade_of_a_nation_would_do_is_said_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = empty("sqlite", tmp_path)
    upgrade(MIGRATIONS, url, "0006")
    environ = {
        "BEFFROI_AGGREGATOR_NAME": "La nation",
        "BEFFROI_AGGREGATOR_PUBLIC_URL": "https://national.example",
        "BEFFROI_AGGREGATOR_SECRET_KEY": "a secret of the tests, long enough to be one",
        "BEFFROI_AGGREGATOR_DATA_DIR": str(tmp_path),
        "BEFFROI_AGGREGATOR_DATABASE_URL": url,
    }
    engine = create_engine(url, poolclass=NullPool)
    just = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()  # noqa: TID251

    def check(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = main(["upgrade-check", "--json", *words], environ)
        return code, json.loads(capsys.readouterr().out)

    with engine.connect() as connection:
        before = everything(connection)
    code, said = check()
    assert (code, said["schema"]["now"]) == (1, "0006")
    assert [one["about"] for one in said["findings"] if one["state"] != "ok"] == ["backup"]
    assert said["waiting"][0]["revision"] == "0007"
    assert check("--backed-up", just)[0] == 0
    with engine.connect() as connection:
        assert everything(connection) == before
        assert upgrading.pulls(connection, datetime.now(UTC)) == (0, 0)  # noqa: TID251
    assert main(["init"], environ) == 0
    assert check("--backed-up", just)[1]["waiting"] == []
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert check("--backed-up", just)[0] == 1
    assert main(["init"], environ) == 1
    assert "a newer version made this database" in capsys.readouterr().err
