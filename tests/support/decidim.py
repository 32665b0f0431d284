# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Decidim on loopback, built with graphql-core from the contract's own schema: no code of it.

It behaves as the contract says that Decidim does: pages of at most 50, hidden proposals as null
nodes beside an error, states that are not published as null, introspection for nobody who is not
signed in, `api/sign_in` with credentials; it counts requests, and limits none. `version="0.29"` has
neither `url` nor `withdrawn` nor `taxonomies`.

    with decidim(count=120) as site:
        site.address                       # of its one component of proposals
        site.change("7", state="accepted", answer="<p>Oui.</p>")
        site.next_answers.append((500, {}, '{"errors": []}'))
"""

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync
from graphql.validation import NoSchemaIntrospectionCustomRule, specified_rules

from support.browser import served

SDL = Path(__file__).with_name("decidim.graphql")
COMPONENT = "9"
SLUG = "budget"
KEY, SECRET, TOKEN = "a-key", "a-secret", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmVk"
SINCE_030 = ("url: String\n", "withdrawn: Boolean\n", "taxonomies: [Taxonomy!]\n")

Json = dict[str, Any]


def schema(version: str = "0.32") -> GraphQLSchema:
    """Return the schema of a version."""
    text = SDL.read_text(encoding="utf-8")
    if version == "0.29":
        head, tail = text.split("type Proposal {", 1)
        for line in SINCE_030:
            tail = tail.replace(f"  {line}", "", 1)
        text = f"{head}type Proposal {{{tail}"
    return build_schema(text)


def translated(said: str | Mapping[str, str] | None) -> Json | None:
    """Return a `TranslatedField` of a French text, or of texts by locale."""
    if said is None:
        return None
    texts = {"fr": said} if isinstance(said, str) else dict(said)
    return {
        "locales": list(texts),
        "translations": [{"locale": lang, "text": text} for lang, text in texts.items()],
        "translation": lambda info, locale: texts.get(locale),
    }


def proposal(number: int, **said: Any) -> Json:
    """Return a proposal as the sample of the contract has it."""
    day = f"2026-{1 + number % 9:02d}-{1 + number % 27:02d}T09:12:00+01:00"
    return {
        "id": str(number),
        "title": f"Ouvrir le jeu de données numéro {number}",
        "body": f"<p>Publier les <strong>horaires</strong> de la ligne {number}.</p>",
        "answer": None, "state": None, "answeredAt": None, "withdrawn": False, "official": False,
        "publishedAt": day, "createdAt": day, "updatedAt": day, "voteCount": number % 40,
        "taxonomies": [],
        "comments": [], "reference": f"XX-PROP-2026-01-{number}", "createdInMeeting": False,
        "address": "Rue Haute", "coordinates": {"latitude": 50.6, "longitude": None},
        "author": {"__typename": "User", "name": "Ada Exemple", "nickname": "@ada",
                   "profilePath": "/profiles/ada", "deleted": False},
        "attachments": [], **said,
    }  # fmt: skip


@dataclass(slots=True)
class Decidim:
    """What the site holds, what it was asked, and what it is told to answer next."""

    version: str = "0.32"
    proposals: dict[str, Json] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    next_answers: list[tuple[int, Mapping[str, str], str]] = field(default_factory=list)
    asked: list[tuple[str, str, Json]] = field(default_factory=list)
    forced: bool = False
    deaf: bool = False
    tokens: set[str] = field(default_factory=set)
    url: str = ""
    app: Flask = field(default_factory=lambda: Flask("decidim"))
    schema: GraphQLSchema | None = None

    @property
    def address(self) -> str:
        """The address of the component's page."""
        return f"{self.url}/processes/{SLUG}/f/{COMPONENT}"

    def change(self, number: str, **said: Any) -> None:
        """Change a proposal, and the moment of its last change."""
        row = self.proposals[number]
        row.update(said)
        row["updatedAt"] = f"2027-01-{1 + len(self.asked) % 27:02d}T10:00:00+01:00"

    def queries(self) -> list[str]:
        """Return the questions that were asked of the API."""
        return [said["query"] for verb, path, said in self.asked if path == "/api"]

    # ---- HTTP -----------------------------------------------------------------------------------

    def serve(self) -> None:
        """Put the routes in place."""
        self.schema = schema(self.version)
        self.app.add_url_rule("/api", "api", self._api, methods=["POST"])
        self.app.add_url_rule("/api/sign_in", "in", self._sign_in, methods=["POST"])
        self.app.add_url_rule("/api/sign_out", "out", self._sign_out, methods=["DELETE"])
        self.app.add_url_rule("/open-data/download", "data", self._open_data)

    def _api(self) -> Response:
        said = request.get_json(silent=True) or {}
        self.asked.append(("POST", "/api", said))
        if self.next_answers:
            status, headers, body = self.next_answers.pop(0)
            kind = headers.get("Content-Type", "application/json")
            return Response(body, status, dict(headers), mimetype=kind)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        signed = bearer in self.tokens
        if self.forced and not signed:
            return _json({"error": "Access denied"}, 401)
        return _json(self.answer(said, signed=signed))

    def answer(self, said: Json, *, signed: bool = False) -> Json:
        """Return the answer to a question of GraphQL."""
        assert self.schema is not None
        rules = [*specified_rules, NoSchemaIntrospectionCustomRule]
        if not signed:
            from graphql import parse, validate

            try:
                faults = validate(self.schema, parse(said["query"]), rules)
            except GraphQLError as fault:
                faults = [fault]
            if faults:
                return {"errors": [{"message": _as_ruby(one.message)} for one in faults]}
        done = graphql_sync(
            self.schema,
            said["query"],
            root_value=self._root(signed),
            variable_values=said.get("variables") or {},
            type_resolver=_type_of,
            field_resolver=_resolve,
        )
        answer: Json = {"data": done.data}
        if done.errors:
            answer["errors"] = [_error(one) for one in done.errors]
        return answer

    def _sign_in(self) -> Response:
        self.asked.append(("POST", "/api/sign_in", dict(request.form)))
        good = (request.form.get("api_user[key]"), request.form.get("api_user[secret]"))
        if good != (KEY, SECRET):
            return _json({"id": None, "name": "", "nickname": "", "jwt_token": None}, 401)
        self.tokens.add(TOKEN)
        said = {"id": 7, "name": "Robot", "nickname": "robot", "jwt_token": TOKEN, "avatar": None}
        answer = _json(said)
        answer.headers["Authorization"] = f"Bearer {TOKEN}"
        return answer

    def _sign_out(self) -> Response:
        self.asked.append(("DELETE", "/api/sign_out", {}))
        self.tokens.discard(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return _json({})

    def _open_data(self) -> Response:
        self.asked.append(("GET", "/open-data/download", {}))
        return Response(open_data(self), mimetype="application/zip")

    # ---- what is answered -----------------------------------------------------------------------

    def _root(self, signed: bool) -> Json:
        user = {"__typename": "User", "id": "7", "name": "Robot", "nickname": "@robot",
                "profilePath": "/profiles/robot", "deleted": False}  # fmt: skip
        return {
            "decidim": {"version": None, "applicationName": "Ville"},
            "organization": {"name": translated("Ville")},
            "session": {"user": user} if signed else None,
            "component": lambda info, id: self._component(info, id, signed),
            "participatoryProcess": lambda info, id=None, slug=None: {
                "id": id, "slug": SLUG, "title": translated("Budget"),
            },
        }  # fmt: skip

    def _component(self, info: Any, number: str, signed: bool) -> Json | None:
        if number != COMPONENT:
            return None
        writes = info.parent_type.name == "Mutation"
        return {
            "__typename": "ProposalsMutation" if writes else "Proposals",
            "id": number,
            "name": translated("Propositions"),
            "weight": 0,
            "participatorySpace": {
                "id": "1", "type": "Decidim::ParticipatoryProcess", "title": translated("Budget"),
            },
            "proposals": self._page,
            "proposal": (
                (lambda info, id: {"answer": lambda info, input: self._take(id, input, signed)})
                if writes
                else (lambda info, id: self._one(id))
            ),
        }  # fmt: skip

    def _shown(self, row: Json) -> Json:
        kept = dict(row)
        kept["title"], kept["body"] = translated(row["title"]), translated(row["body"])
        kept["answer"] = translated(row["answer"])
        kept["taxonomies"] = [
            {"id": str(at), "name": translated(name)} for at, name in enumerate(row["taxonomies"])
        ]
        kept["url"] = f"{self.url}/processes/{SLUG}/f/{COMPONENT}/proposals/{row['id']}"
        kept["totalCommentsCount"] = len(row["comments"])
        kept["comments"] = lambda info, orderBy=None: row["comments"]
        return kept

    def _one(self, number: str) -> Json | None:
        if number in self.hidden:
            raise GraphQLError("hidden", extensions={"code": "UNAUTHORIZED_OBJECT_ERROR"})
        row = self.proposals.get(number)
        return self._shown(row) if row else None

    def _page(
        self, info: Any, first: int = 50, after: str | None = None, order: Any = None,
        filter: Any = None,
    ) -> Json:  # fmt: skip
        since = (filter or {}).get("publishedSince") or ""
        rows = [row for row in self.proposals.values() if row["publishedAt"][:10] >= since]
        rows.sort(key=lambda row: int(row["id"]))
        start = int(base64.b64decode(after)) if after else 0
        some = rows[start : start + min(first, 50)]
        end = start + len(some)
        return {
            "edges": [{"node": self._node(row)} for row in some],
            "pageInfo": {
                "endCursor": base64.b64encode(str(end).encode()).decode(),
                "hasNextPage": end < len(rows),
            },
        }

    def _node(self, row: Json) -> Any:
        return lambda info: self._one(row["id"])

    def _take(self, number: str, said: Json, signed: bool) -> Json:
        if not signed:
            raise GraphQLError("no", extensions={"code": "MUTATION_NOT_AUTHORIZED_ERROR"})
        if not self.deaf:
            given = said["attributes"]
            self.change(number, state=given["state"], answer=dict(given["answerContent"]))
        return self._shown(self.proposals[number])


def _json(said: Any, status: int = 200) -> Response:
    return Response(json.dumps(said), status, mimetype="application/json")


def _as_ruby(message: str) -> str:
    """Say of a missing field what graphql-ruby says of it."""
    found = re.match(r"Cannot query field '(\w+)' on type '(\w+)'", message)
    return f"Field '{found[1]}' doesn't exist on type '{found[2]}'" if found else message


def _error(one: GraphQLError) -> Json:
    said: Json = {"message": one.message, "path": one.path}
    if one.extensions:
        said["extensions"] = one.extensions
    return said


def _type_of(value: Any, info: Any, kind: Any) -> str:
    return str(value["__typename"])


def _resolve(source: Any, info: Any, **arguments: Any) -> Any:
    value = source.get(info.field_name)
    return value(info, **arguments) if callable(value) else value


def open_data(site: Decidim) -> bytes:
    """Return the zip of open data: separator `;`, `title/fr`, an apostrophe before a formula."""
    columns = (
        "id;author/name;component/id;title/fr;body/fr;state;answer/fr;answered_at;votes;comments;"
        "published_at;url;is_amend;withdrawn;created_at"
    )
    lines = [columns]
    for row in site.proposals.values():
        answer = row["answer"] or ""
        cells = [
            row["id"], row["author"]["name"], COMPONENT, row["title"],
            re.sub("<[^>]+>", "", row["body"]), row["state"] or "not_answered",
            answer if isinstance(answer, str) else answer.get("fr", ""), row["answeredAt"] or "",
            str(row["voteCount"] or 0), str(len(row["comments"])), row["publishedAt"],
            f"https://decidim.ville.example/processes/{SLUG}/f/9/proposals/{row['id']}",
            "false", str(row["withdrawn"]).lower(), row["createdAt"],
        ]  # fmt: skip
        quoted = ("'" + cell if cell[:1] in "=+-@" and cell else cell for cell in cells)
        lines.append(";".join('"' + cell.replace('"', '""') + '"' for cell in quoted))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("ville.example-open-data-proposals.csv", "\n".join(lines))
        made.writestr("README.md", "columns")
    return packed.getvalue()


@contextmanager
def decidim(count: int = 0, version: str = "0.32") -> Iterator[Decidim]:
    """Serve a site with so many proposals."""
    site = Decidim(version)
    site.proposals = {str(n): proposal(n) for n in range(1, count + 1)}
    site.serve()
    with served(site.app) as url:
        site.url = url
        yield site
