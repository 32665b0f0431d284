# SPDX-License-Identifier: AGPL-3.0-or-later
"""An OpenAPI 3.1 document made from the routes: marshmallow schemas and what each view says.

    @blueprint.get("/api/v1/requests")
    @guard(PUBLIC)
    @operation("List public requests", answers=RequestPageSchema, query=ListQuerySchema)
    def listing() -> Response: ...

A route under the prefix that says nothing is an error, so that the document is never behind.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema, fields
from werkzeug.routing import Rule

from beffroi_web.guards import PUBLIC, guard_of

_MARK = "__beffroi_operation__"
_VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_PLACES = {"int": {"type": "integer"}, "uuid": {"type": "string", "format": "uuid"}}

View = TypeVar("View", bound=Callable[..., Any])


class ProblemSchema(Schema):
    """The one shape of an error (RFC 9457 with `errors`)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one API view takes and answers; `scopes` are those of a token that may call it."""

    summary: str
    answers: type[Schema] | Schema | None
    takes: type[Schema] | Schema | None
    query: type[Schema] | Schema | None
    status: int
    tag: str
    scopes: tuple[str, ...]


def operation(
    summary: str,
    *,
    answers: type[Schema] | Schema | None = None,
    takes: type[Schema] | Schema | None = None,
    query: type[Schema] | Schema | None = None,
    status: int = 200,
    tag: str = "",
    scopes: Sequence[str] = (),
) -> Callable[[View], View]:
    """Return a decorator that notes what an API view does, for `document`."""

    def mark(view: View) -> View:
        said = Operation(summary, answers, takes, query, status, tag, tuple(scopes))
        setattr(view, _MARK, said)
        return view

    return mark


def scopes_of(app: Flask, endpoint: str | None) -> tuple[str, ...]:
    """Return what a token must be for to call the view behind an endpoint."""
    said = _operation_of(app, endpoint) if endpoint in app.view_functions else None
    return said.scopes if said is not None else ()


def undescribed(app: Flask, prefix: str = "/api/") -> list[str]:
    """Return the routes below a prefix whose view carries no `operation`."""
    return sorted(
        rule.rule for rule in _rules(app, prefix) if _operation_of(app, rule.endpoint) is None
    )


def document(
    app: Flask, *, title: str, version: str, server: str, prefix: str = "/api/"
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes below a prefix, as a JSON-ready value.

    Raises `RuntimeError` naming the routes that say nothing about themselves.
    """
    silent = undescribed(app, prefix)
    if silent:
        raise RuntimeError("routes without an operation: " + ", ".join(silent))
    spec = APISpec(
        title=title,
        version=version,
        openapi_version="3.1.0",
        plugins=[MarshmallowPlugin()],
        servers=[{"url": server}],
        info={"license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"}},
    )
    spec.components.schema("Problem", schema=ProblemSchema)
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for rule in _rules(app, prefix):
        said = cast(Operation, _operation_of(app, rule.endpoint))
        public = guard_of(app, rule.endpoint) == frozenset({PUBLIC})
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        operations = {
            method.lower(): _described(said, rule, method, public=public) for method in methods
        }
        spec.path(path=_template(rule), operations=operations)
    return spec.to_dict()


def _rules(app: Flask, prefix: str) -> list[Rule]:
    found = (rule for rule in app.url_map.iter_rules() if rule.rule.startswith(prefix))
    return sorted(found, key=lambda rule: (rule.rule, sorted(rule.methods or ())))


def _operation_of(app: Flask, endpoint: str | None) -> Operation | None:
    return cast("Operation | None", getattr(app.view_functions[endpoint or ""], _MARK, None))


def _template(rule: Rule) -> str:
    return _VARIABLE.sub(r"{\g<name>}", rule.rule)


def _described(said: Operation, rule: Rule, method: str, *, public: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": said.summary,
        "operationId": f"{rule.endpoint.replace('.', '_')}_{method.lower()}",
        "parameters": [
            {
                "in": "path",
                "name": name,
                "required": True,
                "schema": _PLACES.get(converter, {"type": "string"}),
            }
            for converter, name in _VARIABLE.findall(rule.rule)
        ],
        "responses": {
            str(said.status): _answer(said),
            "default": {
                "description": "A problem",
                "content": {"application/problem+json": {"schema": ProblemSchema}},
            },
        },
    }
    if said.tag:
        described["tags"] = [said.tag]
    if said.query is not None:
        described["parameters"].append({"in": "query", "schema": said.query})
    if said.takes is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": said.takes}},
        }
    if not public or said.scopes:
        described["security"] = [{"token": list(said.scopes)}]
    return described


def _answer(said: Operation) -> dict[str, Any]:
    if said.answers is None:
        return {"description": "Done"}
    return {
        "description": "The answer",
        "content": {"application/json": {"schema": said.answers}},
    }
