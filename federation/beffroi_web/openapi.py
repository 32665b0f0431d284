# SPDX-License-Identifier: AGPL-3.0-or-later
"""An OpenAPI 3.1 document made from the routes: marshmallow schemas and what each view says.

    @blueprint.get("/api/v1/requests")
    @guard(PUBLIC)
    @operation("List public requests", answers=RequestPageSchema, query=ListQuerySchema)
    def listing() -> Response: ...

A route under the prefix that says nothing is an error, so that the document is never behind. What
can be refused follows from the route: where there is a query or a body 422, a place in the path
404, a guard 401 and 403, a limit 429; what else a view refuses it names with `refuses`. Nothing
else is answered.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, current_app, request
from marshmallow import Schema, fields, validate
from werkzeug.routing import Rule

from beffroi_web.bearer import SCOPES
from beffroi_web.errors import Invalid
from beffroi_web.guards import PUBLIC, guard_of
from beffroi_web.limits import limited
from beffroi_web.problems import SAID
from beffroi_web.state import web_of
from beffroi_web.words import N_

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
    """What one API view takes and answers; `scopes` are those of a token that may call it.

    `refuses` are the codes of refusals that do not follow from the route.
    """

    summary: str
    answers: type[Schema] | Schema | None
    takes: type[Schema] | Schema | None
    query: type[Schema] | Schema | None
    status: int
    tag: str
    scopes: tuple[str, ...]
    refuses: tuple[int, ...]
    about: str


def operation(
    summary: str,
    *,
    answers: type[Schema] | Schema | None = None,
    takes: type[Schema] | Schema | None = None,
    query: type[Schema] | Schema | None = None,
    status: int = 200,
    tag: str = "",
    scopes: Sequence[str] = (),
    refuses: Sequence[int] = (),
    about: str = "",
) -> Callable[[View], View]:
    """Return a decorator that notes what an API view does, for `document` and for tokens.

    `about` is a longer description, in Markdown.
    """

    def mark(view: View) -> View:
        said = Operation(
            summary, answers, takes, query, status, tag, tuple(scopes), tuple(refuses), about
        )
        setattr(view, _MARK, said)
        setattr(view, SCOPES, frozenset(scopes))
        return view

    return mark


def undescribed(app: Flask, prefix: str = "/api/") -> list[str]:
    """Return the routes below a prefix whose view carries no `operation`."""
    return sorted(
        rule.rule for rule in _rules(app, prefix) if _operation_of(app, rule.endpoint) is None
    )


def document(
    app: Flask,
    *,
    title: str,
    version: str,
    server: str,
    prefix: str = "/api/",
    scopes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes below a prefix, as a JSON-ready value.

    `scopes` says in words what each scope of a token opens; None where no tokens are taken. Raises
    `RuntimeError` naming the routes that say nothing about themselves.
    """
    silent = undescribed(app, prefix)
    if silent:
        raise RuntimeError("routes without an operation: " + ", ".join(silent))
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title=title,
        version=version,
        openapi_version="3.1.0",
        plugins=[plugin],
        servers=[{"url": server}],
        info={"license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"}},
    )
    assert plugin.converter is not None  # noqa: S101  the specification has just set it
    cast(Any, plugin.converter).add_attribute_function(_plainly)
    spec.components.schema("Problem", schema=ProblemSchema)
    for name, scheme in _schemes(app, scopes).items():
        spec.components.security_scheme(name, scheme)
    for rule in _rules(app, prefix):
        said = cast(Operation, _operation_of(app, rule.endpoint))
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        described = {method.lower(): _described(app, said, rule, method) for method in methods}
        spec.path(path=_template(rule), operations=described)
    return _exact(spec.to_dict())


