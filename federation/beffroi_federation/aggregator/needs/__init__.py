# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which datasets should be opened first: unmet demand, and who holds what is asked for."""
