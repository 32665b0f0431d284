# SPDX-License-Identifier: AGPL-3.0-or-later
"""The other kinds of sources: Decidim's open data, Consul, feeds and tables; and plain rules."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask, Response, request
from graphql import build_schema, graphql_sync
from hypothesis import given
from hypothesis import strategies as st

from beffroi.bridges.adapters.reading import Opening, adapter
from beffroi.bridges.rules import KIND_WORDS, BadSource, ContentSource, mapped, too_many_vanish
from beffroi.bridges.rules.pace import Pace, wait_after
from beffroi.bridges.rules.words import one_line, plain
from support.bridging import talk
from support.browser import served
from support.decidim import Decidim, open_data, proposal

CONSUL = """
type Query { proposals(first: Int, after: String): ProposalConnection proposal(id: ID!): Proposal }
type ProposalConnection { edges: [ProposalEdge] pageInfo: PageInfo! }
type ProposalEdge { node: Proposal }
type PageInfo { endCursor: String hasNextPage: Boolean! }
type User { username: String }
type Proposal { id: ID! title: String summary: String description: String
  %s: String %s: Int %s: Int %s: String %s: User }
"""
NEW = ("publicCreatedAt", "cachedVotesUp", "commentsCount", "retiredAt", "publicAuthor")
OLD = ("public_created_at", "cached_votes_up", "comments_count", "retired_at", "public_author")
FEED = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Idées</title>
<entry><id>tag:ville.example,2026:1</id><title>Ouvrir &amp; publier</title>
<link href="https://idees.ville.example/1"/><published>2026-05-02T10:00:00Z</published>
<author><name>Sam Exemple</name></author>
<content type="html">&lt;p&gt;Les &lt;b&gt;arbres&lt;/b&gt;&lt;/p&gt;</content></entry>
<entry><title>Sans nom</title></entry></feed>"""


class Site:
    """A web server that answers any address with what a test puts there."""

    def __init__(self) -> None:
        self.app = Flask("any")
        self.body: bytes = b""
        self.kind = "text/plain"
        self.graphql: tuple[str, ...] = NEW
        self.url = ""
        self.app.add_url_rule("/graphql", "graphql", self._graphql, methods=["POST"])
        self.app.add_url_rule("/<path:path>", "any", lambda path: self._any())

    def _any(self) -> Response:
        return Response(self.body, content_type=self.kind)

    def _graphql(self) -> Response:
        said = request.get_json()
        rows = {
            str(n): {
                "id": str(n), "title": f"Idée {n}", "summary": "En bref",
                "description": "<p>En long</p>", self.graphql[0]: "2026-05-02 10:00:00 UTC",
                self.graphql[1]: n, self.graphql[2]: 2,
                self.graphql[3]: "2026-06-01T00:00:00Z" if n == 2 else None,
                self.graphql[4]: {"username": "sam"},
            }
            for n in range(1, 31)
        }  # fmt: skip

        def page(info: object, first: int = 25, after: str | None = None) -> object:
            start = int(after or 0)
            some = list(rows.values())[start : start + first]
            end = start + len(some)
            info_ = {"endCursor": str(end), "hasNextPage": end < len(rows)}
            return {"edges": [{"node": one} for one in some], "pageInfo": info_}

        done = graphql_sync(
            build_schema(CONSUL % self.graphql),
            said["query"],
            root_value={"proposals": page, "proposal": lambda info, id: rows.get(id)},
            variable_values=said["variables"],
        )
        answer = {"data": done.data, "errors": [{"message": e.message} for e in done.errors or ()]}
        return Response(json.dumps(answer), content_type="application/json")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    with served(made.app) as url:
        made.url = url
        yield made


def source(site: Site, kind: str, path: str = "/x") -> ContentSource:
    return adapter(Opening(kind, site.url + path, "fr"), talk(site.url))


def test_every_kind_of_the_desk_has_an_adapter(site: Site) -> None:
    for kind in KIND_WORDS:
        assert source(site, kind, "/processes/a/f/9").capabilities >= {"list", "link_back"}


def test_the_open_data_of_decidim(site: Site) -> None:
    made = Decidim()
    made.proposals = {
        "1": proposal(1, title="=SOMME(A1)", body="<p>Un; deux</p>", state="accepted",
                      answer="Oui.", answeredAt="2026-02-01 10:00:00 UTC"),
        "2": proposal(2, withdrawn=True),
    }  # fmt: skip
    site.body, site.kind = open_data(made), "application/zip"
    one, two = source(site, "decidim-csv").list_items().items
    assert one.title == {"fr": "=SOMME(A1)"}  # one apostrophe less, exactly
    assert (one.body["fr"], one.status_mapped, one.answer) == (
        "Un; deux",
        "answered",
        {"fr": "Oui."},
    )
    assert one.url == "https://decidim.ville.example/processes/budget/f/9/proposals/1"
    assert one.answered_at == datetime(2026, 2, 1, 10, tzinfo=UTC)
    assert (two.status_mapped, two.supports) == ("withdrawn", 2)


