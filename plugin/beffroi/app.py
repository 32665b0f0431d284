# SPDX-License-Identifier: AGPL-3.0-or-later
"""create_app: the only place that wires things together."""
