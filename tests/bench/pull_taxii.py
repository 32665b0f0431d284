# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fill opentaxii's database: pull_taxii.py DATABASE OBJECTS.ndjson (its models want settings)."""

import json
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from first_pull_peers import TAXII_COLLECTION, TAXII_ROOT
from opentaxii.persistence.sqldb import taxii2models as models
from sqlalchemy.orm import Session


def main(database: str, lines: str) -> None:
    """Write one collection with one object a record."""
    engine = sa.create_engine(f"sqlite:///{database}")
    models.Base.metadata.create_all(engine)
    collection = uuid.UUID(TAXII_COLLECTION)
    with Session(engine) as session:
        session.add(
            models.ApiRoot(
                id=uuid.UUID(TAXII_ROOT), default=True, title="r", description="d", is_public=True
            )
        )
        session.add(
            models.Collection(
                id=collection, api_root_id=uuid.UUID(TAXII_ROOT), title="c", description="d",
                alias="c", is_public=True, is_public_write=False,
            )
        )  # fmt: skip
        session.commit()
        rows = []
        for number, line in enumerate(Path(lines).read_text().splitlines()):
            one = json.loads(line)
            # Never a whole second: opentaxii cannot read the pages' marks of its own writing then.
            after = timedelta(seconds=number, microseconds=number % 999_999 + 1)
            when = datetime(2026, 1, 1, tzinfo=UTC) + after
            rows.append(
                {
                    "pk": uuid.uuid4(),
                    "id": f"x-beffroi-request--{uuid.uuid5(collection, one['id'])}",
                    "collection_id": collection,
                    "type": "x-beffroi-request",
                    "spec_version": "2.1",
                    "date_added": when,
                    "version": when,
                    "serialized_data": {f"x_{name}": value for name, value in one.items()}
                    | {"created": when.isoformat(), "modified": when.isoformat()},
                }
            )
        for at in range(0, len(rows), 5_000):
            session.execute(sa.insert(models.STIXObject), rows[at : at + 5_000])
        session.commit()


if __name__ == "__main__":
    main(*sys.argv[1:3])
