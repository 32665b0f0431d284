# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cosigning what towns sign, and the aggregator's own log."""
