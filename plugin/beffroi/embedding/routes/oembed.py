# SPDX-License-Identifier: AGPL-3.0-or-later
"""oEmbed 1.0 for requests, reports and campaigns: a title and a link; a frame where it is allowed.

A request is `rich` (a frame with a plain link below) in a town that names hosts; everything else,
and everything in a town that names none, is `link`. What is not listed is 404. The answer speaks
the language of the page that is asked for (`lang` in its address), else the town's first.
"""

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from flask import Response, request
from flask_babel import force_locale, gettext

from beffroi.campaigns import queries as campaigns
from beffroi.campaigns.rules import in_language
from beffroi.embedding import queries, rules
from beffroi.embedding.routes.shared import blueprint, embed_of
from beffroi.embedding.rules.snippets import framed
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.errors import Invalid, NotFound
from beffroi.kernel.extension import settings
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.languages import current_language, spoken_language
from beffroi_web.words import N_

FORMATS = ("json", "xml")


@blueprint.get("/oembed")
@guard(PUBLIC)
def oembed() -> Response:
    """Say how the page at `url` is shown elsewhere; `format`, `maxwidth`, `maxheight` narrow it."""
    form = request.args.get("format") or "json"
    if form not in FORMATS:
        return Response("json or xml\n", 501, mimetype="text/plain")  # oEmbed 1.0, 2.3.4
    address = request.args.get("url", "")
    if not address:
        raise Invalid(N_("Say in `url` which page is meant."))
    target = rules.target_of(address, settings().public_url)
    if target is None:
        raise NotFound(N_("This address is none of a request, a report or a campaign here."))
    spoken = settings().languages
    with force_locale(spoken_language(target.tag, spoken) or spoken[0]):
        said = _said(target)
    return _xml(said) if form == "xml" else Response(json.dumps(said), mimetype="application/json")


def _said(target: rules.Target) -> dict[str, Any]:
    """Return what is said of a page, or raise NotFound: its title, and a frame if it has one."""
    title = _title(target)
    said: dict[str, Any] = {
        "version": "1.0",
        "type": "link",
        "title": title,
        "provider_name": settings().name,
        "provider_url": settings().public_url,
        "cache_age": rules.CACHE_AGE,
    }
    if target.kind == "request" and settings().embed_hosts:
        embed = embed_of("request", target.name)
        asked = (request.args.get("maxwidth", ""), request.args.get("maxheight", ""))
        width, height = rules.size(*asked, embed.height)
        html = framed(embed, width=width, height=height)
        said |= {"type": "rich", "html": html, "width": width, "height": height}
    return said


def _title(target: rules.Target) -> str:
    if target.kind == "campaign":
        edition = campaigns.edition(target.name)
        if edition is not None:
            return in_language(edition.titles, current_language(), settings().languages[0])
    elif target.kind == "request":
        shown = queries.request(target.name)
        if shown is not None:
            said = gettext("Request %(ref)s (text under review)", ref=target.name)
            return shown.words.get("title") or str(said)
    else:
        shown = queries.incident(target.name)
        if shown is not None:
            return f"{gettext(CATEGORIES[shown.codes.category].label)} · {target.name}"
    raise NotFound(N_("There is no case with this reference."))


def _xml(said: Mapping[str, Any]) -> Response:
    root = ElementTree.Element("oembed")
    for name, value in said.items():
        ElementTree.SubElement(root, name).text = str(value)
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, mimetype="text/xml")
