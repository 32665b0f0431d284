# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages and hooks of other participation sites; the public list, the desk, the messages."""

from beffroi.bridges.routes import answering, desk, hooks, listed
from beffroi.bridges.routes.shared import blueprint

__all__ = ["answering", "blueprint", "desk", "hooks", "listed"]
