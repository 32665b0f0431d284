# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings of the aggregator, read from the environment once."""
