# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's catalogue: one graph in three writings, sound after the official shapes."""

import itertools
import json
from pathlib import Path

import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, Literal, URIRef

from beffroi.config import DATA_LICENCES
from beffroi.kernel.db import MIGRATIONS
from beffroi.open_data.rules import LICENCES
from support.databases import fresh
from support.shapes import judged, shapes
from support.town import PUBLIC_URL, Town, open_town

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
"""rdflib's own reader of JSON-LD uses it."""
WRITINGS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}
PAGE = f"{PUBLIC_URL}/data/#"


def graph(town: Town, ending: str = "ttl") -> Graph:
    response = town.visitor().get(f"/data/catalog.{ending}")
    assert response.status_code == 200
    return Graph().parse(data=response.get_data(), format=WRITINGS[ending])


def test_the_three_writings_are_one_graph_whatever_the_town_is_called_and_chooses(
    tmp_path: Path,
) -> None:
    assert set(DATA_LICENCES) == set(LICENCES)
    name = 'L’Haÿ "les" <Roses> & \\ Cie'
    given = {"name": name, "contact": "https://ville.example/a?b=c&d", "data_licence": "odbl-1.0"}
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, **given) as town:
        town.request()
        one, *others = (graph(town, ending) for ending in WRITINGS)
        assert len(one) > 100
        assert all(set(one) == set(other) for other in others)  # there are no blank nodes
        assert one.value(URIRef(f"{PAGE}publisher"), FOAF.name) == Literal(name)
        licence = LICENCES["odbl-1.0"]
        assert (None, DCTERMS.license, URIRef(licence.url)) in one
        assert town.visitor().get("/data/requests.json").get_json()["licence"] == licence.url
        assert licence.name in town.visitor().page("/data/")
        assert json.loads(town.visitor().get("/data/catalog.jsonld").get_data())["@graph"]


def test_the_catalogue_says_what_is_there(village: Town) -> None:
    village.request()
    said = graph(village)
    dataset, publisher = URIRef(f"{PAGE}requests"), URIRef(f"{PAGE}publisher")
    assert set(said.objects(URIRef(f"{PAGE}catalog"), DCAT.dataset)) == {
        URIRef(f"{PAGE}{name}")
        for name in ("requests", "incidents", "statistics", "incident-statistics")
    }
    assert said.value(dataset, DCTERMS.publisher) == publisher
    assert said.value(publisher, DCTERMS.identifier) == Literal(village.settings.siren)
    assert {title.language for title in said.objects(dataset, DCTERMS.title)} == {"fr", "en"}
    assert str(said.value(dataset, DCTERMS.modified)) == "2027-01-12"
    files = list(said.objects(None, DCAT.distribution))
    assert len(files) == 6
    licence = URIRef(LICENCES[village.settings.data_licence].url)
    for one in files:
        assert said.value(one, DCTERMS.license) == licence
        path = str(said.value(one, DCAT.downloadURL)).removeprefix(PUBLIC_URL)
        response = village.visitor().get(path)
        assert response.status_code == 200
        assert str(said.value(one, DCAT.mediaType)).endswith(f"/{response.mimetype}")
    services = list(said.subjects(RDF.type, DCAT.DataService))
    assert len(services) == 4
    known = (DCAT.endpointURL, DCAT.endpointDescription)
    for service, what in itertools.product(services, known):
        path = str(said.value(service, what)).removeprefix(PUBLIC_URL)
        assert village.visitor().get(path).status_code == 200


def test_the_official_shapes_find_no_violation(village: Town) -> None:
    village.request()
    said = graph(village)
    found = judged(said)
    assert found["Warning"] <= 25  # those that the reference page explains, of all data sets
    said.remove((URIRef(f"{PAGE}publisher"), FOAF.name, None))
    checks = Graph().parse(shapes() / "html-shapes.ttl")
    conforms, _, _ = pyshacl.validate(said, shacl_graph=checks, inference="none")
    assert not conforms  # the shapes do look
