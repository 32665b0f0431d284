# SPDX-License-Identifier: AGPL-3.0-or-later
"""The nation: pulls, verifies, stores and shows what towns publish."""
