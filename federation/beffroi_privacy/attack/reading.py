# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads everything that a stranger can read of a town and of the nation that pulled it.

Plain HTTP on loopback, HTTPS elsewhere; no redirect is followed, nothing is sent but GET. An
address that is not there is passed over: not every town offers everything.
"""

import base64
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from beffroi_privacy.attack.published import Listed, Published, figures_in, whole

MOST_BYTES = 64 * 1_048_576
SECONDS = 30
PROBES = 500
"""How many references that nobody lists are asked for, to tell a removed case from a hidden one."""
CURSOR_PAGES = 40

TOWN_FILES = (
    "/", "/requests", "/incidents", "/statistics", "/open-data", "/campaigns", "/how-it-works",
    "/statistics.json", "/statistics.csv", "/data/requests.csv", "/data/requests.json",
    "/data/incidents.csv", "/data/incidents.json", "/feeds/requests.atom", "/feeds/incidents.atom",
    "/open311/v2/requests.json", "/open311/v2/services.json", "/open311/v2/requests.xml",
)  # fmt: skip
NATION_FILES = (
    "/", "/incidents", "/api/v1/indicators", "/data/incidents.csv", "/data/cyber.csv",
    "/data/requests.csv", "/feeds/incidents.atom", "/audit?all=1",
)  # fmt: skip
_REFERENCE = re.compile(r"(?<![\d-])(20\d\d-\d{4,7})(?![\d-])")

Get = Callable[[str], tuple[int, bytes]]
"""Gives the status and body of an address; 0 where nobody answers."""


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def over_http(url: str) -> tuple[int, bytes]:
    """Return the status and body at an address; ValueError for plain HTTP off this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", "127.0.0.1"):
        raise ValueError(f"{url}: https only, or http on 127.0.0.1")
    try:
        with build_opener(_NoRedirect).open(Request(url), timeout=SECONDS) as answer:  # noqa: S310
            return int(answer.status), bytes(answer.read(MOST_BYTES))
    except HTTPError as error:
        with error:
            return error.code, error.read(MOST_BYTES)
    except (URLError, TimeoutError, OSError):
        return 0, b""


def read_town(url: str, found: Published, get: Get = over_http) -> None:
    """Add everything that a town publishes."""
    base = url.rstrip("/")
    for kind in ("requests", "incidents"):
        _lists(base, kind, found, get)
    for path in TOWN_FILES:
        _file(base + path, found, get)
    _log(base, found, get)
    _probe(base, found, get)


def read_nation(url: str, siren: str, found: Published, get: Get = over_http) -> None:
    """Add everything that a nation tells of one town's counts."""
    base = url.rstrip("/")
    for item in _items(f"{base}/api/v1/records?kind=incident_summary&town={siren}", get):
        found.told += figures_in(item.get("record", item), f"{base}/api/v1/records")
    for path in (*NATION_FILES, f"/towns/{siren}"):
        _file(base + path, found, get, only=siren)


def siren_of(url: str, get: Get = over_http) -> str:
    """Return the SIREN in a town's identity file, or an empty text."""
    known = _json(get(f"{url.rstrip('/')}/.well-known/beffroi.json")[1])
    return str(known.get("siren", "")) if isinstance(known, dict) else ""


# ---- lists --------------------------------------------------------------------------------------


def _lists(base: str, kind: str, found: Published, get: Get) -> None:
    for item in _items(f"{base}/api/v1/{kind}?limit=200", get):
        family = str(item.get("family") or "data_request")
        found.references.add(str(item["ref"]))
        found.listed.append(
            Listed(
                ref=str(item["ref"]),
                family=family,
                category=str(item.get("category") or item.get("object") or ""),
                area=str(item.get("commune") or ""),
                received_on=date.fromisoformat(str(item["received_on"])[:10]),
                closed_on=_day(item.get("closed_on")),
            )
        )
    for sort in ("newest", "oldest"):
        walk = list(_cursors(f"{base}/api/v1/{kind}?limit=1&sort={sort}", get))
        found.walks[f"{kind} ({sort})"] = walk
    found.read.append(f"{base}/api/v1/{kind}")


