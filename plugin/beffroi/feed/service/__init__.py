# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done to the log in one transaction; `staging` makes and appends entries, and signs."""

from beffroi.feed.service.keys import proof_of_key, stage_key
from beffroi.feed.service.staging import MOST_FACTS, Batch, forget, sign, stage

__all__ = ["MOST_FACTS", "Batch", "forget", "proof_of_key", "sign", "stage", "stage_key"]
