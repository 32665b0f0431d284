# SPDX-License-Identifier: AGPL-3.0-or-later
"""Canonical JSON (RFC 8785) for what is hashed, and a strict reader for what others send.

Only the part of JSON that has one spelling everywhere: objects, arrays, strings, booleans, null
and integers that every reader holds exactly (RFC 7493 section 2.2). There are no floats.
"""

import json
import re
from json.encoder import encode_basestring
from typing import NoReturn, TypeAlias

from msgspec import MsgspecError
from msgspec.json import Encoder
from msgspec.json import decode as decode_fast

from beffroi_federation.errors import Malformed, OverLimit

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 4

_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_encode_fast = Encoder(order="sorted").encode

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None


def encode(value: object) -> bytes:
    """Return the one canonical spelling of a value, in UTF-8 (RFC 8785).

    Takes strings, integers up to 2^53 - 1 either way, booleans, None, lists, tuples and dicts with
    string keys. Anything else, floats first, is a mistake of the caller: TypeError or ValueError.
    """
    return "".join(_pieces(value)).encode()


def _pieces(value: object) -> list[str]:
    if value is None or value is True or value is False:
        return [{None: "null", True: "true", False: "false"}[value]]
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError("an integer beyond 2^53 - 1 is not the same number for every reader")
        return [str(int(value))]
    if isinstance(value, str):
        return [_text(value)]
    if isinstance(value, list | tuple):
        parts = [piece for item in value for piece in (",", *_pieces(item))]
        return ["[", *parts[1:], "]"]
    if isinstance(value, dict):
        return _members(value)
    raise TypeError(f"canonical JSON has no spelling for {type(value).__name__}")


def _members(value: dict[object, object]) -> list[str]:
    keys: list[str] = []
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"a member's name is a string, not {type(key).__name__}")
        keys.append(key)
    # RFC 8785 section 3.2.3: by UTF-16 code units, which is not Python's order of code points.
    keys.sort(key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    parts = [piece for key in keys for piece in (",", _text(key), ":", *_pieces(value[key]))]
    return ["{", *parts[1:], "}"]


def _text(value: str) -> str:
    if not value.isascii() and _HALF_OF_A_PAIR.search(value):
        raise ValueError("half of a surrogate pair is not a character")
    return encode_basestring(value)


def parse_canonical(data: bytes, max_depth: int = MAX_DEPTH) -> dict[str, Json] | None:
    """Return the object that canonical JSON spells, or None where that is not certain at once.

    It is certain where a fast reader's value, written again, gives the same bytes, and holds no
    floats, no other names than ASCII ones (whose order is the same everywhere) and nothing beyond
    the limits. None says nothing: `parse` and `encode` decide then.
    """
    try:
        value = decode_fast(data)
        if type(value) is not dict or _encode_fast(value) != data:
            return None
    except (MsgspecError, UnicodeError, RecursionError):
        return None
    return value if _is_plain(value, max_depth) else None


def _is_plain(value: Json, depth: int) -> bool:
    """Tell whether a value that was read fast is one that `parse` would return."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER  # type: ignore[operator]  # its type is known
    if depth == 0:
        return False
    if isinstance(value, dict):
        return all(name.isascii() and _is_plain(one, depth - 1) for name, one in value.items())
    return isinstance(value, list) and all(_is_plain(one, depth - 1) for one in value)


def parse(data: bytes, max_depth: int = MAX_DEPTH) -> Json:
    """Return the value of strict JSON: UTF-8, no duplicate names, integers only, bounded depth.

    `max_depth` counts the arrays and objects around the innermost value. The spelling need not be
    canonical; a caller that needs that compares with `encode`. Raises Malformed or OverLimit.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except UnicodeDecodeError as error:
        raise Malformed("The text is not UTF-8", position=error.start) from None
    except json.JSONDecodeError as error:
        raise Malformed(f"The text is not JSON: {error.msg}", position=error.pos) from None
    except RecursionError:
        raise OverLimit("The JSON is nested too deep", allowed=max_depth) from None
    _check(value, max_depth, surrogates=b"\\u" in data)
    return value  # type: ignore[no-any-return]  # the hooks let nothing else through


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Malformed("A name stands twice in one JSON object")
    return value


def _integer(digits: str) -> int:
    # 16 digits and a sign at the most; longer ones are never turned into a number.
    if digits == "-0" or len(digits) > 17 or abs(value := int(digits)) > MAX_INTEGER:
        raise Malformed("A number in the JSON is not an integer that every reader holds exactly")
    return value


def _no_float(_digits: str) -> NoReturn:
    raise Malformed("The JSON holds a number that is not an integer")


def _check(value: Json, depth: int, *, surrogates: bool) -> None:
    """Refuse what is nested deeper than `depth`, and escaped halves of surrogate pairs."""
    todo: list[tuple[Json, int]] = [(value, depth)]
    while todo:
        item, left = todo.pop()
        if isinstance(item, str):
            if surrogates and _HALF_OF_A_PAIR.search(item):
                raise Malformed("A string in the JSON holds half of a surrogate pair")
        elif isinstance(item, list | dict):
            if left == 0:
                raise OverLimit("The JSON is nested too deep", allowed=depth)
            if isinstance(item, dict):
                todo.extend((key, left - 1) for key in item if surrogates)
                todo.extend((member, left - 1) for member in item.values())
            else:
                todo.extend((member, left - 1) for member in item)
