# SPDX-License-Identifier: AGPL-3.0-or-later
"""The databases between which a town moves, and folders of exports."""
