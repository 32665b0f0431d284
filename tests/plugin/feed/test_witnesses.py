# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town has its log witnessed: what is asked, what is served, and what goes wrong without harm."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from beffroi.config import Settings
from beffroi.feed.commands.witnesses import submit_due
from beffroi.feed.queries.witnesses import WitnessRow, witnesses
from beffroi.feed.service.witnesses import wait_after
from beffroi.kernel.db import db
from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.cosigning import cosign, read_cosignatures
from beffroi_federation.merkle import Frontier
from beffroi_federation.notes import Verifier
from support.town import NOON, PUBLIC_URL, Town
from support.witness_server import Said, WitnessServer


@pytest.fixture
def witness(village: Town) -> Iterator[WitnessServer]:
    """An honest witness that knows the village's log."""
    with village.look():
        vkeys = village.app.extensions["beffroi"].vkeys()
    clock = village.clock
    with WitnessServer(vkeys, seconds=lambda: int(clock.now().timestamp())).served() as served:
        yield served


def told_of(town: Town, *served: WitnessServer) -> Settings:
    """Return the town's settings with a policy of these witnesses, reached on the loopback."""
    path = town.settings.data_dir / "policy"
    lines = [f"witness w{at} {one.vkey} {one.url}" for at, one in enumerate(served)]
    names = " ".join(f"w{at}" for at in range(len(served)))
    path.write_text("\n".join([*lines, f"group all any {names}", "quorum all", ""]))
    return replace(town.settings, witness_policy=path, public_url="http://127.0.0.1:8301")


def ask(town: Town, settings: Settings) -> int:
    with town.app.app_context():
        return submit_due(settings, now=town.now)


def served(town: Town) -> tuple[str, str]:
    """Return the checkpoint as it is served, and its ETag."""
    answer = town.app.test_client().get("/log/checkpoint", base_url=PUBLIC_URL)
    assert answer.status_code == 200
    return answer.get_data(as_text=True), answer.headers["ETag"]


def rows(town: Town) -> list[WitnessRow]:
    with town.look():
        return witnesses()


def test_what_a_witness_saw_is_served_below_the_log_s_own_signature(
    village: Town, witness: WitnessServer
) -> None:
    village.publish()
    before, etag = served(village)
    assert ask(village, told_of(village, witness)) == 1
    note, with_line = served(village)
    assert note.startswith(before)
    assert with_line != etag
    (found,) = read_cosignatures(note, [Verifier.from_text(witness.vkey)])
    assert found.seconds == int(village.now.timestamp())
    keys = [Verifier.from_text(one) for one in witness.log_vkeys]
    assert open_checkpoint(note, keys).size == 1
    assert [(row.name, row.current, row.cosigned) for row in rows(village)] == [("w0", True, 1)]


def test_a_line_for_an_older_tree_is_never_served_with_a_new_one(
    village: Town, witness: WitnessServer
) -> None:
    settings = told_of(village, witness)
    village.publish()
    ask(village, settings)
    village.release(village.request())
    village.publish()
    note, _ = served(village)
    assert note.count("— ") == 1
    assert [row.current for row in rows(village)] == [False]
    assert ask(village, settings) == 1
    assert served(village)[0].count("— ") == 2
    assert [body.partition(b"\n")[0] for body in witness.asked] == [b"old 0", b"old 1"]


def test_an_idle_log_has_a_fresh_cosignature_each_day_and_no_more(
    village: Town, witness: WitnessServer
) -> None:
    settings = told_of(village, witness)
    village.publish()
    assert [ask(village, settings) for _ in range(3)] == [1, 0, 0]
    village.later(hours=23)
    assert ask(village, settings) == 0
    village.later(hours=1)
    assert ask(village, settings) == 1
    assert rows(village)[0].cosigned_at == NOON + timedelta(days=1)
    assert len(witness.asked) == 2


def test_a_witness_that_has_seen_another_size_is_asked_anew_from_there(
    town: Town,
) -> None:
    with town.look():
        vkeys = town.app.extensions["beffroi"].vkeys()
    with WitnessServer(vkeys).served() as witness:
        settings = told_of(town, witness)
        town.publish()
        ask(town, settings)
        town.release(town.request())
        town.publish()
        with town.change():
            db.session.execute(db.text("UPDATE log_witness SET seen = 0"))
        assert ask(town, settings) == 1
        assert [body.partition(b"\n")[0] for body in witness.asked] == [
            b"old 0",
            b"old 0",
            b"old 1",
        ]


@pytest.mark.parametrize(
    ("status", "kind", "body", "words"),
    [
        (404, "text/plain", b"", "does not know this log"),
        (403, "text/plain", b"", "does not know the key"),
        (400, "text/plain", b"", "does not understand"),
        (422, "text/plain", b"", "consistent"),
        (409, "text/plain", b"conflict", "another history"),
        (409, "text/x.tlog.size", b"0\n", "another history"),
        (409, "text/x.tlog.size", b"99\n", "seen more of this log"),
        (409, "text/x.tlog.size", b"01\n", "not a plain decimal"),
        (409, "text/x.tlog.size", b"9", "names a size that is none"),
        (503, "text/plain", b"", "cannot answer just now"),
        (302, "text/plain", b"", "redirects"),
        (200, "text/plain", b"thank you\n", "signature line"),
        (200, "text/plain", b"x" * 70_000, "longer than it may be"),
        (418, "text/plain", b"", "does not know"),
    ],
)
def test_a_witness_that_does_not_cosign_is_left_for_a_while_and_nothing_is_served_of_it(
    village: Town, witness: WitnessServer, status: int, kind: str, body: bytes, words: str
) -> None:
    settings = told_of(village, witness)
    village.publish()
    before, _ = served(village)
    witness.instead = lambda _body: (status, kind, body)
    assert ask(village, settings) == 0
    assert served(village)[0] == before
    (row,) = rows(village)
    assert words in row.trouble
    assert row.failures == 1
    assert ask(village, settings) == 0
    asked = len(witness.asked)
    witness.instead = lambda _body: None
    village.later(minutes=1)
    assert ask(village, settings) == 1
    assert len(witness.asked) > asked
    assert rows(village)[0].trouble == ""


