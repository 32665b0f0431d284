# SPDX-License-Identifier: AGPL-3.0-or-later
"""GeoReport v2: listed street reports for other tools, and what they send; no rule of its own."""
