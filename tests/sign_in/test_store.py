# SPDX-License-Identifier: AGPL-3.0-or-later
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import select

from beffroi_web.database import unit_of_work
from beffroi_web.errors import Invalid
from beffroi_web.sign_in.identities import Identity, SignedIn
from beffroi_web.sign_in.settings import ProviderSettings
from beffroi_web.sign_in.store import SignInStore
from support.databases import BOTH, Kind, discard, empty
from support.sign_in_site import SECRET, make_database

NOW = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

STAFF = ProviderSettings(
    key="staff",
    label="Agents",
    issuer="https://staff.example",
    client_id="c",
    client_secret="s",
    staff=True,
    roles=MappingProxyType({"groups": MappingProxyType({"desk": "agent"})}),
)
PUBLIC = ProviderSettings(
    key="public", label="All", issuer="https://public.example", client_id="c", client_secret="s"
)


class Desk:
    """The store of a test, with each write in its own unit of work."""

    def __init__(self, url: str) -> None:
        self.app, self.db, self.tables = make_database(url)
        self.store = self.with_providers(STAFF, PUBLIC)

    def with_providers(self, *providers: ProviderSettings) -> SignInStore:
        return SignInStore(self.db, self.tables, SECRET, providers)

    def sign_in(self, identity: Identity, token: str, now: datetime = NOW) -> SignedIn:
        with unit_of_work(self.db):
            return self.store.sign_in(identity, token=token, now=now)

    def grant(self, provider: str, role: str, **who: str) -> None:
        with unit_of_work(self.db):
            self.store.grant(provider, role, now=NOW, **who)

    def roles(self, token: str, now: datetime = NOW) -> set[str] | None:
        visitor = self.store.visitor(token, now)
        return None if visitor is None else set(visitor.roles)


@pytest.fixture(params=BOTH)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    kind: Kind = request.param
    url = empty(kind, tmp_path)
    made = Desk(url)
    with made.app.app_context():
        yield made
        made.db.session.remove()
        made.db.engine.dispose()
    discard(url)


def person(provider: ProviderSettings, subject: str = "s-1", **changes: object) -> Identity:
    identity = Identity(
        provider=provider.key,
        issuer=provider.issuer,
        subject=subject,
        display_name="Camille",
        email=f"{subject}@mairie.example",
        email_verified=True,
        claim_roles=frozenset(),
        id_token="header.payload.signature",
    )
    return replace(identity, **changes)  # type: ignore[arg-type]


def test_the_same_person_keeps_one_account(desk: Desk) -> None:
    first = desk.sign_in(person(PUBLIC), "t1")
    again = desk.sign_in(person(PUBLIC, display_name="Camille V."), "t2", NOW + HOUR)
    other = desk.sign_in(person(STAFF), "t3")
    assert (first.new, again.new, other.new) == (True, False, True)
    assert first.account_id == again.account_id
    assert other.account_id != first.account_id  # the same subject elsewhere is somebody else
    account = desk.store.account(first.account_id)
    assert account is not None
    assert account.display_name == "Camille V."
    assert (account.created, account.seen) == (NOW, NOW + HOUR)


def test_a_visitor_is_found_by_the_token_alone(desk: Desk) -> None:
    signed_in = desk.sign_in(person(PUBLIC), "t1")
    visitor = desk.store.visitor("t1", NOW)
    assert visitor is not None
    assert visitor.account_id == signed_in.account_id
    assert visitor.roles == {"citizen"}
    assert desk.store.visitor("t2", NOW) is None
    assert desk.store.visitor("", NOW) is None
    assert desk.store.visitor(visitor.session_key, NOW) is None


def test_neither_the_token_nor_the_id_token_is_in_the_table(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "the-token")
    row = desk.db.session.execute(select(desk.tables.web_session)).one()
    kept = " ".join(str(value) for value in row)
    assert "the-token" not in kept
    assert "payload" not in kept


def test_somebody_without_a_name_is_shown_by_number(desk: Desk) -> None:
    signed_in = desk.sign_in(person(PUBLIC, display_name=""), "t1")
    visitor = desk.store.visitor("t1", NOW)
    assert visitor is not None
    assert visitor.display_name == f"#{signed_in.account_id}"


def test_a_session_ends_after_two_idle_hours(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "t1")
    assert desk.store.visitor("t1", NOW + 2 * HOUR - timedelta(seconds=1)) is not None
    assert desk.store.visitor("t1", NOW + 2 * HOUR) is None


def test_a_session_in_use_ends_after_twelve_hours_all_the_same(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "t1")
    for hour in range(1, 12):
        with unit_of_work(desk.db):
            desk.store.touch("t1", NOW + hour * HOUR)
    assert desk.store.visitor("t1", NOW + 12 * HOUR - timedelta(seconds=1)) is not None
    assert desk.store.visitor("t1", NOW + 12 * HOUR) is None


def test_a_touch_does_not_wake_a_session_that_has_ended(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "t1")
    with unit_of_work(desk.db):
        desk.store.touch("t1", NOW + 3 * HOUR)
    assert desk.store.visitor("t1", NOW + 3 * HOUR) is None


