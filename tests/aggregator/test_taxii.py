# SPDX-License-Identifier: AGPL-3.0-or-later
"""What CERTs read: TAXII by the OASIS client, objects judged by the validator, a feed of MISP."""

import hashlib
import json
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pymisp import MISPEvent
from requests.exceptions import HTTPError

from beffroi_federation.aggregator.taxii.rules import uuid_of, version
from beffroi_federation.entries import Reason
from support.browser import Late, served
from support.nation import NamedTown, Nation, cyber_content, make_town, request_content
from support.simulated_town import SimulatedTown
from support.stix_judge import faults_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from taxii2client.v21 import Collection, Server, as_pages

Serve = Callable[[SimulatedTown], SimulatedTown]
TAXII = "application/taxii+json;version=2.1"
OBJECTS = "/taxii2/cyber/collections/clear/objects/"


def get(nation: Nation, path: str, accept: str = TAXII, **args: str) -> Any:
    return nation.client().get(path, headers={"Accept": accept}, query_string=args)


def shared(nation: Nation, **args: str) -> list[dict[str, Any]]:
    answer = get(nation, OBJECTS, **args)
    assert answer.status_code == 200, answer.data
    found: list[dict[str, Any]] = answer.json.get("objects", [])
    return found


def pulled(nation: Nation, serve: Serve, records: int) -> NamedTown:
    """A town with cyber records, and a request that is none of these readers' business."""
    town = make_town()
    town.begin_batch("2026-W40")
    town.record(request_content(1))
    for number in range(records):
        town.record(cyber_content(number, surface=("website", "email")[number % 2]))
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    return town


def test_the_client_of_oasis_reads_everything(small_nation: Nation, serve: Serve) -> None:
    town = pulled(small_nation, serve, 25)
    late = Late()
    late.app = small_nation.app
    with served(late) as url:
        server = Server(f"{url}/taxii2/")
        assert server.title == "Beffroi national"
        assert len(server.api_roots) == 1
        place = f"{url}/taxii2/cyber/collections/"
        known = small_nation.client().get("/taxii2/cyber/collections/").json["collections"]
        [one] = known
        collection = Collection(f"{place}{one['id']}/")
        assert (collection.title, collection.can_read, collection.can_write) == (
            "TLP:CLEAR", True, False,
        )  # fmt: skip
        pages = list(as_pages(collection.get_objects, per_request=7))
        read = [each for page in pages for each in page["objects"]]
        assert [len(page["objects"]) for page in pages] == [7, 7, 7, 6]
        listed = [
            each for page in as_pages(collection.get_manifest, per_request=10)
            for each in page["objects"]
        ]  # fmt: skip
        assert [each["id"] for each in read] == [each["id"] for each in listed]
        assert len({each["id"] for each in read}) == 27
        name = f"incident--{uuid_of(town.origin, 'simulated-cyber-000003')}"
        [again] = collection.get_object(name)["objects"]
        assert again == next(each for each in read if each["id"] == name)
        assert collection.object_versions(name)["versions"] == [again["modified"]]
        with pytest.raises(HTTPError, match="404"):
            collection.get_object("incident--00000000-0000-4000-8000-000000000000")
    assert [fault for each in read[:6] for fault in faults_of(each)] == []
    assert {each["type"] for each in read} == {"marking-definition", "identity", "incident"}


def test_a_new_version_and_a_withdrawal_come_after_what_was_read(
    nation: Nation, serve: Serve, clock: Any
) -> None:
    town = pulled(nation, serve, 3)
    answer = get(nation, OBJECTS)
    before, last = answer.json["objects"], answer.headers["X-TAXII-Date-Added-Last"]
    assert shared(nation, added_after=last) == []
    clock.move(timedelta(hours=7))
    town.supersede(2, cyber_content(0, impact="severe"))
    town.withdraw(3, Reason.ERROR)
    town.publish()
    nation.pull()
    new = shared(nation, added_after=last)
    names = [f"incident--{uuid_of(town.origin, f'simulated-cyber-00000{n}')}" for n in (0, 1)]
    assert {one["id"] for one in new} == set(names)
    by_id = {one["id"]: one for one in [*before, *new]}
    changed, gone = (by_id[name] for name in names)
    assert 'beffroi:impact="severe"' in changed["labels"]
    assert changed["created"] < changed["modified"] == version(clock.now())
    assert gone["revoked"] is True
    assert "labels" not in gone
    assert "fraud" not in json.dumps(gone).lower()
    assert len(shared(nation)) == 5
    nation.pull()
    assert shared(nation, added_after=last) == new
    feed = nation.client().get("/misp/manifest.json").json
    assert names[0].partition("--")[2] in feed
    assert names[1].partition("--")[2] not in feed
    assert nation.client().get(f"/misp/{names[1][10:]}.json").status_code == 404


