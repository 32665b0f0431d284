# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for roles. Plain Python."""

ROLES = ("agent", "moderator", "administrator")
"""What `beffroi agents` can give; everybody who signs in is a citizen."""
