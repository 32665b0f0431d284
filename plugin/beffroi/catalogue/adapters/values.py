# SPDX-License-Identifier: AGPL-3.0-or-later
"""Values of other people's JSON: whatever came, text or nothing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from beffroi.catalogue.rules import BadRow


def parsed(body: bytes) -> Any:
    """Return a JSON document, or raise BadRow; one object a line is a list of them."""
    try:
        text = body.decode("utf-8-sig")
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise BadRow("The catalogue is not JSON in UTF-8") from None


def texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value: of a list each, of an object what it is named or called."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, Mapping):
        for key in ("@value", "name", "foaf:name", "title", "dct:title", "label", "@id"):
            if value.get(key):
                yield from texts(value[key])
                return


def text(*values: Any) -> str:
    """Return the first text in some values, or nothing."""
    return next((one for value in values for one in texts(value) if one.strip()), "")
