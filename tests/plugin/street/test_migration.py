# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports that were there before the street desk stand in its queue, without a date."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from beffroi.kernel.db import MIGRATIONS
from beffroi_web.migrating import downgrade, upgrade
from support.databases import BOTH, Kind, discard, empty

AT = "2027-01-12 11:00:00"
ROWS = (
    (1, "street", "open", "true", "public"),
    (2, "street", "resolved", "false", "unlisted"),
    (3, "street", "open", "true", "removed"),
    (4, "cyber", "open", "true", "unlisted"),
)


@pytest.mark.parametrize("kind", BOTH)
def test_reports_that_were_there_enter_the_queue(kind: Kind, tmp_path: Path) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url, "0019")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for n, family, status, is_open, visibility in ROWS:
            connection.execute(
                text(
                    'INSERT INTO "case" (id, ref, kind, status, open, visibility, channel, lang,'
                    " received_on, received_at, changed_at, supports, version, sensitive) VALUES"
                    f" ({n}, '2027-{n:04d}', '{family}', '{status}', {is_open}, '{visibility}',"
                    f" 'web', 'fr', '2027-01-12', '{AT}', '{AT}', 0, 1, false)"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO incident (case_id, family, category, listed)"
                    f" VALUES ({n}, '{family}', 'road', true)"
                )
            )
        connection.execute(
            text(
                "INSERT INTO answer_template (id, code, lang, name, outcome, words)"
                " VALUES (1, NULL, 'fr', 'Le nôtre', 'published', 'Voici.')"
            )
        )
    upgrade(MIGRATIONS, url)
    with engine.begin() as connection:
        found = connection.execute(
            text("SELECT case_id, open, department, due_on, remind_on FROM street_report")
        ).all()
        assert sorted((r[0], bool(r[1]), r[2], str(r[3]), r[4]) for r in found) == [
            (1, True, 0, "9999-12-31", None),
            (2, False, 0, "9999-12-31", None),
        ]
        [[of]] = connection.execute(text("SELECT kind FROM answer_template"))
        assert of == "data_request"
    downgrade(MIGRATIONS, url, "0019")
    with engine.connect() as connection:
        [[name]] = connection.execute(text("SELECT name FROM answer_template"))
        assert name == "Le nôtre"
    engine.dispose()
    discard(url)
