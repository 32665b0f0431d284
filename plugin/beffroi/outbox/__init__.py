# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts to publish, written with the change itself; ids and codes only."""
