# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for every test process: less work that no test is about, and long tests first."""

import gc
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from flask import Flask
from hypothesis import settings
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import BaseConverter, Rule
from werkzeug.routing.rules import RulePart

# Property tests are judged by what they find, not by how busy the machine is.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

gc.set_threshold(50_000, 20, 50)  # looking for cycles every 700 objects is a sixth of the whole run

_builders: dict[object, Callable[..., tuple[str, str]]] = {}
_compile_builder = Rule._compile_builder


def _compiled_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """Compile how an address is built once a process, not once for each town that a test opens."""
    given = sorted((rule.defaults or {}).items(), key=repr)
    key = (rule.rule, tuple(rule._trace), repr(given), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


setattr(Rule, "_compile_builder", _compiled_once)  # noqa: B010  (mypy: a method is not assigned)

_parsed: dict[object, tuple[list[RulePart], list[tuple[bool, str]], dict[str, BaseConverter]]] = {}
_parse_rule = Rule._parse_rule


def _parsed_once(rule: Rule, address: str) -> Iterable[RulePart]:
    """Take the address of a route apart once a process."""
    assert rule.map is not None
    key = (address, frozenset(rule.map.converters.items()))
    if key not in _parsed:
        begins = len(rule._trace)
        parts = list(_parse_rule(rule, address))
        _parsed[key] = (parts, rule._trace[begins:], dict(rule._converters))
    else:
        parts, trace, converters = _parsed[key]
        rule._trace.extend(trace)
        rule._converters.update(converters)
        rule.arguments.update(converters)
    return parts


setattr(Rule, "_parse_rule", _parsed_once)  # noqa: B010


# Each test opens applications and engines of its own. What all of them would work out anew, with
# the same result, is worked out once: templates in all of the run, statements and how values are
# passed in each process.

if "BEFFROI_TEST_TEMPLATES" not in os.environ:  # the first process of a run; others inherit it
    _templates = tempfile.TemporaryDirectory(prefix="beffroi-templates-")
    os.environ["BEFFROI_TEST_TEMPLATES"] = _templates.name
Flask.jinja_options = {
    "bytecode_cache": FileSystemBytecodeCache(os.environ["BEFFROI_TEST_TEMPLATES"])
}

_statements: LRUCache[Any, Any] = LRUCache(20_000)
_types: defaultdict[type, WeakKeyDictionary[Any, Any]] = defaultdict(WeakKeyDictionary)


def _kind(dialect: DefaultDialect) -> tuple[object, ...]:
    """Say what of a dialect decides how a statement is compiled for it."""
    return type(dialect), dialect.paramstyle, dialect.server_version_info


def _same_kind(dialect: DefaultDialect, other: object) -> bool:
    return isinstance(other, DefaultDialect) and _kind(dialect) == _kind(other)


setattr(Engine, "_compiled_cache", property(lambda _: _statements, lambda _, made: None))  # noqa: B010
setattr(DefaultDialect, "__eq__", _same_kind)  # noqa: B010
setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))  # noqa: B010
setattr(DefaultDialect, "_type_memos", property(lambda dialect: _types[type(dialect)]))  # noqa: B010


LONG = {"stress", "end_to_end"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes minutes first, so that at the end no process waits for another.

    The files that drive a browser are spread over the rest: a few browsers at a time are enough.
    """
    files = list(dict.fromkeys(item.path for item in items))
    browsing = {item.path for item in items if item.get_closest_marker("browser")}
    place: dict[Path, float] = {}
    for group in (browsing, set(files) - browsing):
        own = [path for path in files if path in group]
        place |= {path: at / len(own) for at, path in enumerate(own)}
    items.sort(key=lambda item: (item.path.parent.name not in LONG, place[item.path]))


def pytest_collection_finish() -> None:
    """Let the collector of cycles pass over what is there for the whole run.

    A restore collects cycles, for a cursor that is one would hold the file; among the modules of
    all tests that is half a second each time.
    """
    gc.collect()
    gc.freeze()
