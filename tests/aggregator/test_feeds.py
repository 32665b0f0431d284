# SPDX-License-Identifier: AGPL-3.0-or-later
"""Atom of the nation: valid, in pages, narrowed, and honest about what was withdrawn."""

from collections.abc import Callable
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest

from beffroi_federation.aggregator.national.commands import rebuild
from beffroi_federation.aggregator.national.rules import department, department_of
from beffroi_federation.aggregator.topics.commands import group_all
from beffroi_web.clock import FixedClock
from support.nation import NamedTown, Nation, cell_content, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]
ATOM = "{http://www.w3.org/2005/Atom}"
GONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
NATION = "http://127.0.0.1:8300"


def feed(nation: Nation, address: str = "/feeds/requests.atom") -> ElementTree.Element:
    """Return a feed, once it is what RFC 4287, 5005 and 6721 ask of any."""
    answer = nation.client().get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml"), answer.data
    assert "Set-Cookie" not in answer.headers
    root = ElementTree.fromstring(answer.data)
    assert root.tag == f"{ATOM}feed"
    for thing in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            [one] = thing.findall(ATOM + name)
            assert (one.text or "").strip(), name
        assert str(thing.findtext(f"{ATOM}id")).startswith(f"{NATION}/")
        assert datetime.fromisoformat(str(thing.findtext(f"{ATOM}updated"))).tzinfo
        assert thing.find(f"{ATOM}author/{ATOM}name") is not None
        relations = [link.get("rel") for link in thing.findall(f"{ATOM}link")]
        assert relations.count("alternate") == 1
    for one in root.findall(GONE):
        assert str(one.get("ref")).startswith(f"{NATION}/requests/")
        assert datetime.fromisoformat(str(one.get("when"))).tzinfo
    links = {str(one.get("rel")): one.get("href") for one in root.findall(f"{ATOM}link")}
    assert links["self"] == NATION + address
    assert {"first", "license"} <= links.keys()
    ids = [str(one.findtext(f"{ATOM}id")) for one in root.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    assert not set(ids) & {str(one.get("ref")) for one in root.findall(GONE)}
    return root


def names(root: ElementTree.Element) -> list[str]:
    found = root.findall(f"{ATOM}entry")
    return [str(one.findtext(f"{ATOM}id")).rpartition("/")[2] for one in found]


def gone(root: ElementTree.Element) -> list[str]:
    return [str(one.get("ref")).rpartition("/")[2] for one in root.findall(GONE)]


def published(nation: Nation, serve: Serve, *contents: bytes, **town: object) -> NamedTown:
    made = make_town(**town)  # type: ignore[arg-type]  # members of a town
    for content in contents:
        made.record(content)
    made.publish()
    serve(made)
    nation.know(made)
    nation.pull()
    with nation.app.app_context():
        group_all(now=nation.clock.now())
    return made


def test_pages_hold_each_request_once_and_a_withdrawal_follows(
    nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    town = published(nation, serve, *(request_content(n) for n in range(1, 60)))
    first = feed(nation)
    [following] = [
        str(one.get("href")) for one in first.findall(f"{ATOM}link") if one.get("rel") == "next"
    ]
    second = feed(nation, following.removeprefix(NATION))
    every = names(first) + names(second)
    assert len(names(first)) == 50
    assert set(every) == {f"210000006-1-{n}" for n in range(59)}
    assert len(every) == 59
    assert gone(first) == []
    clock.move(timedelta(hours=7))
    town.supersede(58, request_content(59, title="Le titre <corrigé> & relu"))
    town.withdraw(3)
    town.publish()
    nation.pull()
    after = feed(nation)
    assert (names(after)[0], gone(after)) == ("210000006-1-58", ["210000006-1-3"])
    assert after.findtext(f"{ATOM}entry/{ATOM}title") == "Le titre <corrigé> & relu"
    assert nation.rows("topic_place") == [
        row for row in nation.rows("topic_place") if row[0] & 0xFFFF != 3
    ]
    assert len(nation.rows("topic_place")) == 58
    for address in ("?theme=TRAN", "?department=99"):
        assert gone(feed(nation, f"/feeds/requests.atom{address}")) == ["210000006-1-3"]
    assert gone(feed(nation, "/feeds/requests.atom?department=35")) == []
    before = nation.rows("tombstone")
    with nation.app.app_context():
        rebuild()
    assert nation.rows("tombstone") == before
    clock.move(timedelta(days=31))
    assert gone(feed(nation)) == []


def test_a_theme_a_departement_and_a_topic_narrow_and_nothing_else_is_taken(
    small_nation: Nation, serve: Serve
) -> None:
    nation = small_nation
    published(
        nation, serve,
        request_content(1, title="Menus des cantines", theme="EDUC", commune="35238"),
        request_content(2, title="Menus de la cantine", theme="EDUC", commune="2A004"),
        request_content(3), cell_content(area="35238"),
        communes=("35238", "35047", "2A004"), kind="epci",
    )  # fmt: skip
    assert set(names(feed(nation, "/feeds/requests.atom?theme=EDUC"))) == {
        "210000006-1-0", "210000006-1-1",
    }  # fmt: skip
    assert names(feed(nation, "/feeds/requests.atom?department=2A")) == ["210000006-1-1"]
    assert names(feed(nation, "/feeds/requests.atom?theme=TRAN&department=35")) == [
        "210000006-1-2"  # which names no commune: most of this body's are there
    ]
    topic = nation.client().get("/api/v1/similar?q=menus+de+cantine").json["items"][0]["topic"]
    of_topic = feed(nation, f"/feeds/requests.atom?topic={topic['id']}")
    assert set(names(of_topic)) == {"210000006-1-0", "210000006-1-1"}
    assert "antine" in str(of_topic.findtext(f"{ATOM}title"))
    assert f"/feeds/requests.atom?topic={topic['id']}" in nation.page(f"/topics/{topic['id']}")
    assert "/feeds/requests.atom?theme=EDUC" in nation.page("/requests?theme=EDUC")
    for wrong, status in (
        ("theme=MUSIC", 422), ("department=97", 422), ("cursor=x", 422), ("topic=zzzzzzzz", 404),
        ("cursor=WzEsMl0x", 422), ("cursor=WyIxIiwyXQ", 422),
    ):  # fmt: skip
        assert nation.client().get(f"/feeds/requests.atom?{wrong}").status_code == status, wrong


def test_an_unchanged_feed_is_not_sent_again(
    small_nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    published(small_nation, serve, request_content(1))
    client = small_nation.client()
    young = client.get("/feeds/requests.atom")
    assert "Last-Modified" not in young.headers  # what was seen with it may be shown in a minute
    clock.move(timedelta(hours=2))
    settled = client.get("/feeds/requests.atom")
    for name, value in (
        ("If-None-Match", settled.headers["ETag"]),
        ("If-Modified-Since", settled.headers["Last-Modified"]),
    ):
        assert client.get("/feeds/requests.atom", headers={name: value}).status_code == 304


@pytest.mark.parametrize(
    ("insee", "code"),
    [("35238", "35"), ("2A004", "2A"), ("97411", "974"), ("98818", "988"), ("01001", "01")],
)
def test_a_commune_lies_in_the_departement_that_its_code_begins_with(insee: str, code: str) -> None:
    assert department(insee) == code
    assert department_of(insee, {insee}) == code
    assert department_of("210000006", {insee}) == code
    assert department_of(None, set()) is None
