# SPDX-License-Identifier: AGPL-3.0-or-later
"""Speaking GeoReport v2 to a town: keys, forms, and an answer in both of its writings."""

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from werkzeug.test import TestResponse

from beffroi.open311 import service
from support.town import Town

V2 = "/open311/v2"
REPORT: Mapping[str, str] = {
    "service_code": "lighting",
    "address_string": "Place du marché",
    "description": "Le lampadaire ne s’allume plus.",
}


def key_for(town: Town, name: str = "FixMyStreet") -> str:
    """Make a key for an application."""
    with town.change():
        return service.make_key(name, lang="fr", now=town.now, chance=town.chance)[1]


def send(town: Town, path: str, form: Mapping[str, Any], ending: str = "json") -> TestResponse:
    """Post a form as a program does: no cookie, no token."""
    client = town.app.test_client(use_cookies=False)
    return client.post(f"{V2}/{path}.{ending}", base_url=town.settings.public_url, data=dict(form))


def ask(town: Town, path: str, query: str = "", ending: str = "json") -> TestResponse:
    """Get a resource as a program does."""
    client = town.app.test_client(use_cookies=False)
    return client.get(f"{V2}/{path}.{ending}{query}", base_url=town.settings.public_url)


def faults(answer: TestResponse) -> list[tuple[int, str]]:
    """Return an error list, whichever its writing."""
    if "json" in answer.headers["Content-Type"]:
        return [(one["code"], one["description"]) for one in json.loads(answer.get_data())]
    root = ElementTree.fromstring(answer.get_data())
    assert root.tag == "errors"
    return [(int(e.findtext("code") or 0), e.findtext("description") or "") for e in root]


def spark(node: ElementTree.Element, lists: frozenset[str]) -> Any:
    """Return what the Spark mapping makes of an element, all plain values as text.

    `lists` names the elements that are containers of several; an empty element is None.
    """
    if node.tag in lists:
        return [spark(child, lists) for child in node]
    if len(node):
        return {child.tag: spark(child, lists) for child in node}
    return node.text


def plain(said: Any) -> Any:
    """Return JSON with all plain values as XML writes them."""
    if isinstance(said, dict):
        return {name: plain(value) for name, value in said.items()}
    if isinstance(said, list):
        return [plain(value) for value in said]
    if isinstance(said, bool):
        return str(said).lower()
    return None if said is None or said == "" else str(said)
