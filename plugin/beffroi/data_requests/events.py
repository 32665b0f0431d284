# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened to data requests beyond what happens to every case."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConfirmationAsked:
    """A request came with an e-mail address that must be confirmed; `token` goes into the mail.

    `what` is `request`, or `reuse` for a reuse of something published.
    """

    email: str
    token: str
    lang: str
    at: datetime
    what: str = "request"
