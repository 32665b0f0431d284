# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads discussions of a udata portal (CSV, plain or gzip): the first message of each is a request.

Messages are citizens' words with whatever they signed: all of them wait for an agent.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beffroi.data_requests.service import ImportedRequest


def open_text(path: Path) -> io.TextIOBase:
    """Open a file as UTF-8 text, gzip or not."""
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def moment(text: str) -> datetime:
    """Return the moment in an ISO or a French text (08/09/2021), UTC where no zone is given."""
    if text[2:3] == "/":
        return datetime.strptime(text.strip(), "%d/%m/%Y").replace(hour=10, tzinfo=UTC)
    found = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def read(path: Path, *, shift: timedelta) -> Iterator[ImportedRequest | str]:
    """Yield a request for the first message of each discussion, or a sentence for a bad row."""
    seen: set[str] = set()
    with open_text(path) as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            key = row.get("id_discussion") or ""
            if not key or key in seen:
                continue
            seen.add(key)
            try:
                title = " ".join((row["title_discussion"] or "").split())[:200]
                words = (row["message"] or "").strip()[:5000]
                if not title or not words:
                    raise ValueError("no title or no message")
                yield ImportedRequest(
                    source=f"udata:{key}",
                    object="dataset",
                    title=title,
                    wanted=words,
                    received_at=moment(row["created_discussion"]) + shift,
                    lang="fr",
                    official=False,
                    theme="ECON",
                )
            except (KeyError, ValueError, TypeError) as error:
                yield f"row {number}: {error}"


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    rows = read(path, shift=timedelta())
    found = [r.received_at for r in rows if not isinstance(r, str) and r.received_at <= until]
    return max(found, default=None)
