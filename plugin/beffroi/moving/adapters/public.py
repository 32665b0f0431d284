# SPDX-License-Identifier: AGPL-3.0-or-later
"""What everyone may read, as the town itself serves it: open data, Open311, feeds, the log.

Asked of the application in this process, so that an export holds the very bytes that others get.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from beffroi.feed.queries import copy_paths
from beffroi.moving.rules.package import PUBLIC
from beffroi.moving.rules.sheets import BULK

WHOLE = ("/.well-known/", "/api/openapi.json", "/data/", "/feeds/", "/campaigns/calendar.ics",
         "/open311/discovery.json", "/open311/v2/services.json")  # fmt: skip
"""Where the addresses begin whose answers are kept, if they take no arguments."""
SPAN = timedelta(days=89)
AT_ONCE = 1000


class Asked:
    """The application as a stranger asks it."""

    def __init__(self, app: Flask, public_url: str) -> None:
        self._app, self._url = app, public_url
        self._client = app.test_client(use_cookies=False)

    def copies(self, log_size: int) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Give the files of `public/`: path and bytes; a log that is shut gives none of its own.

        The bytes come in pieces, as they are made; take them before the next file.
        """
        for path in [*self._whole(), *self._of_the_log(log_size)]:
            answer = self._client.get(path, base_url=self._url)
            try:
                if answer.status_code == 200:
                    yield f"{PUBLIC}{path}", answer.iter_encoded()
            finally:
                answer.close()

    def _whole(self) -> list[str]:
        paths = [
            rule.build({})[1]  # type: ignore[index]
            for rule in self._app.url_map.iter_rules()
            if not rule.arguments - set(rule.defaults or ()) and "GET" in (rule.methods or ())
        ]
        return sorted({p for p in paths if p.startswith(WHOLE) and not p.endswith("/")})

    def _of_the_log(self, size: int) -> Iterator[str]:
        yield "/log/checkpoint"
        for path in copy_paths(size):
            yield f"/log/{path}"

    def reports(self, first: datetime, last: datetime) -> Iterator[dict[str, Any]]:
        """Give the street reports that everyone sees, oldest span first, as Open311 tells them."""
        seen: set[str] = set()
        start = first
        while start <= last:
            end = min(start + SPAN, last)
            span = {"start_date": start.isoformat(), "end_date": end.isoformat()}
            page = 1
            while some := self._page(page, span):
                for one in some:
                    if one["service_request_id"] not in seen:
                        seen.add(one["service_request_id"])
                        yield one
                if len(some) < AT_ONCE:
                    break
                page += 1
            start += SPAN

    def _page(self, page: int, span: dict[str, str]) -> list[dict[str, Any]]:
        query = urlencode({**span, "page": page, "page_size": AT_ONCE})
        answer = self._client.get(f"/open311/v2/requests.json?{query}", base_url=self._url)
        try:
            found: list[dict[str, Any]] = answer.get_json() if answer.status_code == 200 else []
            return found
        finally:
            answer.close()


def bulk_row(report: dict[str, Any]) -> list[str]:
    """Return the line of a report in the bulk file."""
    return [str(report.get(name) or "") for name in BULK]
