# SPDX-License-Identifier: AGPL-3.0-or-later
"""What reads each kind of source: `reading.opened` makes one by its kind."""
