# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would be hidden in a text, and the town's own names and words; below cases, knows none."""
