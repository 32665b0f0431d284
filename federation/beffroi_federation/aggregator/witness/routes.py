# SPDX-License-Identifier: AGPL-3.0-or-later
"""The witness over HTTP (C2SP tlog-witness and tlog-tiles), and the nation's own log.

Answers to `add-checkpoint` are plain text, as their readers are programs. What was accepted of a
town is served back under the hash of its origin: tiles and entries to everybody, contents only to
the town itself, by a request that its key signed.
"""

import base64
import hashlib
from datetime import timedelta

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from beffroi_federation import log, tiles
from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now, runtime
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.national import rules as national_rules
from beffroi_federation.aggregator.towns import queries as registry
from beffroi_federation.aggregator.towns import service as towns
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.witness import queries, service
from beffroi_federation.aggregator.witness.adapters import keys
from beffroi_federation.aggregator.witness.queries import OwnLogStore, TownTiles
from beffroi_federation.aggregator.witness.rules import (
    MAX_SUBMISSION,
    NotConsistent,
    Standing,
    Submission,
    TwoHistories,
    answer_of_size,
    evidence_of,
    parse_submission,
    signed_checkpoint,
)
from beffroi_federation.entries import encode_content_line
from beffroi_federation.errors import ProtocolError, Stale, Unsigned
from beffroi_federation.merkle import TILE_WIDTH, tile_width
from beffroi_federation.notes import Verifier
from beffroi_federation.policy import Policy, PolicyLog, PolicyWitness
from beffroi_federation.signed_requests import (
    MOST_APPEAL,
    SIGNATURE_HEADER,
    TIME_HEADER,
    appeal_path,
    read_headers,
    verify_request,
)
from beffroi_web.csrf import csrf_exempt
from beffroi_web.errors import Conflict, Forbidden, NotFound, Unavailable
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.limits import limit
from beffroi_web.words import N_

blueprint = Blueprint("witness", __name__)

SIZE = "text/x.tlog.size"
TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
ROTATION = timedelta(days=35)
APPEALS = "20 per hour"
SUBMISSIONS = "120 per minute"
"""Submissions taken from one address: towns that share a host share this."""

_NO_KEY = N_("This aggregator has no witness key yet. Its operator runs beffroi-aggregator init.")
_FOR_THE_TOWN = N_("Contents are given to the town alone, by a request that its log's key signed.")
_APPEAL_UNSIGNED = N_("An appeal is sent by the town itself, in words that its log's key signed.")
_NOTHING = N_("Nothing was accepted of this log, or not that far.")


def _said(status: int, sentence: str) -> AnyResponse:
    return Response(sentence.rstrip(".") + ".\n", status, content_type=TEXT)


@blueprint.post("/witness/add-checkpoint")
@guard(PUBLIC)
@csrf_exempt
@limit(SUBMISSIONS)
def add_checkpoint() -> AnyResponse:
    """Take a checkpoint with its consistency proof, and answer with our cosignature."""
    request.max_content_length = MAX_SUBMISSION
    key = _key()
    try:
        submission = parse_submission(request.get_data())
    except RequestEntityTooLarge:
        return _said(413, "A submission is longer than any can be")
    except ProtocolError as error:
        return _said(400, error.sentence)
    town = registry.town_of_origin(submission.origin)
    if town is None or town.state != "approved":
        return _said(404, "The origin is not that of an approved log")
    try:
        checkpoint, signature = signed_checkpoint(submission, [Verifier.from_text(town.vkey)])
        moment = now()
        with unit_of_work():
            line, grew = service.submit(
                town.log_id, submission, checkpoint, signature, key.cosign, now=moment
            )
            if grew:
                runtime().submitted(town.log_id, moment)
    except Stale as stale:
        return Response(answer_of_size(stale.size), 409, content_type=SIZE)
    except TwoHistories as fork:
        _keep_evidence(town, submission, fork)
        if fork.stale is not None:
            return Response(answer_of_size(fork.stale), 409, content_type=SIZE)
        return _said(422, fork.sentence)
    except Unsigned as error:
        return _said(403, error.sentence)
    except NotConsistent as error:
        return _said(422, error.sentence)
    except ProtocolError as error:
        return _said(400, error.sentence)
    return Response(line.encode(), 200, content_type=TEXT)


