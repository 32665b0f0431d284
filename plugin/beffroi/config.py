# SPDX-License-Identifier: AGPL-3.0-or-later
"""Settings of one town, read from the environment once."""
