# SPDX-License-Identifier: AGPL-3.0-or-later
"""The federation protocol: entries, tiles, checkpoints, records, verification. No Flask here."""
