# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done to the log in one transaction; `staging` makes and appends entries, and signs."""

from beffroi.feed.service.staging import MOST_FACTS, Batch, forget, sign, stage

__all__ = ["MOST_FACTS", "Batch", "forget", "sign", "stage"]