def test_a_cosignature_by_another_key_or_of_another_tree_is_not_served(
    village: Town, witness: WitnessServer
) -> None:
    settings = told_of(village, witness)
    village.publish()
    other = WitnessServer(witness.log_vkeys, name=witness.name, seed=bytes(32))
    witness.instead = other.answer
    assert ask(village, settings) == 0
    village.later(hours=1)

    def older(_body: bytes) -> Said:
        text = Checkpoint("ville.example", 1, Frontier().root()).text()
        return 200, "text/plain", cosign(text, witness.name, witness.key, 5).line().encode()

    witness.instead = older
    assert ask(village, settings) == 0
    assert served(village)[0].count("— ") == 1


def test_what_one_witness_does_is_nothing_to_another(village: Town, witness: WitnessServer) -> None:
    second = WitnessServer(witness.log_vkeys, name="second.example/w", seed=bytes(31) + b"\1")
    with second.served():
        settings = told_of(village, witness, second)
        village.publish()
        witness.instead = lambda _body: (500, "text/plain", b"")
        assert ask(village, settings) == 1
        note, _ = served(village)
        verifiers = [Verifier.from_text(one.vkey) for one in (witness, second)]
        assert [one.verifier for one in read_cosignatures(note, verifiers)] == [verifiers[1]]


def test_a_witness_that_left_the_policy_leaves_the_checkpoint(
    village: Town, witness: WitnessServer
) -> None:
    settings = told_of(village, witness)
    village.publish()
    ask(village, settings)
    assert settings.witness_policy is not None
    settings.witness_policy.write_text("quorum none\n")
    assert ask(village, settings) == 0
    assert served(village)[0].count("— ") == 1
    assert rows(village) == []


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_text("?\n")])
def test_a_policy_that_cannot_be_read_stops_nothing(
    village: Town, witness: WitnessServer, spoil: Callable[[Path], object]
) -> None:
    settings = told_of(village, witness)
    assert settings.witness_policy is not None
    spoil(settings.witness_policy)
    village.publish()
    assert ask(village, settings) == 0
    assert served(village)[0].count("— ") == 1


def test_a_town_that_is_not_on_loopback_asks_no_witness_there(
    village: Town, witness: WitnessServer
) -> None:
    settings = replace(told_of(village, witness), public_url=PUBLIC_URL)
    village.publish()
    assert ask(village, settings) == 0
    assert witness.asked == []
    assert "loopback" in rows(village)[0].trouble


def test_nothing_is_asked_before_anything_is_published(
    village: Town, witness: WitnessServer
) -> None:
    assert ask(village, told_of(village, witness)) == 0
    assert witness.asked == []


def test_the_worker_publishes_though_the_witness_is_down(village: Town) -> None:
    settings = told_of(village, WitnessServer(url="http://127.0.0.1:9/witness"))
    with village.app.app_context():
        worker = village.worker()
        worker.settings = settings
        worker.turn()
    assert served(village)[0].count("— ") == 1
    assert rows(village)[0].failures == 1
    assert "The witness cannot be reached" in rows(village)[0].trouble


def test_waits_double_up_to_six_hours_and_longer_only_where_it_was_asked() -> None:
    assert wait_after(1) == timedelta(minutes=1)
    assert wait_after(3) == timedelta(minutes=4)
    assert wait_after(60) == timedelta(hours=6)
    assert wait_after(1, 3_600) == timedelta(hours=1)
    assert wait_after(1, 10**9) == timedelta(hours=24)
    assert wait_after(1, "soon") == timedelta(minutes=1)


def test_people_read_who_has_seen_the_log_and_when(village: Town, witness: WitnessServer) -> None:
    visitor = village.visitor()
    assert "No witness has signed" in visitor.page("/how-it-works?lang=en")
    settings = told_of(village, witness)
    village.publish()
    ask(village, settings)
    page = visitor.page("/how-it-works?lang=en")
    assert "w0 has seen the whole log, 1 entries." in page
    assert 'datetime="2027-01-12T11:00:00+00:00"' in page
    village.release(village.request())
    village.publish()
    assert "w0 has seen the log up to entry 1." in visitor.page("/how-it-works?lang=en")


def test_a_proof_that_is_kept_shows_who_had_seen_the_log(
    village: Town, witness: WitnessServer
) -> None:
    settings = told_of(village, witness)
    village.release(village.request())
    village.publish()
    size = int(served(village)[0].split("\n")[1])
    before = village.visitor().page(f"/log/proof/{size - 1}?keep=1")
    ask(village, settings)
    after = village.visitor().page(f"/log/proof/{size - 1}?keep=1")
    verifier = Verifier.from_text(witness.vkey)
    assert read_cosignatures(before.partition("\n\n")[2], [verifier]) == ()
    assert len(read_cosignatures(after.partition("\n\n")[2], [verifier])) == 1
