# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mail server that is slow, says no for now, hangs up, or says yes and drops what it took."""

import re
import socketserver
import threading
import time
from typing import Any

MODES = ("good", "slow", "later", "closes", "drops")


class BadMailServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of the loopback; `mode` is how it behaves now."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, slow: float = 45.0) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.slow, self.mode = slow, "good"
        self.kept: list[str] = []
        self.asked = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """What a town's BEFFROI_MAIL_URL is."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def has(self, address: str) -> bool:
        """Say whether a message to an address was kept."""
        return any(f"To: {address}" in text for text in self.kept)

    def ids(self) -> list[str]:
        """Return the Message-IDs of what was kept, in order."""
        found = [re.search(r"^Message-ID:\s*(\S+)", text, re.M | re.I) for text in self.kept]
        return [one[1] for one in found if one]


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        server.asked += 1
        if server.mode == "closes":
            return
        self._say("220 mail.example")
        while line := self.rfile.readline().decode(errors="replace").upper():
            word = line[:4]
            if word == "DATA":
                self._say("354 go on")
                self._take(server)
            elif word == "MAIL" and server.mode == "later":
                self._say("451 4.3.0 not now")
            else:
                self._say("221 bye" if word == "QUIT" else "250 mail.example")
            if word == "QUIT":
                return

    def _take(self, server: Any) -> None:
        lines: list[str] = []
        while (line := self.rfile.readline().decode(errors="replace")) not in {".\r\n", ""}:
            lines.append(line)
        mode = server.mode
        if mode == "slow":
            time.sleep(server.slow)
        if mode != "drops":
            server.kept.append("".join(lines))
        self._say("250 kept")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
