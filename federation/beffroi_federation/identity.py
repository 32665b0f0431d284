# SPDX-License-Identifier: AGPL-3.0-or-later
"""The identity file of a town, `/.well-known/beffroi.json`: who it says it is.

A claim, not a proof: it tells a person or an auditor where the log is and which keys sign it. A
nation pins what its operators have checked, and compares this file with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from beffroi_federation import canonical
from beffroi_federation.errors import Malformed, OverLimit

IDENTITY_BYTES = 65_536
WELL_KNOWN = "/.well-known/beffroi.json"
KINDS = ("commune", "epci", "other")
_MOST = 500
_MANY = 4_096  # the largest groups of communes have a few hundred members


@dataclass(frozen=True, slots=True)
class Identity:
    """What a town says of itself; `vkeys` has the current key first, `prefix` no final slash."""

    origin: str
    prefix: str
    vkeys: tuple[str, ...]
    name: str
    siren: str
    kind: str
    communes: tuple[str, ...]
    software: str = ""
    version: str = ""
    contact: str = ""
    languages: tuple[str, ...] = ()
    population_band: str = ""


def encode_identity(identity: Identity) -> bytes:
    """Return the file that a town serves: canonical JSON of every member."""
    return canonical.encode({name: getattr(identity, name) for name in Identity.__slots__})


def parse_identity(data: bytes) -> Identity:
    """Return what an identity file says; raises Malformed or OverLimit.

    Members that this version does not know are left aside. `software`, `version`, `contact`,
    `languages` and `population_band` may be absent.
    """
    if len(data) > IDENTITY_BYTES:
        raise OverLimit("An identity file is longer than 64 KiB", bytes=len(data))
    value = canonical.parse(data)
    if not isinstance(value, dict):
        raise Malformed("An identity file is a JSON object, and this is none")
    identity = Identity(
        origin=_text(value, "origin"),
        prefix=_text(value, "prefix"),
        vkeys=_texts(value, "vkeys"),
        name=_text(value, "name"),
        siren=_text(value, "siren"),
        kind=_text(value, "kind"),
        communes=_texts(value, "communes"),
        software=_text(value, "software", ""),
        version=_text(value, "version", ""),
        contact=_text(value, "contact", ""),
        languages=_texts(value, "languages", ()),
        population_band=_text(value, "population_band", ""),
    )
    if identity.kind not in KINDS:
        raise Malformed(f"An identity file's `kind` is one of {', '.join(KINDS)}")
    if not identity.vkeys:
        raise Malformed("An identity file names at least one key in `vkeys`")
    if identity.prefix.endswith("/"):
        raise Malformed("The `prefix` of an identity file has no final slash")
    return identity


def _text(value: Mapping[str, object], name: str, default: str | None = None) -> str:
    """Return a printable text member of at most 500 characters."""
    member = value.get(name, default)
    if not isinstance(member, str) or len(member) > _MOST or not member.isprintable():
        raise Malformed(f"An identity file has a printable text `{name}`, and this has not")
    return member


def _texts(
    value: Mapping[str, object], name: str, default: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """Return a member that is a list of printable texts."""
    member = value.get(name, default)
    if not isinstance(member, list | tuple) or len(member) > _MANY:
        raise Malformed(f"An identity file has a list of texts `{name}`, and this has not")
    return tuple(_text({name: one}, name) for one in member)
