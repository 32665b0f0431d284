# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that shows another history to whoever does not look like an aggregator; and a server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flask import Flask
from werkzeug.serving import make_server

from support.simulated_town import SimulatedTown


@dataclass
class TwoFaces:
    """Two histories of one origin and key; `aggregators` see the first, others the second."""

    told: SimulatedTown
    shown: SimulatedTown
    aggregators: str = "Beffroi-agregateur"

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve both on one free port of the loopback; gives the prefix of the log."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        prefix = f"http://127.0.0.1:{server.server_address[1]}/log"
        self.told.prefix = self.shown.prefix = prefix
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield prefix
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(faces: TwoFaces) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers as the face that the asker is to see."""

        def do_GET(self) -> None:
            """Answer one request."""
            agent = self.headers.get("User-Agent", "")
            face = faces.told if agent.startswith(faces.aggregators) else faces.shown
            answer = face.answer(self.path[1:], self.headers.get("If-None-Match"))
            assert isinstance(answer.body, bytes)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of the loopback; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
