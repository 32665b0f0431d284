# SPDX-License-Identifier: AGPL-3.0-or-later
"""What settings say of other bodies' servers, checked: the CERT's, the nation's key of hints."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from beffroi_web.addresses import check_address


@dataclass(frozen=True, slots=True)
class TaxiiServer:
    """The TAXII 2.1 server of the CERT, to which files may be handed over.

    `key` is the path of the town's private key in PEM, `alg` how it signs (RFC 7518), `issuer` the
    only audience of what it signs.
    """

    api_root: str
    collection: str
    token_url: str
    issuer: str
    client_id: str
    key: str
    key_id: str = ""
    alg: str = "ES256"
    scope: str = ""


VKEY = re.compile(r"([^\s+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{43,44}=*)")
ED25519 = b"\x01"
"""The kind of key that signs texts (C2SP signed-note): a byte before the key itself."""


def is_vkey(said: str) -> bool:
    """Say whether a text is the verifier key of a note, `<name>+<ID>+<base64>`, ID and key alike.

    C2SP signed-note v1.0.0: the ID is the first four bytes of a SHA-256 of name and key.
    """
    match = VKEY.fullmatch(said)
    try:
        key = base64.b64decode(match[3], validate=True) if match else b""
    except binascii.Error:
        return False
    if match is None or len(key) != 33 or key[:1] != ED25519:
        return False
    return hashlib.sha256(match[1].encode() + b"\n" + key).hexdigest()[:8] == match[2]


SIGNATURES = ("ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256")


def taxii_server(value: Any) -> TaxiiServer:
    """Return the server of a table (or of the same as JSON text)."""
    table = json.loads(value) if isinstance(value, str) else value
    try:
        return TaxiiServer(**table)
    except TypeError as fault:
        raise ValueError(
            "it has api_root, collection, token_url, issuer, client_id and key, and may have"
            " key_id, alg and scope"
        ) from fault


def can_be_handed_to(server: TaxiiServer) -> bool:
    """Say whether a server is whole: https addresses (or loopback), a known way to sign."""
    texts = [getattr(server, one.name) for one in fields(server)]
    if not all(isinstance(one, str) for one in texts) or server.alg not in SIGNATURES:
        return False
    try:
        for address in (server.api_root, server.token_url):
            check_address(address, frozenset({"/".join(address.split("/")[:3])}))
    except ValueError:
        return False
    return all((server.collection, server.issuer, server.client_id, server.key))


CERT_CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    (
        "cert_email",
        lambda v: bool(re.fullmatch(r"|[^@\s<>,]{1,64}@[^@\s<>,]{1,189}", v)),
        "is the CERT's address, such as csirt@region.example",
    ),
    ("cert_name", lambda v: len(v) <= 120, "is the CERT's name, at most 120 characters"),
    (
        "cert_phone",
        lambda v: bool(re.fullmatch(r"|\+?[0-9 .()-]{3,30}", v)),
        "is a telephone number",
    ),
    (
        "cert_taxii",
        can_be_handed_to,
        "has api_root and token_url (https://…), collection, issuer, client_id, key, and may have"
        f" key_id, scope and alg ({', '.join(SIGNATURES)})",
    ),
)
"""What must hold of the settings of the CERT: name, check, and the rule in words."""
