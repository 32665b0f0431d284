# SPDX-License-Identifier: AGPL-3.0-or-later
"""GeoReport v2: a face put on incidents, with no rule of its own."""
