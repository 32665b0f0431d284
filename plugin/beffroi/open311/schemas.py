# SPDX-License-Identifier: AGPL-3.0-or-later
"""What goes out by GeoReport v2: every resource once, written as XML and as JSON.

A resource is an ordered table of names and values; a value may be a table or `Many`. In XML a
`Many` is a container with a child for each; in JSON it is a list, also of one, and the container's
name is gone (the "Spark" mapping of the specification). What is not known is an empty element, or
`null`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from beffroi.open311.rules import Fault

Resource = Mapping[str, Any]

KINDS = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
_DECLARED = '<?xml version="1.0" encoding="utf-8"?>\n'
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 has no place for, in any writing."""


class Many(list[Any]):
    """Several values of one kind, each called `child` in XML."""

    def __init__(self, child: str, values: Iterable[Any]) -> None:
        super().__init__(values)
        self.child = child


def _element(name: str, value: Any) -> str:
    if value is None or value == "":
        return f"<{name}/>"
    if type(value) is str:
        return f"<{name}>{escape(value)}</{name}>"
    if isinstance(value, Many):
        inner = "".join(_element(value.child, one) for one in value)
    elif isinstance(value, Mapping):
        inner = _elements(value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"


def _elements(resource: Resource) -> str:
    return "".join([_element(name, value) for name, value in resource.items()])


def written(ending: str, root: str, said: Resource | Many) -> bytes:
    """Return a resource, or many of one kind, as `xml` (below `root`) or as `json`."""
    if ending == "json":
        return msgspec.json.encode(said)
    text = _DECLARED + _element(root, said) + "\n"
    return _UNFIT.sub("", text).encode()


def faults(ending: str, found: Sequence[Fault]) -> bytes:
    """Return an error list."""
    listed = ({"code": fault.code, "description": fault.description} for fault in found)
    return written(ending, "errors", Many("error", listed))


def w3c(at: datetime, zone: tzinfo) -> str:
    """Return a moment as the specification writes it: to the second, with the town's offset."""
    return at.astimezone(zone).isoformat(timespec="seconds")
