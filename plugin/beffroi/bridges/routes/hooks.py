# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages of a source, signed as decidim-rest-full signs its own: a hint to read an item again.

What a message says of an item is never used: the item is read by the API, by a job of its own.
"""

from flask import Response, request

from beffroi.bridges import queries, service
from beffroi.bridges.routes.shared import blueprint
from beffroi.bridges.rules import hooks
from beffroi.bridges.service import secrets
from beffroi.kernel import clock
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from beffroi.kernel.extension import settings
from beffroi_web.csrf import csrf_exempt
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.limits import limit
from beffroi_web.words import N_

PER_MINUTE = "120 per minute"


@blueprint.post("/hooks/decidim/<int:source_id>")
@csrf_exempt
@guard(PUBLIC)
@limit(PER_MINUTE)
def decidim(source_id: int) -> Response:
    """Take a signed message once; 202 at once, the item is read later."""
    body = _body()
    now = clock.now()
    source = queries.source(source_id)
    sealed = source.hook_secret if source is not None else None
    secret = str(secrets.opened(settings().secret_key, sealed, now).get("hook", ""))
    if not secret:
        raise NotFound(N_("There is no such source."))
    timestamp = request.headers.get("X-Webhook-Timestamp", "")
    signature = request.headers.get("X-Webhook-Signature", "")
    try:
        hooks.verify(secret, timestamp, signature, body, now)
    except hooks.BadHook:
        raise Forbidden(
            N_("The signature is not of this message, or it was not signed just now.")
        ) from None
    try:
        hint = hooks.read(timestamp, body)
    except hooks.BadHook:
        raise Invalid(N_("This is no message of this scheme.")) from None
    item = hint.item_id if hooks.concerns_proposals(hint) else ""
    with unit_of_work():
        taken = service.take_hint(source_id, item, hint.mark, now=now)
    if not taken:
        raise Conflict(N_("This message was taken before."))
    return Response("", 202, mimetype="text/plain")


def _body() -> bytes:
    """Return the exact bytes of a message; TooLarge beyond 256 KiB, whatever it says of itself."""
    if (request.content_length or 0) > hooks.MOST_BYTES:
        raise TooLarge(N_("This message is too large."))
    body = request.stream.read(hooks.MOST_BYTES + 1)
    if len(body) > hooks.MOST_BYTES:
        raise TooLarge(N_("This message is too large."))
    return body
