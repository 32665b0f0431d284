# SPDX-License-Identifier: AGPL-3.0-or-later
"""What other towns were asked and answered: `GET /api/v1/similar?q=` of the nation.

Somebody who types waits for it, so it has 700 ms in all; what does not come in time, or is not what
it should be, is as if there were nothing. Of what is typed only the line goes out, and of it only
words in which no detector sees anything of a person: no digits, no names, nothing at all where a
detector fails. What comes is read like any stranger's record: schema, sizes, strong detectors;
pages escape it. Answers are kept for some minutes in memory, under a keyed hash of what was asked.
"""

import hashlib
import json
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import Any
from urllib.parse import urlencode

import requests

from beffroi.feed.schemas import has_person, is_address, is_name, of_record, read_topic
from beffroi.kernel.extension import AskedElsewhere
from beffroi_federation import canonical
from beffroi_federation.errors import ProtocolError
from beffroi_federation.records import read_record
from beffroi_privacy.strong import find_strong, propose

SECONDS = 0.7
MOST_BYTES = 256 * 1024
MOST_WORDS = 12
ASKED_FOR = 20
LONGEST = 200
"""Characters of a question that the nation takes."""
KEPT_SECONDS, MOST_KEPT = 600.0, 256
REST_SECONDS = 30.0
"""How long the nation is left alone after it did not answer in time, or answered nonsense."""
WORKERS = 4
_WORD = re.compile(r"[^\W\d_]{3,40}", re.UNICODE)
_PIECE = re.compile(r"\S+")
_FAILED = frozenset({"too slow", "detector error"})
PIECE = 16_384


def harmless_words(line: str) -> list[str]:
    """Return the words of a line that may leave the town: those in which nothing is suspected.

    A piece between spaces that a detector touches goes whole, and so does one with a digit or an @.
    Nothing is returned if a detector fails, or still finds something in what is left.
    """
    try:
        proposal = propose(line)
        if _FAILED & set(proposal.reasons):
            return []
        marked = [*proposal.spans, *find_strong(line)]
        kept = [
            piece.group()
            for piece in _PIECE.finditer(line)
            if not re.search(r"[\d@]|://", piece.group())
            and not any(s.start < piece.end() and piece.start() < s.end for s in marked)
        ]
        words = [word for piece in kept for word in _WORD.findall(piece)][:MOST_WORDS]
        return [] if find_strong(" ".join(words)) else words
    except Exception:  # whatever it died of, the line is not known to be clean
        return []


class Elsewhere:
    """Asks the nation; called with a line and its details, of which only the line counts."""

    def __init__(
        self,
        aggregator_url: str,
        siren: str,
        *,
        user_agent: str,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = aggregator_url
        self._siren = siren
        self._agent = user_agent
        self._seconds = seconds
        self._key = os.urandom(32)
        self._kept: OrderedDict[bytes, tuple[float, list[AskedElsewhere]]] = OrderedDict()
        self._lock = threading.Lock()
        self._rest_until = float("-inf")
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="elsewhere")
        self._going = threading.BoundedSemaphore(WORKERS)

    def __call__(self, title: str, more: str = "") -> list[AskedElsewhere]:
        """Return what other towns answered to something like this; nothing where anything fails."""
        words = harmless_words(title)
        if not words:
            return []
        asked = " ".join(words)[:LONGEST]
        key = hashlib.blake2b(asked.casefold().encode(), key=self._key).digest()
        known = self._known(key)
        if known is not None:
            return known
        if self._seconds() < self._rest_until or not self._going.acquire(blocking=False):
            return []
        try:
            answer = self._pool.submit(self._asked, asked).result(SECONDS)
            found = self._read(answer)
        except (TooLate, OSError, requests.RequestException, ValueError, ProtocolError):
            self._rest_until = self._seconds() + REST_SECONDS
            return []
        with self._lock:
            self._kept[key] = (self._seconds() + KEPT_SECONDS, found)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def _known(self, key: bytes) -> list[AskedElsewhere] | None:
        with self._lock:
            until, found = self._kept.get(key, (float("-inf"), []))
            if until < self._seconds():
                self._kept.pop(key, None)
                return None
            return found

    def _asked(self, words: str) -> bytes:
        """Return the body of an answer; in a thread, for a name may be looked up for long."""
        try:
            until = self._seconds() + SECONDS
            url = f"{self._url}/api/v1/similar?{urlencode({'q': words, 'limit': ASKED_FOR})}"
            with requests.Session() as session:
                session.trust_env = False
                session.headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
                with session.get(
                    url, timeout=(SECONDS, SECONDS), allow_redirects=False, stream=True
                ) as answer:
                    if answer.status_code != 200:
                        raise ValueError("The nation has no answer")
                    body = bytearray()
                    for piece in answer.iter_content(PIECE):
                        body += piece
                        if len(body) > MOST_BYTES or self._seconds() > until:
                            raise ValueError("The answer is too large or too slow")
                    return bytes(body)
        finally:
            self._going.release()

    def _read(self, body: bytes) -> list[AskedElsewhere]:
        """Return the answered requests of other towns in an answer; ValueError for another thing.

        An item that is not what it should be is left out: one town's fault is not the others'.
        """
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            raise ValueError("The answer is no JSON") from None
        items = said.get("items") if isinstance(said, Mapping) else None
        if not isinstance(items, list):
            raise ValueError("The answer is no list")
        read = (self._item(item) for item in items[:ASKED_FOR] if isinstance(item, Mapping))
        return [one for one in read if one is not None]

    def _item(self, item: Mapping[str, Any]) -> AskedElsewhere | None:
        town, siren, url = (item.get(name) for name in ("town", "siren", "url"))
        if siren == self._siren or not is_name(town):
            return None
        if not is_address(url, f"{self._url}/requests/"):
            return None
        known = _record(item.get("record"))
        if known is None or not (known.get("answer") or known.get("published_url")):
            return None
        return of_record(str(town), str(url), known, read_topic(item.get("topic"), self._url))


def _record(record: Any) -> Mapping[str, object] | None:
    """Return the members of a request record that fits its schema and passes the detectors."""
    try:
        known = read_record(canonical.encode(record))
    except (ProtocolError, ValueError, TypeError, RecursionError):
        return None
    if known.kind != "request" or known.known is None:
        return None
    return None if has_person(known.known["title"], known.known.get("answer")) else known.known
