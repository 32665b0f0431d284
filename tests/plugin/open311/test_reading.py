# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is read by GeoReport v2: each schema, both writings, filters, and what never appears."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from beffroi.incidents.service import ImportedReport, import_reports
from beffroi.kernel.db import MIGRATIONS
from support.databases import fresh
from support.open311 import REPORT, ask, faults, key_for, plain, send, spark
from support.town import PUBLIC_URL, Town, open_town

REQUEST = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime",
    "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip
"""The parts of a request, in the order of the specification."""
ATTRIBUTE = [
    "variable", "code", "datatype", "required", "datatype_description", "order", "description",
    "values",
]  # fmt: skip
LISTS = frozenset(
    {"services", "attributes", "values", "service_requests", "errors", "endpoints", "formats",
     "photos", "notes", "service_request_updates"}
)  # fmt: skip


def twins(town: Town, path: str, query: str = "") -> tuple[ElementTree.Element, Any]:
    """Return a resource in both writings, once they say the same."""
    xml, other = ask(town, path, query, "xml"), ask(town, path, query, "json")
    assert xml.status_code == other.status_code
    assert xml.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert other.headers["Content-Type"] == "application/json; charset=utf-8"
    assert xml.get_data().startswith(b'<?xml version="1.0" encoding="utf-8"?>\n')
    root, said = ElementTree.fromstring(xml.get_data()), other.get_json()
    lists = LISTS - {"attributes"} if "extensions" in query else LISTS
    mapped = spark(root, lists)
    assert (mapped or []) == (plain(said) or [])
    return root, said


def names(node: ElementTree.Element) -> list[str]:
    return [child.tag for child in node]


def refs(town: Town, query: str = "") -> list[str]:
    return [one["service_request_id"] for one in ask(town, "requests", query).get_json()]


def test_discovery_leads_to_an_endpoint_that_answers(village: Town) -> None:
    client = village.app.test_client()
    for ending in ("xml", "json"):
        answer = client.get(f"/open311/discovery.{ending}", base_url=PUBLIC_URL)
        assert answer.status_code == 200
    said = answer.get_json()
    assert list(said) == ["changeset", "contact", "key_service", "endpoints"]
    [endpoint] = said["endpoints"]
    assert list(endpoint) == ["specification", "url", "changeset", "type", "formats"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    path = endpoint["url"].removeprefix(PUBLIC_URL)
    assert client.get(f"{path}/services.xml", base_url=PUBLIC_URL).status_code == 200
    xml = ElementTree.fromstring(
        client.get("/open311/discovery.xml", base_url=PUBLIC_URL).get_data()
    )
    assert spark(xml, LISTS) == plain(said)


def test_services_are_the_listed_ones_and_say_what_is_asked(village: Town, tmp_path: Path) -> None:
    root, said = twins(village, "services")
    assert root.tag == "services"
    for node in root:
        assert names(node) == [
            "service_code", "service_name", "description", "metadata", "type", "keywords", "group",
        ]  # fmt: skip
        assert node.tag == "service"
    codes = {one["service_code"] for one in said}
    assert "lighting" in codes
    assert not codes & {"neighbours", "persons", "hygiene", "phishing", "weakness"}
    assert {one["type"] for one in said} == {"realtime"}
    for code in codes:
        root, definition = twins(village, f"services/{code}")
        assert (root.tag, list(definition)) == (
            "service_definition",
            ["service_code", "attributes"],
        )
        assert [list(one) for one in definition["attributes"]] == [ATTRIBUTE]


def test_where_there_are_several_communes_it_is_asked_which(tmp_path: Path) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, kind="epci", communes=["99998", "99999"]) as town:
        _, said = twins(town, "services/road")
        [commune, day] = said["attributes"]
        assert (commune["code"], commune["required"]) == ("commune", True)
        assert commune["datatype"] == "singlevaluelist"
        assert [v["key"] for v in commune["values"]] == ["99998", "99999"]
        assert (day["code"], day["datatype"], day["required"]) == ("date", "datetime", False)
        form = {**REPORT, "api_key": key_for(town)}
        assert faults(send(town, "requests", form)) == [
            (400, "attribute[commune] was not provided")
        ]
        form["attribute[commune]"] = "75056"
        assert faults(send(town, "requests", form))[0][1].startswith("attribute[commune] is one of")
        form |= {"attribute[commune]": "99998", "attribute[date]": "2027-01-11T23:30:00+01:00"}
        assert send(town, "requests", form).status_code == 201
        [one] = ask(town, "requests", "?extensions=true").get_json()
        assert one["attributes"] == {"commune": "99998", "date": "2027-01-11"}


