# SPDX-License-Identifier: AGPL-3.0-or-later
"""Citizens and agents: accounts, sessions, roles, tokens."""
