# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi appeal`: what the town says against its quarantine or suspension, signed by its log.

The signer signs a request, whose path ends with the SHA-256 of the words: no checkpoint, and no
other kind of request, can be made of it. The words become public at the aggregator.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from beffroi import __version__
from beffroi.config import Settings
from beffroi.feed.adapters.nation import send_appeal
from beffroi.kernel.db import unit_of_work
from beffroi.signer.queries import origin_of, signer_for
from beffroi_federation.signed_requests import MOST_APPEAL

SENT = 201


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi appeal`."""
    parser.add_argument("file", help="the words, in a text file; - reads them from standard input")


def run(
    args: argparse.Namespace,
    settings: Settings,
    *,
    told: Callable[[str, str], None],
    now: datetime,
) -> int:
    """Carry out `beffroi appeal`; 0 only if the aggregator has written the words down.

    `told` is called with the act and what it was on, in one transaction.
    """
    if not settings.aggregator_url:
        print("beffroi: no aggregator is set (BEFFROI_AGGREGATOR_URL)", file=sys.stderr)
        return 2
    raw = sys.stdin.buffer.read() if args.file == "-" else Path(args.file).read_bytes()
    words = raw.decode("utf-8", errors="replace").strip()
    if not 0 < len(words) <= MOST_APPEAL:
        print(f"beffroi: an appeal has 1 to {MOST_APPEAL} characters", file=sys.stderr)
        return 2
    status, said = send_appeal(
        settings.aggregator_url,
        origin_of(settings),
        words.encode(),
        sign=signer_for(settings).sign_request,
        user_agent=f"Beffroi/{__version__} (+{settings.public_url}; {settings.contact})",
        now=now,
    )
    heard = "".join(char for char in said if char.isprintable()) or "no reason given"
    if status != SENT:
        print(f"beffroi: the aggregator did not take it ({status}): {heard}", file=sys.stderr)
        return 1
    with unit_of_work():
        told("appeal.send", "")
    print(f"The aggregator says: {heard}")
    print(f"The answer will stand at {settings.aggregator_url}/towns/{settings.siren}")
    return 0
