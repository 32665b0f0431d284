# SPDX-License-Identifier: AGPL-3.0-or-later
"""For researchers: `security.txt` (RFC 9116), and the policy that it points to."""

from datetime import UTC, date, datetime

from flask import Response, render_template

from beffroi.cyber.adapters import own_key
from beffroi.cyber.routes.shared import blueprint
from beffroi.kernel import clock
from beffroi.kernel.errors import NotFound
from beffroi.kernel.extension import settings
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.words import N_

MONTHS_AHEAD = 6
"""How far ahead `Expires` lies: RFC 9116, 2.5.5 recommends less than a year."""


def expires(today: date) -> datetime:
    """Return the first moment of the month six months on, so that the file changes once a month."""
    year, month = divmod(today.year * 12 + today.month - 1 + MONTHS_AHEAD, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


@blueprint.get("/.well-known/security.txt")
@guard(PUBLIC)
def security_txt() -> Response:
    """Say how a weakness is reported, as RFC 9116 has it: the form first, then mail."""
    town = settings()
    lines = [f"Contact: {town.public_url}/incidents/new/public-site?category=weakness"]
    if town.contact:
        lines.append(f"Contact: mailto:{town.contact}")
    lines += [
        f"Expires: {expires(clock.today()):%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(town.languages)}",
        f"Canonical: {town.public_url}/.well-known/security.txt",
        f"Policy: {town.public_url}/security",
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/security")
@guard(PUBLIC)
def policy() -> str:
    """Say how weaknesses are received, and what the town can and cannot promise."""
    town = settings()
    return render_template(
        "cyber/policy.html", contact=town.contact, own=own_key.own_key(town.data_dir)
    )


@blueprint.get("/security/key.asc")
@guard(PUBLIC)
def own_key_file() -> Response:
    """Give the public keys with which the town signs and signed what it sends to its CERT.

    They are not named in security.txt: its `Encryption` is for keys that people write to (RFC 9116,
    2.5.4), and these only sign.
    """
    keys = own_key.public_keys(settings().data_dir)
    if not keys:
        raise NotFound(N_("This town has no OpenPGP key."))
    answer = Response(keys, content_type="application/pgp-keys")
    answer.headers["Content-Disposition"] = 'attachment; filename="key.asc"'
    return answer
