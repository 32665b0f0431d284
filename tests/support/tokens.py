# SPDX-License-Identifier: AGPL-3.0-or-later
"""A program that acts for a person, as the API sees it: a token and nothing else."""

import re
from collections.abc import Sequence
from typing import Any

from werkzeug.test import TestResponse

from beffroi.accounts import service
from beffroi.accounts.rules import TokenWanted
from support.town import PUBLIC_URL, Person, Town

_NEW = re.compile(r"(bft_[0-9a-f]{64})")


def token_for(person: Person, *scopes: str, days: str = "90") -> str:
    """Make a token in a person's account, as the page does; return it."""
    form = {"name": "Mon programme", "scopes": list(scopes), "days": days}
    answer = person.post("/account/tokens", form)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = _NEW.search(answer.get_data(as_text=True))
    assert found is not None
    return found[1]


def kept_token(town: Town, person: Person, *scopes: str) -> str:
    """Make a token by the service, for a town that is served; return it."""
    with town.change():
        wanted = TokenWanted("Programme", scopes, 365)
        return service.make_token(person.account_id or 0, wanted, now=town.now, chance=town.chance)


class Program:
    """Asks the API with a token, without any cookie."""

    def __init__(self, town: Town, token: str) -> None:
        self.client = town.app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> TestResponse:
        """Read something."""
        return self.client.get(path, base_url=PUBLIC_URL, headers=self.headers)

    def post(self, path: str, body: Any) -> TestResponse:
        """Send JSON."""
        return self.client.post(path, base_url=PUBLIC_URL, json=body, headers=self.headers)


def challenge(answer: TestResponse) -> Sequence[str]:
    """The parts of `WWW-Authenticate`, of a refusal that must be a problem."""
    assert answer.mimetype == "application/problem+json"
    return [part.strip() for part in answer.headers["WWW-Authenticate"].split(",")]
