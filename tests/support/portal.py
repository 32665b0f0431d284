# SPDX-License-Identifier: AGPL-3.0-or-later
"""A portal of open data on loopback: a web server that says whatever a test puts at a path."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, request

from support.browser import served

HERE = "https://donnees.ville.example"


class Portal:
    """A web server of ours that says whatever a test puts at a path, and keeps what was asked."""

    def __init__(self) -> None:
        self.app = Flask("portal")
        self.pages: dict[str, Any] = {}
        self.asked: list[tuple[str, str]] = []
        self.url = ""
        self.app.add_url_rule("/<path:path>", "any", self.answer)

    def answer(self, path: str) -> Response:
        """Answer with what stands at the path and its query."""
        asked = request.full_path.rstrip("?")
        self.asked.append((asked, request.headers.get("If-None-Match", "")))
        said = self.pages.get(asked)
        if said is None:
            return Response("nothing", 404)
        if isinstance(said, Response):
            return said
        body = said if isinstance(said, str | bytes) else json.dumps(said)
        response = Response(body)
        response.add_etag()
        made = response.make_conditional(request)
        assert isinstance(made, Response)
        return made


@contextmanager
def portal() -> Iterator[Portal]:
    made = Portal()
    with served(made.app) as url:
        made.url = url
        yield made


def table(*rows: tuple[str, str, str]) -> str:
    return "\n".join(["id;titre;url", *(";".join(row) for row in rows)])


MENUS = ("m", "Menus des cantines", f"{HERE}/menus")
TREES = ("t", "Arbres d’alignement", f"{HERE}/arbres")