def _plainly(self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """Say of a field what apispec cannot know: a class may carry its own `openapi`."""
    return dict(getattr(field, "openapi", {}))


def _schemes(app: Flask, scopes: Mapping[str, str] | None) -> dict[str, dict[str, Any]]:
    """Return the ways to say who one is: a session with its form token, and a program's token."""
    site = web_of(app).site
    known = "\n".join(f"- `{code}`: {words}" for code, words in (scopes or {}).items())
    said = "A token made at `/account/tokens`. Its scopes:\n\n" + known if scopes else "A token."
    return {
        "token": {"type": "http", "scheme": "bearer", "description": said},
        "session": {"type": "apiKey", "in": "cookie", "name": f"beffroi_{site.slug}"},
        "formToken": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    }


def _exact(made: dict[str, Any]) -> dict[str, Any]:
    """Make every schema say that there is nothing else, and of answers that all of it is there."""
    schemas = made["components"]["schemas"]
    for path in made["paths"].values():
        for one in path.values():
            for parameter in one.get("parameters", ()):
                if parameter["in"] == "query" and not parameter.get("required"):
                    parameter["schema"] = _or_empty(parameter["schema"])
    taken = _named(
        [one.get("requestBody") for path in made["paths"].values() for one in path.values()],
        schemas,
    )
    for name, schema in schemas.items():
        if not schema.get("properties"):
            continue
        schema["additionalProperties"] = False
        if name not in taken:
            schema["required"] = sorted(schema["properties"])
    return made


def _or_empty(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter that may be left empty, which is as if it were not given."""
    if "enum" in schema:
        return schema if "" in schema["enum"] else {**schema, "enum": ["", *schema["enum"]]}
    if schema.get("type") == "string" and not {"minLength", "pattern", "format"} & set(schema):
        return schema
    return {"anyOf": [schema, {"const": ""}]}


def check_query() -> None:
    """Refuse a parameter that came twice, and white space around a number or a code; before each
    request. Raises `Invalid`."""
    said = getattr(current_app.view_functions.get(request.endpoint or ""), _MARK, None)
    if said is None or said.query is None:
        return
    sentence = N_("Give each parameter once.")
    if twice := [name for name, values in request.args.lists() if len(values) > 1]:
        raise Invalid(sentence, errors={name: [sentence] for name in twice})
    sentence = N_("Leave no space around it.")
    asked = said.query() if isinstance(said.query, type) else said.query
    exact = {name for name, one in asked.fields.items() if not _is_free(one)}
    if loose := [name for name in exact & set(request.args) if _is_loose(request.args[name])]:
        raise Invalid(sentence, errors={name: [sentence] for name in loose})


def _is_free(field: fields.Field[Any]) -> bool:
    """Say whether a parameter is words of somebody: neither a number nor one of some codes."""
    choice = any(isinstance(one, validate.OneOf) for one in field.validators)
    return isinstance(field, fields.String) and not choice


def _is_loose(value: str) -> bool:
    return value != value.strip()


def _named(value: Any, schemas: Mapping[str, Any], found: set[str] | None = None) -> set[str]:
    """Return the names of the schemas that a value refers to, and those that they refer to."""
    found = set() if found is None else found
    if isinstance(value, dict):
        name = str(value.get("$ref", "")).removeprefix("#/components/schemas/")
        if name in schemas and name not in found:
            found.add(name)
            _named(schemas[name], schemas, found)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        _named(one, schemas, found)
    return found


def _rules(app: Flask, prefix: str) -> list[Rule]:
    found = (rule for rule in app.url_map.iter_rules() if rule.rule.startswith(prefix))
    return sorted(found, key=lambda rule: (rule.rule, sorted(rule.methods or ())))


def _operation_of(app: Flask, endpoint: str | None) -> Operation | None:
    return cast("Operation | None", getattr(app.view_functions[endpoint or ""], _MARK, None))


def _template(rule: Rule) -> str:
    return _VARIABLE.sub(r"{\g<name>}", rule.rule)


def _described(app: Flask, said: Operation, rule: Rule, method: str) -> dict[str, Any]:
    public = guard_of(app, rule.endpoint) == frozenset({PUBLIC})
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
            **{str(code): _refusal(code) for code in _codes(app, said, rule, method)},
        },
    }
    if said.about:
        described["description"] = said.about
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
        described["security"] = _ways(said, method, public=public)
    return described


def _ways(said: Operation, method: str, *, public: bool) -> list[dict[str, list[str]]]:
    """Return the ways to say who one is, of which any will do; none at all, where it is public."""
    ways: list[dict[str, list[str]]] = [{}] if public else []
    ways += [{"token": list(said.scopes)}] if said.scopes else []
    if not public:
        ways += [{"session": []} if method == "GET" else {"session": [], "formToken": []}]
    return ways


def _codes(app: Flask, said: Operation, rule: Rule, method: str) -> list[int]:
    """Return the codes of what is not the answer, in their order."""
    codes = {401, *said.refuses}  # 401: also a stranger may send a token that opens nothing
    public = guard_of(app, rule.endpoint) == frozenset({PUBLIC})
    if said.scopes or not public:
        codes.add(403)
    if rule.arguments:
        codes.add(404)
    if said.query is not None or said.takes is not None:
        codes.add(422)
    if method not in {"GET", "HEAD"}:
        codes |= {400, 413}
    elif public:
        codes.add(304)
    if limited(app.view_functions[rule.endpoint], method):
        codes.add(429)
    return sorted(codes)


def _refusal(code: int) -> dict[str, Any]:
    if code == 304:
        return {"description": "It is still what `If-None-Match` names"}
    title = SAID[code].title if code in SAID else "A problem"
    refusal: dict[str, Any] = {
        "description": title,
        "content": {"application/problem+json": {"schema": ProblemSchema}},
    }
    text = {"schema": {"type": "string"}}
    if code in {401, 403}:
        refusal["headers"] = {"WWW-Authenticate": {**text, "description": "as RFC 6750 says"}}
    if code == 429:
        refusal["headers"] = {"Retry-After": {**text, "description": "seconds to wait"}}
    return refusal


def _answer(said: Operation) -> dict[str, Any]:
    if said.answers is None:
        return {"description": "Done"}
    answer: dict[str, Any] = {
        "description": "The answer",
        "content": {"application/json": {"schema": said.answers}},
    }
    if said.status == 201:
        answer["headers"] = {
            "Location": {
                "description": "where it stands from now on",
                "required": True,
                "schema": {"type": "string"},
            }
        }
    return answer
