# SPDX-License-Identifier: AGPL-3.0-or-later
"""The writings of a file that need a library, and the ways by which it leaves."""
