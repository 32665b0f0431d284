# SPDX-License-Identifier: AGPL-3.0-or-later
"""All listed reports as CSV, JSON and Atom: released words of listed categories, nothing else."""

import csv
import io
from typing import Any
from xml.etree import ElementTree

import pytest

from beffroi.incidents.queries import published
from beffroi.incidents.rules import CATEGORIES
from beffroi.open_data.rules import INCIDENT_COLUMNS
from support.town import PUBLIC_URL, Town

ATOM = "{http://www.w3.org/2005/Atom}"
NAMES = [column.name for column in INCIDENT_COLUMNS]
PLACES = ("/data/incidents.csv", "/data/incidents.json", "/feeds/incidents.atom")


def items(town: Town) -> list[dict[str, Any]]:
    document = town.visitor().get("/data/incidents.json").get_json()
    assert all(list(item) == NAMES for item in document["items"])
    return list(document["items"])


def refs(town: Town, query: str = "") -> list[str]:
    response = town.visitor().get(f"/feeds/incidents.atom{query}")
    assert (response.status_code, response.mimetype) == (200, "application/atom+xml")
    root = ElementTree.fromstring(response.get_data())
    found = root.findall(f"{ATOM}entry")
    return [str(one.findtext(f"{ATOM}id")).rsplit("/", 1)[1] for one in found]


def everything(town: Town) -> tuple[list[str], list[str | None]]:
    """The bodies of all of it, and what each says of its state."""
    answers = [town.visitor().get(path) for path in (*PLACES, "/data/catalog.ttl")]
    bodies = [one.get_data(as_text=True) for one in answers]
    return bodies, [f"{a.headers.get('ETag')} {a.headers.get('Last-Modified')}" for a in answers]


def test_a_row_holds_released_words_and_what_was_done(town: Town) -> None:
    ref = town.report(place="Devant le 3 rue Haute", email="sam@citizens.example")
    other = town.report(category="waste", description="+Un dépôt ; sauvage")
    town.release(ref, description="Le lampadaire est éteint.")
    town.release(other, "description")
    town.later(days=1)
    town.close(ref, "resolved", "C’est réparé.")
    town.close(other, "duplicate", "Le même.", duplicate_of=ref)
    one, two = items(town)
    assert one == {
        "ref": ref, "url": f"{PUBLIC_URL}/incidents/{ref}", "category": "lighting",
        "status": "resolved", "lang": "fr", "commune": "99999", "received_on": "2027-01-12",
        "closed_on": "2027-01-13", "supports": 0, "description": "Le lampadaire est éteint.",
        "place": None, "outcome": "resolved", "answered_on": "2027-01-13",
        "answer": "C’est réparé.", "duplicate_of": None,
    }  # fmt: skip
    assert two["duplicate_of"] == ref
    body = town.visitor().get("/data/incidents.csv").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    assert [row["ref"] for row in rows] == [ref, other]
    assert rows[1]["description"] == "'+Un dépôt ; sauvage"
    town.remove(ref)
    assert [item["duplicate_of"] for item in items(town)] == [None]


def test_what_is_never_listed_leaves_no_trace_whatever_becomes_of_it(town: Town) -> None:
    kept = town.report()
    town.release(kept)
    town.later(days=1)
    before = everything(town)
    hidden = [c for c in CATEGORIES.values() if not c.listed]
    assert len(hidden) >= 9
    for category in hidden:
        ref = town.report(family=category.family, category=category.code, description="Zqx caché")
        town.release(ref)
        if category.code in {"neighbours", "phishing"}:
            town.close(ref, "resolved", "Zqx réglé")
        else:
            town.remove(ref)
    town.request(title="Une demande zqx")
    town.later(days=1)
    bodies, said = everything(town)
    assert not any("zqx" in body.casefold() for body in bodies)
    assert (bodies[:3], said[:3]) == (before[0][:3], before[1][:3])  # the request moves the last
    town.remove(kept)
    assert items(town) == []
    assert everything(town)[1][:2] != before[1][:2]


def test_the_feed_is_narrowed_by_category_and_state_and_anything_else_is_refused(
    village: Town,
) -> None:
    light, waste = village.report(), village.report(category="waste")
    village.later(minutes=5)
    village.close(light, "resolved")
    assert refs(village) == [light, waste]
    assert refs(village, "?category=waste") == [waste]
    assert refs(village, "?status=resolved") == [light]
    assert refs(village, "?status=any_open&category=lighting") == []
    for query in ("?category=neighbours", "?category=phishing", "?status=planned"):
        assert village.visitor().get(f"/feeds/incidents.atom{query}").status_code == 422


def test_the_files_come_in_blocks_and_read_nothing_when_they_are_known(
    village: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "BLOCK", 2)
    made = [village.report() for _ in range(5)]
    assert [item["ref"] for item in items(village)] == made
    village.later(minutes=1)
    for path in PLACES[:2]:
        first = village.visitor().get(path)
        with monkeypatch.context() as patched:
            patched.setattr(published, "_published", lambda rows: pytest.fail("it was read"))
            again = village.visitor().get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.get_data()) == (304, b"")
