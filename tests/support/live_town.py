# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that answers over HTTP, with a few cases and an agent's token for all of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from beffroi.accounts.rules import SCOPES
from beffroi.kernel.db import MIGRATIONS
from support.browser import Late, served
from support.databases import fresh
from support.tokens import kept_token
from support.town import Town, open_town


@dataclass(frozen=True, slots=True)
class LiveTown:
    """Where it answers, the town, a token with every scope, a case for each path that names one."""

    url: str
    town: Town
    token: str
    refs: dict[str, str]


@contextmanager
def live_town(folder: Path) -> Iterator[LiveTown]:
    """Serve a town on SQLite while the block runs."""
    late = Late()
    database = fresh("sqlite", MIGRATIONS, folder)
    with served(late) as url, open_town(folder, database, public_url=url) as town:
        late.app = town.app
        refs = [town.request(title=f"Les menus de l’école {n}") for n in range(5)]
        for ref in refs[1:]:
            town.release(ref)
        town.answer(refs[1], "published", "Voici.", url="https://data.example/menus")
        agent = town.signed_in("agent")
        named = {
            "": refs[2],
            "/api/v1/incidents/{ref}": town.report(),
            "/api/v1/me/cases/{ref}": town.request(email=agent.email),
            "/api/v1/requests/{ref}/reuses": refs[1],
        }
        yield LiveTown(url, town, kept_token(town, agent, *SCOPES), named)