def _day(text: Any) -> date | None:
    return date.fromisoformat(str(text)[:10]) if text else None


def _items(url: str, get: Get) -> Iterator[dict[str, Any]]:
    """Yield every item of a list of the API, page after page."""
    cursor = ""
    while True:
        status, body = get(url + (f"&cursor={quote(cursor)}" if cursor else ""))
        page = _json(body) if status == 200 else None
        if not isinstance(page, dict):
            return
        yield from page.get("items", [])
        cursor = page.get("next_cursor") or ""
        if not cursor:
            return


def _cursors(url: str, get: Get) -> Iterator[tuple[int, ...]]:
    """Yield the whole numbers in the cursors of a list's first pages."""
    cursor = ""
    for _ in range(CURSOR_PAGES):
        _, body = get(url + (f"&cursor={quote(cursor)}" if cursor else ""))
        page = _json(body)
        cursor = (page.get("next_cursor") or "") if isinstance(page, dict) else ""
        if not cursor:
            return
        yield _numbers(cursor)


def _numbers(cursor: str) -> tuple[int, ...]:
    """Return the whole numbers that a cursor holds, if it can be read at all."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values = json.loads(plain)
    except ValueError:
        return ()
    return tuple(n for n in values if isinstance(n, int)) if isinstance(values, list) else ()


def _probe(base: str, found: Published, get: Get) -> None:
    """Ask for the references between the known ones: what was removed says so, for everybody."""
    numbers: dict[str, set[int]] = {}
    for ref in found.references:
        year, _, number = ref.partition("-")
        numbers.setdefault(year, set()).add(int(number))
    missing = [
        f"{year}-{n:04d}"
        for year, known in sorted(numbers.items())
        for n in range(1, max(known))
        if n not in known
    ]
    for ref in missing[:PROBES]:
        for kind in ("requests", "incidents"):
            status, _ = get(f"{base}/api/v1/{kind}/{ref}")
            if status == 410:
                found.gone.add(ref)
            elif status == 200:
                found.references.add(ref)


# ---- files and the log --------------------------------------------------------------------------


def _file(url: str, found: Published, get: Get, only: str = "") -> None:
    """Read a page, a table or a feed: its figures, and the references that stand in it."""
    status, body = get(url)
    if status != 200:
        return
    found.read.append(url)
    text = body.decode("utf-8", "replace")
    if not only:
        found.references.update(_REFERENCE.findall(text))
    if url.endswith(".csv"):
        rows = [dict(row) for row in csv.DictReader(io.StringIO(text))]
        mine = [r for r in rows if not only or only in {r.get("siren"), r.get("town")}]
        found.told += [t for row in mine for t in figures_in(_typed(row), url)]
    else:
        document = _json(body)
        if document is not None and not only:
            found.told += figures_in(document, url)


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a CSV file with its numbers as numbers."""
    return {k: n if (n := whole(v)) is not None and k != "area" else v for k, v in row.items()}


def _log(base: str, found: Published, get: Get) -> None:
    """Read every content that the town's log serves."""
    for number in range(1_000_000):
        place = "/".join([*(f"x{p}" for p in _groups(number)[:-1]), _groups(number)[-1]])
        status, body = get(f"{base}/log/content/{place}")
        if status != 200:
            return
        found.read.append(f"{base}/log/content/{place}")
        for line in body.splitlines():
            outer = _json(line)
            inner = _json(outer["d"].encode()) if _holds_text(outer) else None
            if inner is not None:
                found.told += figures_in(inner, f"{base}/log")


def _holds_text(outer: Any) -> bool:
    return isinstance(outer, dict) and isinstance(outer.get("d"), str)


def _groups(number: int) -> list[str]:
    """Return a number in groups of three digits, as the paths of the log have it."""
    text = str(number).zfill(3)
    text = text.zfill(-(-len(text) // 3) * 3)
    return [text[n : n + 3] for n in range(0, len(text), 3)]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
