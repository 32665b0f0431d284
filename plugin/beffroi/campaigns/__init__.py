# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calls for requests that come back every quarter."""
