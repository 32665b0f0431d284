# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for every test process: less work that no test is about."""

import gc
from collections.abc import Callable

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
