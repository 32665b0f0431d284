# SPDX-License-Identifier: AGPL-3.0-or-later
"""The files of the whole: their page, their descriptions, and themselves with ETag and Range.

A file is served as long as a row names it. One that holds something withdrawn is made anew within
minutes; should that fail it is served no longer, well within the time that a withdrawal may take.
"""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from beffroi_federation.aggregator.exports import queries, rules, schemas
from beffroi_federation.aggregator.exports.queries import FileRow
from beffroi_federation.aggregator.exports.rules.catalogue import catalogue
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.rdf import Triple, json_ld, rdf_xml, turtle
from beffroi_web.words import N_

blueprint = Blueprint("files", __name__)

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
RETRY_SECONDS = 600


@blueprint.get("/data/")
@guard(PUBLIC)
def page() -> str:
    """Say which files there are, how large, with which columns, under which licence."""
    there = {one.name: one for one in queries.files()}
    sets = []
    for data in rules.DATA.values():
        rows = [one for name, one in there.items() if rules.data_of(name) == data.name]
        rows.sort(
            key=lambda one: (one.name.partition(".")[0] != data.name, one.name), reverse=False
        )
        columns = [(one.name, gettext(one.words), gettext(rules.KIND_WORDS[one.kind]))
                   for one in data.columns]  # fmt: skip
        sets.append((data, rows, columns))
    return render_template(
        "exports/page.html",
        breadcrumb=[(gettext("Home"), url_for("dashboards.home")), (gettext("Open data"), None)],
        sets=sets,
        licence=schemas.LICENCE_URL,
        licence_name=schemas.LICENCE_NAME,
        made_at=max((one.made_at for one in there.values()), default=None),
    )


@blueprint.get("/data/<name>")
@guard(PUBLIC)
def file(name: str) -> AnyResponse:
    """Give a file of the whole, or a part of it (Range)."""
    row = _row(name)
    ending = name.rpartition(".")[2]
    path = _folder() / f"{row.sha256}.{ending}"
    if not path.is_file() or _overdue(row):
        return _later()
    response = send_file(
        path, mimetype=MEDIA_TYPES[ending], etag=row.sha256, last_modified=row.made_at,
        download_name=name, as_attachment=True, conditional=True, max_age=0,
    )  # fmt: skip
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    return response


def _row(name: str) -> FileRow:
    row = queries.file(name) if rules.NAME.fullmatch(name) else None
    if row is None:
        raise NotFound(
            N_("There is no such file; the page of the open data lists those there are.")
        )
    return row


def _folder() -> Path:
    return runtime().settings.data_dir / "exports"


def _overdue(row: FileRow) -> bool:
    since = queries.oldest_due(row.name)
    return since is not None and now() - since > rules.OVERDUE


def _later() -> Response:
    """Say that the file is being made anew."""
    response = Response(gettext("This file is being made anew."), 503, mimetype="text/plain")
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


@blueprint.get("/data/catalog.ttl")
@guard(PUBLIC)
def catalogue_turtle() -> Response:
    """Give the catalogue as Turtle."""
    return Response(turtle(_catalogue()), mimetype="text/turtle")


@blueprint.get("/data/catalog.rdf")
@guard(PUBLIC)
def catalogue_rdf() -> Response:
    """Give the catalogue as RDF/XML."""
    return Response(rdf_xml(_catalogue()), mimetype="application/rdf+xml")


@blueprint.get("/data/catalog.jsonld")
@guard(PUBLIC)
def catalogue_json_ld() -> Response:
    """Give the catalogue as JSON-LD."""
    return Response(json_ld(_catalogue()), mimetype="application/ld+json")


def _catalogue() -> list[Triple]:
    return catalogue(schemas.facts(runtime().settings, queries.files()))


@blueprint.get("/data/<name>.sha256")
@guard(PUBLIC)
def checksum(name: str) -> Response:
    """Give the sum of a file as `sha256sum --check` reads it."""
    row = _row(name)
    return Response(f"{row.sha256}  {row.name}\n", mimetype="text/plain")


@blueprint.get("/data/<name>.schema.json")
@guard(PUBLIC)
def schema(name: str) -> Response:
    """Describe the columns of a data set (Table Schema)."""
    data = rules.DATA.get(name)
    if data is None:
        raise NotFound(
            N_("There is no such file; the page of the open data lists those there are.")
        )
    return jsonify(rules.table_schema(data))


@blueprint.get("/data/datapackage.json")
@guard(PUBLIC)
def package() -> Response:
    """Describe every file (Data Package): address, bytes, sum, columns of those in CSV."""
    settings = runtime().settings
    resources: list[dict[str, Any]] = []
    for one in queries.files():
        data, ending = rules.DATA[rules.data_of(one.name)], one.name.rpartition(".")[2]
        resource: dict[str, Any] = {
            "name": one.name.replace(".", "-"),
            "path": f"{settings.public_url}{url_for('files.file', name=one.name)}",
            "title": data.title,
            "format": ending,
            "mediatype": MEDIA_TYPES[ending].partition(";")[0],
            "bytes": one.bytes,
            "hash": f"sha256:{one.sha256}",
        }
        if ending == "csv":
            resource |= {"profile": "tabular-data-resource", "encoding": "utf-8"}
            resource["schema"] = rules.table_schema(data)
        resources.append(resource)
    licence = {"name": "etalab-2.0", "path": schemas.LICENCE_URL, "title": schemas.LICENCE_NAME}
    return jsonify(
        name=settings.slug,
        title=settings.name,
        homepage=f"{settings.public_url}{url_for('files.page')}",
        licenses=[licence],
        resources=resources,
    )
