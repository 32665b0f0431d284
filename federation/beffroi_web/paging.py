# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keyset paging: a cursor holds the sort values of the last row shown, nothing else.

A cursor is unpadded base64url of a JSON array of strings, whole numbers and nulls. It is not
secret and not signed: it can only name a place in a list that its holder may read anyway.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence

from beffroi_web.errors import Invalid
from beffroi_web.words import N_

_SCALARS = (str, int, type(None))
LIMIT_MAX = 200
CURSOR_MAX = 600
"""Longest cursor read, in characters."""


def encode_cursor(values: Sequence[str | int | None]) -> str:
    """Return the cursor for the sort values of a row; `TypeError` for any other kind of value."""
    for value in values:
        if not isinstance(value, _SCALARS) or isinstance(value, bool):
            raise TypeError(f"a cursor holds strings, whole numbers and nulls, not {value!r}")
    body = json.dumps(list(values), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def decode_cursor(text: str) -> tuple[str | int | None, ...]:
    """Return the sort values in a cursor; `Invalid` (field `cursor`) if it is not one of ours."""
    try:
        if len(text) > CURSOR_MAX:
            raise ValueError
        body = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), b"-_", validate=True)
        values = json.loads(body)
        if not isinstance(values, list):
            raise ValueError
        for value in values:
            if not isinstance(value, _SCALARS) or isinstance(value, bool):
                raise ValueError
            if isinstance(value, int) and abs(value) >= 2**63:
                raise ValueError
    except (ValueError, binascii.Error, RecursionError) as error:
        sentence = N_("This place in the list is not known; start from the first page.")
        raise Invalid(sentence, errors={"cursor": [sentence]}) from error
    return tuple(values)


def row_from(args: Mapping[str, str], name: str) -> int | None:
    """Return the number of a row that a parameter names, or None if it names none."""
    text = args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def limit_from(args: Mapping[str, str], default: int = 20) -> int:
    """Return the page size asked for in `limit` (1 to 200); `Invalid` if it is anything else."""
    text = args.get("limit")
    if text is None or text == "":
        return default
    if text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= LIMIT_MAX:
        return int(text)
    sentence = N_("The number of results a page is between 1 and 200.")
    raise Invalid(sentence, errors={"limit": [sentence]})
