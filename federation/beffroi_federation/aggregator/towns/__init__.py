# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which towns, which keys, since when."""
