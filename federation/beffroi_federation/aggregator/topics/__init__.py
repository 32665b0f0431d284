# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same thing asked in several towns."""
