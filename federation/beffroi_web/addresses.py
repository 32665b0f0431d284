# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which names and addresses anybody on the internet can reach; plain Python, no look-up.

Whatever fetches an address that somebody else named (a town's feed, a connected catalogue) asks
here, so that nobody makes it fetch its own neighbours. Why more than `is_global` is looked at:
`beffroi_federation.url_policy`. Sources: IANA special-purpose address registries; RFC 6890, 6598,
6052, 3056, 4380.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

# Special ranges that `is_global` of some Python version lets through, or that wrap another address.
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
_UNICAST = ipaddress.ip_network("2000::/3")  # the only part of IPv6 that is given to anybody
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LOOPBACK = re.compile(r"http://127\.0\.0\.1:[1-9][0-9]{0,4}")
LONGEST_ADDRESS = 500


def check_address(address: str, allowed_loopback: frozenset[str] = frozenset()) -> SplitResult:
    """Return the parts of an address that may be fetched; ValueError with the rule it breaks."""
    if len(address) > LONGEST_ADDRESS or not address.isascii() or not address.isprintable():
        raise ValueError("is at most 500 plain characters")
    if " " in address or "\\" in address:
        raise ValueError("has no spaces and no backslashes")
    parts = urlsplit(address)
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("has no user name and no fragment")
    prefix = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme == "http" and _LOOPBACK.fullmatch(prefix) and prefix in allowed_loopback:
        return parts
    if parts.scheme != "https" or parts.port not in (None, 443):
        raise ValueError("begins with https:// and names no port")
    domain_name(parts.hostname or "")
    return parts


def domain_name(host: str) -> str:
    """Return a host name in its ASCII form, or raise ValueError: a number, or a local name."""
    if ":" in host or re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]*", host):
        raise ValueError("An address names a domain, not a number")
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("The host is not a domain name") from None
    labels = name.split(".")
    if len(name) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(one) for one in labels):
        raise ValueError("The host is not a full domain name")
    if labels[-1].isdigit() or labels[-1] in ("localhost", "local", "internal", "arpa"):
        raise ValueError("The host is a local name")
    return name


def is_public(address: str) -> bool:
    """Tell whether an IP address is one that anybody on the internet can reach."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(ip in network for network in _NEVER if network.version == ip.version):
        return False
    return ip.is_global and (ip.version == 4 or ip in _UNICAST)


_LOCAL = re.compile(r"http://(?:127\.0\.0\.1|localhost):[1-9][0-9]{0,4}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


def is_loopback(origin: str) -> bool:
    """Say whether an origin is plain http on this very machine, with its port."""
    return bool(_LOCAL.fullmatch(origin))


def is_origin(said: str) -> bool:
    """Say whether a text is one exact origin, as browsers write it: `https://participer.example`.

    A port may stand there if it is not the usual one; plain http is for this machine only. A star,
    a path, a user, a number for a name, capitals or a final slash make it none.
    """
    if is_loopback(said):
        return True
    scheme, _, rest = said.partition("://")
    host, colon, port = rest.partition(":")
    if scheme != "https" or (colon and (not _PORT.fullmatch(port) or port == "443")):
        return False
    try:
        return domain_name(host) == host
    except ValueError:
        return False
