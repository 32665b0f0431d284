# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people did for the institution, one line an act, kept for a year and never changed."""
