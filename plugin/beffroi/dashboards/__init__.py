# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the town sees of itself: the desk, its health, the statistics."""
