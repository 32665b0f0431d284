# SPDX-License-Identifier: AGPL-3.0-or-later
"""Further ways into one account: identities at other providers that its holder has added.

Only the signed-in holder adds one, by signing in there and then confirming what came back; an
e-mail address never does. An identity opens one account, and an account has one identity at each
provider. A provider of the institution's own people (`staff`) takes no part: what somebody does for
the institution and what they ask as anybody stay in two accounts. None of this commits.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Table, and_, delete, insert, select

from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.seal import Seal
from beffroi_web.sign_in.settings import ProviderSettings

OFFER_LIFE = timedelta(minutes=15)
"""How long the holder can confirm an identity that came back."""


@dataclass(frozen=True, slots=True)
class Link:
    """An identity that opens an account beside its first; `linked` is since when."""

    id: int
    account_id: int
    issuer: str
    subject: str
    linked: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """An identity that has just signed in, for `account_id` to take or leave."""

    account_id: int
    provider: str
    issuer: str
    subject: str
    name: str


class Links:
    """The further identities of one site's accounts; a site without their table has none."""

    def __init__(
        self,
        db: SQLAlchemy,
        table: Table | None,
        secret_key: str | bytes,
        providers: Sequence[ProviderSettings],
    ) -> None:
        self._db, self._table = db, table
        self._seal = Seal(secret_key, "identity to link")
        self._open = frozenset(p.issuer for p in providers if not p.staff)

    def account_of(self, issuer: str, subject: str) -> int | None:
        """Return the account that an identity was added to, or None. Reads."""
        if self._table is None or issuer not in self._open:
            return None
        t = self._table.c
        return self._db.session.execute(
            select(t.account_id).where(t.issuer == issuer, t.subject == subject)
        ).scalar_one_or_none()

    def subject_at(self, account_id: int, issuer: str) -> str | None:
        """Return the identity at an issuer that was added to an account, or None. Reads."""
        if self._table is None or issuer not in self._open:
            return None
        t = self._table.c
        return self._db.session.execute(
            select(t.subject).where(t.account_id == account_id, t.issuer == issuer)
        ).scalar_one_or_none()

    def of(self, account_id: int) -> list[Link]:
        """Return what was added to an account, oldest first. Reads."""
        if self._table is None:
            return []
        t = self._table.c
        rows = self._db.session.execute(
            select(self._table).where(t.account_id == account_id).order_by(t.id)
        )
        return [Link(**row._mapping) for row in rows]

    def add(self, offer: Offer, now: datetime) -> None:
        """Let an identity open the account that it was offered to. Writes.

        Raises IntegrityError if it opens one already, or the account has another one there.
        """
        assert self._table is not None  # noqa: S101  only a site that links makes offers
        self._db.session.execute(
            insert(self._table).values(
                account_id=offer.account_id,
                issuer=offer.issuer,
                subject=offer.subject,
                linked=now,
            )
        )

    def remove(self, account_id: int, link_id: int) -> Link | None:
        """Take a further identity away; return it, or None if the account has none such. Writes."""
        found = next((one for one in self.of(account_id) if one.id == link_id), None)
        if found is not None and self._table is not None:
            t = self._table.c
            self._db.session.execute(
                delete(self._table).where(and_(t.id == link_id, t.account_id == account_id))
            )
        return found

    def forget(self, account_id: int) -> None:
        """Take all of an account's away. Writes."""
        if self._table is not None:
            self._db.session.execute(
                delete(self._table).where(self._table.c.account_id == account_id)
            )

    def offered(self, identity: Identity, account_id: int, now: datetime) -> str:
        """Return an identity sealed for the browser of the account that may take it."""
        name = identity.display_name[:200]
        offer = Offer(account_id, identity.provider, identity.issuer, identity.subject, name)
        return self._seal.close(asdict(offer), now)

    def taken(self, sealed: str, account_id: int, now: datetime) -> Offer | None:
        """Return the offer in a browser's hands, or None if it is old or another account's."""
        content = self._seal.open(sealed, now, OFFER_LIFE)
        if content is None or content.get("account_id") != account_id:
            return None
        return Offer(**content)
