# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statistics as one would write them first: GROUP BY over the requests, each time anew.

`app` answers the database that `BENCH_DATABASE_URL` names. The queries are tuned as far as one
statement a table goes; `/counts` leaves median and ninetieth hundredth out.
"""

import os
from typing import Any

from flask import Flask, jsonify
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, text

ANSWERED = "c.status IN ('published', 'refused', 'redirected', 'duplicate')"
OPEN = "c.status IN ('open', 'under_review', 'planned')"
DATED = f"{ANSWERED} AND c.closed_on >= c.received_on"
WHEN = {
    "received": "1 = 1",
    "answered": ANSWERED,
    "open": OPEN,
    "in_time": f"{DATED} AND c.closed_on <= c.due_on",
    "late": f"{DATED} AND c.closed_on > c.due_on",
    "given_up": "c.status = 'abandoned'",
    "by_silence": "e.case_id IS NOT NULL",
    "still_silent": f"e.case_id IS NOT NULL AND {OPEN}",
    **{s: f"c.status = '{s}'" for s in ("published", "refused", "redirected", "duplicate")},
}
FROM = (
    'FROM "case" c JOIN data_request d ON d.case_id = c.id'
    " LEFT JOIN legal_event e ON e.case_id = c.id AND e.code = 'implicit_refusal'"
    " WHERE c.kind = 'data_request' AND c.visibility = 'public'"
)
SUMS = ", ".join(f"SUM(CASE WHEN {w} THEN 1 ELSE 0 END) AS {name}" for name, w in WHEN.items())
DAYS = {
    "sqlite": "CAST(julianday(c.closed_on) - julianday(c.received_on) AS INTEGER)",
    "postgresql": "c.closed_on - c.received_on",
}
QUARTER = {
    "sqlite": (
        "strftime('%Y', c.received_on) || '-Q'"
        " || ((CAST(strftime('%m', c.received_on) AS INTEGER) + 2) / 3)"
    ),
    "postgresql": "TO_CHAR(c.received_on, 'YYYY-\"Q\"Q')",
}


def tables(connection: Connection, *, delays: bool = True) -> dict[str, dict[str, int | None]]:
    """Return the figures of the town, of each quarter and of each theme, by `table code`."""
    kind = connection.dialect.name
    found: dict[str, dict[str, int | None]] = {}
    for table, group in (("all", "'all'"), ("quarter", QUARTER[kind]), ("theme", "d.theme")):
        for row in _counted(connection, group, kind, delays=delays):
            found[f"{table} {row.pop('code') or ''}"] = row
    return found


def _counted(
    connection: Connection, group: str, kind: str, *, delays: bool
) -> list[dict[str, Any]]:
    more = ""
    if delays and kind == "postgresql":
        days = f"(ORDER BY {DAYS[kind]}) FILTER (WHERE {DATED})"
        more = ", " + ", ".join(
            f"PERCENTILE_DISC(0.{part}) WITHIN GROUP {days} AS {name}"
            for part, name in ((5, "median_days"), (9, "ninetieth_days"))
        )
    statement = f"SELECT {group} AS code, {SUMS}{more} {FROM} GROUP BY 1"
    rows = [dict(row) for row in connection.execute(text(statement)).mappings()]
    if not delays or kind == "postgresql":
        return rows
    ranked = (
        f"SELECT {group} AS code, {DAYS[kind]} AS days,"
        f" ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY {DAYS[kind]}) AS place,"
        f" COUNT(*) OVER (PARTITION BY {group}) AS whole"
        f' FROM "case" c JOIN data_request d ON d.case_id = c.id'
        f" WHERE c.kind = 'data_request' AND c.visibility = 'public' AND {DATED}"
    )
    quantiles = connection.execute(
        text(
            "SELECT code, MIN(CASE WHEN place * 2 >= whole THEN days END) AS median_days,"
            " MIN(CASE WHEN place * 10 >= whole * 9 THEN days END) AS ninetieth_days"
            f" FROM ({ranked}) GROUP BY code"
        )
    ).mappings()
    by_code = {row["code"]: row for row in quantiles}
    return [{**row, **by_code.get(row["code"], {})} for row in rows]


app = Flask("peer", static_folder=None)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("BENCH_DATABASE_URL", "sqlite://")
db = SQLAlchemy(app)


@app.get("/")
def whole() -> Any:
    """Answer with every figure."""
    return jsonify(tables(db.session.connection()))


@app.get("/counts")
def counts() -> Any:
    """Answer with the counts alone."""
    return jsonify(tables(db.session.connection(), delays=False))
