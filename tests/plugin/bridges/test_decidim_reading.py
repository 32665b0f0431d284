# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading Decidim by its API: the behavioural tests of the contract (numbers of its 8.2)."""

import json
from collections.abc import Iterator
from datetime import date

import pytest

from beffroi.bridges.adapters.decidim_graphql import DecidimGraphql
from beffroi.bridges.adapters.talking import Talk
from beffroi.bridges.rules import (
    BadSource,
    ExternalItem,
    Gone,
    NeedsAuthentication,
    in_language,
)
from beffroi.bridges.rules.pace import Pace
from beffroi_web.fetching import Fetching, Limits, NotFetched
from support.bridging import Patience, reader, talk
from support.decidim import Decidim, decidim, proposal

BUSY = (429, {"Retry-After": "7"}, "{}")
BROKEN = (500, {}, json.dumps({"errors": [{"message": "Internal Server error"}], "data": {}}))


@pytest.fixture(scope="module")
def everything() -> Iterator[Decidim]:
    """A site that tests of this module share, each beginning with its own proposals."""
    with decidim() as made:
        yield made


@pytest.fixture
def site(everything: Decidim) -> Decidim:
    """A site with three proposals, and nothing asked of it yet."""
    everything.proposals = {str(n): proposal(n) for n in (1, 2, 3)}
    everything.hidden.clear()
    everything.next_answers.clear()
    everything.asked.clear()
    everything.forced = False
    return everything


def item(site: Decidim, number: str = "1") -> ExternalItem:
    found = reader(site).get_item(number)
    assert isinstance(found, ExternalItem)
    return found


def test_01_two_pages_by_cursor_in_a_stable_order(site: Decidim) -> None:
    site.proposals = {str(n): proposal(n) for n in range(70, 0, -1)}
    by = reader(site)
    first = by.list_items()
    second = by.list_items(cursor=first.next_cursor)
    ids = [one.external_id for one in (*first.items, *second.items)]
    assert ids == [str(n) for n in range(1, 71)]
    assert (len(first.items), second.next_cursor) == (50, None)


def test_02_a_null_node_is_skipped_with_a_warning_and_the_rest_comes(site: Decidim) -> None:
    site.hidden = {"2"}
    page = reader(site).list_items()
    assert [one.external_id for one in page.items] == ["1", "3"]
    assert "1 are not shown to everybody there" in page.warnings
    assert isinstance(reader(site).get_item("2"), Gone)


def test_03_errors_beside_data_are_both_taken(site: Decidim) -> None:
    by = reader(site)
    site.hidden = {"3"}
    page = by.list_items()
    assert len(page.items) == 2
    assert any("UNAUTHORIZED_OBJECT_ERROR" in one for one in page.warnings)
    listed = [{"path": ["title"], "message": "too short"}]
    site.next_answers = [(200, {}, json.dumps({"errors": [{"message": listed}], "data": None}))]
    with pytest.raises(BadSource, match="too short"):
        by.list_items()


def test_04_faults_are_tried_again_with_patience_and_not_for_ever(site: Decidim) -> None:
    patience = Patience()
    by = reader(site, patience)
    site.next_answers = [BROKEN, BUSY]
    assert len(by.list_items().items) == 3
    assert patience.slept == [2.0, 7.0]
    site.next_answers = [BROKEN] * 9
    with pytest.raises(NotFetched, match="500"):
        by.list_items()
    assert len(site.next_answers) == 5  # it stopped after four
    site.next_answers = [(429, {"Retry-After": "999999"}, "{}")] * 4
    with pytest.raises(NotFetched):
        by.list_items()
    assert max(patience.slept) <= 60.0


def test_05_an_answer_without_a_published_state_is_not_shown_as_one(site: Decidim) -> None:
    site.change("1", state=None, answer="<p>Bientôt</p>", answeredAt="2026-02-01T10:00:00+01:00")
    found = item(site)
    assert (found.status_mapped, found.answer, found.answered_at) == ("open", {}, None)
    site.change("1", state="accepted")
    found = item(site)
    assert (found.status_mapped, found.answer) == ("answered", {"fr": "Bientôt"})


def test_06_a_state_of_the_sites_own_is_kept_as_it_is(site: Decidim) -> None:
    site.change("1", state="a_suivre", answer="<p>Vu.</p>")
    assert (item(site).status_raw, item(site).status_mapped) == ("a_suivre", "answered")


def test_07_scripts_and_their_like_are_no_part_of_a_text(site: Decidim) -> None:
    site.change(
        "1",
        title="Un <b>banc</b><img src=x onerror=alert(1)>",
        body='<p onclick="x()">Bonjour</p><script>alert(2)</script><style>p{}</style>'
        '<a href="javascript:alert(3)">ici</a> <a href="https://ville.example/a">là</a>'
        "<ul><li>un<li>deux</ul><iframe src='https://x.example'>nu</iframe>fin",
    )
    found = item(site)
    assert found.title == {"fr": "Un banc"}
    body = found.body["fr"]
    assert body.split() == [
        "Bonjour", "ici", "là", "(https://ville.example/a)", "-", "un", "-", "deux", "fin",
    ]  # fmt: skip
    said = body + found.title["fr"]
    assert not any(word in said for word in ("<", "alert", "javascript", "onerror"))


