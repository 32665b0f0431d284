# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/desk/api-keys`: which applications may send reports, and which tools are sent some."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from beffroi.kernel import clock
from beffroi.kernel.chance import system_chance
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Invalid
from beffroi.kernel.extension import settings
from beffroi.open311 import queries, service
from beffroi.open311.routes.shared import desk
from beffroi_web.forms import Form
from beffroi_web.guards import guard, lately
from beffroi_web.headers import no_store


def _page(form: Form, status: int = 200, new: str = "", name: str = "") -> tuple[str, int]:
    no_store()
    counted = {row.tool: row for row in queries.passed_on_by_tool()}
    page = render_template(
        "open311/keys.html",
        keys=queries.keys(),
        form=form,
        new=new,
        new_name=name,
        tools=[(tool, counted.get(tool.name)) for tool in settings().open311_forward],
        endpoint=f"{settings().public_url}/open311/v2",
    )
    return page, status


@desk.get("/desk/api-keys")
@guard("administrator")
def keys() -> tuple[str, int]:
    """Show the keys, never what they are."""
    return _page(Form())


@desk.post("/desk/api-keys")
@guard("administrator")
@lately
def make() -> tuple[str, int]:
    """Make a key, and show it this once."""
    name = request.form.get("name", "")
    try:
        with unit_of_work():
            _, key = service.make_key(
                name, lang=settings().languages[0], now=clock.now(), chance=system_chance
            )
    except Invalid as refusal:
        return _page(Form({"name": name}).and_errors(refusal.errors), 422)
    return _page(Form(), 201, key, name)


@desk.post("/desk/api-keys/<int:key_id>/revoke")
@guard("administrator")
@lately
def revoke(key_id: int) -> Response:
    """Take a key out of use."""
    with unit_of_work():
        service.revoke_key(key_id, now=clock.now())
    return redirect(url_for("open311_desk.keys"), code=303)
