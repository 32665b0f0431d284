# SPDX-License-Identifier: AGPL-3.0-or-later
"""The legal clock: the law as data, dates as plain Python."""
