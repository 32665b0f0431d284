# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything about me: the page, the file, its link."""

from datetime import datetime

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from beffroi.kernel import clock, jobs
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound
from beffroi.kernel.extension import extension, settings
from beffroi.rights import queries, rules, service
from beffroi.rights.routes.shared import blueprint, today, whose_account
from beffroi.rights.schemas import packed, readable
from beffroi.rights.service.archive import everything
from beffroi_web.guards import SIGNED_IN, guard
from beffroi_web.languages import current_language
from beffroi_web.words import N_

SMALL = 200
"""A file of at most so many cases and texts is made while the person waits."""


@blueprint.get("/account/data")
@guard(SIGNED_IN)
def data() -> str:
    """Say what the file with everything holds, and where one is that was asked for."""
    whose = whose_account()
    return render_template(
        "rights/data.html",
        small=queries.amount(whose) <= SMALL,
        archives=queries.archives_of(whose.account_id),
        accesses=queries.accesses_of(whose.account_id),
        days=settings().keep_personal_archives_days,
        email=whose.email,
        asked=request.args.get("asked"),
    )


@blueprint.post("/account/data")
@guard(SIGNED_IN)
def make_data() -> AnyResponse:
    """Give the file with everything at once if it is small, else have it made and its link sent."""
    whose, now = whose_account(), clock.now()
    if queries.amount(whose) <= SMALL:
        return _handed_over(whose.account_id, _packed(whose, now), now)
    with unit_of_work():
        archive_id, token = service.ask_archive(
            whose.account_id,
            current_language(),
            days=settings().keep_personal_archives_days,
            now=now,
            chance=system_chance,
        )
        jobs.enqueue(rules.MAKE_ARCHIVE, {"archive": archive_id, "token": token}, run_at=now)
    return redirect(url_for("rights.data", asked="yes"), code=303)


def _packed(whose: queries.Person, now: datetime) -> bytes:
    """Return the file with everything about a person, in the language of the page."""
    carried = extension()
    found = everything(
        whose,
        town=settings().name,
        siren=settings().siren,
        receipt=carried.receipt,
        now=now,
    )
    page = readable(found, current_language())
    return packed(found, page, carried.files.get if carried.files else None)


def _handed_over(account_id: int, zipped: bytes, now: datetime) -> Response:
    """Return a download, and note that it was taken."""
    with unit_of_work():
        service.log_access(account_id, len(zipped), now=now)
    response = Response(zipped, mimetype="application/zip")
    name = f"{settings().siren}-{today(now).isoformat()}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/account/archive/<token>")
@guard(SIGNED_IN)
def archive(token: str) -> str:
    """Show the button that fetches a file; its link is worth nothing to anybody else."""
    found = _archive(token)
    return render_template("rights/fetch.html", token=token, archive=found)


@blueprint.post("/account/archive/<token>")
@guard(SIGNED_IN)
def fetch(token: str) -> Response:
    """Give the file that the worker made, to its owner."""
    found, stored = _archive(token), extension().archives
    if found.stored_name is None or stored is None:
        raise NotFound(N_("This file is not there (any more)."))
    return _handed_over(found.account_id, stored.get(found.stored_name), clock.now())


def _archive(token: str) -> queries.Waiting:
    """Return the file that the link of our message names, or an id on the person's own page."""
    whose, now = whose_account(), clock.now()
    mine = (one for one in queries.archives_of(whose.account_id) if one.ends_at > now)
    found = next((one for one in mine if str(one.id) == token), None)
    found = found or queries.archive_of(whose.account_id, service.token_hash(token), now)
    if found is None:
        raise NotFound(N_("This file is not there (any more)."))
    return found
