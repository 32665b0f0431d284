# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invented proposals of an invented Decidim that stay there as links; one waits for an agent."""

from datetime import UTC, date, datetime, time, timedelta

from beffroi.bridges import queries, service
from beffroi.bridges.adapters.bringing import prepare
from beffroi.bridges.rules import ExternalItem
from beffroi.bridges.service import taking
from beffroi.bridges.service.taking import At
from beffroi.kernel.db import unit_of_work

SITE = "https://decidim.demonstration.example/processes/donnees/f/9"
NEVER = timedelta(days=3650)
"""Nobody answers at the invented site, so no worker asks it."""


def _items(now: datetime) -> list[ExternalItem]:
    def item(number: int, title: str, days: int, votes: int, **more: object) -> ExternalItem:
        return ExternalItem(
            str(number),
            {"fr": title},
            url=f"{SITE}/proposals/{number}",
            published_at=now - timedelta(days=days),
            supports=votes,
            comments=votes // 6,
            **more,  # type: ignore[arg-type]
        )

    return [
        item(11, "Publier la fréquentation des bibliothèques", 88, 64),
        item(
            12, "Ouvrir les comptages de vélos des grands axes", 61, 143,
            status_raw="accepted", status_mapped="answered", answered_at=now - timedelta(days=20),
            answer={"fr": "Réponse fictive : les comptages seront publiés au printemps."},
        ),
        item(13, "Dire quels marchés publics ont été conclus", 33, 27,
             status_raw="evaluating", status_mapped="under_review"),
        item(14, "Une carte des fontaines et des bancs à l’ombre", 6, 12),
    ]  # fmt: skip


def seed(today: date) -> None:
    """Bring them in as of yesterday, and release all but the newest."""
    now = datetime.combine(today - timedelta(days=1), time(10), tzinfo=UTC)
    with unit_of_work():
        source = service.add(
            "decidim-graphql", SITE, name="Decidim (démonstration)", mode="linked", lang="fr",
            loopback=frozenset(), now=now,
        )  # fmt: skip
        service.begin(source, now=now + NEVER)
        taking.take(source, [prepare(one, "fr", now) for one in _items(now)], At(now, today))
        service.ended(source, now=now, swept=True, requests=6)
        for row in queries.waiting(source)[:-1]:
            service.release(source, row.id, title=row.title)
