# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/taxii2/`: a server of TAXII 2.1 that is only read. `/misp/`: the same as a feed of MISP.

Source: TAXII 2.1 (OASIS Standard, 10 June 2021), chapters 3 to 5. Anybody reads: nothing is here
that is not TLP:CLEAR, so there is one API root, with one collection a level that may be public.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import msgspec
from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.taxii import queries, rules, schemas
from beffroi_federation.aggregator.taxii.queries import Shared, Wanted
from beffroi_federation.vocabulary import TLP
from beffroi_web.csrf import csrf_exempt
from beffroi_web.errors import NotFound
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.words import N_

blueprint = Blueprint("taxii", __name__)

MEDIA_TYPE = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
ROOT = "cyber"
ANYTHING = frozenset({"application/taxii+json", "application/*", "*/*"})
_json = msgspec.json.Encoder()


class Refused(Exception):
    """An answer that says no: status, title, and what to do."""

    def __init__(self, status: int, title: str, description: str) -> None:
        super().__init__(title)
        self.status, self.title, self.description = status, title, description


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    made = Response(_json.encode(body), status, content_type=MEDIA_TYPE)
    made.vary.add("Accept")
    return made


def _acceptable() -> bool:
    """Say whether the reader takes this version of TAXII (1.6.8.3: `version` may be left out)."""
    said = request.headers.get("Accept", "*/*")
    for one in said.split(","):
        kind, *params = [part.strip().lower() for part in one.split(";")]
        if kind in ANYTHING and {p for p in params if p.startswith("version=")} <= {"version=2.1"}:
            return True
    return False


def speaks(view: Callable[..., dict[str, Any] | Response]) -> Callable[..., Response]:
    """Return a view that answers in the words of TAXII, errors too (3.6.1)."""

    @wraps(view)
    def spoken(**values: Any) -> Response:
        try:
            if not _acceptable():
                raise Refused(406, "Not acceptable", f"This server speaks {MEDIA_TYPE}.")
            said = view(**values)
        except schemas.Unreadable as fault:
            said = _error(400, "The request does not read", str(fault))
        except Refused as fault:
            said = _error(fault.status, fault.title, fault.description)
        return said if isinstance(said, Response) else _answer(said)

    return spoken


def _error(status: int, title: str, description: str) -> Response:
    body = {"title": title, "description": description, "http_status": str(status)}
    return _answer(body, status)


def _nowhere(what: str) -> Refused:
    return Refused(404, f"There is no such {what}", "Begin with the discovery at /taxii2/.")


@blueprint.get("/taxii2/")
@guard(PUBLIC)
@speaks
def discovery() -> dict[str, Any]:
    """Say which API roots there are (4.1)."""
    settings = runtime().settings
    root = settings.public_url + url_for("taxii.api_root", root=ROOT, lang=None)
    said = {"title": settings.name, "contact": settings.contact, "default": root}
    words = {"description": "Cyber incidents that public bodies have released, TLP:CLEAR."}
    return {name: value for name, value in (said | words).items() if value} | {"api_roots": [root]}


@blueprint.get("/taxii2/<root>/")
@guard(PUBLIC)
@speaks
def api_root(root: str) -> dict[str, Any]:
    """Describe the API root (4.2); it takes nothing, so the smallest length is the largest."""
    _known(root)
    return {
        "title": "Cyber incidents of public bodies",
        "description": "Read only. A withdrawn incident stays, revoked and without its content.",
        "versions": [MEDIA_TYPE],
        "max_content_length": 1,
    }


def _known(root: str) -> None:
    if root != ROOT:
        raise _nowhere("API root")


def _collection(tlp: str) -> dict[str, Any]:
    return {
        "id": rules.collection_id(runtime().settings.public_url, tlp),
        "title": f"TLP:{tlp}",
        "description": "Closed incidents, after their embargo, in coded fields.",
        "alias": tlp.lower(),
        "can_read": True,
        "can_write": False,
        "media_types": [STIX],
    }


def _the_collection(root: str, name: str) -> dict[str, Any]:
    _known(root)
    for tlp in TLP:
        one = _collection(tlp)
        if name in (one["id"], one["alias"]):
            return one
    raise _nowhere("collection")


@blueprint.get("/taxii2/<root>/collections/")
@guard(PUBLIC)
@speaks
def collections(root: str) -> dict[str, Any]:
    """List the collections (5.1), one a level of TLP that may be public."""
    _known(root)
    return {"collections": [_collection(tlp) for tlp in TLP]}


@blueprint.get("/taxii2/<root>/collections/<name>/")
@guard(PUBLIC)
@speaks
def collection(root: str, name: str) -> dict[str, Any]:
    """Describe one collection (5.2)."""
    return _the_collection(root, name)


