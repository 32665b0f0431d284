# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which addresses may be opened: a town's prefix is somebody else's text.

Why this exists: a service that fetches addresses which others name can be made to fetch its own
neighbours (server-side request forgery). The obvious check, "is the name's address public?",
fails four ways, each of which has an answer here or in `beffroi_federation.client`:

* the name is looked up again for the connection and answers otherwise (rebinding): one look-up,
  and the connection goes to the address that was checked;
* a private address hides in another family (IPv4 mapped into IPv6, NAT64, 6to4, Teredo): all such
  ranges are refused, not unwrapped, and of IPv6 only global unicast is taken;
* one of several addresses is private: one bad address refuses them all;
* the answer redirects somewhere else: redirects are not followed (client).

Which address is public and which name is a domain is said in `beffroi_web.addresses`, for whatever
else is fetched. No I/O here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from beffroi_federation.errors import Unreachable
from beffroi_web.addresses import domain_name
from beffroi_web.addresses import is_public as is_public

_LOOPBACK = re.compile(r"http://127\.0\.0\.1:([1-9][0-9]{0,4})")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_ASKED = re.compile(r"/?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
_QUERY = re.compile(r"[a-z]+=[A-Za-z0-9._~%-]*(?:&[a-z]+=[A-Za-z0-9._~%-]*)*")
_MOST = 500


class AddressRefused(Unreachable):
    """An address that may not be opened: nothing was sent to it, or nothing was followed."""

    advice = "An address is https on port 443 of a public domain name, and answers by itself."


@dataclass(frozen=True, slots=True)
class Target:
    """Where a prefix leads: `host` is a checked name (or 127.0.0.1), `path` has no final slash."""

    host: str
    port: int
    path: str
    loopback: bool


def check_prefix(prefix: str, allowed_loopback: frozenset[str] = frozenset()) -> Target:
    """Return where a prefix leads, or raise AddressRefused with the rule it breaks.

    Allowed are `https://NAME[/PATH]` with a full domain name and no port (443), and addresses on
    one of the exact `http://127.0.0.1:PORT` of `allowed_loopback`.
    """
    if len(prefix) > _MOST or not prefix.isprintable():
        raise AddressRefused("An address is printable text of at most 500 characters")
    try:
        parts = urlsplit(prefix)
        port = parts.port
    except ValueError:
        raise AddressRefused("The address is not a URL") from None
    if parts.query or parts.fragment or "?" in prefix or "#" in prefix:
        raise AddressRefused("A prefix has no query and no fragment")
    if "@" in parts.netloc or "\\" in prefix:
        raise AddressRefused("An address has no user name or password in it")
    path = parts.path.rstrip("/")
    segments = path.split("/")
    if not _PATH.fullmatch(path) or "." in segments or ".." in segments:
        raise AddressRefused("The path of a prefix is made of plain segments")
    if parts.scheme == "http":
        return _loopback(parts, path, allowed_loopback)
    if parts.scheme != "https":
        raise AddressRefused("An address begins with https://")
    if port not in (None, 443):
        raise AddressRefused("Only port 443 is opened", port=port)
    return Target(_name(parts.hostname or ""), 443, path, loopback=False)


def _loopback(parts: SplitResult, path: str, allowed: frozenset[str]) -> Target:
    """Return a target on this machine, if its exact address was allowed."""
    match = _LOOPBACK.fullmatch(f"{parts.scheme}://{parts.netloc}")
    if match is None or match.group() not in allowed or int(match.group(1)) > 65_535:
        raise AddressRefused("Plain http is opened only on the loopback addresses that are listed")
    return Target("127.0.0.1", int(match.group(1)), path, loopback=True)


def _name(host: str) -> str:
    """Return a host name in its ASCII form; addresses and local names are refused."""
    try:
        return domain_name(host)
    except ValueError as fault:
        raise AddressRefused(str(fault)) from None


def check_addresses(host: str, addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses a name answered with, or raise AddressRefused if one is not public.

    All of them are refused for a single bad one: an honest town has no reason to mix them.
    """
    if not addresses:
        raise AddressRefused("The name has no address", host=host)
    if not all(is_public(address) for address in addresses):
        raise AddressRefused("The name leads to an address that is not public", host=host)
    return tuple(addresses)


def check_path(path: str) -> None:
    """Refuse (ValueError) a path to ask for that is not made of plain segments: our own mistake.

    A query of plain names and encoded values may follow it.
    """
    plain, mark, query = path.partition("?")
    if not _ASKED.fullmatch(plain) or ".." in plain.split("/"):
        raise ValueError("a path of the protocol is made of plain segments")
    if mark and not _QUERY.fullmatch(query):
        raise ValueError("a query of the protocol is made of plain names and encoded values")