def test_a_request_has_the_parts_of_the_specification_and_released_words_only(town: Town) -> None:
    ref = town.report(place="12 rue du Port", email="alix@citizens.example")
    root, [said] = twins(town, "requests")
    assert root.tag == "service_requests"
    assert [node.tag for node in root] == ["request"]
    assert names(root[0]) == list(said) == REQUEST
    assert (said["status"], said["description"], said["address"]) == ("open", None, None)
    town.later(minutes=5)
    town.release(ref, description="Un lampadaire <éteint> & froid", place="Rue du Port")
    town.later(days=1)
    town.close(ref, "resolved", "C’est réparé.")
    _, [said] = twins(town, f"requests/{ref}")
    assert said == {
        **dict.fromkeys(REQUEST),
        "service_request_id": ref,
        "status": "closed",
        "status_notes": "C’est réparé.",
        "service_name": "Éclairage public",
        "service_code": "lighting",
        "description": "Un lampadaire <éteint> & froid",
        "agency_responsible": "Beffroi-sur-Exemple",
        "requested_datetime": "2027-01-12T12:00:00+01:00",
        "updated_datetime": "2027-01-13T12:05:00+01:00",
        "expected_datetime": "2027-01-26T23:59:59+01:00",
        "address": "Rue du Port",
    }
    _, [said] = twins(town, f"requests/{ref}", "?extensions=true")
    assert [n["type"] for n in said["notes"]] == ["received", "released", "released", "answered"]
    assert said["extended_attributes"] == {"channel": "web", "photos": []}
    town.hold(ref, "description")
    assert ask(town, f"requests/{ref}").get_json()[0]["description"] is None


def test_filters_narrow_and_ids_override_all_of_them(town: Town) -> None:
    old = town.report(category="road")
    town.later(days=100)
    light, closed = town.report(), town.report(category="graffiti")
    town.close(closed, "no_action")
    assert refs(town) == [closed, light]
    assert refs(town, "?status=open") == [light]
    assert refs(town, "?status=closed") == [closed]
    assert refs(town, "?service_code=graffiti,road") == [closed]
    assert refs(town, "?service_code=nothing") == []
    assert refs(town, "?start_date=2027-01-01T00:00:00Z&end_date=2027-02-01T00:00:00Z") == [old]
    assert refs(town, "?start_date=2027-01-12T12:00:00+01:00") == [old]  # "+" is a space there
    assert refs(town, "?end_date=2027-01-12T11:00:00Z") == [old]
    wide = "?start_date=2027-01-01T00:00:00Z&end_date=2027-12-01T00:00:00Z"
    assert refs(town, wide) == [closed, light]  # the newest ninety days until now
    named = f"?service_request_id={old},{light},2027-9999&status=closed&start_date=2030-01-01"
    assert refs(town, named) == [light, old]
    assert refs(town, "?page_size=1") == [closed]
    assert refs(town, "?page_size=1&page=2") == [light]
    assert refs(town, "?page_size=1&page=3") == []
    empty = ask(town, "requests", "?service_code=nothing", "xml")
    assert b"<service_requests/>" in empty.get_data().replace(
        b"<service_requests></service_requests>", b"<service_requests/>"
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=resolved", (400, "status is open, closed, or both parted by a comma")),
        ("?start_date=yesterday", (400, "start_date is not a date in the W3C format")),
        ("?start_date=2027-02-01&end_date=2027-01-01", (400, "start_date is after end_date")),
        ("?page_size=1001", (400, "page_size is a whole number from 1 to 1000")),
        ("?page=0", (400, "page is a whole number from 1 to 1000")),
        ("?jurisdiction_id=other.example", (404, "jurisdiction_id provided was not found")),
    ],
)
def test_what_does_not_fit_is_refused_with_a_list(
    village: Town, query: str, expected: tuple[int, str]
) -> None:
    for ending in ("xml", "json"):
        answer = ask(village, "requests", query, ending)
        [(code, said)] = faults(answer)
        assert (answer.status_code, code) == (expected[0], expected[0])
        assert said.startswith(expected[1])


def test_an_empty_parameter_is_none_and_the_town_s_own_jurisdiction_is_known(village: Town) -> None:
    village.report()
    for said in ("", "demandes.ville.example", "www.demandes.ville.example", "210000006"):
        assert len(refs(village, f"?jurisdiction_id={said}&status=&page=&start_date=")) == 1


def test_what_is_not_there_is_404_with_its_sentence(village: Town) -> None:
    for path, said in (
        ("requests/2027-9999", "service_request_id was not found"),
        ("services/nothing", "service_code or jurisdiction_id was not found"),
        ("services/neighbours", "service_code or jurisdiction_id was not found"),
        ("tokens/123", "token was not found"),
        ("elsewhere", "There is no such resource here"),
    ):
        for ending in ("xml", "json"):
            answer = ask(village, path, "", ending)
            assert (answer.status_code, faults(answer)) == (404, [(404, said)])


