# SPDX-License-Identifier: AGPL-3.0-or-later
"""Consul Democracy's proposals by its GraphQL API: anonymous, 25 a page, no official answer.

Newer versions write fields as `publicCreatedAt`, older ones as `public_created_at`; the first page
tells. Source: `app/graphql/types/proposal_type.rb` of consuldemocracy.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from beffroi.bridges.adapters import graphql
from beffroi.bridges.adapters.graphql import moment, number, within
from beffroi.bridges.adapters.talking import Talk
from beffroi.bridges.rules import (
    BadSource,
    ExternalComment,
    ExternalItem,
    GivenAnswer,
    Gone,
    NoSuchField,
    Page,
    Receipt,
    SourceInfo,
    digest,
)
from beffroi.bridges.rules.words import one_line, plain
from beffroi_web.words import N_

_CAMEL = ("publicCreatedAt", "cachedVotesUp", "commentsCount", "retiredAt", "publicAuthor")
_SNAKE = ("public_created_at", "cached_votes_up", "comments_count", "retired_at", "public_author")


class ConsulGraphql:
    """The proposals of a site; `lang` is that of its texts, which the API does not tell."""

    capabilities = frozenset({"list", "get", "complete", "link_back"})

    def __init__(self, address: str, talk: Talk, *, lang: str) -> None:
        parts = urlsplit(address)
        self.site = f"{parts.scheme}://{parts.netloc}"
        self._talk = talk
        self._lang = lang
        self._names: tuple[str, ...] = _CAMEL

    @property
    def requests(self) -> int:
        """How often the site was asked."""
        return self._talk.requests

    def probe(self) -> SourceInfo:
        """Say that the first page can be read."""
        self.list_items()
        return SourceInfo(urlsplit(self.site).netloc)

    def _ask(self, query: str, variables: Mapping[str, Any]) -> graphql.Said:
        """Ask with one spelling of the fields; with the other where this one is not known."""
        for spelling in (self._names, _SNAKE):
            author = f"{spelling[-1]} {{ username }}"
            fields = f"id title summary description {' '.join(spelling[:-1])} {author}"
            try:
                said = graphql.ask(
                    self._talk, f"{self.site}/graphql", query.replace("FIELDS", fields), variables
                )
            except NoSuchField:
                continue
            self._names = spelling
            return said
        raise BadSource(N_("The proposals of this site have other fields than Consul's"))

    def list_items(
        self, *, published_since: date | None = None, cursor: str | None = None, light: bool = False
    ) -> Page:
        """Return 25 proposals; neither a filter by date nor a light form exists there."""
        query = (
            "query($after: String) { proposals(first: 25, after: $after) {"
            " pageInfo { endCursor hasNextPage } edges { node { FIELDS } } } }"
        )
        said = self._ask(query, {"after": cursor})
        connection = said.data.get("proposals")
        if not isinstance(connection, dict):
            raise BadSource(N_("The site shows no proposals"))
        edges = connection.get("edges")
        nodes = [within(one, "node") for one in edges] if isinstance(edges, list) else []
        good = [self._item(node) for node in nodes if isinstance(node, dict) and node.get("id")]
        info = connection.get("pageInfo")
        after = within(info, "endCursor") if within(info, "hasNextPage") else None
        if after is not None and after == cursor:
            raise BadSource(N_("The pages lead in a circle"))
        return Page(tuple(good), next_cursor=after, warnings=said.warnings)

    def get_item(self, external_id: str) -> ExternalItem | Gone:
        """Return one proposal."""
        said = self._ask(
            "query($id: ID!) { proposal(id: $id) { FIELDS } }", {"id": external_id}
        ).data.get("proposal")
        return self._item(said) if isinstance(said, dict) else Gone(external_id)

    def comments(self, external_id: str) -> Iterator[ExternalComment]:
        """Yield nothing: comments stay there."""
        yield from ()

    def publish_answer(self, external_id: str, answer: GivenAnswer, key: str) -> Receipt:
        """Refuse: Consul's API has no official answers."""
        raise BadSource(N_("Consul Democracy cannot be answered by its API"))

    def permalink(self, external_id: str) -> str:
        """Return the address of a proposal."""
        return f"{self.site}/proposals/{external_id}"

    def _item(self, node: Mapping[str, Any]) -> ExternalItem:
        external_id = re.sub(r"[^\w-]", "", str(node["id"]))[:60]
        created, votes, comments, retired = (node.get(name) for name in self._names[:-1])
        body = "\n\n".join(
            filter(None, (plain(node.get("summary")), plain(node.get("description"))))
        )
        author = within(node, self._names[-1], "username")
        title = one_line(node.get("title"))
        return ExternalItem(
            external_id,
            title={self._lang: title},
            body={self._lang: body},
            url=self.permalink(external_id),
            author_names=(author,) if isinstance(author, str) else (),
            published_at=moment(created),
            status_mapped="withdrawn" if retired else "open",
            supports=number(votes),
            comments=number(comments),
            light=digest(title, body, votes, comments, retired),
        )
