# SPDX-License-Identifier: AGPL-3.0-or-later
"""Does over HTTP what a person with a browser does: follows links, fills forms, keeps cookies."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT = 30


class Unexpected(Exception):
    """A page was not what a person would have expected; says which and why."""


class _Forms(HTMLParser):
    """Collects the forms of a page with the values that are already in them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), given.get("method", "get"), {}))
        elif not self.forms:
            return
        elif tag == "input" and given.get("name"):
            choice = given.get("type") in {"radio", "checkbox"}
            if not choice or "checked" in given:
                self.forms[-1][2][given["name"]] = given.get("value", "")
        elif tag == "textarea" and given.get("name"):
            self._area = given["name"]
            self.forms[-1][2][self._area] = ""

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1][2][self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            words = self.forms[-1][2][self._area]
            self.forms[-1][2][self._area] = words.removeprefix("\n")
            self._area = None


class Person:
    """One person with a browser: cookies are kept, redirects followed, forms filled in."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept-Language"] = "fr"
        self.page = ""
        self.url = ""
        self.status = 0

    def open(self, url: str) -> str:
        """Open an address and return the page."""
        return self._arrived(self.session.get(url, timeout=TIMEOUT))

    def send(self, action: str, **fields: str) -> str:
        """Fill in the form of this page whose action contains `action`, and send it."""
        parser = _Forms()
        parser.feed(self.page)
        for target, method, kept in parser.forms:
            if action in target or (action == "" and method.lower() == "post"):
                address = urljoin(self.url, target or self.url)
                values = {**kept, **fields}
                if method.lower() == "post":
                    return self._arrived(self.session.post(address, data=values, timeout=TIMEOUT))
                return self._arrived(self.session.get(address, params=values, timeout=TIMEOUT))
        raise Unexpected(f"{self.url} has no form for {action!r}")

    def _arrived(self, response: requests.Response) -> str:
        self.page, self.url, self.status = response.text, response.url, response.status_code
        if response.status_code >= 500:
            raise Unexpected(f"{response.url} answered {response.status_code}")
        return self.page

    def expect(self, *words: str, status: int = 200) -> None:
        """Raise Unexpected unless the page has this status and these words."""
        if self.status != status:
            raise Unexpected(f"{self.url} answered {self.status}, not {status}")
        for one in words:
            if one not in self.page:
                raise Unexpected(f"{self.url} does not say {one!r}")

    def sign_in(self, site: str, login: str, password: str = "beffroi") -> None:  # noqa: S107  the demonstration's
        """Sign in at a site through the demonstration's provider."""
        self.open(f"{site}/auth/demo/login?next=/account")
        self.send("", login=login, password=password)
        if urlsplit(self.url).netloc != urlsplit(site).netloc:
            raise Unexpected(f"signing in ended at {self.url}")
        self.expect(status=200)
