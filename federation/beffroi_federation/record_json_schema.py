# SPDX-License-Identifier: AGPL-3.0-or-later
"""The allow-list schemas as JSON Schema 2020-12, for readers in other languages.

The files in `docs/protocol/schemas/` are written by `python -m beffroi_federation.records
--json-schema DIR`; a test says when they are stale. They say what a town may *write* (no other
member); a reader leaves members that it does not know aside (`docs/protocol/records.md`).
"""

import json
from collections.abc import Mapping

from beffroi_federation.record_fields import Text, Whole
from beffroi_federation.record_schemas import SCHEMAS, RecordSchema

# What validates_schema says in Python, said again; a test holds both to the same examples.
_TOGETHER: Mapping[str, Mapping[str, object]] = {
    "request": {
        "if": {"required": ["outcome"], "properties": {"outcome": {"const": "refused"}}},
        "then": {"required": ["ground"]},
    },
    "incident_summary": {
        "if": {"properties": {"state": {"const": "shown"}}},
        "then": {"required": ["count"]},
        "else": {"properties": {"count": False, "closed": False, "delay": False}},
    },
}


def json_schema(kind: str) -> dict[str, object]:
    """Return the JSON Schema of one kind of record; an unknown kind is a KeyError."""
    schema_class = SCHEMAS[kind]
    properties: dict[str, object] = {}
    required: list[str] = []
    for name, field in schema_class().fields.items():
        member = field.data_key or name
        if isinstance(field, Text):
            properties[member] = {"type": "string", **field.check.as_json_schema()}
        elif isinstance(field, Whole):
            properties[member] = {"type": "integer", **field.check.as_json_schema()}
        else:
            raise TypeError(f"the field {name} of {kind} is neither Text nor Whole")
        if field.required:
            required.append(member)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "description": _first_line(schema_class),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        **_TOGETHER.get(kind, {}),
    }


def json_schema_files() -> dict[str, str]:
    """Return file name and text of every JSON Schema file."""
    return {
        f"{kind}.json": json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"
        for kind in SCHEMAS
    }


def _first_line(schema_class: type[RecordSchema]) -> str:
    """Return the first line of a schema's docstring."""
    return (schema_class.__doc__ or "").strip().splitlines()[0]
