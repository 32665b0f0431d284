# SPDX-License-Identifier: AGPL-3.0-or-later
"""A FixMyStreet as a town's neighbour, over real HTTP: it sends reports and updates with its key,
asks for updates, and takes reports as an endpoint itself.

What it sends and reads is as FixMyStreet does it (its Open311 client): forms, XML, statuses in
capitals or small letters, any 2xx is success.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import requests
from flask import Flask, Response, request

from support.browser import served

SENT_BY_IT = {
    "first_name": "Zoé",
    "last_name": "Exemple",
    "email": "zoe@citizens.example",
    "attribute[title]": "Un lampadaire",
    "attribute[fixmystreet_id]": "7",
    "jurisdiction_id": "",
}


@dataclass
class Problem:
    """A report as FixMyStreet has it."""

    description: str
    state: str = "open"
    notes: str = ""
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FixMyStreet:
    """The other tool: `problems` by its numbers, `comments` it heard; `url` where it answers."""

    app: Flask
    url: str = ""
    key: str = "its own key"
    problems: dict[str, Problem] = field(default_factory=dict)
    comments: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    tokens: bool = False
    down: bool = False

    # ---- as a client of the town --------------------------------------------------------------

    def sends(self, town: str, key: str, words: str) -> str:
        """Send a report to a town; return the number it was given."""
        form = {
            **SENT_BY_IT, "api_key": key, "service_code": "lighting", "description": words,
            "lat": "48.85661", "long": "2.35222",
        }  # fmt: skip
        root = self._post(f"{town}/open311/v2/requests.xml", form)
        return root.findtext("request/service_request_id") or ""

    def says(self, town: str, key: str, number: str, update: str, status: str, words: str) -> str:
        """Send an update; return the name that the town gave it."""
        form = {
            **SENT_BY_IT, "api_key": key, "service_request_id": number, "update_id": update,
            "updated_datetime": "2027-01-12T12:00:00+01:00", "status": status, "description": words,
        }  # fmt: skip
        root = self._post(f"{town}/open311/v2/servicerequestupdates.xml", form)
        return root.findtext("request_update/update_id") or ""

    def _post(self, address: str, form: Mapping[str, str]) -> ElementTree.Element:
        answer = requests.post(address, data=form, timeout=10)
        answer.raise_for_status()
        return ElementTree.fromstring(answer.content)

    def listens(self, town: str, since: str) -> None:
        """Ask a town what is new, and keep each update once."""
        answer = requests.get(
            f"{town}/open311/v2/servicerequestupdates.xml",
            params={"start_date": since, "end_date": "2027-12-31T00:00:00Z"},
            timeout=10,
        )
        answer.raise_for_status()
        for node in ElementTree.fromstring(answer.content).iter("request_update"):
            told = {child.tag: child.text or "" for child in node}
            self.comments[told["update_id"]] = (
                told["service_request_id"],
                told["status"],
                told["description"],
            )

    # ---- as an endpoint that the town sends to --------------------------------------------------

    def takes(self) -> Response:
        """Take a report that the town passes on."""
        if self.down:
            return Response("later", 503)
        form = request.form.to_dict()
        if form.get("api_key") != self.key:
            said = "<errors><error><code>403</code><description>no</description></error></errors>"
            return Response(said, 403, content_type="text/xml")
        number = str(100 + len(self.problems))
        self.problems[number] = Problem(form["description"], form=form)
        name = "token" if self.tokens else "service_request_id"
        return self._xml(f"<request><{name}>{number}</{name}></request>")

    def by_token(self, token: str) -> Response:
        """Say the number of a token."""
        return self._xml(
            f"<request><service_request_id>{token}</service_request_id><token>{token}</token></request>"
        )

    def shows(self, number: str) -> Response:
        """Say how one of its reports stands."""
        if self.down or number not in self.problems:
            return Response("nothing", 404)
        one = self.problems[number]
        return self._xml(
            f"<request><service_request_id>{number}</service_request_id>"
            f"<status>{one.state}</status><status_notes>{escape(one.notes)}</status_notes></request>"
        )

    def _xml(self, inner: str) -> Response:
        head = '<?xml version="1.0" encoding="utf-8"?>'
        body = f"{head}<service_requests>{inner}</service_requests>"
        return Response(body, content_type="text/xml; charset=utf-8")


@contextmanager
def fixmystreet() -> Iterator[FixMyStreet]:
    """A FixMyStreet that answers on loopback while the block runs."""
    made = FixMyStreet(Flask("fixmystreet"))
    rule = made.app.add_url_rule
    rule("/v2/requests.xml", "takes", made.takes, methods=["POST"])
    rule("/v2/tokens/<token>.xml", "by_token", made.by_token)
    rule("/v2/requests/<number>.xml", "shows", made.shows)
    with served(made.app) as url:
        made.url = url
        yield made
