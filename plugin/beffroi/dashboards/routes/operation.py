# SPDX-License-Identifier: AGPL-3.0-or-later
"""What machines ask: whether it answers, whether it is ready, what the API is."""

from flask import (
    Response,
    current_app,
    jsonify,
)
from marshmallow import Schema
from sqlalchemy.exc import SQLAlchemyError

from beffroi.accounts.rules import SCOPES
from beffroi.dashboards.routes.shared import blueprint
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.kernel.extension import extension, settings
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.migrating import current_and_head
from beffroi_web.openapi import document, operation


class AnyDocument(Schema):
    """A JSON document whose members its own standard names."""


@blueprint.get("/healthz")
@guard(PUBLIC)
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify({"ok": True})


@blueprint.get("/readyz")
@guard(PUBLIC)
def readyz() -> tuple[Response, int]:
    """Say whether pages can be answered: the database does, at the schema of this version.

    Not asked is whether worker and signer live: without them pages are as true as before, and
    taking them away would help nobody. `/metrics` tells of those.
    """
    try:
        current, head = current_and_head(MIGRATIONS, settings().database_url)
        ready = current == head and db.session.execute(db.text("SELECT 1")).scalar() == 1
    except SQLAlchemyError:
        return jsonify({"ok": False, "schema": None}), 503
    return jsonify({"ok": ready, "schema": current}), 200 if ready else 503


@blueprint.get("/api/openapi.json")
@guard(PUBLIC)
@operation("This document", answers=AnyDocument, tag="about")
def openapi() -> Response:
    """Give the API's description, made from its own schemas."""
    return jsonify(
        document(
            current_app,
            title=settings().name,
            version=extension().version,
            server=settings().public_url,
            scopes=SCOPES,
        )
    )
