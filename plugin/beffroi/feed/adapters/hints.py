# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fetching the nation's file of hints: bounded in size and time, no redirects, no proxies.

The address is the operator's own setting, so a private one is allowed. What comes is only bounded:
`feed.schemas` reads it.
"""

import re
import time
from dataclasses import dataclass

import requests

from beffroi_federation.errors import OverLimit, ProtocolError, Unreachable
from beffroi_web.words import N_

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 30.0
MOST_BYTES = 10 * 1024 * 1024
"""A hundred requests with five answers of the largest records fit in."""
PIECE = 65_536
OK, NOT_MODIFIED, NOT_FOUND, GONE = 200, 304, 404, 410
_ETAG = re.compile(r'(?:W/)?"[!#-~]{1,198}"')


@dataclass(frozen=True, slots=True)
class File:
    """An answer: `status` is 200, 304 or 404; the other two are empty unless it is 200."""

    status: int
    body: bytes = b""
    etag: str = ""


def fetch(aggregator_url: str, siren: str, *, etag: str, user_agent: str) -> File:
    """Return the file of a town, or that it is the one with this ETag, or that there is none.

    Raises ProtocolError where the nation does not answer so, in time, within the size.
    """
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
    if etag:
        headers["If-None-Match"] = etag
    until = time.monotonic() + TOTAL_SECONDS
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.headers = headers  # type: ignore[assignment]  # a plain table is enough
            with session.get(
                f"{aggregator_url}/hints/{siren}.json",
                timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                return _read(answer, until, asked=bool(etag))
    except ProtocolError:
        raise
    except (requests.RequestException, OSError) as error:
        raise Unreachable(
            N_("The aggregator did not answer"), because=type(error).__name__
        ) from None


def _read(answer: requests.Response, until: float, *, asked: bool) -> File:
    if answer.status_code in (NOT_FOUND, GONE):
        return File(NOT_FOUND)
    if answer.status_code == NOT_MODIFIED and asked:
        return File(NOT_MODIFIED)
    if answer.status_code != OK:
        raise Unreachable(N_("The aggregator refuses to answer"), status=answer.status_code)
    body = bytearray()
    for piece in answer.iter_content(PIECE):
        body += piece
        if len(body) > MOST_BYTES:
            raise OverLimit(N_("The file of hints is larger than it may be"))
        if time.monotonic() > until:
            raise Unreachable(N_("The aggregator answers too slowly"), received=len(body))
    etag = answer.headers.get("ETag", "")
    return File(OK, bytes(body), etag if _ETAG.fullmatch(etag) else "")
