# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hold, release, remove: always with a reason, always on the timeline."""
