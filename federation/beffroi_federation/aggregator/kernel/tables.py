# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table of a page as a file. For the edge only."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Response, jsonify

from beffroi_web.cells import harmless


def table_of(
    name: str, form: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> Response:
    """Return rows as a file: `csv` (RFC 4180, UTF-8, that no spreadsheet runs) or `json`.

    A list in a row is a list in JSON, and words parted by spaces in CSV.
    """
    if form == "json":
        return jsonify({"items": [{one: row.get(one) for one in columns} for row in rows]})
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(one)) for one in columns])
    response = Response(written.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return harmless(value) if isinstance(value, str) else value
