# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log of deliveries, and what a message says: public words and links only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from beffroi.campaigns import queries as campaigns
from beffroi.cases import queries as cases
from beffroi.cases.rules import DATA_REQUEST, STREET
from beffroi.config import Settings
from beffroi.data_requests import queries as data_requests
from beffroi.incidents import queries as incidents
from beffroi.kernel.db import db
from beffroi.webhooks.models import Webhook, WebhookDelivery
from beffroi.webhooks.rules import ABOUT_REMOVED, TEST

PAGE = 50


@dataclass(frozen=True, slots=True)
class WebhookCard:
    """An address as the desk sees it; never its secret."""

    id: int
    url: str
    events: tuple[str, ...]
    made_at: datetime
    faults: int
    failing_since: datetime | None
    next_at: datetime | None
    paused_at: datetime | None
    pause_reason: str | None
    waiting: int
    sent: int

    @property
    def host(self) -> str:
        """Return the host of the address, with its port where one is named."""
        return self.url.partition("://")[2].partition("/")[0]


def _cards(*conditions: Any) -> list[WebhookCard]:
    def counted(state: str) -> Any:
        d = WebhookDelivery
        rows = select(func.count()).select_from(d)
        return rows.where(d.webhook_id == Webhook.id, d.state == state).scalar_subquery()

    w = Webhook
    columns = (
        w.id, w.url, w.events, w.made_at, w.faults, w.failing_since, w.next_at, w.paused_at,
        w.pause_reason, counted("waiting"), counted("sent"),
    )  # fmt: skip
    rows = db.session.execute(select(*columns).where(*conditions).order_by(w.id))
    return [WebhookCard(r.id, r.url, tuple(r.events.split()), *tuple(r)[3:]) for r in rows]


def webhooks() -> list[WebhookCard]:
    """Return every address, the oldest first."""
    return _cards()


def webhook(webhook_id: int) -> WebhookCard | None:
    """Return one address, or None."""
    found = _cards(Webhook.id == webhook_id)
    return found[0] if found else None


def troubled() -> list[WebhookCard]:
    """Return the addresses that take nothing now, or are paused because they took nothing."""
    known = Webhook.pause_reason
    return _cards(
        or_(Webhook.failing_since.is_not(None), Webhook.paused_at.is_not(None)),
        or_(known.is_(None), known != "desk"),
    )


def any_webhook() -> bool:
    """Say whether anybody is told of anything: most towns have none, and are asked nothing more."""
    return db.session.scalar(select(Webhook.id).limit(1)) is not None


