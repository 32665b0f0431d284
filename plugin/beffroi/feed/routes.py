# SPDX-License-Identifier: AGPL-3.0-or-later
"""The feed over HTTP: identity, checkpoint, tiles, bundles, contents, tail, proofs.

Tiles and bundles never change and may be kept for ever; the checkpoint and whatever holds content
are always asked for anew. Nothing beyond the served checkpoint is ever given.
"""

import hashlib

from flask import Blueprint, Response, current_app, request
from werkzeug.wrappers import Response as AnyResponse

from beffroi.config import Settings
from beffroi.feed import queries
from beffroi.feed.queries import SqlLogStore
from beffroi.feed.queries.witnesses import proof_for, served_note
from beffroi.kernel.errors import NotFound, Unavailable
from beffroi_federation import log
from beffroi_federation.entries import encode_content_line
from beffroi_federation.errors import ProtocolError
from beffroi_federation.identity import Identity, encode_identity
from beffroi_federation.tail import encode_tail
from beffroi_federation.tiles import parse_content_path, parse_tile_path
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.words import N_

blueprint = Blueprint("feed", __name__)

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
BUNDLE = 256
MOST_TAIL_ENTRIES = 4096


def _settings() -> Settings:
    settings: Settings = current_app.extensions["beffroi"].settings
    return settings


def _answer(body: bytes, kind: str, caching: str) -> AnyResponse:
    response = Response(body, content_type=kind)
    response.headers["Cache-Control"] = caching
    response.headers["X-Robots-Tag"] = "noarchive"
    response.set_etag(hashlib.sha256(body).hexdigest())
    return response.make_conditional(request)


def _nothing() -> NotFound:
    return NotFound(N_("The log has nothing there under its present checkpoint."))


@blueprint.before_request
def wait_after_a_restore() -> None:
    """Serve nothing of a log that is an old copy of itself: it may hold what was withdrawn since.

    The identity file is served: who the town is has not changed.
    """
    if request.endpoint != "feed.identity" and queries.behind_since() is not None:
        raise Unavailable(
            N_("The log was restored from a backup and is being brought up to date."),
            retry_after=900,
        )


@blueprint.get("/.well-known/beffroi.json")
@guard(PUBLIC)
def identity() -> AnyResponse:
    """Say who this town says it is, where its log is, and which key signs it."""
    settings = _settings()
    extension = current_app.extensions["beffroi"]
    vkeys = extension.vkeys()
    body = encode_identity(
        Identity(
            origin=vkeys[0].partition("+")[0],
            prefix=f"{settings.public_url}/log",
            vkeys=vkeys,
            name=settings.name,
            siren=settings.siren,
            kind=settings.kind,
            communes=settings.communes,
            software="beffroi",
            version=extension.version,
            contact=settings.contact,
            languages=settings.languages,
            population_band=settings.population_band,
        )
    )
    return _answer(body, "application/json", ASK_AGAIN)


@blueprint.get("/log/checkpoint")
@guard(PUBLIC)
def checkpoint() -> AnyResponse:
    """Give the signed head of the log, with the cosignatures of those who saw this very tree."""
    store = SqlLogStore()
    note = served_note(store, store.head())
    if not note:
        raise _nothing()
    return _answer(note.encode(), "text/plain; charset=utf-8", ASK_AGAIN)


@blueprint.get("/log/tile/entries/<path:place>")
@guard(PUBLIC)
def bundle(place: str) -> AnyResponse:
    """Give an entry bundle, whole or partial."""
    try:
        index, width = parse_tile_path(place)
    except ProtocolError as error:
        raise _nothing() from error
    store = SqlLogStore()
    body = log.bundle_for(store, store, index, width)
    if body is None:
        raise _nothing()
    return _answer(body, "application/octet-stream", FOREVER)


@blueprint.get("/log/tile/<int:level>/<path:place>")
@guard(PUBLIC)
def tile(level: int, place: str) -> AnyResponse:
    """Give a hash tile, whole or partial."""
    try:
        index, width = parse_tile_path(place)
        body = log.tile_for(SqlLogStore(), level, index, width) if level < 8 else None
    except ProtocolError as error:
        raise _nothing() from error
    if body is None:
        raise _nothing()
    return _answer(body, "application/octet-stream", FOREVER)


@blueprint.get("/log/content/<path:place>")
@guard(PUBLIC)
def content(place: str) -> AnyResponse:
    """Give the contents that are still there of the entries of one bundle, one line each."""
    try:
        index = parse_content_path(place)
    except ProtocolError as error:
        raise _nothing() from error
    published = SqlLogStore().head().published
    if index * BUNDLE >= published:
        raise _nothing()
    rows = queries.contents(index * BUNDLE, BUNDLE, published)
    body = b"".join(encode_content_line(r.position, r.salt, r.content) for r in rows)
    return _answer(body, "application/x-ndjson", ASK_AGAIN)


@blueprint.get("/log/tail/<int:start>")
@guard(PUBLIC)
def tail(start: int) -> AnyResponse:
    """Give entries and contents from one on, in one body of at most 1 MiB."""
    store = SqlLogStore()
    published = store.head().published
    if not 0 <= start < published:
        raise _nothing()
    count = min(published - start, MOST_TAIL_ENTRIES)
    lines = {
        r.position: encode_content_line(r.position, r.salt, r.content)
        for r in queries.contents(start, count, published)
    }
    body = encode_tail(start, store.read_leaves(start, count), lines)
    return _answer(body, "application/octet-stream", ASK_AGAIN)


@blueprint.get("/log/proof/<int:index>")
@guard(PUBLIC)
def proof(index: int) -> AnyResponse:
    """Give a proof that an entry is under the served checkpoint (c2sp.org/tlog-proof@v1).

    With `?keep=1` it is a file to keep: its extra line holds the entry, and the text while it is
    published, so that `beffroi-verify` needs nothing else.
    """
    if request.args.get("keep"):
        kept = queries.kept_proof(index)
        if kept is None:
            raise _nothing()
        response = _answer(kept.encode(), "text/plain; charset=utf-8", ASK_AGAIN)
        name = f"beffroi-{_settings().siren}-{index}.tlog-proof"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    found = proof_for(SqlLogStore(), index)
    if found is None:
        raise _nothing()
    return _answer(found.text().encode(), "text/plain; charset=utf-8", ASK_AGAIN)
