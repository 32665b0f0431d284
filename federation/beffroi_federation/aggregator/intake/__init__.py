# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pull, verify, store; what was refused and why."""
