# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town that begins a new log or changes its key: what the register does, and what people see."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.aggregator.intake import commands as intake
from beffroi_federation.aggregator.towns import commands
from beffroi_federation.aggregator.towns.queries import logs_of
from beffroi_federation.entries import EpochEntry, KeyEntry
from beffroi_federation.merkle import EMPTY_ROOT
from beffroi_federation.notes import sign, vkey
from beffroi_web.errors import Conflict, Invalid
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown

SIREN = "210000006"


def second_epoch(title: str = "Les plans du lavoir") -> SimulatedTown:
    town = make_town()
    town.origin = town.origin.removesuffix("1") + "2"
    town.record(request_content(7, title=title))
    town.publish()
    return town


def first_epoch() -> SimulatedTown:
    town = make_town()
    town.record(request_content(1, title="Les plans du moulin"))
    town.publish()
    return town


def approve(nation: Nation, epoch: int, by: str = "Ada") -> None:
    with nation.app.app_context():
        intake.begin_epoch(SIREN, epoch, by=by, words="Rappelée.", now=nation.clock.now())


def test_a_new_epoch_waits_and_the_old_one_stays_until_a_person_has_approved(
    nation: Nation, serve
) -> None:
    nation.know(serve(first_epoch()))
    nation.pull()
    nation.know(serve(second_epoch()), approve=False)
    assert nation.town().epoch == 1
    assert "Les plans du moulin" in nation.page("/requests")
    assert "It waits for a person" in nation.page("/audit?all=1")
    with nation.app.app_context():
        assert [log.state for log in logs_of(nation.town().id)] == ["current", "waiting"]


def test_an_approved_epoch_takes_the_place_of_the_old_log_and_of_all_that_it_said(
    nation: Nation, serve
) -> None:
    old = serve(first_epoch())
    nation.know(old)
    nation.pull()
    nation.know(serve(continued(len(old.leaves), old.root())), approve=False)
    approve(nation, 2)
    assert "Les plans du moulin" not in nation.dump()
    assert nation.pull()[SIREN].result == "taken"
    assert "Les plans du lavoir" in nation.page("/requests")
    with nation.app.app_context():
        assert [log.state for log in logs_of(nation.town().id)] == ["ended", "current"]
    assert len(nation.rows("raw_entry")) == 3, "the old log's leaves stay as proof"
    assert "the old one has ended" in nation.page("/audit?all=1")


def test_an_epoch_that_does_not_wait_or_has_no_name_under_it_is_not_approved(
    small_nation: Nation, serve
) -> None:
    small_nation.know(serve(first_epoch()))
    with pytest.raises(Conflict):
        approve(small_nation, 2)
    small_nation.know(serve(second_epoch()), approve=False)
    with pytest.raises(Invalid):
        approve(small_nation, 2, by=" ")
    with pytest.raises(Conflict):
        approve(small_nation, 3)
    approve(small_nation, 2)
    with pytest.raises(Conflict):
        approve(small_nation, 2)


def test_an_epoch_that_has_ended_does_not_come_back(small_nation: Nation, serve) -> None:
    old = serve(first_epoch())
    small_nation.know(old)
    small_nation.know(serve(second_epoch()), approve=False)
    approve(small_nation, 2)
    with pytest.raises(Conflict):
        small_nation.know(old, approve=False)
    assert small_nation.town().epoch == 2


def test_a_person_can_pin_a_key_that_the_nation_was_not_there_to_see(
    small_nation: Nation, serve
) -> None:
    small_nation.know(serve(first_epoch()))
    town = small_nation.town()
    other = vkey(town.origin, bytes(range(32)))
    now = small_nation.clock.now()
    with small_nation.app.app_context():
        for bad in ("nonsense", vkey("another.example", bytes(range(32)))):
            with pytest.raises(Invalid):
                commands.replace_key(SIREN, bad, by="Ada", words="", now=now)
        with pytest.raises(Invalid):
            commands.replace_key(SIREN, other, by="", words="", now=now)
        row = commands.replace_key(SIREN, other, by="Ada", words="Rappelée.", now=now)
    assert row.vkey == other
    assert "pinned another key" in small_nation.page("/audit?all=1")


def rotated(town: SimulatedTown, *, with_both: bool = True) -> str:
    """Announce another key, and have it sign beside the first; return it."""
    other = Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32))))
    text = vkey(town.origin, other.public_key().public_bytes_raw())
    town.append(KeyEntry(text))
    if with_both:
        town.others = [text]
        town.also = [lambda signed: sign(signed, town.origin, other)]
    town.publish()
    return text


def test_a_key_that_both_keys_signed_for_takes_the_place_of_the_pinned_one(
    nation: Nation, serve
) -> None:
    town = serve(first_epoch())
    nation.know(town)
    nation.pull()
    announced = rotated(town)
    assert nation.pull()[SIREN].result == "taken"
    assert nation.town().vkey == announced
    assert "both signed" in nation.page("/audit?all=1")
    town.key = Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32))))
    town.also = []
    town.record(request_content(8))
    town.publish()
    assert nation.pull()[SIREN].result == "taken"


def test_a_key_that_was_announced_but_did_not_sign_stops_the_town(nation: Nation, serve) -> None:
    town = serve(first_epoch())
    nation.know(town)
    nation.pull()
    pinned = nation.town().vkey
    rotated(town, with_both=False)
    done = nation.pull()[SIREN]
    assert (done.result, done.step) == ("refused", "key")
    assert (nation.town().vkey, nation.town().state) == (pinned, "quarantined")
    assert "announces a key that did not sign" in nation.page("/audit")


def continued(size: int, root: bytes, origin: str = "") -> SimulatedTown:
    town = make_town()
    before = town.origin
    town.origin = town.origin.removesuffix("1") + "2"
    town.append(EpochEntry(origin or before, size, root))
    town.record(request_content(7, title="Les plans du lavoir"))
    town.publish()
    return town


def test_an_epoch_says_where_the_old_log_ended_and_is_held_to_it(nation: Nation, serve) -> None:
    old = serve(first_epoch())
    nation.know(old)
    nation.pull()
    nation.know(serve(continued(len(old.leaves), old.root())), approve=False)
    approve(nation, 2)
    assert nation.pull()[SIREN].result == "taken"
    assert "says where the old one ended" in nation.page("/audit?all=1")


@pytest.mark.parametrize(
    ("size", "root", "origin"),
    [(1, bytes(32), ""), (0, EMPTY_ROOT, "elsewhere.example/beffroi/210000006/1")],
)
def test_an_epoch_that_tells_another_past_is_refused(
    nation: Nation, serve, size: int, root: bytes, origin: str
) -> None:
    nation.know(serve(first_epoch()))
    nation.pull()
    nation.know(serve(continued(size, root, origin)), approve=False)
    approve(nation, 2)
    done = nation.pull()[SIREN]
    assert (done.result, done.step) == ("refused", "epoch-differs")
    assert "never published" in nation.page("/audit")


def test_an_epoch_that_hides_its_past_is_refused(small_nation: Nation, serve) -> None:
    small_nation.know(serve(first_epoch()))
    small_nation.pull()
    small_nation.know(serve(second_epoch()), approve=False)
    approve(small_nation, 2)
    assert small_nation.pull()[SIREN].step == "epoch-differs"
