# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small graph in the three writings that harvesters read: Turtle, RDF/XML and JSON-LD.

A catalogue is some hundred statements without blank nodes; writing them takes a page, and a
server carries no RDF library. The tests read all three with one, and compare the graphs.
"""

import html
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

PREFIXES: Mapping[str, str] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NOT_IN_IRI = {ord(c): f"%{ord(c):02X}" for c in ' <>"{}|^`\\'}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Iri(str):
    """The address of a thing, with what cannot stand in one written out."""

    __slots__ = ()

    def __new__(cls, text: str) -> "Iri":
        """Return the address of a text, or of a name with a known prefix (`dcat:Dataset`)."""
        prefix, colon, rest = text.partition(":")
        whole = PREFIXES[prefix] + rest if colon and prefix in PREFIXES else text
        return super().__new__(cls, whole.translate(_NOT_IN_IRI))


@dataclass(frozen=True, slots=True)
class Words:
    """A text in a language, or a value of an XML Schema type (`xsd:date`)."""

    text: str
    lang: str = ""
    type: str = ""


Triple = tuple[Iri, str, Iri | Words]
"""Subject, predicate as a prefixed name, object."""


def _by_subject(graph: Iterable[Triple]) -> Iterator[tuple[Iri, list[Triple]]]:
    for subject, found in groupby(graph, key=lambda triple: triple[0]):
        yield subject, list(found)


def turtle(graph: Iterable[Triple]) -> str:
    """Return a graph as Turtle."""
    lines = [f"@prefix {name}: <{address}> ." for name, address in PREFIXES.items()]
    for subject, triples in _by_subject(graph):
        said = [f"    {name} {_turtle_object(value)}" for _, name, value in triples]
        lines += ["", f"<{subject}>", " ;\n".join(said) + " ."]
    return "\n".join(lines) + "\n"


def _turtle_object(value: Iri | Words) -> str:
    if isinstance(value, Iri):
        return f"<{value}>"
    text = '"' + "".join(_ESCAPES.get(c, c) for c in value.text) + '"'
    if value.lang:
        return f"{text}@{value.lang}"
    return f"{text}^^{value.type}" if value.type else text


def rdf_xml(graph: Iterable[Triple]) -> str:
    """Return a graph as RDF/XML."""
    names = "".join(f'\n  xmlns:{name}="{address}"' for name, address in PREFIXES.items())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<rdf:RDF{names}>"]
    for subject, triples in _by_subject(graph):
        lines.append(f'<rdf:Description rdf:about="{html.escape(subject)}">')
        lines += [_xml_statement(name, value) for _, name, value in triples]
        lines.append("</rdf:Description>")
    return "\n".join([*lines, "</rdf:RDF>"]) + "\n"


def _xml_statement(name: str, value: Iri | Words) -> str:
    if isinstance(value, Iri):
        return f'  <{name} rdf:resource="{html.escape(value)}"/>'
    about = ""
    if value.lang:
        about = f' xml:lang="{value.lang}"'
    elif value.type:
        about = f' rdf:datatype="{Iri(value.type)}"'
    return f"  <{name}{about}>{html.escape(value.text, quote=False)}</{name}>"


def json_ld(graph: Iterable[Triple]) -> str:
    """Return a graph as JSON-LD."""
    things = []
    for subject, triples in _by_subject(graph):
        thing: dict[str, object] = {"@id": subject}
        members: dict[str, list[object]] = {}
        for _, name, value in triples:
            members.setdefault("@type" if name == "rdf:type" else name, []).append(
                value if name == "rdf:type" else _json_object(value)
            )
        things.append(thing | members)
    return json.dumps({"@context": PREFIXES, "@graph": things}, ensure_ascii=False, indent=1) + "\n"


def _json_object(value: Iri | Words) -> dict[str, str]:
    if isinstance(value, Iri):
        return {"@id": value}
    said = {"@value": value.text}
    if value.lang:
        return said | {"@language": value.lang}
    return said | {"@type": value.type} if value.type else said
