# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same data for programs: the API."""
