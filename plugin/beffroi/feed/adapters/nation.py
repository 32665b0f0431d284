# SPDX-License-Identifier: AGPL-3.0-or-later
"""The nation's copy of our own log, read over HTTP: what a restored log is caught up from.

Below `<aggregator>/witness/<origin hash>` stand the checkpoint that the nation cosigned last, tiles
and bundles as in any log, and the contents, which are given only to a request signed with the key
of the log. What comes is bounded and well-formed, and not verified: `service.recovery` does that.

The address is the operator's own setting, so a private one is allowed. Redirects, proxies of the
environment and cookies are not followed, read or kept.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests

from beffroi_federation.asking import Fetched
from beffroi_federation.bodies import split_lines
from beffroi_federation.entries import Content
from beffroi_federation.errors import OverLimit, Unreachable
from beffroi_federation.feed_client import FeedClient, Streamed
from beffroi_federation.signed_requests import appeal_path, request_headers
from beffroi_federation.submitting import PATH
from beffroi_web.words import N_

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 20.0, 120.0
ANSWERS = frozenset({200, 304, 404, 410})
PIECE = 65_536
MOST_SAID = 500
"""Bytes that are read of what the nation says to an appeal."""

SignRequest = Callable[[str, int], bytes]
"""Signs a GET of a path at a moment (seconds since 1970) with the log's key."""


def origin_hash(origin: str) -> str:
    """Return the name that a witness knows a log by: lower-case hex SHA-256 of its origin."""
    return hashlib.sha256(origin.encode()).hexdigest()


class NationCopy:
    """One log as the nation holds it; a context manager, not for several threads at once."""

    def __init__(
        self,
        aggregator_url: str,
        origin: str,
        *,
        sign: SignRequest,
        user_agent: str,
        now: datetime,
    ) -> None:
        prefix = f"{aggregator_url}/witness/{origin_hash(origin)}"
        self._fetcher = _SignedFetcher(prefix, sign, user_agent, now)
        self._feed = FeedClient(self._fetcher)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._fetcher.close()

    def checkpoint(self) -> str:
        """Return the note that the nation cosigned last; Unreachable if it has none."""
        return self._feed.checkpoint().body.decode("utf-8", errors="replace")

    def require_newest(self, note: str, size: int) -> None:
        """Have the nation accept this checkpoint once more; Unreachable if it has accepted more.

        A copy that was cosigned long ago is genuine too, and a cache may give it. The witness's
        own state cannot come out of a cache: only where this is the last tree it accepted does it
        cosign it again. A signer without memory must not go on from any other.
        """
        status = self._fetcher.post(f"old {size}\n\n{note}".encode())
        if status != 200:
            sentence = N_("The aggregator does not confirm that its copy of the log is the newest")
            raise Unreachable(sentence, status=status, size=size)

    def leaves(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the leaves from `start` to `end`, the size of the checkpoint, in order."""
        for _, leaves in self._feed.bundles(start, end):
            yield from leaves

    def contents(self, bundle: int) -> Iterator[Content]:
        """Yield the contents that the nation still holds of a bundle, in the log's order."""
        return self._feed.contents(bundle).lines


def send_appeal(
    aggregator_url: str,
    origin: str,
    words: bytes,
    *,
    sign: SignRequest,
    user_agent: str,
    now: datetime,
) -> tuple[int, str]:
    """Send the nation words against our quarantine, signed; return its status and what it said."""
    place = f"{aggregator_url}/witness/{origin_hash(origin)}"
    url, seconds = appeal_path(place, words), int(now.timestamp())
    headers = {
        "User-Agent": user_agent,
        "Content-Type": "text/plain; charset=utf-8",
        **request_headers(seconds, sign(urlsplit(url).path, seconds)),
    }
    with requests.Session() as session:
        session.trust_env = False
        try:
            with session.post(
                url, data=words, headers=headers, timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                said = next(answer.iter_content(MOST_SAID), b"") if _is_text(answer) else b""
                return answer.status_code, said.decode("utf-8", errors="replace").strip()
        except requests.RequestException as error:
            raise _unreachable(error) from None


def _is_text(answer: requests.Response) -> bool:
    return answer.headers.get("Content-Type", "").startswith("text/plain")


class _SignedFetcher:
    """A `feed_client.Fetcher` that signs what is asked for contents.

    The time in a request is the moment that it was made with and the seconds since.
    """

    def __init__(self, prefix: str, sign: SignRequest, user_agent: str, now: datetime) -> None:
        self._began = now.timestamp() - time.monotonic()
        self._prefix = prefix
        self._submission = f"{prefix.rpartition('/')[0]}/{PATH}"
        self._path = urlsplit(prefix).path
        self._sign = sign
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers = {
            "User-Agent": user_agent,
            "Accept-Encoding": "gzip",
        }

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def get(self, path: str, *, etag: str | None = None, max_bytes: int) -> Fetched:
        """Return an answer with its body."""
        with self._answer(path) as response:
            body = b""
            if response.status_code == 200:
                body = b"".join(_pieces(response, max_bytes))
            return Fetched(response.status_code, body, None)

    def post(self, body: bytes) -> int:
        """Submit a checkpoint to the witness and return the status; its body is not read."""
        try:
            with self._session.post(
                self._submission,
                data=body,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                return response.status_code
        except requests.RequestException as error:
            raise _unreachable(error) from None

    def lines(
        self, path: str, *, etag: str | None = None, max_bytes: int, max_line: int
    ) -> Streamed:
        """Return an answer line by line; it is read whole first, which its cap allows."""
        fetched = self.get(path, max_bytes=max_bytes)
        return Streamed(fetched.status, split_lines([fetched.body], max_line=max_line), None)

    def _headers(self, path: str) -> Mapping[str, str]:
        if not path.startswith("content/"):
            return {}
        seconds = int(self._began + time.monotonic())
        return request_headers(seconds, self._sign(f"{self._path}/{path}", seconds))

    @contextmanager
    def _answer(self, path: str) -> Iterator[requests.Response]:
        try:
            response = self._session.get(
                f"{self._prefix}/{path}",
                headers=self._headers(path),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise _unreachable(error) from None
        try:
            if response.status_code not in ANSWERS:
                sentence = N_("The aggregator refuses to answer")
                raise Unreachable(sentence, status=response.status_code, path=path)
            yield response
        except requests.RequestException as error:
            raise _unreachable(error) from None
        finally:
            response.close()


def _pieces(response: requests.Response, max_bytes: int) -> Iterator[bytes]:
    """Yield a body unpacked, within its cap and its time."""
    ends = time.monotonic() + TOTAL_SECONDS
    got = 0
    for piece in response.iter_content(PIECE):
        got += len(piece)
        if got > max_bytes:
            raise OverLimit("An answer is longer than it may be", expected=f"at most {max_bytes}")
        if time.monotonic() > ends:
            raise Unreachable(N_("The aggregator answers too slowly"), received=got)
        yield piece


def _unreachable(error: Exception) -> Unreachable:
    return Unreachable(N_("The aggregator did not answer"), because=type(error).__name__)
