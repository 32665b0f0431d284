# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on sources: connect, end, keep secrets, write down how a reading went. None commits."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from beffroi.bridges import rules
from beffroi.bridges.models import BridgedItem, BridgeSource, HintTaken
from beffroi.bridges.service import secrets
from beffroi.cases import service as cases
from beffroi.cases.rules import DATA_REQUEST
from beffroi.kernel import jobs
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.addresses import check_address
from beffroi_web.words import N_

HINTS_KEPT = timedelta(hours=1)
_WRONG = N_(
    "Give an address that begins with https:// and a public name, without a port or a password."
)


def checked_address(address: str, loopback: frozenset[str]) -> str:
    """Return an address that may be read; Invalid says what is wrong with another."""
    try:
        check_address(address, loopback)
    except ValueError:
        raise Invalid(_WRONG, errors={"address": [_WRONG]}) from None
    return address


def add(
    kind: str,
    address: str,
    *,
    component: str = "",
    name: str = "",
    mode: str,
    lang: str,
    loopback: frozenset[str],
    now: datetime,
) -> int:
    """Connect a source; the worker reads it. Invalid says what is wrong."""
    checked_address(address, loopback)
    if kind == "decidim-graphql" and "/f/" not in address:
        sentence = N_("Give the address of the component's own page: it holds /f/ and a number.")
        raise Invalid(sentence, errors={"address": [sentence]})
    same = select(BridgeSource.id).where(
        BridgeSource.address == address,
        BridgeSource.component == component,
        BridgeSource.ended_at.is_(None),
    )
    if db.session.scalar(same) is not None:
        sentence = N_("This source is connected already.")
        raise Invalid(sentence, errors={"address": [sentence]})
    row = BridgeSource(
        kind=kind, address=address, component=component, name=" ".join(name.split()), mode=mode,
        lang=lang, made_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row.id


def _alive(source_id: int) -> BridgeSource:
    row = db.session.get(BridgeSource, source_id)
    if row is None or row.ended_at is not None:
        raise NotFound(N_("There is no such source."))
    return row


def end(source_id: int, *, now: datetime) -> None:
    """Read a source no more: its links vanish, its secrets are destroyed, its requests stay."""
    row = _alive(source_id)
    row.ended_at, row.credentials, row.hook_secret = now, None, None
    db.session.execute(delete(HintTaken).where(HintTaken.source_id == source_id))


def keep_credentials(
    source_id: int, key: str, secret: str, *, secret_key: str, now: datetime
) -> None:
    """Keep the API credentials of a source, sealed; both empty destroys them."""
    row = _alive(source_id)
    if row.kind != "decidim-graphql":
        raise Conflict(N_("Only Decidim can be answered by its API."))
    if bool(key) != bool(secret):
        missing = "secret" if key else "key"
        raise Invalid(N_("Give both, or neither."), errors={missing: [N_("Missing.")]})
    sealed = secrets.closed(secret_key, {"key": key, "secret": secret}, now) if key else None
    row.credentials = sealed


def new_hook_secret(source_id: int, *, secret_key: str, chance: Chance, now: datetime) -> str:
    """Make a new secret for a source's messages and return it: it is shown this once."""
    row = _alive(source_id)
    secret = chance(32).hex()
    row.hook_secret = secrets.closed(secret_key, {"hook": secret}, now)
    return secret


def begin(source_id: int, *, now: datetime, again: bool = False) -> bool:
    """Take the reading of a source that is due, once; say whether it was there to be taken.

    With `again` it is due whenever nobody is reading it: a slow site may keep a reading beyond the
    lease of its job, which then runs a second time.
    """
    tried, read = BridgeSource.tried_at, BridgeSource.read_at
    since = rules.READING if again else rules.READ_EVERY
    due = or_(tried.is_(None), tried <= now - since)
    if again:
        due = or_(due, BridgeSource.fault.is_not(None), read >= tried)
    result = db.session.execute(
        update(BridgeSource)
        .where(BridgeSource.id == source_id, BridgeSource.ended_at.is_(None), due)
        .values(tried_at=now, fault=None)
    )
    return bool(getattr(result, "rowcount", 0))


def probed(source_id: int, info: rules.SourceInfo) -> None:
    """Remember what a probe found of a source."""
    row = _alive(source_id)
    row.optional = None if info.optional is None else " ".join(info.optional)
    row.space = info.space[:120]
    row.name = row.name or info.name[:120]


def forget_probe(source_id: int) -> None:
    """Have a source probed anew: its site has changed."""
    _alive(source_id).optional = None


def ended(
    source_id: int,
    *,
    now: datetime,
    swept: bool,
    fault: str = "",
    refused: int = 0,
    requests: int = 0,
    vanished: int | None = None,
) -> None:
    """Write down how a reading went."""
    values: dict[str, object] = {"fault": fault[:500] or None, "requests": requests}
    if not fault:
        values["read_at"] = now
        values["refused"] = refused
        if swept:
            values["swept_at"] = now
            values["vanished"] = vanished or 0
    db.session.execute(update(BridgeSource).where(BridgeSource.id == source_id).values(**values))


def ask_reading(source_id: int, *, all_gone: bool, now: datetime) -> None:
    """Have the worker probe a source anew and read all of it, as soon as it can."""
    _alive(source_id).optional = None
    jobs.enqueue(rules.READ, {"source": source_id, "all_gone": all_gone}, run_at=now)


def take_hint(source_id: int, item_id: str, mark: str, *, now: datetime) -> bool:
    """Enqueue the reading of an item once for a message; False if the message was taken before."""
    db.session.execute(
        delete(HintTaken).where(HintTaken.source_id == source_id, HintTaken.at < now - HINTS_KEPT)
    )
    try:
        with db.session.begin_nested():
            db.session.add(HintTaken(source_id=source_id, mark=mark, at=now))
    except IntegrityError:
        return False
    if item_id:
        jobs.enqueue(rules.HINT, {"source": source_id, "item": item_id}, run_at=now)
    return True


def _item(source_id: int, item_id: int) -> BridgedItem:
    row = db.session.get(BridgedItem, item_id)
    if row is None or row.source_id != source_id or row.state == "erased" or row.gone_at:
        raise NotFound(N_("There is no such proposal."))
    return row


def release(source_id: int, item_id: int, *, title: str = "", answer: str = "") -> None:
    """Show the words of an item in the form given, after the gate; Invalid says what it finds."""
    row = _item(source_id, item_id)
    if title.strip():
        said = " ".join(title.split())[:200]
        cases.gate(said, f"title-{item_id}")
        row.public_title, row.state = said, "released"
    if answer.strip():
        cases.gate(answer, f"answer-{item_id}")
        row.public_answer = answer.strip()[: rules.MOST_ANSWER]


def hold(source_id: int, item_id: int) -> None:
    """Take an item's words off the pages; they stay off until its origin changes them."""
    row = _item(source_id, item_id)
    row.state, row.public_title, row.public_answer = "held", None, None


def stand_beside(source_id: int, item_id: int, ref: str) -> None:
    """Show a released proposal on the page of a request that asks for the same; "" ends that.

    Invalid if the town has no such request that everybody sees.
    """
    row = _item(source_id, item_id)
    wanted = ref.strip()
    try:
        case = cases.the_case(wanted) if wanted else None
    except NotFound:
        case = None
    right = case is not None and case.kind == DATA_REQUEST and case.visibility == "public"
    if row.case_id is not None or row.public_title is None or (wanted and not right):
        sentence = N_("Give the number of a request that everybody sees, such as 2026-530917264.")
        raise Invalid(sentence, errors={f"beside-{item_id}": [sentence]})
    row.beside_id = case.id if case is not None else None


def forget(case_id: int) -> None:
    """Destroy what was kept of an erased case's origin; its number stays: it never comes back."""
    db.session.execute(
        update(BridgedItem).where(BridgedItem.beside_id == case_id).values(beside_id=None)
    )
    db.session.execute(
        update(BridgedItem)
        .where(BridgedItem.case_id == case_id)
        .values(
            state="erased", url="", title="", public_title=None, answer="", public_answer=None,
            supports=None, comments=None, labels="",
        )
        .execution_options(synchronize_session="fetch")
    )  # fmt: skip