def test_a_zip_that_is_none_or_swells_is_refused(site: Site) -> None:
    site.body, site.kind = b"<html>", "text/html"
    with pytest.raises(BadSource, match="text/html"):
        source(site, "decidim-csv").probe()
    site.kind = "application/zip"
    with pytest.raises(BadSource, match="no zip"):
        source(site, "decidim-csv").probe()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a-open-data-proposals.csv", b"id;title/fr\n" + b"0" * 5_000_000)
    site.body = packed.getvalue()
    with pytest.raises(BadSource, match="larger"):
        source(site, "decidim-csv").probe()


@pytest.mark.parametrize("spelling", [NEW, OLD])
def test_consul_in_both_spellings(site: Site, spelling: tuple[str, ...]) -> None:
    site.graphql = spelling
    by = source(site, "consul-graphql")
    first = by.list_items()
    second = by.list_items(cursor=first.next_cursor)
    assert (len(first.items), len(second.items), second.next_cursor) == (25, 5, None)
    one = first.items[0]
    assert (one.title, one.supports, one.comments) == ({"fr": "Idée 1"}, 1, 2)
    assert (one.body["fr"], one.author_names) == ("En bref\n\nEn long", ("sam",))
    assert one.published_at == datetime(2026, 5, 2, 10, tzinfo=UTC)
    assert first.items[1].status_mapped == "withdrawn"


def test_a_feed_and_a_table(site: Site) -> None:
    site.body, site.kind = FEED.encode(), "application/atom+xml"
    page = source(site, "atom").list_items()
    [entry] = page.items
    assert (entry.title, entry.body) == ({"fr": "Ouvrir & publier"}, {"fr": "Les arbres"})
    assert (entry.url, entry.author_names) == ("https://idees.ville.example/1", ("Sam Exemple",))
    assert len(page.warnings) == 1
    site.body = b'<!DOCTYPE x [<!ENTITY a "b">]>' + FEED.encode()
    with pytest.raises(BadSource, match="document type"):
        source(site, "atom").probe()
    site.kind = "text/csv"
    site.body = (
        "id;title;body;url;date\n1;Arbres;<b>Où</b>;javascript:x;2026-05-02\n2;;;;\n".encode()
    )
    page = source(site, "csv").list_items()
    [row] = page.items
    assert (row.title, row.body, row.url) == ({"fr": "Arbres"}, {"fr": "Où"}, site.url)
    assert page.warnings == ("row 2: id or title is empty",)
    site.body = b"nom,titre\n1,2\n"
    with pytest.raises(BadSource, match="columns id and title"):
        source(site, "csv").probe()


@given(st.text(max_size=300))
def test_no_html_leaves_an_element_that_was_written_as_one(text: str) -> None:
    escaped = text.replace("&", "").replace("<", "").replace(">", "")
    html = f"<p>{escaped}</p><script>{escaped}x()</script><img src=x onerror='x()'>"
    said = plain(html)
    assert "<" not in said
    assert "x()" not in said or "x()" in escaped
    assert plain(said) == said
    assert len(one_line(html)) <= 200


@given(st.lists(st.floats(0, 30), max_size=300), st.integers(1, 60))
def test_no_window_of_a_minute_holds_more_than_the_pace(gaps: list[float], most: int) -> None:
    pace, now, taken = Pace(most), 0.0, []
    for gap in gaps:
        now += gap
        while (wait := pace.wait(now)) > 0:
            now += wait
        pace.take(now)
        taken.append(now)
    for place, start in enumerate(taken):
        later = taken[place + most : place + most + 1]
        assert not later or later[0] >= start + 60.0 - 1e-6


def test_the_words_of_retry_after_are_seconds_or_a_date() -> None:
    assert wait_after(1, "7", lambda: 0.0) == 7.0
    assert wait_after(3, "", lambda: 0.0) == 8.0
    assert wait_after(1, "Thu, 01 Jan 1970 00:00:09 GMT", lambda: 4.0) == 5.0
    assert wait_after(1, "soon", lambda: 0.0) == 2.0
    assert wait_after(1, "99999", lambda: 0.0) == 60.0


def test_what_a_state_means() -> None:
    def said(state: str | None, *, answered: bool = False, withdrawn: bool = False) -> str:
        return mapped(state, withdrawn=withdrawn, answered=answered)

    assert [said(s) for s in (None, "", "not_answered", "evaluating")] == [
        "open", "open", "open", "under_review",
    ]  # fmt: skip
    assert said("accepted") == said("rejected") == said("own", answered=True) == "answered"
    assert said("withdrawn") == said("accepted", withdrawn=True) == "withdrawn"
    assert not too_many_vanish(12, 10)
    assert too_many_vanish(12, 11)
