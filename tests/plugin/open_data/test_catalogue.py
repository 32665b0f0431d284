# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's catalogue: one graph in three writings, sound after the official shapes."""

import itertools
import json
import os
from collections import Counter
from pathlib import Path

import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, FOAF, RDF, SH, Graph, Literal, URIRef

from beffroi.config import DATA_LICENCES
from beffroi.kernel.db import MIGRATIONS
from beffroi.open_data.rules import LICENCES
from support.databases import fresh
from support.town import PUBLIC_URL, Town, open_town

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
"""rdflib's own reader of JSON-LD uses it."""
WRITINGS = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}
CHECKOUT = Path(__file__).parents[3]
PAGE = f"{PUBLIC_URL}/data/#"

SHAPES = (
    ("dcat-ap-SHACL.ttl", "ranges.ttl"),
    ("html-shapes.ttl",),
    ("html-range.ttl",),
    ("html-shapes_recommended.ttl",),
    ("html-mdr-vocabularies.shape.ttl",),
)
"""The official shapes, together where one file needs the other's paths."""


def shapes() -> Path:
    given = os.environ.get("BEFFROI_REAL_DATA")
    data = Path(given) if given else CHECKOUT.parent / "shared/data"
    folder = data / "references/dcat-ap-3.0.1"
    if not folder.is_dir():
        pytest.skip("not run: the official shapes of DCAT-AP 3 are not here (BEFFROI_REAL_DATA)")
    return folder


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
    folder = shapes()
    village.request()
    said, found = graph(village), Counter[str]()
    for names in SHAPES:
        checks = Graph()
        for name in names:
            checks.parse(folder / name)
        _drop_shapes_without_a_path(checks)
        _, report, words = pyshacl.validate(said, shacl_graph=checks, inference="none")
        assert isinstance(report, Graph)
        for result in set(report.objects(None, SH.result)):
            severity = str(report.value(result, SH.resultSeverity)).rpartition("#")[2]
            found[severity] += 1
            assert severity == "Warning", words
    assert found["Warning"] <= 25  # those that the reference page explains, of all data sets
    said.remove((URIRef(f"{PAGE}publisher"), FOAF.name, None))
    checks = Graph().parse(folder / "html-shapes.ttl")
    conforms, _, _ = pyshacl.validate(said, shacl_graph=checks, inference="none")
    assert not conforms  # the shapes do look


def _drop_shapes_without_a_path(checks: Graph) -> None:
    """Five of the official property shapes name no path; a strict reader refuses them all then."""
    for shape in set(checks.objects(None, SH.property)):
        if checks.value(shape, SH.path) is None:
            checks.remove((None, SH.property, shape))
