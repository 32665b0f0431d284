# SPDX-License-Identifier: AGPL-3.0-or-later
"""OpenID providers that somebody signs in at as a program does: a certified one and stand-ins.

A `Visit` is a browser without JavaScript that knows nothing of the provider: it follows where it is
sent, fills in whatever form it is shown, and stops at the address that leads back to the site.
"""

import json
import os
import re
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin

import requests

from demo.provider import make_provider_server
from demo.provider_state import PASSWORD, DemoClient
from support import hostile_provider as lying
from support.sign_in_site import serving

FOLDER = Path(__file__).resolve().parent.parent / "oidc"
CLIENT_ID = lying.CLIENT_ID
CLIENT_SECRET = lying.CLIENT_SECRET
STARTS, START_SECONDS = 3, 20.0
"""How often the certified provider is started, and how long it may take to its first line."""
STEPS = 12
"""A sign-in has fewer steps than this."""


@dataclass(slots=True)
class OpenIDProvider:
    """One that runs: its issuer, what it calls the person who signs in, whether it asks them."""

    issuer: str
    name: str
    pages: bool = True


@contextmanager
def oidc_provider(**asked: Any) -> Iterator[str]:
    """Run npm's oidc-provider as a process of its own; gives its issuer."""
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        raise RuntimeError("run `./beffroi test`, or `npm ci` in tests/oidc, first")
    with _started(asked) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["issuer"]
        finally:
            process.kill()


def _started(asked: dict[str, Any]) -> subprocess.Popen[str]:
    """Start it; node has been seen to hang before its first line, then it is started again."""
    for _ in range(STARTS):
        process = subprocess.Popen(
            ["node", "provider.js"],
            cwd=FOLDER,
            env={**os.environ, "OIDC_TEST": json.dumps(asked)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        if select.select([process.stdout], [], [], START_SECONDS)[0]:
            return process
        process.kill()
        process.communicate()
    raise RuntimeError(f"node said nothing in {STARTS} times {START_SECONDS} seconds")


@contextmanager
def certified(back: str, out: str, folder: Path) -> Iterator[OpenIDProvider]:
    """Run npm's oidc-provider."""
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uri": back}
    with oidc_provider(**client, post_logout_redirect_uri=out) as issuer:
        yield OpenIDProvider(issuer, "Prénom citizen")


@contextmanager
def demonstration(back: str, out: str, folder: Path) -> Iterator[OpenIDProvider]:
    """Run the provider of the demonstration, which stands on Authlib."""
    client = DemoClient(CLIENT_ID, CLIENT_SECRET, (back,), (out,))
    server, issuer = make_provider_server(0, [client], folder)
    with serving(server):
        yield OpenIDProvider(issuer, "Camille Verdoncourt")


@contextmanager
def honest(back: str, out: str, folder: Path) -> Iterator[OpenIDProvider]:
    """Run the provider that can be made to lie, as long as it is honest."""
    with lying.hostile_provider() as running:
        yield OpenIDProvider(running.issuer, "Camille Verdoncourt", pages=False)


class _Forms(HTMLParser):
    """The forms of a page with what they would send, and its links."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str | None, dict[str, str]]] = []
        self.buttons: list[dict[str, str]] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((known.get("action"), {}))
        elif tag == "input" and self.forms and known.get("name"):
            self.forms[-1][1][known["name"]] = known.get("value", "")
        elif tag == "button":
            self.buttons.append(known)
        elif tag == "a":
            self.links.append(known.get("href", ""))


@dataclass(slots=True)
class Visit:
    """A person's browser at a provider; `home` begins the addresses of the site."""

    home: str
    session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self, address: str) -> dict[str, str]:
        """Sign in, and agree to whatever is asked; return what the way back carries."""
        return self._walk(address, {"login": "citizen", "password": PASSWORD})

    def give_up(self, address: str) -> dict[str, str]:
        """Press what gives up; return what the way back carries."""
        return self._walk(address, None)

    def sign_out(self, address: str) -> dict[str, str]:
        """Confirm that one's session there ends; return what the way back carries."""
        return self._walk(address, {"logout": "yes"})

    def _walk(self, address: str, typed: dict[str, str] | None) -> dict[str, str]:
        answer = self.session.get(address, allow_redirects=False, timeout=10)
        for _ in range(STEPS):
            if answer.is_redirect:
                address = urljoin(answer.url, answer.headers["Location"])
                if address.startswith(self.home):
                    return dict(parse_qsl(address.partition("?")[2]))
                answer = self.session.get(address, allow_redirects=False, timeout=10)
            else:
                answer = self._press(answer, typed)
        raise AssertionError(f"no way back from {address}: {answer.text[:400]}")

    def _press(self, answer: requests.Response, typed: dict[str, str] | None) -> requests.Response:
        page = _Forms()
        page.feed(answer.text)
        if typed is None:
            leaving = [link for link in page.links if re.search("abort", link)]
            if leaving:
                address = urljoin(answer.url, leaving[0])
                return self.session.get(address, allow_redirects=False, timeout=10)
            typed = {b["name"]: b.get("value", "") for b in page.buttons if b.get("name")}
        assert page.forms, answer.text[:400]
        action, fields = page.forms[0]
        return self.session.post(
            urljoin(answer.url, action or ""),
            data=fields | typed,
            allow_redirects=False,
            timeout=10,
        )