def _key() -> keys.WitnessKey:
    key = keys.witness_key(runtime().settings.data_dir)
    if key is None:
        raise Unavailable(_NO_KEY)
    return key


def _keep_evidence(town: TownRow, submission: Submission, fork: TwoHistories) -> None:
    """Stop a town that signed two histories of one size, and keep both notes."""
    standing = queries.standing(town.log_id)
    with unit_of_work():
        towns.note_fork(
            town,
            now=now(),
            details={"sentence": fork.sentence, **fork.details},
            notes=evidence_of(standing, submission),
        )


def _standing(origin_hash: str) -> Standing:
    found = queries.standing_of(origin_hash)
    if found is None:
        raise NotFound(_NOTHING)
    return found


def _answer(body: bytes, kind: str, caching: str) -> AnyResponse:
    response = Response(body, content_type=kind)
    response.headers["Cache-Control"] = caching
    response.headers["X-Robots-Tag"] = "noarchive"
    response.set_etag(hashlib.sha256(body).hexdigest())
    return response.make_conditional(request)


def _place(place: str) -> tuple[int, int]:
    try:
        return tiles.parse_tile_path(place)
    except ProtocolError as error:
        raise NotFound(_NOTHING) from error


@blueprint.get("/witness/<origin_hash>/checkpoint")
@guard(PUBLIC)
def checkpoint(origin_hash: str) -> AnyResponse:
    """Give the last checkpoint that was accepted of a log, cosigned."""
    found = _standing(origin_hash)
    if found.cosignature is None:  # a pull accepted it just now
        cosign = _key().cosign
        with unit_of_work():
            service.cosign_waiting(cosign, now=now(), log_id=found.log_id)
        found = _standing(origin_hash)
    return _answer(f"{found.note}{found.cosignature or ''}".encode(), TEXT, ASK_AGAIN)


@blueprint.get("/witness/<origin_hash>/tile/entries/<path:place>")
@guard(PUBLIC)
def bundle(origin_hash: str, place: str) -> AnyResponse:
    """Give an entry bundle of a town's log, whole or partial, as far as it is stored here."""
    found = _standing(origin_hash)
    index, width = _place(place)
    if not 1 <= width <= tile_width(0, index, queries.held_entries(found.log_id, found.size)):
        raise NotFound(_NOTHING)
    start = index * TILE_WIDTH
    leaves = national.leaves(found.log_id, start, start + width)
    return _answer(tiles.encode_bundle(leaves), BINARY, FOREVER)


@blueprint.get("/witness/<origin_hash>/tile/<int:level>/<path:place>")
@guard(PUBLIC)
def tile(origin_hash: str, level: int, place: str) -> AnyResponse:
    """Give a hash tile of a town's log, whole or partial, as far as it is stored here."""
    found = _standing(origin_hash)
    index, width = _place(place)
    held = queries.held_entries(found.log_id, found.size)
    if level > 7 or not 1 <= width <= tile_width(level, index, held):
        raise NotFound(_NOTHING)
    if level and TownTiles(found.log_id).bundles() < held // TILE_WIDTH:
        with unit_of_work():
            done = service.extend_tiles(found.log_id, held)
        if not done:
            raise Unavailable(N_("These tiles are being worked out. Ask again soon."), seconds=5)
    return _answer(TownTiles(found.log_id).read_tile(level, index, width), BINARY, FOREVER)