def asking_for(event: str) -> Sequence[int]:
    """Return the ids of the addresses that asked for an event; paused ones are owed it, too."""
    rows = db.session.execute(select(Webhook.id, Webhook.events).order_by(Webhook.id))
    return [row.id for row in rows if event in row.events.split()]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one address, without what it says."""

    id: int
    message_id: str
    event: str
    case_id: int | None
    step_id: int | None
    detail: str
    at: datetime
    state: str
    attempts: int
    next_at: datetime | None
    answer: int | None
    fault: str | None
    tried_at: datetime | None
    sent_at: datetime | None


_COLUMNS = [getattr(WebhookDelivery, name) for name in Delivery.__dataclass_fields__]


def log(webhook_id: int, before: int = 0) -> tuple[list[Delivery], int | None]:
    """Return a page of deliveries, the newest first, and after which id the next one begins."""
    d = WebhookDelivery
    rows = select(*_COLUMNS).where(d.webhook_id == webhook_id)
    rows = (rows.where(d.id < before) if before else rows).order_by(d.id.desc())
    found = [Delivery(*row) for row in db.session.execute(rows.limit(PAGE + 1))]
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def refs(deliveries: Sequence[Delivery]) -> Mapping[int, str]:
    """Return the references of the cases that some deliveries are about."""
    ids = {one.case_id for one in deliveries if one.case_id is not None}
    heads = (cases.head_by_id(case_id) for case_id in ids)
    return {head.id: head.ref for head in heads if head is not None}


@dataclass(frozen=True, slots=True)
class Due:
    """The next message to an address, where to, and the sealed secret."""

    delivery: Delivery
    url: str
    secret: str


def next_due(webhook_id: int, now: datetime) -> Due | None:
    """Return the oldest message that is due to an address, or None: none, or not now."""
    d, w = WebhookDelivery, Webhook
    row = db.session.execute(
        select(*_COLUMNS, w.url, w.secret)
        .join(w, w.id == d.webhook_id)
        .where(d.webhook_id == webhook_id, d.state == "waiting", w.paused_at.is_(None))
        .where(or_(d.next_at.is_(None), d.next_at <= now))
        .where(or_(w.next_at.is_(None), w.next_at <= now))
        .order_by(d.id)
        .limit(1)
    ).first()
    return Due(Delivery(*row[:-2]), row[-2], row[-1]) if row else None


# ---- what a message says ------------------------------------------------------------------------


def kind_of(head: cases.CaseHead | None) -> str | None:
    """Return `request` or `incident` for a case that may be told of, None for any other.

    Reports of categories that are not listed, and whatever is confidential, are told to nobody.
    """
    if head is None or head.visibility not in ("public", "removed"):
        return None
    if head.kind == DATA_REQUEST:
        return "request"
    if head.kind != STREET:
        return None
    codes = incidents.codes(head.id)
    if codes is None:  # it is being received: its category is written after its first step
        return "incident" if head.visibility == "public" else None
    return "incident" if codes.listed else None


def message(one: Delivery, town: Settings) -> dict[str, Any] | None:
    """Return what a message says now, or None where nothing of it is public any more."""
    said: dict[str, Any] = {
        "id": one.message_id,
        "type": one.event,
        "timestamp": one.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "town": {"name": town.name, "siren": town.siren, "url": town.public_url},
    }
    if one.event == TEST:
        return {**said, "data": {}}
    data = _campaign(one, town) if one.case_id is None else _case(one, town)
    return None if data is None else {**said, "data": data}


def _case(one: Delivery, town: Settings) -> dict[str, Any] | None:
    head = cases.head_by_id(one.case_id or 0)
    kind = kind_of(head)
    if head is None or kind is None:
        return None
    path = f"{kind}s/{head.ref}"
    links = {"url": f"{town.public_url}/{path}", "api_url": f"{town.public_url}/api/v1/{path}"}
    if head.visibility == "removed":
        about = one.event.partition(".")[2]
        return {"ref": head.ref, "removed": True, **links} if about in ABOUT_REMOVED else None
    words, answers = cases.public_words(head.id), cases.public_answers(head.id)
    newest = answers[0] if answers else None
    if kind == "request":
        own = {
            "object": _code(data_requests.codes(head.id), "object"),
            "title": words.get("title"),
            "wanted": words.get("wanted"),
        }
    else:
        own = {
            "category": _code(incidents.codes(head.id), "category"),
            "description": words.get("description"),
        }
    more = {"text_released": "role", "changed": "version"}.get(one.event.partition(".")[2])
    return {
        "ref": head.ref,
        "removed": False,
        "status": head.status,
        **own,
        "received_on": head.received_on.isoformat(),
        "closed_on": head.closed_on.isoformat() if head.closed_on else None,
        "outcome": newest.outcome if newest else None,
        "answer": newest.words if newest else None,
        **links,
        **({more: one.detail} if more else {}),
    }


def _code(codes: Any, name: str) -> str | None:
    return getattr(codes, name) if codes is not None else None


def _campaign(one: Delivery, town: Settings) -> dict[str, Any] | None:
    known = campaigns.step(one.step_id or 0)
    if known is None:
        return None
    step, edition = known
    page = f"{town.public_url}/campaigns/{edition.slug}"
    return {
        "campaign": edition.slug,
        "step": step.step,
        "theme": edition.theme,
        "titles": dict(edition.titles),
        "url": page + ("/note" if step.step == "published" else ""),
    }