def test_filters_narrow_and_bad_ones_are_refused_in_the_shape_of_taxii(
    small_nation: Nation, serve: Serve
) -> None:
    pulled(small_nation, serve, 4)
    every = shared(small_nation)
    one = every[-1]
    assert shared(small_nation, **{"match[type]": "identity,marking-definition"}) == every[:2]
    assert shared(small_nation, **{"match[id]": one["id"]}) == [one]
    assert shared(small_nation, **{"match[id]": "x"}) == []
    assert shared(small_nation, **{"match[version]": one["modified"]}) == every[1:]
    assert shared(small_nation, **{"match[version]": "all"}) == every
    assert shared(small_nation, **{"match[spec_version]": "2.0"}) == []
    assert shared(small_nation, limit="99999999") == every
    assert get(small_nation, OBJECTS, **{"match[id]": "x"}).json == {}
    for wrong in (
        {"limit": "0"}, {"limit": "x"}, {"next": "x"}, {"added_after": "yesterday"},
        {"added_after": "2026-13-01T00:00:00Z"}, {"match[version]": "2026"},
    ):  # fmt: skip
        answer = get(small_nation, OBJECTS, **wrong)
        assert (answer.status_code, answer.json["http_status"]) == (400, "400"), wrong
        assert answer.headers["Content-Type"] == TAXII


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/taxii2/", "application/taxii+json;version=2.0", 406),
        ("/taxii2/", "text/html", 406),
        ("/taxii2/", "application/taxii+json", 200),
        ("/taxii2/", "application/taxii+json; version=2.1, text/html;q=0.5", 200),
        ("/taxii2/other/", TAXII, 404),
        ("/taxii2/cyber/collections/green/", TAXII, 404),
        ("/taxii2/cyber/collections/green/objects/", TAXII, 404),
        ("/taxii2/cyber/status/1/", TAXII, 404),
        (f"{OBJECTS}x/versions/", TAXII, 404),
    ],
)
def test_errors_have_the_shape_and_the_type_of_taxii(
    small_nation: Nation, path: str, accept: str, status: int
) -> None:
    answer = get(small_nation, path, accept)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == TAXII
    assert "Accept" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers
    if status != 200:
        assert answer.json["http_status"] == str(status)


def test_nothing_is_taken(small_nation: Nation) -> None:
    answer = small_nation.client().post(OBJECTS, json={"objects": []}, headers={"Accept": TAXII})
    assert (answer.status_code, answer.json["http_status"]) == (403, "403")
    assert shared(small_nation)[0]["name"] == "TLP:CLEAR"
    assert "X-TAXII-Date-Added-First" in get(small_nation, OBJECTS).headers


def test_misp_reads_the_feed(small_nation: Nation, serve: Serve) -> None:
    town = pulled(small_nation, serve, 3)
    client = small_nation.client()
    manifest = client.get("/misp/manifest.json").json
    assert len(manifest) == 3
    lines = client.get("/misp/hashes.csv").get_data(as_text=True).split()
    for uuid, said in manifest.items():
        event = MISPEvent()
        event.from_dict(**client.get(f"/misp/{uuid}.json").json["Event"])
        assert (event.uuid, event.info, event.Orgc.name) == (uuid, said["info"], town.name)
        assert {tag.name for tag in event.tags} == {"tlp:clear", "rsit:fraud"}
        assert event.published
        for attribute in event.attributes:
            value = hashlib.md5(str(attribute.value).encode()).hexdigest()
            assert f"{value},{uuid}" in lines
    assert len(lines) == 15


def test_a_rebuild_changes_nothing_that_was_shared(small_nation: Nation, serve: Serve) -> None:
    from beffroi_federation.aggregator.national import commands as national

    town = pulled(small_nation, serve, 3)
    town.withdraw(2, Reason.ERROR)
    town.publish()
    small_nation.pull()
    before = shared(small_nation)
    with small_nation.app.app_context():
        national.rebuild()
        national.settle_waiting(now=small_nation.clock.now())
    assert shared(small_nation) == before
