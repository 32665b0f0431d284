# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a town had before people could leave is as it was, and no link is left behind."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from beffroi.kernel.db import MIGRATIONS
from beffroi_web.migrating import downgrade, upgrade
from support.databases import BOTH, Kind, discard, empty

BEFORE = "0005"
AT = "2027-01-12 11:00:00"


def filled(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO account (id, issuer, subject, display_name, email_verified, created, seen)"
            f" VALUES (1, 'i', 's', 'Alix', false, '{AT}', '{AT}')",
            "INSERT INTO party (id, kind, lang, created_at) VALUES"
            f" (1, 'erased', 'fr', '{AT}'), (2, 'account', 'fr', '{AT}')",
            *(
                'INSERT INTO "case" (id, ref, kind, status, open, visibility, channel, lang,'
                " party_id, received_on, received_at, changed_at, supports, version, sensitive)"
                f" VALUES ({n}, '2027-000{n}', 'street', 'open', true, 'removed', 'web', 'fr', {n},"
                f" '2027-01-12', '{AT}', '{AT}', 0, 1, false)"
                for n in (1, 2)
            ),
            *(
                "INSERT INTO timeline (id, case_id, at, step, voice, account_id, codes, public)"
                f" VALUES ({n}, {case}, '{AT}', 'received', '{voice}', 1, '{{}}', true)"
                for n, case, voice in (
                    (1, 1, "citizen"),
                    (2, 1, "institution"),
                    (3, 2, "citizen"),
                )
            ),
        ):
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize("kind", BOTH)
def test_authors_of_erased_cases_lose_their_last_link_and_nobody_else(
    kind: Kind, tmp_path: Path
) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url, BEFORE)
    filled(url)
    upgrade(MIGRATIONS, url, "0009")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT account_id FROM timeline ORDER BY id")).scalars()
        assert list(rows) == [None, 1, 1]
        connection.execute(
            text(
                "INSERT INTO kept_apart (id, ref, reason, ends_on, content, made_at)"
                f" VALUES (1, '2027-0001', 'clock', '2028-01-12', '{{}}', '{AT}')"
            )
        )
        if kind == "postgresql":
            target = connection.scalar(
                text(
                    "SELECT attstattarget FROM pg_attribute WHERE attname = 'content'"
                    " AND attrelid = 'kept_apart'::regclass"
                )
            )
            assert target == 0
    downgrade(MIGRATIONS, url, BEFORE)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM timeline")) == 3
    engine.dispose()
    discard(url)
