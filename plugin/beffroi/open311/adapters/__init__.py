# SPDX-License-Identifier: AGPL-3.0-or-later
"""Other tools' endpoints of GeoReport v2."""
