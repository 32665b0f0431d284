# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts, sessions and roles: who somebody is here, and until when.

Every method runs in the caller's transaction and none commits: the edge opens a `unit_of_work`
around what writes. The time and the random token are arguments. A session's token is known to the
browser only; the table has its hash, so a stolen table opens nothing.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ColumnElement, Row, Select, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from beffroi_web.sign_in.granting import ROLES, check_grant
from beffroi_web.sign_in.identities import (
    Account,
    EndedSession,
    Grant,
    Identity,
    OpenSession,
    SignedIn,
)
from beffroi_web.sign_in.linking import Links
from beffroi_web.sign_in.seal import Seal, derived, sealed_anew
from beffroi_web.sign_in.settings import CLAIM_ROLES, ProviderSettings
from beffroi_web.sign_in.tables import SignInTables
from beffroi_web.visitors import Visitor

__all__ = ["ABSOLUTE_LIFE", "IDLE_LIFE", "ROLES", "TOUCH_EVERY", "SignInStore"]

ABSOLUTE_LIFE = timedelta(hours=12)
IDLE_LIFE = timedelta(hours=2)
TOUCH_EVERY = timedelta(minutes=5)
"""A session's last use is written at most this often, so that reading a page seldom writes."""


class SignInStore:
    """The accounts, sessions and roles of one site."""

    def __init__(
        self,
        db: SQLAlchemy,
        tables: SignInTables,
        secret_key: str | bytes,
        providers: Sequence[ProviderSettings],
        *,
        absolute_life: timedelta = ABSOLUTE_LIFE,
        idle_life: timedelta = IDLE_LIFE,
    ) -> None:
        self._db = db
        self._account = tables.account
        self._session = tables.web_session
        self._grant = tables.role_grant
        self._seal = Seal(secret_key, "id_token")
        self._code_key = derived(secret_key, "account in the log")
        self.links = Links(db, tables.linked_identity, secret_key, providers)
        self._providers = {p.key: p for p in providers}
        self._staff = frozenset(p.key for p in providers if p.staff)
        self._absolute_life = absolute_life
        self._idle_life = idle_life

    # --- sessions ---------------------------------------------------------------------------

    def sign_in(self, identity: Identity, *, token: str, now: datetime) -> SignedIn:
        """Make or refresh the account, settle its roles, and open a session under `token`.

        Writes. `token` is new and unguessable (32 random bytes or more). A role that a claim gave
        before and gives no longer is taken away, and every older session of the account ends.
        """
        account_id, new = self._keep_account(identity, now)
        self._bind_email_grants(identity)
        if self._settle_claim_roles(identity, now):
            self.sign_out_everywhere(account_id)
        self._db.session.execute(
            insert(self._session).values(
                token_hash=_hash(token),
                account_id=account_id,
                provider=identity.provider,
                id_token=self._seal.close({"id_token": identity.id_token}, now),
                created=now,
                seen=now,
                ends=now + self._absolute_life,
            )
        )
        return SignedIn(account_id, new, self._roles(identity.provider, identity.subject))

    def visitor(self, token: str, now: datetime) -> Visitor | None:
        """Return who holds this token, or None when the session has ended or never was. Reads."""
        found = self.look_up(token, now)
        return None if found is None else found[0]

    def look_up(self, token: str, now: datetime) -> tuple[Visitor, bool] | None:
        """Return the holder of a token, and whether `touch` is due; None for no session. Reads."""
        row = self._live(token, now)
        if row is None:
            return None
        visitor = Visitor(
            account_id=row.account_id,
            display_name=row.display_name or f"#{row.account_id}",
            roles=self._roles(row.provider, self._subject(row)) | {"citizen"},
            lang=row.lang,
            session_key=row.token_hash,
            since=row.created,
        )
        return visitor, now - row.seen >= TOUCH_EVERY

    def touch(self, token: str, now: datetime) -> None:
        """Write that the session is in use, which keeps it from ending as idle. Writes."""
        row = self._live(token, now)
        if row is None:
            return
        self._db.session.execute(
            update(self._session)
            .where(self._session.c.token_hash == row.token_hash)
            .values(seen=now)
        )
        self._db.session.execute(
            update(self._account).where(self._account.c.id == row.account_id).values(seen=now)
        )

    def sign_out(self, token: str, now: datetime) -> EndedSession | None:
        """End one session; return what its provider needs, or None if there was none. Writes."""
        row = self._live(token, now)
        self._db.session.execute(
            delete(self._session).where(self._session.c.token_hash == _hash(token))
        )
        if row is None:
            return None
        sealed = self._seal.open(row.id_token, now, 2 * self._absolute_life)
        return EndedSession(
            row.account_id, row.provider, None if sealed is None else str(sealed["id_token"])
        )

    def sign_out_everywhere(self, account_id: int) -> None:
        """End every session of an account. Writes."""
        self._db.session.execute(
            delete(self._session).where(self._session.c.account_id == account_id)
        )

    def sessions(self, account_id: int, current: Visitor, now: datetime) -> list[OpenSession]:
        """Return where the account is signed in, latest use first. Reads."""
        s = self._session.c
        rows = self._db.session.execute(
            select(self._session)
            .where(s.account_id == account_id, self._is_live(now))
            .order_by(s.seen.desc(), s.id.desc())
        )
        return [
            OpenSession(
                r.id, r.provider, r.created, r.seen, r.ends, r.token_hash == current.session_key
            )
            for r in rows
        ]

    def end_session(self, account_id: int, session_id: int) -> None:
        """End one session of an account; one that is there no more is none. Writes."""
        s = self._session.c
        self._db.session.execute(
            delete(self._session).where(s.id == session_id, s.account_id == account_id)
        )

    def purge(self, now: datetime) -> int:
        """Delete the sessions that have ended; return how many there were. Writes."""
        ended = self._db.session.execute(delete(self._session).where(~self._is_live(now)))
        return int(getattr(ended, "rowcount", 0))

    def code(self, account_id: int) -> str:
        """Return by what the log knows an account: 16 hexadecimal characters, of a keyed hash.

        Lines about one account can be told to be so, and nobody without the site's secret learns
        whose they are.
        """
        digest = hmac.new(self._code_key, str(account_id).encode(), hashlib.sha256)
        return digest.hexdigest()[:16]

    def seal_anew(self, old_key: str, now: datetime) -> tuple[int, int]:
        """Seal what sessions keep, which was sealed under an old secret, under the present one.

        Returns how many are sealed so now, and how many neither secret opened. Writes.
        """
        old, s, done, lost = Seal(old_key, "id_token"), self._session.c, 0, 0
        for row in self._db.session.execute(select(s.id, s.id_token)).all():
            anew = sealed_anew(row.id_token, old, self._seal, now)
            if anew is None:
                lost += 1
                continue
            done += 1
            self._db.session.execute(
                update(self._session).where(s.id == row.id).values(id_token=anew)
            )
        return done, lost

    # --- accounts ---------------------------------------------------------------------------

    def account(self, account_id: int) -> Account | None:
        """Return an account, or None when there is no such one. Reads."""
        row = self._db.session.execute(
            select(self._account).where(self._account.c.id == account_id)
        ).one_or_none()
        return None if row is None else Account(**row._mapping)

    def holder(self, account_id: int, key: str) -> Visitor | None:
        """Return who an account is now, for a program that acts for it. Reads.

        None where there is no such account, or where its providers left the settings. The roles
        are those of this moment, of every identity that opens the account; `key` becomes the
        visitor's session key.
        """
        account = self.account(account_id)
        if account is None:
            return None
        ways_in = self._ways_in(account)
        if not ways_in:
            return None
        held = frozenset[str]().union(*(self._roles(*one) for one in ways_in))
        name = account.display_name or f"#{account_id}"
        return Visitor(account_id, name, held | {"citizen"}, account.lang, key)

    def _ways_in(self, account: Account) -> list[tuple[str, str]]:
        """Return (provider, subject) of what opens an account; one for staff is never added."""
        ways = [
            (key, account.subject)
            for key, one in self._providers.items()
            if one.issuer == account.issuer
        ]
        for link in self.links.of(account.id):
            ways += [
                (key, link.subject)
                for key, one in self._providers.items()
                if one.issuer == link.issuer and not one.staff
            ]
        return ways

    def set_language(self, account_id: int, lang: str | None) -> None:
        """Keep the language a person has chosen, or forget it. Writes."""
        self._db.session.execute(
            update(self._account).where(self._account.c.id == account_id).values(lang=lang)
        )

    def forget(self, account_id: int) -> None:
        """Delete an account with its sessions and roles; what it wrote is not here. Writes."""
        account = self.account(account_id)
        if account is None:
            return
        for issuer, subject in [
            (account.issuer, account.subject),
            *((one.issuer, one.subject) for one in self.links.of(account_id)),
        ]:
            keys = [key for key, p in self._providers.items() if p.issuer == issuer]
            g = self._grant.c
            self._db.session.execute(
                delete(self._grant).where(g.provider.in_(keys), g.subject == subject)
            )
        self.links.forget(account_id)
        self.sign_out_everywhere(account_id)
        self._db.session.execute(delete(self._account).where(self._account.c.id == account_id))

    # --- roles ------------------------------------------------------------------------------

    def grant(
        self,
        provider: str,
        role: str,
        *,
        subject: str | None = None,
        email: str | None = None,
        now: datetime,
    ) -> None:
        """Give a role to a person named by subject, or by e-mail at a `staff` provider. Writes.

        The person need not have signed in yet. Raises `Invalid` for an unknown provider or role,
        for an e-mail address at a provider that is not `staff`, and unless exactly one of subject
        and e-mail is given. Giving what is there already changes nothing.
        """
        check_grant(provider, role, subject, email, known=self._providers.keys(), staff=self._staff)
        naming = self._named(subject, email)
        g = self._grant.c
        here = and_(g.provider == provider, g.role == role, g.source == "command", naming)
        if self._db.session.execute(select(g.id).where(here)).first() is None:
            self._db.session.execute(
                insert(self._grant).values(
                    provider=provider,
                    subject=subject,
                    email=_folded(email),
                    role=role,
                    source="command",
                    granted=now,
                )
            )

    def revoke(
        self, provider: str, role: str, *, subject: str | None = None, email: str | None = None
    ) -> int:
        """Take a role away and end that person's sessions; return how many grants went. Writes."""
        g = self._grant.c
        rows = self._db.session.execute(
            select(self._grant).where(
                g.provider == provider, g.role == role, self._named(subject, email)
            )
        ).all()
        for row in rows:
            self._db.session.execute(delete(self._grant).where(g.id == row.id))
            account_id = self._account_of(provider, row.subject)
            if account_id is not None:
                self.sign_out_everywhere(account_id)
        return len(rows)

    def grants(self) -> list[Grant]:
        """Return every grant, in the order in which they were given. Reads."""
        rows = self._db.session.execute(select(self._grant).order_by(self._grant.c.id))
        return [Grant(**row._mapping) for row in rows]

    # --- inside -----------------------------------------------------------------------------

    def _live(self, token: str, now: datetime) -> Row[Any] | None:
        s, a = self._session.c, self._account.c
        query: Select[Any] = (
            select(self._session, a.issuer, a.subject, a.display_name, a.lang)
            .join(self._account, a.id == s.account_id)
            .where(s.token_hash == _hash(token), self._is_live(now))
        )
        row = self._db.session.execute(query).one_or_none()
        # A provider that was taken out of the settings opens nothing any more.
        if row is None or row.provider not in self._providers:
            return None
        return row if self._subject(row) else None  # the way in was taken away

    def _subject(self, row: Row[Any]) -> str:
        """Return who a session's holder is at the session's own provider; nothing for nobody.

        Roles count where they were given: an identity that was added to an account brings its own.
        """
        issuer = self._providers[row.provider].issuer
        if row.issuer == issuer:
            return str(row.subject)
        return self.links.subject_at(row.account_id, issuer) or ""

    def _is_live(self, now: datetime) -> ColumnElement[bool]:
        return and_(self._session.c.ends > now, self._session.c.seen > now - self._idle_life)

    def _keep_account(self, identity: Identity, now: datetime) -> tuple[int, bool]:
        said = {
            "display_name": identity.display_name[:200],
            "email": identity.email,
            "email_verified": identity.email_verified,
            "seen": now,
        }
        a = self._account.c
        linked = self.links.account_of(identity.issuer, identity.subject)
        if linked is not None:  # name and address stay those of the account's first identity
            self._db.session.execute(update(self._account).where(a.id == linked).values(seen=now))
            return linked, False
        this = and_(a.issuer == identity.issuer, a.subject == identity.subject)
        known = self._db.session.execute(select(a.id).where(this)).scalar_one_or_none()
        if known is None:
            try:
                with self._db.session.begin_nested():
                    self._db.session.execute(
                        insert(self._account).values(
                            issuer=identity.issuer, subject=identity.subject, created=now, **said
                        )
                    )
                new = True
            except IntegrityError:  # the same person signed in a moment ago, in another process
                new = False
            return int(self._db.session.execute(select(a.id).where(this)).scalar_one()), new
        self._db.session.execute(update(self._account).where(a.id == known).values(**said))
        return int(known), False

    def _bind_email_grants(self, identity: Identity) -> None:
        """Write the subject into grants that named this person by a verified address.

        From then on the grant follows the subject: an address that is handed to a successor does
        not hand over the role.
        """
        if identity.provider in self._staff and identity.email and identity.email_verified:
            g = self._grant.c
            self._db.session.execute(
                update(self._grant)
                .where(
                    g.provider == identity.provider,
                    g.email == _folded(identity.email),
                    g.subject.is_(None),
                )
                .values(subject=identity.subject)
            )

    def _settle_claim_roles(self, identity: Identity, now: datetime) -> bool:
        """Make the claim grants what the claims say now; say whether any was taken away."""
        staff = identity.provider in self._staff
        wanted = identity.claim_roles & CLAIM_ROLES if staff else frozenset[str]()
        g = self._grant.c
        this = and_(
            g.provider == identity.provider, g.subject == identity.subject, g.source == "claim"
        )
        had = set(self._db.session.execute(select(g.role).where(this)).scalars())
        for role in sorted(wanted - had):
            self._db.session.execute(
                insert(self._grant).values(
                    provider=identity.provider,
                    subject=identity.subject,
                    role=role,
                    source="claim",
                    granted=now,
                )
            )
        if had - wanted:
            self._db.session.execute(
                delete(self._grant).where(this, g.role.in_(sorted(had - wanted)))
            )
        return bool(had - wanted)

    def _roles(self, provider: str, subject: str) -> frozenset[str]:
        """Return what counts now: grants from claims or by e-mail only while `staff` is set."""
        g = self._grant.c
        counts = and_(g.provider == provider, g.subject == subject)
        if provider not in self._staff:
            counts = and_(counts, g.source == "command", g.email.is_(None))
        counts = and_(counts, or_(g.source == "command", g.role.in_(sorted(CLAIM_ROLES))))
        return frozenset(self._db.session.execute(select(g.role).where(counts)).scalars())

    def _named(self, subject: str | None, email: str | None) -> ColumnElement[bool]:
        g = self._grant.c
        return g.subject == subject if subject is not None else g.email == _folded(email)

    def _account_of(self, provider: str, subject: str | None) -> int | None:
        known = self._providers.get(provider)
        if known is None or subject is None:
            return None
        return self.account_at(known.issuer, subject)

    def account_at(self, issuer: str, subject: str) -> int | None:
        """Return the account that an identity opens, as its first or as one added. Reads."""
        a = self._account.c
        own = select(a.id).where(a.issuer == issuer, a.subject == subject)
        return self.links.account_of(issuer, subject) or self._db.session.scalar(own)

    def end_sessions_at(self, account_id: int, issuer: str) -> None:
        """End an account's sessions that were opened at one provider. Writes."""
        keys = [key for key, p in self._providers.items() if p.issuer == issuer]
        s = self._session.c
        self._db.session.execute(
            delete(self._session).where(s.account_id == account_id, s.provider.in_(keys))
        )


def _hash(token: str) -> str:
    # A plain hash is enough: the token is 32 random bytes, there is nothing to guess.
    return hashlib.sha256(token.encode()).hexdigest()


def _folded(email: str | None) -> str | None:
    return None if email is None else email.strip().casefold()
