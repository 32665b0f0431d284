# SPDX-License-Identifier: AGPL-3.0-or-later
"""Another tool's endpoint: a report is sent there and asked for again. XML, which each must have.

Only the address of the settings is asked, by `beffroi_web.fetching`: https, a public address, no
redirect, within a size and a time.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from beffroi.config import Settings, Tool
from beffroi.incidents.adapters.georeport import NotReadable, rows
from beffroi.incidents.queries.exchange import ToPassOn
from beffroi.open311.rules import LONGEST_ID
from beffroi_web.fetching import Fetching, Limits, NotFetched

LIMITS = Limits(size=1_048_576, seconds=20.0)


@dataclass(frozen=True, slots=True)
class Named:
    """The name that the other tool gave a report, or a token for it."""

    foreign_id: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a report stands there, in its words."""

    status: str
    notes: str


class Endpoint:
    """One tool of the settings."""

    def __init__(self, tool: Tool, settings: Settings) -> None:
        local = settings.public_url.startswith("http://127.0.0.1:")
        allowed = frozenset({"/".join(tool.url.split("/")[:3])}) if local else frozenset()
        self._tool = tool
        self._town = settings.name
        self._by = Fetching(
            user_agent=f"Beffroi ({settings.public_url})", allowed_loopback=allowed, limits=LIMITS
        )

    def send(self, report: ToPassOn) -> Named:
        """Send a report: its released words, its place; return its name there. Or NotFetched."""
        form = {
            "api_key": self._tool.api_key,
            "jurisdiction_id": self._tool.jurisdiction_id,
            "service_code": self._tool.services[report.category],
            "description": f"{report.description[:3900]}\n\nBeffroi {report.ref}",
            "address_string": report.place or ("" if report.position else self._town),
            "attribute[external_id]": report.ref,
        }
        if report.position is not None:
            form["lat"], form["long"] = (str(degrees) for degrees in report.position)
        answer = self._by.send(
            f"{self._tool.url.rstrip('/')}/requests.xml", {k: v for k, v in form.items() if v}
        )
        return self._named(_first(answer.body))

    def by_token(self, token: str) -> Named:
        """Return the name of a report that had only a token so far, or the token again."""
        row = _first(self._get(f"tokens/{quote(token, safe='')}.xml"))
        named = self._named({**row, "token": row.get("token") or token})
        return named if named.foreign_id else Named(token=token)

    def standing(self, foreign_id: str) -> Standing:
        """Return how a report stands there."""
        row = _first(self._get(f"requests/{quote(foreign_id, safe='')}.xml"))
        return Standing(str(row.get("status") or ""), str(row.get("status_notes") or "")[:2000])

    def _get(self, path: str) -> bytes | None:
        said = self._tool.jurisdiction_id
        query = "?" + urlencode({"jurisdiction_id": said}) if said else ""
        return self._by.get(f"{self._tool.url.rstrip('/')}/{path}{query}").body

    def _named(self, row: dict[str, Any]) -> Named:
        foreign_id, token = (
            str(row.get(name) or "").strip() for name in ("service_request_id", "token")
        )
        if max(len(foreign_id), len(token)) > LONGEST_ID or not (foreign_id or token):
            raise NotFetched(f"{self._tool.name} names neither a number nor a token")
        return Named(foreign_id, "" if foreign_id else token)


def _first(body: bytes | None) -> dict[str, Any]:
    """Return the first object of an answer."""
    try:
        one = next(iter(rows([body or b""])), None)
    except NotReadable as fault:
        raise NotFetched(f"The answer is not read: {fault}") from None
    if not isinstance(one, dict):
        raise NotFetched("The answer holds no request")
    return one
