# SPDX-License-Identifier: AGPL-3.0-or-later
"""The nation's catalogue: one graph in three writings, sound after the official shapes."""

from collections.abc import Callable

import pytest
from rdflib import DCAT, DCTERMS, RDF, Graph, Literal, URIRef
from rdflib.namespace import Namespace

from beffroi_federation.aggregator.exports import commands
from support.nation import Nation
from support.shapes import judged
from support.simulated_town import SimulatedTown

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
"""rdflib's own reader of JSON-LD uses it."""
Serve = Callable[[SimulatedTown], SimulatedTown]
SPDX = Namespace("http://spdx.org/rdf/terms#")
PAGE = "http://127.0.0.1:8300/data/"
WRITINGS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}


def graph(nation: Nation, ending: str = "ttl") -> Graph:
    answer = nation.client().get(f"/data/catalog.{ending}")
    assert answer.status_code == 200
    return Graph().parse(data=answer.get_data(), format=WRITINGS[ending])


def test_the_catalogue_names_each_file_in_three_writings_and_the_official_shapes_find_no_violation(
    full_nation: Nation,
) -> None:
    before = graph(full_nation)
    assert not list(before.objects(None, DCAT.distribution))
    with full_nation.app.app_context():
        commands.make(now=full_nation.clock.now())
    one, *others = (graph(full_nation, ending) for ending in WRITINGS)
    assert all(set(one) == set(other) for other in others)  # there are no blank nodes
    files = list(one.objects(None, DCAT.distribution))
    package = full_nation.client().get("/data/datapackage.json").json
    assert package is not None
    assert len(files) == len(package["resources"]) >= 14
    for resource in package["resources"]:
        [file] = one.subjects(DCAT.downloadURL, URIRef(resource["path"]))
        checksum = one.value(file, SPDX.checksum)
        assert f"sha256:{one.value(checksum, SPDX.checksumValue)}" == resource["hash"]
        assert int(str(one.value(file, DCAT.byteSize))) == resource["bytes"]
        assert "licence-ouverte" in str(one.value(file, DCTERMS.license))
    for service in one.subjects(RDF.type, DCAT.DataService):
        path = str(one.value(service, DCAT.endpointURL)).removeprefix("http://127.0.0.1:8300")
        assert full_nation.client().get(path).status_code == 200, path
    requests = URIRef(f"{PAGE}#requests")
    assert {title.language for title in one.objects(requests, DCTERMS.title)} == {"fr", "en"}
    assert one.value(requests, DCTERMS.identifier) == Literal(str(requests))
    assert judged(one)["Warning"] <= 40
