# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events: what happened, told to those who subscribed, inside the same transaction.

A handler that fails fails the whole change: the fact, its timeline row and its outbox row stand or
fall together. Which event goes to which handlers is one table, `beffroi.subscribers`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import current_app

Handlers = Mapping[type, Sequence[Callable[[Any], None]]]


def publish(event: object) -> None:
    """Hand an event to its handlers, in their order, inside the current transaction."""
    handlers: Handlers = current_app.extensions["beffroi"].handlers
    for handle in handlers.get(type(event), ()):
        handle(event)
