# SPDX-License-Identifier: AGPL-3.0-or-later
"""What data requests and incidents share: parties, texts, timeline, followers."""
