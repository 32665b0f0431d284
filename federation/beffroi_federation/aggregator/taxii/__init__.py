# SPDX-License-Identifier: AGPL-3.0-or-later
"""Released cyber records for CERTs."""