def test_what_is_not_listed_or_removed_never_appears(town: Town) -> None:
    for category in ("neighbours", "persons"):
        town.report(category=category)
    town.report(family="cyber", category="phishing")
    gone = town.report()
    town.release(gone)
    town.close(gone, "resolved")
    town.remove(gone)
    town.request()
    assert refs(town) == []
    every = [r.ref for r in town.rows('SELECT ref FROM "case"')]
    assert len(every) == 5
    assert refs(town, f"?service_request_id={','.join(every)}") == []
    for ref in every:
        assert ask(town, f"requests/{ref}").status_code == 404
    assert ask(town, "servicerequestupdates").get_json() == []


def test_no_more_than_a_thousand_are_given_and_the_rest_page_by_page(village: Town) -> None:
    rows = [
        ImportedReport(f"tests:{n}", "road", village.now - timedelta(minutes=n), None, f"Trou {n}")
        for n in range(1003)
    ]
    with village.change():
        import_reports(rows, communes=("99999",), now=village.now, chance=village.chance)
    first, second = refs(village), refs(village, "?page=2")
    assert (len(first), len(second)) == (1000, 3)
    assert len({*first, *second}) == 1003
    assert len(ask(village, "requests", "", "xml").get_data().split(b"<request>")) == 1001


def test_a_page_is_the_same_whichever_pages_were_asked_for_before(town: Town) -> None:
    def add(first: int, count: int) -> None:
        rows = [
            ImportedReport(
                f"tests:{n}", "road", town.now - timedelta(days=n // 5), None, f"Trou {n}"
            )
            for n in range(first, first + count)
        ]
        with town.change():
            import_reports(rows, communes=("99999",), now=town.now, chance=town.chance)

    add(0, 17)
    for many in (17, 23):
        whole = refs(town)
        assert len(whole) == many
        for size in (3, 1, 7, 4):
            for page in (1, 2, 3, 4, 2, 6):
                cut = whole[(page - 1) * size : page * size]
                assert refs(town, f"?page_size={size}&page={page}") == cut, (size, page)
        open_ones = refs(town, "?status=open")
        assert refs(town, "?status=open&page_size=5&page=2") == open_ones[5:10]
        add(100, 6)


def test_places_are_given_only_where_the_town_says_how_exactly(tmp_path: Path) -> None:
    form = {**REPORT, "lat": "48.856613", "long": "2.352222"}
    for decimals, place in ((0, [None, None]), (3, [48.857, 2.352])):
        folder = tmp_path / str(decimals)
        folder.mkdir()
        url = fresh("sqlite", MIGRATIONS, folder)
        with open_town(folder, url, open311_decimals=decimals) as town:
            sent = send(town, "requests", {**form, "api_key": key_for(town)})
            ref = sent.get_json()[0]["service_request_id"]
            _, [said] = twins(town, f"requests/{ref}")
            assert [said["lat"], said["long"]] == [None, None]  # nobody has read it yet
            town.release(ref)
            _, [said] = twins(town, f"requests/{ref}")
            assert [said["lat"], said["long"]] == place


def test_updates_are_the_institution_s_steps_oldest_first(town: Town) -> None:
    ref = town.report()
    agent = town.signed_in("agent")
    for minutes, status in ((5, "acknowledged"), (10, "in_progress")):
        town.later(minutes=minutes)
        agent.post(f"/desk/cases/{ref}/move", {"status": status})
    town.comment(ref, "Un avis que personne n’a lu")
    town.later(days=1)
    town.close(ref, "redirected", "C’est au département.")
    root, said = twins(town, "servicerequestupdates")
    assert [node.tag for node in root] == ["request_update"] * 3
    assert names(root[0]) == [
        "update_id", "service_request_id", "status", "description", "updated_datetime", "media_url",
    ]  # fmt: skip
    assert [one["status"] for one in said] == [
        "INVESTIGATING", "IN_PROGRESS", "NOT_COUNCILS_RESPONSIBILITY",
    ]  # fmt: skip
    assert [one["description"] for one in said] == [None, None, "C’est au département."]
    assert len({one["update_id"] for one in said}) == 3
    assert all(datetime.fromisoformat(one["updated_datetime"]).tzinfo for one in said)
    since = "?start_date=2027-01-13T00:00:00Z"
    assert [o["status"] for o in ask(town, "servicerequestupdates", since).get_json()] == [
        "NOT_COUNCILS_RESPONSIBILITY"
    ]
    again = ask(town, "servicerequestupdates").get_json()
    assert [one["update_id"] for one in again] == [one["update_id"] for one in said]
