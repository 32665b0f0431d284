# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decidim's proposals by its GraphQL API, 0.29 to 0.32: read anonymously, answered with a key.

The queries are those of the contract in `docs/reference/bridges.md`: pages of 50, no alias, no
introspection, no version. Fields that only some versions have are tried one at a time. Nodes may
be null and errors may stand beside good data: hidden proposals are left out by Decidim that way.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode, urlsplit

from beffroi.bridges.adapters import graphql
from beffroi.bridges.adapters.graphql import moment, number, translations, within
from beffroi.bridges.adapters.talking import Talk, as_json
from beffroi.bridges.rules import (
    BadSource,
    ExternalComment,
    ExternalItem,
    GivenAnswer,
    Gone,
    LightItem,
    NeedsAuthentication,
    NoSuchField,
    Page,
    Receipt,
    SourceInfo,
    digest,
    mapped,
)
from beffroi.bridges.rules.words import one_line, plain
from beffroi_web.fetching import NotFetched
from beffroi_web.words import N_

LIGHT = "id updatedAt state answeredAt voteCount totalCommentsCount"
SPACES: Mapping[str, tuple[str, str]] = {
    "Decidim::ParticipatoryProcess": ("participatoryProcess", "processes"),
    "Decidim::Assembly": ("assembly", "assemblies"),
}
"""By the type of a space: the query that knows its slug, and the folder of its pages."""

_TEXT = "{ translations { locale text } }"
OPTIONAL: Mapping[str, str] = {
    "url": "url",
    "withdrawn": "withdrawn",
    "taxonomies": f"taxonomies {{ id name {_TEXT} }}",
}
"""Fields of a proposal that only some versions have, and how each is asked for."""
_FIELDS = f"""id reference state publishedAt createdAt updatedAt answeredAt
 title {_TEXT} body {_TEXT} answer {_TEXT} voteCount totalCommentsCount
 author {{ name nickname deleted }}"""
_COMPONENT = f"""query($id: ID!) {{ component(id: $id) {{ id __typename name {_TEXT}
 participatorySpace {{ id type title {_TEXT} }} }} }}"""
_COMMENTS = """query($c: ID!, $p: ID!) { component(id: $c) { ... on Proposals { proposal(id: $p) {
 id comments(orderBy: "older") { id body createdAt alignment author { name nickname deleted }
 comments { id body createdAt alignment author { name nickname deleted } } } } } } }"""
_ANSWER = """mutation($c: ID!, $p: ID!, $in: AnswerInput!) { component(id: $c) {
 ... on ProposalsMutation { proposal(id: $p) { answer(input: $in) { id state } } } } }"""
_RE_READ = f"""query($c: ID!, $p: ID!) {{ component(id: $c) {{ ... on Proposals {{
 proposal(id: $p) {{ id state answer {_TEXT} }} }} }} }}"""

_COMPONENT_ADDRESS = re.compile(r"/f/([0-9]{1,18})(?:/|$)")


def component_of(address: str) -> str:
    """Return the number of the component in the address of its page; BadSource without one."""
    found = _COMPONENT_ADDRESS.search(urlsplit(address).path)
    if found is None:
        raise BadSource(N_("The address of a component's page holds /f/ and its number"))
    return found[1]


