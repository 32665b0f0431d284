# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pulling towns: fetch, verify, store, or refuse and say why."""
