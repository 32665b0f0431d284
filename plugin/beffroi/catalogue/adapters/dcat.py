# SPDX-License-Identifier: AGPL-3.0-or-later
"""Datasets of a DCAT catalogue: JSON-LD, the plain JSON of DCAT-US, or RDF/XML.

Not a whole RDF reader: the shapes in which portals write DCAT are known, and a catalogue of another
shape is refused in a sentence instead of being half read. Turtle is refused too; every portal that
has it has one of the others.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from beffroi.catalogue.adapters.values import parsed, text, texts
from beffroi.catalogue.rules import BadRow, Raw

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DCT = "{http://purl.org/dc/terms/}"
_DCAT = "{http://www.w3.org/ns/dcat#}"
_AP = "{http://data.europa.eu/r5r/}"
_FOAF = "{http://xmlns.com/foaf/0.1/}"
_HYDRA = "{http://www.w3.org/ns/hydra/core#}"
_SKOS = "{http://www.w3.org/2004/02/skos/core#}"
_DATASET = "http://www.w3.org/ns/dcat#Dataset"


def first(address: str) -> str:
    """Return what to ask for first: the catalogue itself."""
    return address


def read(address: str, body: bytes, more: Callable[[str], bytes]) -> Iterator[Raw | str]:
    """Yield the datasets of a catalogue and of the pages that follow it on the same host."""
    while True:
        begins = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if begins == b"<":
            rows, following = _xml(body)
        elif begins in (b"{", b"["):
            rows, following = _json(body)
        else:
            raise BadRow(
                "The catalogue is neither JSON nor RDF/XML: give its .jsonld or .rdf address"
            )
        yield from rows
        if not following:
            return
        if urlsplit(following)[:2] != urlsplit(address)[:2]:
            raise BadRow("The next page is on another host; it was not asked for")
        body = more(following)


# ---- JSON -----------------------------------------------------------------------------------


def _json(body: bytes) -> tuple[Iterator[Raw | str], str]:
    page = parsed(body)
    nodes = _nodes(page)
    by_id = {n["@id"]: n for n in nodes if isinstance(n.get("@id"), str)}
    found = [n for n in nodes if "Dataset" in _kinds(n)]
    if not found and not (isinstance(page, Mapping) and "dataset" in page):
        raise BadRow("The catalogue names no dcat:Dataset")
    following = next((text(_of(n, "next")) for n in nodes if _of(n, "next")), "")
    return (_from_json(n, by_id) for n in found), following


def _nodes(page: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a catalogue, those inside `dataset` lists too."""
    listed = page if isinstance(page, list) else page.get("@graph", [page])
    nodes = [n for n in listed if isinstance(n, Mapping)] if isinstance(listed, list) else []
    inside: list[Mapping[str, Any]] = []
    for node in nodes:
        datasets = _of(node, "dataset")
        for one in datasets if isinstance(datasets, list) else [datasets]:
            if isinstance(one, Mapping) and len(one) > 1:
                inside.append({"@type": "Dataset", **one})
    return [*nodes, *inside]


def _kinds(node: Mapping[str, Any]) -> set[str]:
    said = node.get("@type", ())
    kinds = said if isinstance(said, list) else [said]
    return {str(kind).rpartition("#")[2].rpartition(":")[2] for kind in kinds}


def _of(node: Mapping[str, Any], name: str) -> Any:
    """Return what an object says under a name, whatever the prefix of the name is."""
    for key, value in node.items():
        if key.rpartition("#")[2].rpartition("/")[2].rpartition(":")[2] == name:
            return value
    return None


def _from_json(node: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]]) -> Raw | str:
    about = text(node.get("@id"))
    publisher = _of(node, "publisher")
    pointed = publisher.get("@id") if isinstance(publisher, Mapping) else publisher
    if isinstance(pointed, str) and pointed in by_id:
        publisher = _of(by_id[pointed], "name")
    elif isinstance(publisher, Mapping):
        publisher = _of(publisher, "name")
    return Raw(
        id=text(_of(node, "identifier"), about),
        title=text(_of(node, "title")),
        url=text(_of(node, "landingPage"), about, _of(node, "identifier")),
        description=text(_of(node, "description")),
        publisher="" if text(publisher).startswith("http") else text(publisher),
        licence=text(_of(node, "license")),
        keywords=tuple(texts(_of(node, "keyword"))),
        themes=(*texts(_of(node, "theme")), *texts(_of(node, "hvdCategory"))),
    )


# ---- RDF/XML --------------------------------------------------------------------------------


def _xml(body: bytes) -> tuple[Iterator[Raw | str], str]:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        # Entities are how a small document becomes a large one, and no catalogue needs them.
        raise BadRow("The catalogue declares a document type; that is not read")
    try:
        root = ET.fromstring(body)  # noqa: S314  without entities, and its size has a limit
    except ET.ParseError as fault:
        raise BadRow(f"The catalogue is not well-formed XML: {fault}") from None
    nodes = [n for n in root.iter() if _is_dataset(n)]
    by_id = {n.get(f"{_RDF}about"): n for n in root.iter() if n.get(f"{_RDF}about")}
    following = next(
        (_one(n, f"{_HYDRA}next") for n in root.iter() if _one(n, f"{_HYDRA}next")), ""
    )
    return (_from_xml(n, by_id) for n in nodes), following


def _is_dataset(node: ET.Element) -> bool:
    if node.tag == f"{_DCAT}Dataset":
        return True
    kinds = [kind.get(f"{_RDF}resource") for kind in node.findall(f"{_RDF}type")]
    return _DATASET in kinds


def _values(node: ET.Element, name: str) -> Iterator[str]:
    """Yield what a node says under a name: words, an address, or the name of what is inside."""
    for one in node.findall(name):
        pointed = one.get(f"{_RDF}resource")
        inside = next(iter(one), None)
        if pointed:
            yield pointed
        elif inside is not None:
            named = (inside.findtext(f"{tag}") for tag in (f"{_FOAF}name", f"{_SKOS}prefLabel"))
            yield next((n for n in named if n), inside.get(f"{_RDF}about") or "")
        elif one.text:
            yield one.text


def _one(node: ET.Element, name: str) -> str:
    return next((one for one in _values(node, name) if one.strip()), "")


def _from_xml(node: ET.Element, by_id: Mapping[str | None, ET.Element]) -> Raw | str:
    about = node.get(f"{_RDF}about") or ""
    publisher = _one(node, f"{_DCT}publisher")
    if publisher in by_id:
        publisher = _one(by_id[publisher], f"{_FOAF}name")
    return Raw(
        id=_one(node, f"{_DCT}identifier") or about,
        title=_one(node, f"{_DCT}title"),
        url=_one(node, f"{_DCAT}landingPage") or about,
        description=_one(node, f"{_DCT}description"),
        publisher="" if publisher.startswith("http") else publisher,
        licence=_one(node, f"{_DCT}license"),
        keywords=tuple(_values(node, f"{_DCAT}keyword")),
        themes=(*_values(node, f"{_DCAT}theme"), *_values(node, f"{_AP}hvdCategory")),
    )
