# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the town publishes: CSV, JSON, catalogue, Atom."""
