# SPDX-License-Identifier: AGPL-3.0-or-later
"""Debian's real Doorkeeper with Decidim's settings, on loopback (`tests/doorkeeper/site.rb`)."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from support.decidim_site import CALLBACKS, CLIENT_ID, CLIENT_SECRET, DecidimSite

SITE = Path(__file__).resolve().parents[1] / "doorkeeper" / "site.rb"
PACKAGES = "ruby-doorkeeper ruby-rails puma ruby-sqlite3"


def why_not() -> str:
    """Return why it cannot run here, or nothing if it can."""
    if shutil.which("ruby") is None:
        return f"no Ruby (Debian packages: {PACKAGES})"
    known = subprocess.run(
        ["ruby", "-e", 'require "logger"; require "rails"; require "doorkeeper"; require "puma"'],
        capture_output=True,
    )
    return "" if known.returncode == 0 else f"no Doorkeeper (Debian packages: {PACKAGES})"


@contextmanager
def doorkeeper_site(callbacks: Sequence[str] = CALLBACKS) -> Iterator[DecidimSite]:
    """Run it on a free port with some registered ways back; stop it at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(
            ["ruby", str(SITE), str(port), CLIENT_ID, CLIENT_SECRET, *callbacks],
            stdout=said, stderr=subprocess.STDOUT, cwd=tempfile.gettempdir(),
        )  # fmt: skip
        try:
            _wait(port, server)
            yield DecidimSite(f"http://127.0.0.1:{port}")
        except TimeoutError:
            said.seek(0)
            raise AssertionError(said.read().decode()[-3000:]) from None
        finally:
            server.terminate()
            server.wait(20)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/oauth/me")
            connection.getresponse()
            return
        except (OSError, HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise TimeoutError
