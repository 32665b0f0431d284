# SPDX-License-Identifier: AGPL-3.0-or-later
"""A copy of a town in which one word of one published record was changed, and what comes of it.

The copy is complete and served like the original, checkpoint and signature included; only one
content differs. An aggregator of its own, which counts nowhere, is pointed at it and must refuse.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from demo.browser import Unexpected
from demo.places import HOST, Layout, Town
from demo.processes import nation
from demo.settings import aggregator_environment


def _altered(body: bytes) -> Iterator[bytes]:
    """Yield the content lines, a word changed in the first that has a title."""
    changed = False
    for line in body.splitlines():
        if line and not changed:
            outer = json.loads(line)
            inner = json.loads(outer["d"])
            if "title" in inner:
                inner["title"] = "Rien n’a été demandé"
                outer["d"] = json.dumps(inner, ensure_ascii=False, sort_keys=True)
                line = json.dumps(
                    outer, ensure_ascii=False, sort_keys=True, separators=(",", ":")
                ).encode()
                changed = True
        yield line + b"\n"


def _handler(original: str, copy: str) -> type[BaseHTTPRequestHandler]:
    class Copy(BaseHTTPRequestHandler):
        """Answers as the original does, but for one word."""

        def do_GET(self) -> None:
            """Fetch from the original; change contents, and the address in the identity file."""
            if self.path.startswith("/log/tail/"):
                self.send_error(404)
                return
            answer = requests.get(original + self.path, timeout=20)
            body = answer.content
            if self.path.startswith("/log/content/") and answer.status_code == 200:
                body = b"".join(_altered(body))
            if self.path == "/.well-known/beffroi.json":
                body = body.replace(original.encode(), copy.encode())
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Copy


def detect_tampering(layout: Layout, town: Town) -> dict[str, Any]:
    """Serve the copy, let an aggregator pull it, return what it said; raise if it believed it."""
    copy = f"http://{HOST}:{layout.copy_port}"
    settings = aggregator_environment(layout, "aggregator-of-the-copy")
    server = ThreadingHTTPServer((HOST, layout.copy_port), _handler(town.url, copy))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        nation(["init"], settings)
        nation(["towns", "add", copy], settings)
        nation(
            ["towns", "approve", town.siren, "--by", "demonstration"],
            settings,
        )
        nation(["pull", "--once"], settings, may_fail=True)
        listed = nation(["towns", "list", "--json"], settings)
    finally:
        server.shutdown()
        server.server_close()
    found = [t for t in map(json.loads, listed.splitlines()) if t["siren"] == town.siren]
    if not found or found[0]["state"] != "quarantined":
        raise Unexpected(f"the altered copy was not refused: {found}")
    return {"url": copy, "reason": found[0].get("reason", "")}