@blueprint.get("/witness/<origin_hash>/content/<path:place>")
@guard(PUBLIC)
def content(origin_hash: str, place: str) -> AnyResponse:
    """Give a town its own contents back, by a request that its log's key has signed."""
    found = _standing(origin_hash)
    town = registry.towns_of_logs([found.log_id])[found.log_id]
    _require_signature(town, _FOR_THE_TOWN)
    try:
        index = tiles.parse_content_path(place)
    except ProtocolError as error:
        raise NotFound(_NOTHING) from error
    start = index * TILE_WIDTH
    if start >= found.size:
        raise NotFound(_NOTHING)
    rows = national.contents(found.log_id, start, start + TILE_WIDTH)
    body = b"".join(encode_content_line(at, salt, one) for at, salt, one in rows)
    response = Response(body, content_type="application/x-ndjson")
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.post("/witness/<origin_hash>/appeal/<digest>")
@guard(PUBLIC)
@csrf_exempt
@limit(APPEALS)
def appeal(origin_hash: str, digest: str) -> AnyResponse:
    """Take what a town says against its quarantine or suspension, signed with its log's key.

    It is written down as it is, in public, so that a text in which the strong detectors find a
    person is not taken. The key, the signature and what it signs are kept as evidence.
    """
    request.max_content_length = 4 * MOST_APPEAL
    found = _standing(origin_hash)
    town = registry.towns_of_logs([found.log_id])[found.log_id]
    key, seconds, signature = _require_signature(town, _APPEAL_UNSIGNED)
    body = request.get_data()
    if not appeal_path("", body).endswith(f"/{digest}"):
        return _said(422, "The path does not end with the SHA-256 of the words")
    try:
        words = body.decode()
    except UnicodeDecodeError:
        return _said(422, "An appeal is a text in UTF-8")
    if not 0 < len(words.strip()) <= MOST_APPEAL or "\0" in words:
        return _said(422, f"An appeal has 1 to {MOST_APPEAL} characters")
    if national_rules.gate({"answer": words}):
        return _said(422, "The words seem to name a person, an address or a number: leave it out")
    said = {
        "origin": town.origin, "vkey": key.vkey(), "path": request.path, "seconds": seconds,
        "signature": base64.b64encode(signature).decode(), "words": words,
    }  # fmt: skip
    try:
        with unit_of_work():
            towns.appeal(town.siren, words=words, now=now(), signed=said)
    except Conflict as refusal:
        return _said(409, refusal.sentence)
    return _said(201, "Written down in the town's public story; a person answers there")


def _require_signature(town: TownRow, otherwise: str) -> tuple[Verifier, int, bytes]:
    """Let only the town itself pass: its pinned key has signed this very path just now.

    Returns the key, the moment and the signature; Forbidden says `otherwise`.

    In the 30 days of a rotation the key before it may, too: it is the one that its signer uses.
    """
    before = registry.keys_before(town.id, town.origin, now() - ROTATION)
    try:
        seconds, signature = read_headers(
            request.headers.get(TIME_HEADER, ""), request.headers.get(SIGNATURE_HEADER, "")
        )
        key = verify_request(
            [Verifier.from_text(one) for one in (town.vkey, *before)],
            town.origin,
            request.path,
            seconds,
            signature,
            int(now().timestamp()),
        )
    except ProtocolError as error:
        raise Forbidden(otherwise) from error
    return key, seconds, signature


@blueprint.get("/log/checkpoint")
@guard(PUBLIC)
def own_checkpoint() -> AnyResponse:
    """Give the signed head of the nation's own log."""
    note = OwnLogStore().head().note
    if not note:
        raise NotFound(_NOTHING)
    return _answer(note.encode(), TEXT, ASK_AGAIN)


@blueprint.get("/log/tile/entries/<path:place>")
@guard(PUBLIC)
def own_bundle(place: str) -> AnyResponse:
    """Give an entry bundle of the nation's own log."""
    index, width = _place(place)
    store = OwnLogStore()
    body = log.bundle_for(store, store, index, width)
    if body is None:
        raise NotFound(_NOTHING)
    return _answer(body, BINARY, FOREVER)


@blueprint.get("/log/tile/<int:level>/<path:place>")
@guard(PUBLIC)
def own_tile(level: int, place: str) -> AnyResponse:
    """Give a hash tile of the nation's own log."""
    index, width = _place(place)
    body = log.tile_for(OwnLogStore(), level, index, width) if level < 8 else None
    if body is None:
        raise NotFound(_NOTHING)
    return _answer(body, BINARY, FOREVER)


@blueprint.get("/log/policy")
@guard(PUBLIC)
def own_policy() -> AnyResponse:
    """Give the nation's own keys as a trust policy (C2SP tlog-policy): its log, its witness."""
    settings = runtime().settings
    public = keys.read_public(settings.data_dir)
    if public is None:
        raise Unavailable(_NO_KEY)
    policy = Policy(
        logs=(PolicyLog(public.log, f"{settings.public_url}/log"),),
        witnesses=(PolicyWitness("nation", public.witness, f"{settings.public_url}/witness"),),
        quorum="nation",
    )
    return _answer(policy.text().encode(), TEXT, ASK_AGAIN)
