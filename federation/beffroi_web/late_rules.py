# SPDX-License-Identifier: AGPL-3.0-or-later
"""Routes that learn to put their address together when they are first asked for it.

werkzeug writes and compiles two functions for each route when an application is made, which is nine
tenths of the making; most of them are never called in one process. The pin of werkzeug and the test
of every route hold what this relies on: `_compile_builder` and the two names it is kept under.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Address = Callable[..., tuple[str, str]]


class LateRule(Rule):
    """werkzeug's rule; what puts its address together is compiled at the first use."""

    def _compile_builder(self, append_unknown: bool = True) -> Address:
        compiled = super()._compile_builder

        def build(rule: Any, **values: Any) -> tuple[str, str]:
            made: Address = compiled(append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", made)
            return made(**values)

        return build