def test_10_a_language_that_is_missing_falls_back(site: Decidim) -> None:
    site.change("1", title={"ca": "Un banc", "en": "A bench"})
    assert in_language(item(site).title, "fr") == ("Un banc", "ca")
    assert in_language(item(site).title, "en") == ("A bench", "en")


def test_12_an_api_for_the_signed_in_is_recognised(site: Decidim) -> None:
    site.forced = True
    with pytest.raises(NeedsAuthentication):
        reader(site)
    site.forced = False
    by = reader(site)
    site.next_answers = [(302, {"Location": f"{site.url}/users/sign_in"}, "")]
    with pytest.raises(NeedsAuthentication):
        by.list_items()


def test_13_too_much_or_of_another_type_is_refused(site: Decidim) -> None:
    by = reader(site)
    site.next_answers = [(200, {"Content-Type": "text/html"}, "<html>")]
    with pytest.raises(BadSource, match="text/html came"):
        by.list_items()
    site.next_answers = [(200, {}, "[]")]
    with pytest.raises(BadSource):
        by.list_items()
    small = DecidimGraphql(site.address, talk(site.url, limits=Limits(size=500)))
    with pytest.raises(NotFetched, match="500"):
        small.list_items()


@pytest.mark.parametrize(
    "address",
    ["http://decidim.example/f/9", "https://10.0.0.1/f/9", "https://localhost/f/9",
     "http://127.0.0.1:8000/f/9", "https://inside.example/f/9"],
)  # fmt: skip
def test_14_a_private_address_or_plain_http_is_refused(address: str) -> None:
    by = Fetching(user_agent="tests", resolve=lambda host, port: ["192.168.1.9"])
    with pytest.raises(NotFetched, match=r"not fetched|not public"):
        DecidimGraphql(address, Talk(by, Patience().time, pace=Pace())).probe()


def test_15_a_version_without_url_and_withdrawn_is_read_and_that_is_remembered() -> None:
    with decidim(2, version="0.29") as old:
        info = reader(old).probe()
        assert (info.optional, info.space) == ((), "processes/budget")
        asked = len(old.asked)
        by = DecidimGraphql(
            old.address, talk(old.url), optional=info.optional, space="processes/budget"
        )
        first = by.list_items().items[0]
        assert len(old.asked) == asked + 1
    assert first.url == f"{old.url}/processes/budget/f/9/proposals/1"


def test_15_a_version_with_them_is_asked_for_them(site: Decidim) -> None:
    site.change("1", withdrawn=True)
    assert item(site).status_mapped == "withdrawn"
    site.change("1", taxonomies=["Écoles", {"en": "Open data"}])
    assert reader(site).probe().optional == ("url", "withdrawn", "taxonomies")
    assert item(site).labels == ({"fr": "Écoles"}, {"en": "Open data"})


def test_16_at_most_sixty_requests_in_any_minute(site: Decidim) -> None:
    patience = Patience()
    by = reader(site, patience)
    moments = []
    for _ in range(70):
        by.get_item("1")
        moments.append(patience.now)
    assert (
        max(sum(1 for later in moments if start <= later < start + 60.0) for start in moments) <= 60
    )
    assert sum(patience.slept) > 50.0


def test_what_is_asked_is_what_the_contract_allows(site: Decidim) -> None:
    by = reader(site)
    by.list_items()
    by.list_items(light=True)
    by.list_items(published_since=date(2026, 3, 1))
    list(by.comments("1"))
    for query in site.queries():
        assert "__schema" not in query
        assert "metrics" not in query
        assert query.count("{") == query.count("}")
    assert any('order: {id: "ASC"}, filter: {publishedSince: $since}' in q for q in site.queries())


def test_comments_and_the_answers_to_them_can_be_read(site: Decidim) -> None:
    author = {"__typename": "User", "name": "Sam", "nickname": "@sam", "deleted": False}
    said = {"createdAt": "2026-03-01", "alignment": 1, "author": author, "upVotes": 0,
            "downVotes": 0}  # fmt: skip
    deeper = {**said, "id": "6", "body": "<p>Moi aussi</p>", "comments": []}
    site.change("1", comments=[{**said, "id": "5", "body": "Oui<br>oui", "comments": [deeper]}])
    found = list(reader(site).comments("1"))
    assert [(one.external_id, one.body, one.answers) for one in found] == [
        ("5", "Oui\noui", 1), ("6", "Moi aussi", 0),
    ]  # fmt: skip
    assert found[0].author_names == ("Sam", "sam")


def test_a_component_that_is_not_there_is_a_fault_and_nothing_is_gone(site: Decidim) -> None:
    other = DecidimGraphql(site.address.replace("/f/9", "/f/8"), talk(site.url))
    with pytest.raises(BadSource):
        other.probe()
    with pytest.raises(BadSource):
        other.get_item("1")
