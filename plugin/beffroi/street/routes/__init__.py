# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages of the street desk, and what people and other bodies do to a report afterwards."""

from beffroi.street.routes import batch, bodies, placing, queue, reopening, rules
from beffroi.street.routes.shared import blueprint

__all__ = ["batch", "blueprint", "bodies", "placing", "queue", "reopening", "rules"]
