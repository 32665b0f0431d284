# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members of a strictly read JSON object, taken out one by one so that what is left over shows."""

from beffroi_federation.canonical import MAX_INTEGER, Json
from beffroi_federation.errors import Malformed


def take_string(members: dict[str, Json], name: str) -> str:
    """Take a string out; Malformed if it is missing or something else."""
    value = members.pop(name, None)
    if not isinstance(value, str):
        raise Malformed("A member is missing or is not a string", member=name)
    return value


def take_index(members: dict[str, Json], name: str) -> int:
    """Take an integer from 0 to 2^53 - 1 out; Malformed if it is missing or something else."""
    value = members.pop(name, None)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_INTEGER:
        raise Malformed("A member is missing or is not an index", member=name)
    return value
