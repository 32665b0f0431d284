# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which message for which step, to whom, and sending it."""
