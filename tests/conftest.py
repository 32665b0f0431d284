# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for every test process: less work that no test is about, and long tests first."""

import gc
from collections.abc import Callable

import pytest
from werkzeug.routing import Rule

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes minutes first, so that at the end no process waits for another."""
    items.sort(key=lambda item: item.path.parent.name not in {"stress", "end_to_end"})
