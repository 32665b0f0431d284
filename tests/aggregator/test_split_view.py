# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second vantage point: who shows one history to the nation and another one to the reader."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.witness import commands, service
from beffroi_federation.aggregator.witness.adapters import keys
from beffroi_federation.auditor import main
from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.notes import Verifier
from beffroi_web.clock import FixedClock
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown
from support.two_faces import TwoFaces, listening

Serve = Callable[[SimulatedTown], SimulatedTown]
Run = Callable[..., tuple[int, dict[str, object]]]


@pytest.fixture
def clock() -> FixedClock:
    """The machine's own time: the command compares cosignatures with it."""
    return FixedClock(datetime.now(UTC))  # noqa: TID251  the command's clock is the machine's


@pytest.fixture
def address(small_nation: Nation) -> Iterator[str]:
    """The address of a nation with keys."""
    commands.init(small_nation.settings.data_dir, small_nation.settings.public_url)
    with listening(small_nation.app) as url:
        yield url


@pytest.fixture
def run(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Look for split views; returns the exit code and what was said."""

    def look(*more: str) -> tuple[int, dict[str, object]]:
        options = ["--split-view", "--share", "1", "--evidence", str(tmp_path), "--json", *more]
        code = main([address, *options])
        said: dict[str, object] = json.loads(capsys.readouterr().out)
        return code, said

    return look


def town_of(number: int, *titles: str) -> SimulatedTown:
    """Return a town with its own SIREN and a record for each title."""
    siren = ("210000006", "213105554", "213502388")[number]
    town = make_town(siren=siren, name=f"Town {number}")
    town.begin_batch("2026-W40")
    for at, title in enumerate(titles):
        town.record(request_content(at, title=title))
    town.publish()
    return town


def test_honest_towns_agree_whatever_their_size_is_by_now(
    small_nation: Nation, serve: Serve, run: Run
) -> None:
    towns = [serve(town_of(at, "one", "two")) for at in range(3)]
    for town in towns:
        small_nation.know(town)
    small_nation.pull()
    towns[1].record(request_content(7))
    towns[1].publish()
    code, said = run()
    assert code == 0, said
    assert (said["ok"], said["listed"], said["compared"]) == (True, 3, 3)
    assert sorted(said["agreed"]) == sorted(town.origin for town in towns)  # type: ignore[type-var, call-overload]
    assert said["own_log"]["size"] == 3  # type: ignore[index]
    assert said["key"] == "not pinned"


@pytest.mark.parametrize(
    "shown", [["other"], ["other", "and more"], []], ids=["equal", "more", "less"]
)
def test_a_town_with_two_faces_is_found_out_and_both_notes_are_kept(
    small_nation: Nation, run: Run, tmp_path: Path, shown: list[str]
) -> None:
    faces = TwoFaces(told=town_of(0, "told to the nation"), shown=town_of(0, *shown))
    if not shown:
        faces.shown.leaves[0] = faces.shown.leaves[0].replace(b"W40", b"W41")
        faces.shown.notes.clear()
        faces.shown.publish()
    with ExitStack() as stack:
        stack.enter_context(faces.served())
        small_nation.know(faces.told)
        assert small_nation.pull()["210000006"].result == "taken"
        code, said = run()
        assert code == 1
        (fault,) = said["faults"]  # type: ignore[misc]
        assert "SPLIT VIEW" in fault
        (name,) = said["evidence"]  # type: ignore[misc]
        evidence = json.loads(Path(name).read_text())
        keys = [Verifier.from_text(evidence["vkey"])]
        both = [
            open_checkpoint(evidence[which], keys)
            for which in ("cosigned_checkpoint", "served_checkpoint")
        ]
        assert both[0].root != both[1].root
        assert both[1].size == 1 + len(shown)
        assert run("--user-agent", "Beffroi-agregateur/1")[0] == 0


def test_a_town_that_shows_less_of_the_same_history_is_no_fault(
    small_nation: Nation, run: Run
) -> None:
    faces = TwoFaces(told=town_of(0, "one", "two"), shown=town_of(0, "one"))
    with faces.served():
        small_nation.know(faces.told)
        small_nation.pull()
        assert run()[0] == 0


def test_what_cannot_be_reached_is_said_and_is_no_evidence(small_nation: Nation, run: Run) -> None:
    town = town_of(0, "one")
    with town.served():
        small_nation.know(town)
        small_nation.pull()
    code, said = run()
    assert code == 2
    assert said["faults"] == []
    assert "not compared" in str(said["remarks"])


def test_an_aggregator_that_cosigns_what_its_own_log_does_not_hold_is_found_out(
    small_nation: Nation, serve: Serve, run: Run
) -> None:
    town = serve(town_of(0, "one"))
    small_nation.know(town)
    small_nation.clock.move(timedelta(hours=-2))
    small_nation.pull()
    town.record(request_content(5))
    town.publish()
    small_nation.pull()
    assert run()[0] == 0
    town.record(request_content(6))
    town.publish()
    key = keys.witness_key(small_nation.settings.data_dir)
    assert key is not None
    # A nation that accepts and cosigns, and whose own log is left out.
    moved = (small_nation.settings.data_dir / "witness/keys").rename(
        small_nation.settings.data_dir / "witness/away"
    )
    small_nation.pull()
    with small_nation.app.app_context(), unit_of_work():
        service.cosign_waiting(key.cosign, now=small_nation.clock.now())
    code, said = run()
    moved.rename(small_nation.settings.data_dir / "witness/keys")
    assert code == 1
    assert "not in its own log" in str(said["faults"])


def test_an_own_log_that_was_rewritten_is_a_fault(
    small_nation: Nation, serve: Serve, run: Run
) -> None:
    town = serve(town_of(0, "one"))
    small_nation.know(town)
    small_nation.pull()
    with small_nation.app.app_context(), unit_of_work():
        statement = db.text("UPDATE own_entry SET leaf = replace(leaf, :old, :new)")
        db.session.execute(statement, {"old": '"n":2', "new": '"n":3'})
    code, said = run()
    assert code == 1
    assert "does not lead to its signed root" in str(said["faults"])


def test_a_policy_pins_whose_aggregator_it_is(
    small_nation: Nation, serve: Serve, run: Run, tmp_path: Path
) -> None:
    town = serve(town_of(0, "one"))
    small_nation.know(town)
    small_nation.pull()
    policy = tmp_path / "policy"
    policy.write_bytes(small_nation.client().get("/log/policy").data)
    code, said = run("--policy", str(policy))
    assert (code, said["key"]) == (0, "pinned")
    other = commands.init(tmp_path / "other", "http://127.0.0.1:8300")
    policy.write_text(
        f"log {other.log.vkey()}\nwitness nation {other.witness.vkey()}\nquorum nation\n"
    )
    code, said = run("--policy", str(policy))
    assert code == 1
    assert "known key" in str(said["faults"])


@pytest.mark.parametrize("source", ["a-folder", "ftp://x.example"])
def test_split_views_are_looked_for_at_an_address_only(
    source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([source, "--split-view"]) == 2
    assert capsys.readouterr().err


def test_an_aggregator_that_is_not_there_is_no_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:9", "--split-view"]) == 2
    assert "No connection" in capsys.readouterr().err


JUDGE = Path(__file__).parents[2] / ".venv-judge/bin"


@pytest.mark.slow
@pytest.mark.skipif(
    not (JUDGE / "aics-tlog").exists(),
    reason="not run: the independent judge of the log is not installed (.venv-judge)",
)
def test_an_independent_judge_finds_the_nation_s_own_log_sound_and_consistent(
    small_nation: Nation, serve: Serve, address: str, tmp_path: Path
) -> None:
    towns = [serve(town_of(at, "one")) for at in range(3)]
    for town in towns:
        small_nation.know(town)
    small_nation.pull()
    client = small_nation.client()
    old, vkeys = tmp_path / "old.note", tmp_path / "vkey"
    old.write_bytes(client.get("/log/checkpoint").data)
    for at in range(90):
        for town in towns:
            town.begin_batch(f"2026-W{at % 52 + 1:02}")
            town.publish()
        small_nation.pull()
    public = keys.read_public(small_nation.settings.data_dir)
    assert public is not None
    vkeys.write_text(public.log.vkey() + "\n")
    assert open_checkpoint(client.get("/log/checkpoint").data, [public.log]).size == 273

    def judged(command: str, *more: str) -> dict[str, object]:
        options = ["--vkey-file", str(vkeys), "--tiles", f"{address}/log/", *more]
        done = subprocess.run(
            [str(JUDGE / "aics-tlog"), command, *options],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        verdict: dict[str, object] = json.loads(done.stdout)
        return verdict

    assert judged("verify-checkpoint")["ok"] is True
    assert judged("verify-consistency", "--old-checkpoint", str(old))["ok"] is True
    audit = subprocess.run(
        [str(JUDGE / "python"), "-c", AUDIT, f"{address}/log/"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert audit.returncode == 0, audit.stderr
    assert "size=273" in audit.stdout
    assert main([f"{address}/log", "--vkey-file", str(vkeys)]) == 0


AUDIT = """
import sys
from aics_tlog import HttpTileReader, audit_tiles, parse_checkpoint, parse_note
reader = HttpTileReader([sys.argv[1]])
checkpoint = parse_checkpoint(parse_note(reader.read_checkpoint().decode()).text)
print(audit_tiles(reader, checkpoint.size, checkpoint.root))
"""
