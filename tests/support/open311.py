# SPDX-License-Identifier: AGPL-3.0-or-later
"""Speaking GeoReport v2 to a town: keys, forms, and an answer in both of its writings."""

import json
from collections.abc import Callable, Iterable, Mapping
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


def reported_by(town: Town, key: str, **more: Any) -> str:
    """Send a report that is taken; return its number."""
    answer = send(town, "requests", {**REPORT, "api_key": key, **more})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.get_json()[0]["service_request_id"])


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


def sends_all(town: Town, key: str, word: Callable[[str], str]) -> str:
    """Send a report and an update with everything that an application can know; return its number.

    `word` gives a word that marks what it is asked for.
    """
    personal = ("first_name", "last_name", "phone", "device_id", "account_id")
    person = {name: word(name) for name in personal}
    report = {
        **person,
        "api_key": key,
        "service_code": "road",
        "email": f"{word('email')}@citizens.example",
        "description": f"Mots d’origine {word('description')}",
        "address_string": word("address_string"),
        "address_id": word("address_id"),
        "media_url": f"https://img.example/{word('media_url')}.jpg",
        "attribute[more]": word("attribute"),
        "lat": "48.8566123",
        "long": "2.3522456",
    }
    [sent] = send(town, "requests", report).get_json()
    update = {
        **person,
        "api_key": key,
        "service_request_id": sent["service_request_id"],
        "update_id": word("update_id"),
        "updated_datetime": "2027-01-12T12:00:00Z",
        "status": "FIXED",
        "description": f"Mots d’origine {word('update')}",
    }
    assert send(town, "servicerequestupdates", update).status_code == 200
    return str(sent["service_request_id"])


def lists(refs: Iterable[str]) -> list[str]:
    """Return the lists with everything that can be asked for in them, to begin a crawl with."""
    named = f"extensions=true&service_request_id={','.join(refs)}"
    span = "extensions=true&start_date=2027-01-01T00:00:00Z&end_date=2027-02-01T00:00:00Z"
    return [
        f"{V2}/{what}.{ending}?{query}"
        for what in ("requests", "servicerequestupdates")
        for ending in ("xml", "json")
        for query in ("extensions=true", named, span)
    ]
