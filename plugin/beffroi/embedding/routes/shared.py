# SPDX-License-Identifier: AGPL-3.0-or-later
"""What frames and oEmbed share: they answer nobody in particular, in the language asked for."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext

from beffroi.embedding import rules
from beffroi.embedding.rules.snippets import Embed
from beffroi.kernel.extension import settings
from beffroi_web.languages import current_language, heed
from beffroi_web.visitors import answer_a_stranger

blueprint = Blueprint("embedding", __name__)
_ENDPOINTS = {"request": "request_frame"}


@blueprint.before_request
def as_for_a_stranger() -> None:
    """Forget who asks: on a site of the same domain the browser sends our cookie into the frame."""
    answer_a_stranger()
    heed(request.args.get("locale", ""))


def embed_of(show: str, ref: str = "") -> Embed:
    """Return a frame as it is pasted elsewhere, in the language that speaks now.

    `ref` names the request of a frame `request`. The language stands in both addresses.
    """
    site, lang = settings().public_url, current_language()
    asked: dict[str, Any] = {"locale": lang, **({"ref": ref} if ref else {})}
    path = url_for(f"embedding.{_ENDPOINTS.get(show, show)}", lang=None, **asked)
    page = {
        "board": lambda: url_for("data_requests.listing", lang=lang),
        "request": lambda: url_for("data_requests.show", ref=ref, lang=lang),
        "report": lambda: url_for("incidents.new", lang=lang),
        "counter": lambda: url_for("statistics.page", lang=lang),
    }[show]()
    title = gettext(rules.FRAMES[show]) if not ref else gettext("Request %(ref)s", ref=ref)
    return Embed(
        address=site + path,
        page=site + page,
        title=f"{title} · {settings().name}",
        height=rules.HEIGHTS[show],
        site=site,
        attributes={"show": show, **({"ref": ref} if ref else {})},
    )