class DecidimGraphql:
    """One component of proposals. `optional` are the fields that an earlier probe found."""

    capabilities = frozenset(
        {"list", "get", "published_since", "light_sweep", "complete", "comments",
         "official_answer.read", "official_answer.write", "link_back", "webhook"}
    )  # fmt: skip

    def __init__(
        self,
        address: str,
        talk: Talk,
        *,
        optional: tuple[str, ...] | None = None,
        space: str = "",
        credentials: tuple[str, str] | None = None,
    ) -> None:
        parts = urlsplit(address)
        self.site = f"{parts.scheme}://{parts.netloc}"
        self.component = component_of(address)
        self.space = space
        self._talk = talk
        self._optional = optional or ()
        self._credentials = credentials

    @property
    def requests(self) -> int:
        """How often the site was asked."""
        return self._talk.requests

    def _ask(
        self, query: str, variables: Mapping[str, Any], bearer: str = "", *, once: bool = False
    ) -> graphql.Said:
        return graphql.ask(
            self._talk, f"{self.site}/api", query, variables, bearer=bearer, once=once
        )

    # ---- reading --------------------------------------------------------------------------------

    def probe(self) -> SourceInfo:
        """Find the component, its space, and which optional fields this version has."""
        said = self._ask(_COMPONENT, {"id": self.component}).data.get("component")
        if not isinstance(said, dict):
            raise BadSource(N_("There is no such component, or it is not published"))
        if said.get("__typename") != "Proposals":
            raise BadSource(N_("This component holds no proposals"))
        name = next(iter(translations(said.get("name")).values()), "")
        self.space = self._slug(within(said, "participatorySpace"))
        self._optional = tuple(one for one in OPTIONAL if self._has(one))
        title = one_line(name, 120)
        return SourceInfo(title, self._version(), self._optional, self.space)

    def _version(self) -> str | None:
        """Return the version, which most sites keep to themselves."""
        try:
            version = within(self._ask("{ decidim { version } }", {}).data, "decidim", "version")
        except (BadSource, NotFetched):
            return None
        return version[:20] if isinstance(version, str) else None

    def _slug(self, space: Any) -> str:
        query, folder = SPACES.get(within(space, "type") or "", ("", ""))
        if not query:
            return ""
        asked = f"query($id: ID!) {{ {query}(id: $id) {{ id slug }} }}"
        slug = within(self._ask(asked, {"id": within(space, "id")}).data, query, "slug")
        right = isinstance(slug, str) and re.fullmatch(r"[\w-]{1,100}", slug)
        return f"{folder}/{slug}" if right else ""

    def _has(self, name: str) -> bool:
        try:
            self._page_of(f"id {OPTIONAL[name]}", "first: 1", {})
        except NoSuchField:
            return False
        return True

    def _fields(self) -> str:
        known = (OPTIONAL[one] for one in self._optional if one in OPTIONAL)
        return " ".join((_FIELDS, *known))

    def _page_of(self, fields: str, arguments: str, more: Mapping[str, Any]) -> graphql.Said:
        declared = "".join(f", ${name}: String" for name in more)
        query = (
            f"query($id: ID!{declared}) {{ component(id: $id) {{ ... on Proposals {{"
            f" proposals({arguments}) {{ pageInfo {{ endCursor hasNextPage }}"
            f" edges {{ node {{ {fields} }} }} }} }} }} }}"
        )
        return self._ask(query, {"id": self.component, **more})

    def list_items(
        self, *, published_since: date | None = None, cursor: str | None = None, light: bool = False
    ) -> Page:
        """Return fifty proposals by their number; null nodes are left out with a warning."""
        arguments, more = 'first: 50, order: {id: "ASC"}', {}
        if cursor is not None:
            arguments, more["after"] = arguments + ", after: $after", cursor
        if published_since is not None:
            arguments += ", filter: {publishedSince: $since}"
            more["since"] = published_since.isoformat()
        fields = LIGHT if light else self._fields()
        said = self._page_of(fields, arguments, more)
        connection = within(said.data, "component", "proposals")
        if not isinstance(connection, dict):
            raise BadSource(N_("There is no such component, or it is not published"))
        edges = connection.get("edges")
        nodes = [within(one, "node") for one in edges] if isinstance(edges, list) else []
        good = [node for node in nodes if isinstance(node, dict) and node.get("id")]
        warnings = said.warnings
        if len(good) < len(nodes):
            warnings = (*warnings, f"{len(nodes) - len(good)} are not shown to everybody there")
        info = connection.get("pageInfo")
        after = within(info, "endCursor") if within(info, "hasNextPage") else None
        if after is not None and after == cursor:
            raise BadSource(N_("The pages lead in a circle"))
        if light:
            marks = tuple(LightItem(str(node["id"]), _light(node)) for node in good)
            return Page(light=marks, next_cursor=after, warnings=warnings)
        return Page(tuple(self._item(one) for one in good), next_cursor=after, warnings=warnings)

    def get_item(self, external_id: str) -> ExternalItem | Gone:
        """Return a proposal; gone if it is hidden, withdrawn from view or deleted."""
        fields = self._fields()
        query = (
            "query($c: ID!, $p: ID!) { component(id: $c) { ... on Proposals {"
            f" proposal(id: $p) {{ {fields} }} }} }} }}"
        )
        said = self._ask(query, {"c": self.component, "p": external_id})
        component = said.data.get("component")
        node = within(component, "proposal")
        if isinstance(node, dict):
            return self._item(node)
        hidden = any(code in graphql.GONE_CODES for code, _ in said.errors)
        if not isinstance(component, dict) and not hidden:
            raise BadSource(N_("There is no such component, or it is not published"))
        if said.errors and not hidden:
            raise BadSource(said.errors[0][1])
        return Gone(external_id)

    def comments(self, external_id: str) -> Iterator[ExternalComment]:
        """Yield the comments of a proposal, and the answers to each; deeper threads stay there."""
        said = self._ask(_COMMENTS, {"c": self.component, "p": external_id})
        threads = within(said.data, "component", "proposal", "comments")
        for one in threads if isinstance(threads, list) else []:
            answers = within(one, "comments") or []
            yield _comment(one, len(answers))
            yield from (_comment(answer, 0) for answer in answers)

    def permalink(self, external_id: str) -> str:
        """Return the address of a proposal where the site does not say it itself."""
        if not self.space:
            return self.site
        return f"{self.site}/{self.space}/f/{self.component}/proposals/{external_id}"

    def _item(self, node: Mapping[str, Any]) -> ExternalItem:
        external_id = str(node["id"])
        answer = {lang: plain(said) for lang, said in translations(node.get("answer")).items()}
        answer = {lang: said for lang, said in answer.items() if said}
        withdrawn = node.get("withdrawn") is True
        state = node.get("state") if isinstance(node.get("state"), str) else None
        status = mapped(state, withdrawn=withdrawn, answered=bool(answer))
        shown = state not in {None, "", "not_answered"}
        url = node.get("url")
        said_url = isinstance(url, str) and url.startswith(self.site + "/") and len(url) <= 500
        return ExternalItem(
            external_id,
            title={lang: one_line(said) for lang, said in translations(node.get("title")).items()},
            body={lang: plain(said) for lang, said in translations(node.get("body")).items()},
            url=str(url) if said_url else self.permalink(external_id),
            author_names=_names(node.get("author")),
            published_at=moment(node.get("publishedAt")) or moment(node.get("createdAt")),
            status_raw=(state or "")[:60],
            status_mapped=status,
            answer=answer if shown else {},
            answered_at=moment(node.get("answeredAt")) if shown else None,
            supports=number(node.get("voteCount")),
            comments=number(node.get("totalCommentsCount")),
            light=_light(node),
            labels=_labels(node.get("taxonomies")),
        )

    # ---- answering ------------------------------------------------------------------------------

    def publish_answer(self, external_id: str, answer: GivenAnswer, key: str) -> Receipt:
        """Sign in, answer, read it again to be sure, sign out; `key` is the client's mutation id.

        Nothing is sent twice: where the answer is lost, what the site shows decides.
        """
        bearer = self._sign_in()
        try:
            given = {
                "clientMutationId": f"beffroi-{key}",
                "attributes": {"state": answer.state, "answerContent": {answer.lang: answer.words}},
            }
            where = {"c": self.component, "p": external_id}
            try:
                self._ask(_ANSWER, {**where, "in": given}, bearer, once=True)
            except NoSuchField as fault:
                raise BadSource(f"This Decidim cannot be answered by its API ({fault})") from None
            node = within(self._ask(_RE_READ, where, bearer).data, "component", "proposal")
        finally:
            self._sign_out(bearer)
        words = translations(within(node, "answer")).get(answer.lang, "")
        state = within(node, "state")
        same = " ".join(plain(words).split()) == " ".join(plain(answer.words).split())
        return Receipt(same and state == answer.state, str(state or "")[:60])

    def _sign_in(self) -> str:
        if self._credentials is None:
            raise BadSource(N_("No API credentials are kept for this source"))
        key, secret = self._credentials
        form = urlencode({"api_user[key]": key, "api_user[secret]": secret}).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        try:
            said = as_json(self._talk.ask(f"{self.site}/api/sign_in", headers, form, once=True))
        except NeedsAuthentication:
            raise BadSource(N_("The site does not know these API credentials")) from None
        token = within(said, "jwt_token")
        if not isinstance(token, str) or not re.fullmatch(r"[\w.~+/=-]{1,4000}", token):
            raise BadSource(N_("The site gave no token for these API credentials"))
        return token

    def _sign_out(self, bearer: str) -> None:
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
        try:
            self._talk.ask(f"{self.site}/api/sign_out", headers, verb="DELETE", once=True)
        except (BadSource, NotFetched):
            pass  # the token ends by itself; what was answered stays answered


def _light(node: Mapping[str, Any]) -> str:
    return digest(*(node.get(name) for name in LIGHT.split()))


def _labels(taxonomies: Any) -> tuple[Mapping[str, str], ...]:
    """Return the names under which the site's administrators file a proposal, by language."""
    found = taxonomies if isinstance(taxonomies, list) else []
    return tuple(names for one in found if (names := translations(within(one, "name"))))


def _names(author: Any) -> tuple[str, ...]:
    found = (within(author, "name"), within(author, "nickname"))
    return tuple(name.lstrip("@")[:200] for name in found if isinstance(name, str) and name.strip())


def _comment(one: Any, answers: int) -> ExternalComment:
    alignment = within(one, "alignment")
    return ExternalComment(
        str(within(one, "id") or ""),
        plain(within(one, "body")),
        str(within(one, "createdAt") or ""),
        alignment if alignment in (-1, 1) else 0,
        _names(within(one, "author")),
        answers,
    )
