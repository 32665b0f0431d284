# SPDX-License-Identifier: AGPL-3.0-or-later
"""How web and worker reach the town's signer, and what they know of the log without it.

Neither reads a seed: that is `commands`', which only the signer and the operator's commands import.
"""

from beffroi.config import Settings
from beffroi_federation.signer_client import SocketSigner
from beffroi_federation.signer_facts import FACTS_NAME, LogFacts, read_facts


def signer_for(settings: Settings) -> SocketSigner:
    """Return the client of the town's signer; nothing is asked of it yet."""
    return SocketSigner(settings.signer_address)


def log_facts(settings: Settings) -> LogFacts:
    """Return origin, epoch and keys of the log; SignerLocked before the log has a key."""
    return read_facts(settings.signer_folder / FACTS_NAME)


def origin_of(settings: Settings) -> str:
    """Return the log's origin: the one it was made with, whatever the address is today.

    An origin is fixed for life; towns move to another domain. Before the log is made, it is what
    the settings say.
    """
    if not (settings.signer_folder / FACTS_NAME).exists():
        return settings.origin
    return log_facts(settings).origin
