# SPDX-License-Identifier: AGPL-3.0-or-later
"""No command and no event is undocumented, and none is documented that does not exist."""

import argparse
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType

import pytest

import beffroi
from beffroi import operating, subscribers
from beffroi_federation import auditor
from beffroi_federation.aggregator import operating as aggregator

ROOT = Path(__file__).parents[2]
COMMANDS = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
EVENTS = (ROOT / "docs/reference/events.md").read_text(encoding="utf-8")

ROWS = re.compile(r"^\| `((?:\./)?beffroi[^`]*)` \|([^|]*)\|", re.MULTILINE)


def documented(program: str) -> dict[str, set[str]]:
    """The commands of a program with their options, as the reference page has them."""
    return {
        command.removeprefix(program).strip(): set(re.findall(r"`(--[a-z-]+)`", options))
        for command, options in ROWS.findall(COMMANDS)
        if command == program or command.startswith(program + " ")
    }


def commands_of(parser: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command below a parser with the options that it takes."""
    options: set[str] = set()
    below: dict[str, argparse.ArgumentParser] = {}
    itself = True  # a command of its own, also where others stand below it
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below, itself = dict(action.choices), not action.required
        else:
            options |= {o for o in action.option_strings if o.startswith("--")}
    options.discard("--help")
    if itself:
        yield path.strip(), options
    for name, one in below.items():
        yield from commands_of(one, f"{path} {name}")


@pytest.mark.parametrize(
    ("program", "parser"),
    [
        ("beffroi", operating._parser()),
        ("beffroi-aggregator", aggregator._parser()),
        ("beffroi-verify", auditor._parser()),
    ],
)
def test_every_command_and_option_is_documented_and_nothing_else_is(
    program: str, parser: argparse.ArgumentParser
) -> None:
    assert documented(program) == dict(commands_of(parser))


@pytest.mark.parametrize(
    ("program", "command", "start"),
    [
        ("beffroi-anonymise", "", ["-m", "beffroi_privacy.cli"]),
        ("./beffroi", "demo", [str(ROOT / "deploy" / "demo")]),
    ],
)
def test_a_command_takes_what_its_row_says(program: str, command: str, start: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *start, "--help"], capture_output=True, text=True, check=True
    )
    said = set(re.findall(r"--[a-z-]+", done.stdout.split("\n\n")[0])) - {"--help"}
    assert documented(program)[command] == said


def test_the_one_script_does_what_its_rows_say() -> None:
    script = (ROOT / "beffroi").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^  ([a-z]+)(?:\|[^)]*)?\)", script, re.MULTILINE))
    assert set(documented("./beffroi")) == verbs


def test_every_kind_of_import_is_documented() -> None:
    table = COMMANDS.split("### What can be imported")[1].split("\n\n")[1]
    assert sorted(re.findall(r"^\| `([a-z0-9-]+)`", table, re.MULTILINE)) == sorted(
        operating.READERS
    )


def event_modules() -> Iterator[tuple[str, ModuleType]]:
    for path in sorted(Path(beffroi.__file__).parent.glob("*/events.py")):
        feature = path.parent.name
        yield feature, importlib.import_module(f"beffroi.{feature}.events")


def events() -> dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Every event: its feature, what it carries, and who is told of it."""
    found = {}
    for feature, module in event_modules():
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and is_dataclass(kind) and kind.__module__ == module.__name__:
                told = tuple(
                    f"{handler.__module__.split('.')[1]}.{handler.__name__}"
                    for handler in subscribers.HANDLERS.get(kind, ())
                )
                found[name] = (feature, tuple(f.name for f in fields(kind)), told)
    return found


def test_every_event_is_documented_with_what_it_carries_and_who_is_told() -> None:
    table = EVENTS.split("## What becomes of them")[0]
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| ([^|]*) \| [^|]* \| ([^|]*) \|", table, re.MULTILINE
    )
    written = {
        name: (
            feature,
            tuple(re.findall(r"`(\w+)`", carries)),
            tuple(re.findall(r"`([\w.]+)`", told)),
        )
        for name, feature, carries, told in rows
    }
    assert written == events()


def test_somebody_is_told_of_every_event_and_of_nothing_else() -> None:
    kinds = {kind.__name__ for kind in subscribers.HANDLERS}
    assert kinds == set(events())
    assert all(subscribers.HANDLERS.values())


def test_every_fact_of_the_outbox_is_documented() -> None:
    source = (ROOT / "plugin/beffroi/outbox/handlers.py").read_text(encoding="utf-8")
    written = set(re.findall(r'service\.put\(\s*"(\w+)"', source)) | {"cell"}
    table = EVENTS.split("## Facts of the outbox")[1]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == written
