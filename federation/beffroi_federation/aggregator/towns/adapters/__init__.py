# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the register asks outside the database."""
