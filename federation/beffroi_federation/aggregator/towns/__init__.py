# SPDX-License-Identifier: AGPL-3.0-or-later
"""The registry: which towns there are, their pinned keys, who approved them, what went wrong."""
