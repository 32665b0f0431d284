# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console script, as an operator types it."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from beffroi_federation.aggregator.cli import main
from beffroi_federation.aggregator.config import PREFIX
from beffroi_federation.aggregator.intake.commands import work
from beffroi_federation.errors import Unreachable
from support.nation import PROVIDER, Nation, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, serve: Serve) -> SimulatedTown:
    """Settings in the environment, and an honest town that they allow."""
    town = make_town()
    town.record(request_content(1))
    town.publish()
    serve(town)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in {
        "NAME": "Nation",
        "PUBLIC_URL": "http://127.0.0.1:8300",
        "SECRET_KEY": "a secret of the tests, long enough to be one",
        "DATA_DIR": str(tmp_path / "data"),
        "DEMO_PEERS": town.prefix.removesuffix("/log"),
        "PROVIDERS": json.dumps({"demo": PROVIDER}),
    }.items():
        monkeypatch.setenv(PREFIX + name, value)
    return town


def test_a_town_is_registered_approved_pulled_verified_and_rebuilt(
    environment: SimulatedTown, capsys: pytest.CaptureFixture[str]
) -> None:
    url = environment.prefix.removesuffix("/log")
    assert main(["init"]) == 0
    assert main(["init"]) == 0
    assert main(["towns", "add", url, "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["siren"], said["state"], said["dns"]) == ("210000006", "waiting", "loopback")
    assert main(["towns", "approve", "210000006", "--by", "Ada Test"]) == 0
    capsys.readouterr()
    assert main(["pull", "--once", "--json"]) == 0
    pulled = json.loads(capsys.readouterr().out)
    assert (pulled["result"], pulled["entries"]) == ("taken", 1)
    assert main(["pull"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["verify"]) == 0
    assert "sound" in capsys.readouterr().out
    assert main(["rebuild"]) == 0
    assert "1 entries" in capsys.readouterr().out
    assert main(["towns", "suspend", "210000006", "--reason", "Essai"]) == 0
    assert main(["towns", "list"]) == 0
    assert "suspended" in capsys.readouterr().out


def test_a_refused_town_makes_the_pull_exit_1_and_say_why(
    environment: SimulatedTown, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"])
    main(["towns", "add", environment.prefix.removesuffix("/log")])
    main(["towns", "approve", "210000006", "--by", "Ada Test"])
    environment.contents[0] = (environment.contents[0][0], b"{}")
    assert main(["pull", "--once"]) == 1
    assert "not the one that its entry commits to" in capsys.readouterr().err


def test_an_operator_is_named_by_command(
    environment: SimulatedTown, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"])
    who = ["operator", "--provider", "demo", "--subject", "ada"]
    assert main(["agents", "add", *who]) == 0
    assert "ada" in capsys.readouterr().out
    assert main(["agents", "remove", *who]) == 0
    assert "ada" not in capsys.readouterr().out
    assert main(["agents", "add", "operator", "--provider", "other", "--subject", "ada"]) == 1
    assert "no sign-in provider" in capsys.readouterr().err


def test_wrong_settings_exit_2_with_every_fault(
    environment: SimulatedTown,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(PREFIX + "NAME")
    monkeypatch.setenv(PREFIX + "SURPRISE", "x")
    assert main(["init"]) == 2
    said = capsys.readouterr().err
    assert "NAME is missing" in said
    assert "SURPRISE is not a setting" in said


def test_a_town_that_cannot_be_registered_says_each_fault(
    environment: SimulatedTown, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"])
    assert main(["towns", "add", "http://127.0.0.1:1"]) == 1
    assert "loopback addresses that are listed" in capsys.readouterr().err


def test_the_worker_pulls_what_is_due_tidies_up_and_stops(
    small_nation: Nation, serve: Serve
) -> None:
    town = make_town()
    town.record(request_content(1))
    town.publish()
    small_nation.know(serve(town))
    stop = threading.Event()
    tidied: list[object] = []

    def tidy(moment: object) -> None:
        tidied.append(moment)
        stop.set()

    work(small_nation.app, small_nation.connect(), small_nation.rhythm, stop, tidy=tidy, pause=0.01)
    assert tidied == [small_nation.clock.now()]
    assert "ligne 1" in small_nation.page("/requests")


def test_a_fault_of_ours_with_one_town_leaves_the_others_alone(
    small_nation: Nation, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    for siren in ("210000006", "210000014"):
        town = make_town(siren, name=f"Ville {siren}")
        town.record(request_content(1))
        town.publish()
        small_nation.know(serve(town))
    real = small_nation.connect()
    broken = small_nation.town("210000006").prefix

    def connect(prefix: str) -> object:
        if prefix == broken:
            raise ZeroDivisionError
        return real(prefix)

    small_nation.connect = lambda: connect
    done = small_nation.pull()
    assert done["210000006"].result == "failed"
    assert done["210000014"].result == "taken"
    assert "ZeroDivisionError" in caplog.text


def test_an_unreachable_town_is_no_fault(small_nation: Nation, serve: Serve) -> None:
    town = make_town()
    town.record(request_content(1))
    town.publish()
    small_nation.know(serve(town))

    def connect(prefix: str) -> object:
        raise Unreachable("No connection to the town", retry_after=7_200)

    small_nation.connect = lambda: connect
    done = small_nation.pull()["210000006"]
    assert (done.result, done.step) == ("unreachable", "")
    assert asdict(done)["sentence"].startswith("No connection to the town.")
    assert small_nation.town().state == "approved"