def _page(
    root: str, name: str, member: str, write: Callable[[Shared], Any], only: str = ""
) -> Response:
    """Return a page of what a collection holds, with the headers that say from when to when."""
    _the_collection(root, name)
    asked = schemas.asked(request.args)
    if only:
        asked = schemas.narrowed(asked, only)
    rows = [] if asked.nothing else queries.objects(asked.wanted, asked.limit + 1)
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return _with_dates(_envelope(member, [write(row) for row in rows], rows, more), rows)


def _envelope(
    member: str, written: list[Any], rows: Sequence[Shared], more: bool
) -> dict[str, Any]:
    """Return an envelope (3.7); an empty one has no members, as the text asks."""
    if not rows:
        return {}
    said: dict[str, Any] = {"more": more, member: written}
    if more:
        said["next"] = schemas.cursor(rows[-1].added_at)
    return said


def _with_dates(body: dict[str, Any], rows: Sequence[Shared]) -> Response:
    made = _answer(body)
    if rows:
        made.headers["X-TAXII-Date-Added-First"] = rules.added(rows[0].added_at)
        made.headers["X-TAXII-Date-Added-Last"] = rules.added(rows[-1].added_at)
    return made


def _manifest_entry(row: Shared) -> dict[str, Any]:
    return {
        "id": row.id,
        "date_added": rules.added(row.added_at),
        "version": rules.version(row.modified_at),
        "media_type": STIX,
    }


@blueprint.get("/taxii2/<root>/collections/<name>/manifest/")
@guard(PUBLIC)
@speaks
def manifest(root: str, name: str) -> Response:
    """List what a collection holds, without the objects (5.3)."""
    return _page(root, name, "objects", _manifest_entry)


@blueprint.get("/taxii2/<root>/collections/<name>/objects/")
@guard(PUBLIC)
@speaks
def objects(root: str, name: str) -> Response:
    """Give the objects of a collection (5.4)."""
    return _page(root, name, "objects", Shared.written)


def _there(root: str, name: str, object_id: str) -> None:
    """Let pass what names an object of a collection; refuse the others with 404."""
    _the_collection(root, name)
    if not schemas.is_id(object_id) or not queries.objects(Wanted(ids=[object_id]), 1):
        raise _nowhere("object")


@blueprint.get("/taxii2/<root>/collections/<name>/objects/<object_id>/")
@guard(PUBLIC)
@speaks
def one_object(root: str, name: str, object_id: str) -> Response:
    """Give one object (5.6)."""
    _there(root, name, object_id)
    return _page(root, name, "objects", Shared.written, object_id)


@blueprint.get("/taxii2/<root>/collections/<name>/objects/<object_id>/versions/")
@guard(PUBLIC)
@speaks
def versions(root: str, name: str, object_id: str) -> Response:
    """List the versions of one object (5.8): the newest, since older ones are not kept."""
    _there(root, name, object_id)

    def write(row: Shared) -> str:
        return rules.version(row.modified_at)

    return _page(root, name, "versions", write, object_id)


@blueprint.route("/taxii2/<path:rest>", methods=["GET", "POST", "DELETE"])
@guard(PUBLIC)
@csrf_exempt  # nothing is done, and programs that try are told so in their own words
@speaks
def nothing(rest: str) -> dict[str, Any]:
    """Say in the words of TAXII that there is no such thing, or that nothing is taken."""
    if request.method != "GET":
        raise Refused(403, "This server is only read", "Institutions publish in their own logs.")
    raise _nowhere("address")


# ---- MISP ----------------------------------------------------------------------------------------


def _json_file(body: Any) -> Response:
    return Response(_json.encode(body), content_type="application/json")


@blueprint.get("/misp/manifest.json")
@guard(PUBLIC)
def misp_manifest() -> Response:
    """List the events; a withdrawn one is not among them."""
    return _json_file({
        one.uuid: rules.manifest_entry(one.by, one.town, one.modified_at, one.known)
        for one in queries.events()
    })  # fmt: skip


@blueprint.get("/misp/hashes.csv")
@guard(PUBLIC)
def misp_hashes() -> Response:
    """List the MD5 of each value with its event, by which MISP finds what it has already."""
    lines = [line for one in queries.events() for line in rules.hashes(one.uuid, one.known)]
    return Response("".join(f"{line}\n" for line in lines), content_type="text/csv; charset=utf-8")


@blueprint.get("/misp/<uuid:event_id>.json")
@guard(PUBLIC)
def misp_event(event_id: Any) -> Response:
    """Give one event."""
    found = queries.events(str(event_id))
    if not found:
        raise NotFound(N_("There is no such event in this feed."))
    [one] = found
    return _json_file(rules.event(one.uuid, one.by, one.town, one.modified_at, one.known))
