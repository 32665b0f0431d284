# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers of GeoReport v2 as others write them, piece by piece: JSON and XML, with their quirks.

What is borne with: one object where a list should stand, a list inside an object, codes that are
numbers or written `001` (which is not JSON, and stands in the specification's own samples), empty
elements. What is not: document types and entities, which no answer needs and which make a small
document a large one; anything but UTF-8; one request of more than a megabyte.
"""

import codecs
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from typing import Any, cast

MOST_OF_ONE = 1_048_576
"""Characters of one request."""
_ITEMS = frozenset({"request", "request_update", "error", "service"})
_ZEROS = re.compile(
    r'("(?:service_code|service_request_id|code|zipcode|address_id|token)"\s*:\s*)'
    r"(0\d+)"
)


_BETWEEN = re.compile(r"[\s,]*")


class NotReadable(ValueError):
    """It is no answer of GeoReport; the sentence says why."""


def rows(pieces: Iterable[bytes]) -> Iterator[dict[str, Any] | str]:
    """Yield the requests (updates, errors) of an answer, or a sentence for what is none.

    Raises NotReadable for what cannot be read to its end; what came before it stands.
    """
    texts = _decoded(pieces)
    first = ""
    for text in texts:
        first += text
        if first.strip():
            break
    texts = _after(first, texts)
    yield from _xml(texts) if first.lstrip().startswith("<") else _json(texts)


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    reader = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for piece in pieces:
            yield reader.decode(piece)
        yield reader.decode(b"", final=True)
    except UnicodeDecodeError:
        raise NotReadable("it is not UTF-8") from None


def _after(first: str, texts: Iterator[str]) -> Iterator[str]:
    yield first
    yield from texts


# ---- JSON ---------------------------------------------------------------------------------------


def _json(texts: Iterator[str]) -> Iterator[dict[str, Any] | str]:
    """Yield the objects of a list, one at a time, wherever the list stands."""
    held = next((text for text in texts if text.strip()), "").lstrip()
    if held.startswith("{"):  # one object, or a list in one: small, or it would not be one
        yield from _of_object(_whole(held, texts))
        return
    if not held.startswith("["):
        raise NotReadable("it is neither JSON nor XML")
    decoder, at = json.JSONDecoder(parse_int=str), 1
    while True:
        at = _BETWEEN.match(held, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if held.startswith("]", at):
            return
        try:
            one, at = decoder.raw_decode(held, at)
        except ValueError:
            held, at = _mended(held[at:]), 0
            try:
                one, at = decoder.raw_decode(held)
            except ValueError:
                more = next(texts, None)
                if more is None or len(held) > MOST_OF_ONE:
                    raise NotReadable("the list breaks off, or one of it is too large") from None
                held += more
                continue
        yield one if isinstance(one, dict) else f"no object: {str(one)[:40]!r}"


def _mended(text: str) -> str:
    """Return JSON in which codes that were written with zeros before them are texts."""
    return _ZEROS.sub(r'\1"\2"', text)


def _whole(held: str, texts: Iterator[str]) -> Any:
    for text in texts:
        held += text
        if len(held) > 64 * MOST_OF_ONE:
            raise NotReadable("one object is larger than 64 MB")
    try:
        return json.loads(_mended(held), parse_int=str)
    except ValueError as fault:
        raise NotReadable(f"it is not JSON: {fault}") from None


def _of_object(said: dict[str, Any]) -> Iterator[dict[str, Any] | str]:
    for value in said.values():
        inner = value.get("request") if isinstance(value, dict) else value
        if isinstance(inner, list):
            yield from (one if isinstance(one, dict) else "no object" for one in inner)
            return
    yield said


# ---- XML ----------------------------------------------------------------------------------------


def _xml(texts: Iterator[str]) -> Iterator[dict[str, Any] | str]:
    """Yield the children of a list, each thrown away once it is read."""
    reader: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
    depth, before, size = 0, "", 0
    root: ET.Element | None = None
    try:
        for text in texts:
            if "<!DOCTYPE" in before + text or "<!ENTITY" in before + text:
                raise NotReadable("it declares a document type; that is not read")
            before = text[-10:]
            size += len(text)
            if size > MOST_OF_ONE:
                raise NotReadable("one request is too large")
            reader.feed(text)
            for event, node in cast("Iterator[tuple[str, ET.Element]]", reader.read_events()):
                root = node if root is None else root
                depth += 1 if event == "start" else -1
                if event == "end" and depth == 1 and _name(node) in _ITEMS:
                    size = 0
                    yield _of_element(node)
                    root.clear()
        reader.close()
    except ET.ParseError as fault:
        raise NotReadable(f"it is not well-formed XML: {fault}") from None


def _name(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _of_element(node: ET.Element) -> dict[str, Any]:
    """Return the plain values of an element by name; what is nested is left out."""
    return {_name(child): (child.text or "").strip() or None for child in node if not len(child)}
