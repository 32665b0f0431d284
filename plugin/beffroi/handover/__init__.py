# SPDX-License-Identifier: AGPL-3.0-or-later
"""Handing a cyber case over to the CERT: one file in three writings, encrypted, and its answer."""