def test_a_touch_is_due_after_five_minutes(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "t1")
    early = desk.store.look_up("t1", NOW + timedelta(minutes=4))
    late = desk.store.look_up("t1", NOW + timedelta(minutes=5))
    assert early is not None
    assert late is not None
    assert (early[1], late[1]) == (False, True)


def test_signing_out_gives_back_what_the_provider_asks_for(desk: Desk) -> None:
    signed_in = desk.sign_in(person(PUBLIC), "t1")
    with unit_of_work(desk.db):
        ended = desk.store.sign_out("t1", NOW + HOUR)
    assert ended is not None
    assert (ended.account_id, ended.provider) == (signed_in.account_id, "public")
    assert ended.id_token == "header.payload.signature"
    assert desk.store.visitor("t1", NOW) is None
    with unit_of_work(desk.db):
        assert desk.store.sign_out("t1", NOW) is None


def test_another_secret_signs_out_without_the_provider(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "t1")
    other = SignInStore(desk.db, desk.tables, "another secret", [PUBLIC])
    with unit_of_work(desk.db):
        ended = other.sign_out("t1", NOW)
    assert ended is not None
    assert ended.id_token is None


def test_signing_out_everywhere_ends_every_session_of_one_account(desk: Desk) -> None:
    signed_in = desk.sign_in(person(PUBLIC), "t1")
    desk.sign_in(person(PUBLIC), "t2")
    desk.sign_in(person(PUBLIC, "s-2"), "t3")
    current = desk.store.visitor("t1", NOW)
    assert current is not None
    listed = desk.store.sessions(signed_in.account_id, current, NOW)
    assert sorted(s.current for s in listed) == [False, True]
    with unit_of_work(desk.db):
        desk.store.sign_out_everywhere(signed_in.account_id)
    assert [desk.store.visitor(t, NOW) is None for t in ("t1", "t2", "t3")] == [True, True, False]


def test_purging_takes_ended_sessions_only(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "t1")
    desk.sign_in(person(PUBLIC), "t2", NOW + 2 * HOUR)
    with unit_of_work(desk.db):
        assert desk.store.purge(NOW + 3 * HOUR) == 1
    assert desk.store.visitor("t2", NOW + 3 * HOUR) is not None


def test_a_provider_taken_out_of_the_settings_opens_nothing_any_more(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "t1")
    assert desk.with_providers(STAFF).visitor("t1", NOW) is None


def test_a_role_can_be_given_before_the_first_sign_in(desk: Desk) -> None:
    desk.grant("public", "administrator", subject="s-1")
    assert desk.sign_in(person(PUBLIC), "t1").roles == {"administrator"}
    assert desk.roles("t1") == {"citizen", "administrator"}


def test_a_grant_at_one_provider_is_none_at_another(desk: Desk) -> None:
    desk.grant("staff", "agent", subject="s-1")
    desk.sign_in(person(PUBLIC), "t1")
    assert desk.roles("t1") == {"citizen"}


def test_a_role_given_now_counts_in_the_session_that_is_open(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC), "t1")
    desk.grant("public", "agent", subject="s-1")
    assert desk.roles("t1") == {"citizen", "agent"}


def test_giving_a_role_twice_keeps_one_grant(desk: Desk) -> None:
    desk.grant("public", "agent", subject="s-1")
    desk.grant("public", "agent", subject="s-1")
    assert len(desk.store.grants()) == 1


def test_taking_a_role_away_ends_the_sessions(desk: Desk) -> None:
    desk.grant("public", "agent", subject="s-1")
    desk.sign_in(person(PUBLIC), "t1")
    with unit_of_work(desk.db):
        assert desk.store.revoke("public", "agent", subject="s-1") == 1
        assert desk.store.revoke("public", "agent", subject="s-1") == 0
    assert desk.roles("t1") is None


def test_a_verified_address_names_a_person_at_a_staff_provider(desk: Desk) -> None:
    desk.grant("staff", "agent", email="Jo.Agent@Mairie.example")
    desk.sign_in(person(STAFF, email="jo.agent@mairie.example"), "t1")
    assert desk.roles("t1") == {"citizen", "agent"}


def test_an_unverified_address_names_nobody(desk: Desk) -> None:
    desk.grant("staff", "agent", email="s-1@mairie.example")
    desk.sign_in(person(STAFF, email_verified=False), "t1")
    assert desk.roles("t1") == {"citizen"}


def test_an_address_cannot_be_named_at_a_provider_for_everybody(desk: Desk) -> None:
    with pytest.raises(Invalid) as caught:
        desk.grant("public", "agent", email="s-1@mairie.example")
    assert list(caught.value.errors) == ["email"]
    assert desk.store.grants() == []


def test_a_successor_with_the_same_address_does_not_inherit_the_role(desk: Desk) -> None:
    desk.grant("staff", "agent", email="desk@mairie.example")
    desk.sign_in(person(STAFF, "first", email="desk@mairie.example"), "t1")
    desk.sign_in(person(STAFF, "second", email="desk@mairie.example"), "t2")
    assert desk.roles("t1") == {"citizen", "agent"}
    assert desk.roles("t2") == {"citizen"}


