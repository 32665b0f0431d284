# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every part of the aggregator may use."""
