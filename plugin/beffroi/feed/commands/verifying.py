# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi verify`: the town's own log, audited as anybody would, without the network.

What the town serves is asked of the application in this process, and judged by the auditor that
`beffroi-verify` is (`docs/protocol`). The key is the one that the signer holds, so it is pinned;
and what is served has to be what the database says of the log.
"""

import argparse
import json
import sys
from datetime import datetime
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import Client

from beffroi.config import Settings
from beffroi.feed.commands.recovery import log_inside
from beffroi.kernel.db import db
from beffroi_federation.auditing import Report, as_json, audit
from beffroi_federation.auditor_words import sentences
from beffroi_federation.bodies import split_lines
from beffroi_federation.errors import OverLimit, Unreachable
from beffroi_federation.feed_client import GONE, NOT_FOUND, OK, FeedClient, Fetched, Streamed
from beffroi_federation.notes import Verifier
from beffroi_federation.verify import LogOf

_SERVED = (OK, NOT_FOUND, GONE)


class OwnLog:
    """Fetches what an application serves of its log, in this process (a `feed_client.Fetcher`)."""

    def __init__(self, app: Flask, public_url: str) -> None:
        self._client, self._url = Client(app), public_url.rstrip("/")

    def get(self, path: str, *, etag: str | None = None, max_bytes: int) -> Fetched:
        """Return an answer; OverLimit beyond `max_bytes`, Unreachable for what is no answer."""
        parts = urlsplit(self._url)
        at = path if path.startswith("/") else f"{parts.path}/log/{path}"
        answer = self._client.get(at, base_url=f"{parts.scheme}://{parts.netloc}")
        body = answer.get_data()
        if answer.status_code not in _SERVED:
            raise Unreachable("The town does not serve its log", status=answer.status_code)
        if len(body) > max_bytes:
            raise OverLimit("An answer is longer than it may be", expected=f"at most {max_bytes}")
        return Fetched(answer.status_code, body if answer.status_code == OK else b"", None)

    def lines(
        self, path: str, *, etag: str | None = None, max_bytes: int, max_line: int
    ) -> Streamed:
        """Return an answer to be read line by line."""
        got = self.get(path, max_bytes=max_bytes)
        return Streamed(got.status, split_lines([got.body], max_line=max_line), None)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi verify`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace, app: Flask, settings: Settings, *, now: datetime) -> int:
    """Carry out `beffroi verify`; 0 if the log is sound, 1 if something speaks against it."""
    try:
        report = examine(app, settings, now=now)
    except Unreachable as error:
        if error.details.get("status") != NOT_FOUND:
            raise
        print("beffroi: nothing was published yet, so there is no log to verify", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(as_json(report, "pinned"), ensure_ascii=False))
    else:
        print("\n".join(sentences(report, "pinned")))
    return 0 if report.sound else 1


def examine(app: Flask, settings: Settings, *, now: datetime) -> Report:
    """Return what an audit of everything that the town serves of its log finds."""
    with db.engine.connect() as connection:
        inside = log_inside(settings, connection)
    keys = [Verifier.from_text(key) for key in inside.vkeys]
    feed = FeedClient(OwnLog(app, settings.public_url))
    report = audit(feed, keys, now=now, origin=inside.origin, whose=LogOf.TOWN)
    served = as_json(report, "pinned")
    if report.size and (inside.size, inside.root) != (served["size"], served["root"]):
        report.fault(
            f"Database: it holds {inside.size} entries with the root {inside.root},"
            f" and {report.size} with another root, or not the same number, are served"
        )
    return report