def test_taking_a_role_away_by_address_ends_the_sessions(desk: Desk) -> None:
    desk.grant("staff", "agent", email="desk@mairie.example")
    desk.sign_in(person(STAFF, email="desk@mairie.example"), "t1")
    with unit_of_work(desk.db):
        assert desk.store.revoke("staff", "agent", email="Desk@mairie.example") == 1
    assert desk.roles("t1") is None


@pytest.mark.parametrize(
    ("provider", "role", "who", "field"),
    [
        ("nobody", "agent", {"subject": "s"}, "provider"),
        ("staff", "citizen", {"subject": "s"}, "role"),
        ("staff", "king", {"subject": "s"}, "role"),
        ("staff", "agent", {}, "subject"),
        ("staff", "agent", {"subject": "s", "email": "a@b.example"}, "subject"),
        ("staff", "agent", {"email": "not an address"}, "email"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(
    desk: Desk, provider: str, role: str, who: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        desk.grant(provider, role, **who)
    assert list(caught.value.errors) == [field]
    assert desk.store.grants() == []


def test_a_claim_gives_a_role_at_a_staff_provider(desk: Desk) -> None:
    desk.sign_in(person(STAFF, claim_roles=frozenset({"agent"})), "t1")
    assert desk.roles("t1") == {"citizen", "agent"}
    assert [g.source for g in desk.store.grants()] == ["claim"]


def test_a_claim_gives_nothing_at_a_provider_for_everybody(desk: Desk) -> None:
    desk.sign_in(person(PUBLIC, claim_roles=frozenset({"agent"})), "t1")
    assert desk.roles("t1") == {"citizen"}


@pytest.mark.parametrize("role", ["administrator", "operator"])
def test_administrator_and_operator_never_come_from_a_claim(desk: Desk, role: str) -> None:
    desk.sign_in(person(STAFF, claim_roles=frozenset({role})), "t1")
    assert desk.roles("t1") == {"citizen"}
    assert desk.store.grants() == []


def test_a_removed_claim_removes_the_role_and_ends_the_sessions(desk: Desk) -> None:
    claimed = frozenset({"agent", "moderator"})
    desk.sign_in(person(STAFF, claim_roles=claimed), "t1")
    desk.sign_in(person(STAFF, claim_roles=claimed), "t2")
    desk.sign_in(person(STAFF, claim_roles=frozenset({"agent"})), "t3", NOW + HOUR)
    assert desk.roles("t1", NOW + HOUR) is None
    assert desk.roles("t2", NOW + HOUR) is None
    assert desk.roles("t3", NOW + HOUR) == {"citizen", "agent"}


def test_a_removed_claim_leaves_what_was_given_by_name(desk: Desk) -> None:
    desk.grant("staff", "agent", subject="s-1")
    desk.sign_in(person(STAFF, claim_roles=frozenset({"agent"})), "t1")
    desk.sign_in(person(STAFF), "t2")
    assert desk.roles("t2") == {"citizen", "agent"}


def test_roles_from_claims_and_addresses_stop_when_staff_is_unset(desk: Desk) -> None:
    desk.grant("staff", "moderator", email="s-1@mairie.example")
    desk.grant("staff", "administrator", subject="s-1")
    desk.sign_in(person(STAFF, claim_roles=frozenset({"agent"})), "t1")
    assert desk.roles("t1") == {"citizen", "agent", "moderator", "administrator"}
    store = desk.with_providers(replace(STAFF, staff=False, roles=MappingProxyType({})), PUBLIC)
    visitor = store.visitor("t1", NOW)
    assert visitor is not None
    assert visitor.roles == {"citizen", "administrator"}


def test_a_forgotten_account_leaves_no_row(desk: Desk) -> None:
    desk.grant("staff", "agent", subject="s-1")
    signed_in = desk.sign_in(person(STAFF), "t1")
    desk.sign_in(person(STAFF, "s-2"), "t2")
    with unit_of_work(desk.db):
        desk.store.forget(signed_in.account_id)
        desk.store.forget(signed_in.account_id)
    assert desk.store.account(signed_in.account_id) is None
    assert desk.store.grants() == []
    assert desk.store.visitor("t1", NOW) is None
    assert desk.store.visitor("t2", NOW) is not None


def test_the_language_of_an_account_is_kept(desk: Desk) -> None:
    signed_in = desk.sign_in(person(PUBLIC), "t1")
    with unit_of_work(desk.db):
        desk.store.set_language(signed_in.account_id, "fr")
    visitor = desk.store.visitor("t1", NOW)
    assert visitor is not None
    assert visitor.lang == "fr"


def test_nothing_is_kept_when_the_unit_of_work_fails(desk: Desk) -> None:
    def fail_later() -> None:
        with unit_of_work(desk.db):
            desk.store.sign_in(person(PUBLIC), token="t1", now=NOW)
            raise RuntimeError("something later failed")

    with pytest.raises(RuntimeError, match="later"):
        fail_later()
    assert desk.store.visitor("t1", NOW) is None
    assert desk.db.session.execute(select(desk.tables.account)).all() == []
