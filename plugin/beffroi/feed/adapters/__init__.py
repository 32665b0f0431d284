# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the feed asks of others over the network."""
