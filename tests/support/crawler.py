# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads everything that a stranger can read of a town or of the nation, and looks for words in it.

    pages = crawl(app, site, known={"ref": refs, "data_requests.confirm.token": ["0" * 48]})
    assert leaks(pages, markers) == []

Every GET route of the application is asked for with every combination of the values known for its
arguments (by name, or by `endpoint.name` where a name means several things); a route with an
argument for which no value is known is a failure, so that a new page cannot escape. Then every
link, form target, cursor and feed address that a body holds is followed, in each language, until
nothing new is found. Nobody is signed in, no cookie is kept.
"""

import html
import itertools
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import (
    parse_qsl,
    quote,
    unquote,
    urldefrag,
    urlencode,
    urljoin,
    urlsplit,
    urlunsplit,
)

from flask import Flask
from werkzeug.routing import Rule

Known = Mapping[str, Iterable[object]]
LANGUAGES = ("fr", "en")
MOST_ADDRESSES = 4000
MOST_WINDOWS = 30
_LINKS = re.compile(rb"""\b(?:href|src|action)\s*=\s*["']([^"']*)["']""")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a stranger: the path asked for, the language, what came back."""

    path: str
    lang: str
    status: int
    headers: str
    body: bytes

    @property
    def all(self) -> str:
        """Headers and body as one text, with entities and JSON escapes undone beside the raw."""
        text = self.body.decode("utf-8", "replace")
        return "\n".join((self.headers, text, html.unescape(text), _unescaped(text)))


def _unescaped(text: str) -> str:
    """Return a text whose JSON escapes (`\\u00e9`) are read, as far as they can be."""
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)


def addresses(app: Flask, known: Known) -> Iterator[str]:
    """Give a path for every GET route and every combination of known values."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            yield from _filled(app, rule, known)


def _filled(app: Flask, rule: Rule, known: Known) -> Iterator[str]:
    names = sorted(rule.arguments - set(rule.defaults or ()))
    values: list[list[object]] = []
    for name in names:
        found = known.get(f"{rule.endpoint}.{name}", known.get(name))
        if found is None:
            raise AssertionError(f"{rule.rule}: no value is known for <{name}>; name some")
        values.append(list(found))
    with app.test_request_context():
        for chosen in itertools.product(*values):
            built = rule.build(dict(zip(names, chosen, strict=True)))
            if built is None:
                raise AssertionError(f"{rule.rule}: {chosen} does not fit")
            yield built[1]


def crawl(app: Flask, site: str, known: Known, *, start: Sequence[str] = ()) -> list[Page]:
    """Return everything that a stranger finds, from every route and every link.

    `site` is the public address; `start` are more paths to begin with (searches, filters).
    """
    windows: set[str] = set()

    def too_far(path: str) -> bool:
        """Say whether a path is one window of a map too many: they are as many as one likes."""
        if "window=" in path and len(windows) < MOST_WINDOWS:
            windows.add(path)
        return "window=" in path and path not in windows

    client = app.test_client(use_cookies=False)
    waiting = deque(dict.fromkeys([*addresses(app, known), *start]))
    seen = set(waiting)
    pages: list[Page] = []
    while waiting:
        path = waiting.popleft()
        for lang in LANGUAGES:
            answer = client.get(path, base_url=site, headers={"Accept-Language": lang})
            page = Page(path, lang, answer.status_code, str(answer.headers), answer.get_data())
            answer.close()
            assert page.status < 500, (path, page.status)
            pages.append(page)
            fresh = [p for p in _links(page, site) if p not in seen and not too_far(p)]
            seen.update(fresh)
            waiting.extend(fresh)
        assert len(seen) <= MOST_ADDRESSES, f"more than {MOST_ADDRESSES} addresses: a circle?"
    return pages


def _links(page: Page, site: str) -> Iterator[str]:
    """Give the paths of the same site that a page leads to."""
    here = site + page.path
    found = [html.unescape(raw.decode("utf-8", "replace")) for raw in _LINKS.findall(page.body)]
    location = re.search(r"^Location: (\S+)", page.headers, re.MULTILINE)
    if location:
        found.append(location[1])
    if "json" in page.headers and b'"next_cursor"' in page.body:
        cursor = json.loads(page.body).get("next_cursor")
        if cursor:
            found.append(f"{page.path.split('?')[0]}?cursor={quote(cursor)}")
    for target in found:
        address = urldefrag(urljoin(here, target)).url
        if address.startswith(site + "/") and "/auth/" not in address:
            yield _plain(address.removeprefix(site))


def _plain(path: str) -> str:
    """Return a path without `lang` and `next`: every page is asked for in each language anyway,
    and where somebody came from changes no more than the links to sign in.
    """
    parts = urlsplit(path)
    kept = [(k, v) for k, v in parse_qsl(parts.query, True) if k not in {"lang", "next"}]
    return urlunsplit(("", "", parts.path, urlencode(kept), ""))


def leaks(pages: Iterable[Page], markers: Mapping[str, str]) -> list[str]:
    """Return a line for each marker that some page holds, whatever its case or its escapes.

    `markers` maps what was planted (`title of a pending request`) to its words.
    """
    folded = [(name, words.casefold()) for name, words in markers.items()]
    found: set[str] = set()
    for page in pages:
        text = page.all.casefold()
        if "%" in text:
            text += unquote(text)
        held = [name for name, words in folded if words in text]
        found.update(f"{name}: {page.path} ({page.lang})" for name in held)
    return sorted(found)


def paths(pages: Iterable[Page], *, status: int = 200) -> set[str]:
    """Return the paths (without queries) that were answered with a status."""
    return {urlsplit(page.path).path for page in pages if page.status == status}


def log_places(size: int) -> dict[str, list[Any]]:
    """Return the known values of a town's log routes for a log of `size` entries."""
    full, rest = divmod(size, 256)
    bundles = [f"{n:03d}" for n in range(full)] + ([f"{full:03d}.p/{rest}"] if rest else [])
    return {
        "feed.content.place": [f"{n:03d}" for n in range(full + bool(rest))],
        "feed.bundle.place": bundles,
        "feed.tile.place": bundles,
        "feed.tile.level": [0],
        "feed.proof.index": list(range(size)),
        "feed.tail.start": list(range(size)),
    }
