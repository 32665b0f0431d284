# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table: which event goes to which handlers."""
