# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a town is doing, where départements lie, and how figures are put into words and colours."""
