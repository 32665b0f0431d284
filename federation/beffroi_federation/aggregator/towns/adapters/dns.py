# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks the domain name system for a town's TXT entry, through this machine's resolvers.

An answer confirms a key only together with a person's approval: without DNSSEC it can be forged by
whoever sits between. No answer, a refusal and a broken answer all count as no confirmation.
"""

from collections.abc import Sequence

from dns.exception import DNSException
from dns.resolver import NoResolverConfiguration, Resolver

SECONDS = 5.0


class DnsResolver:
    """Asks for TXT entries; `servers` (addresses) and `port` are this machine's by default."""

    def __init__(self, servers: Sequence[str] = (), *, port: int = 53) -> None:
        self._resolver = Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = list(servers)
        self._resolver.port = port
        self._resolver.lifetime = SECONDS

    def txt(self, name: str) -> Sequence[str]:
        """Return the TXT entries of a name, their parts joined; empty without a usable answer."""
        try:
            answer = self._resolver.resolve(name + ".", "TXT", search=False)
        except DNSException:
            return ()
        return [b"".join(entry.strings).decode("utf-8", "replace") for entry in answer]


def system_resolver() -> DnsResolver | None:
    """Return a resolver for this machine, or None where none is set up (a person must look)."""
    try:
        return DnsResolver()
    except NoResolverConfiguration:
        return None
