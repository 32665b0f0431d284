# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one installation is called and looks like: a value that `init_web` is given."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class NavItem:
    """One link of the header or the footer.

    `endpoint` is a Flask endpoint without arguments; `label` is an English sentence marked with
    `beffroi_web.words.N_`, said in the reader's language. With `roles`, only people who hold one
    of them are shown the link (the page itself is kept by its guard).
    """

    endpoint: str
    label: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One installation, as its pages present it.

    `public_url` is the address people use, without a final slash; `slug` names the cookies, so it
    differs between two installations on one host; `languages` are ISO 639 codes, the first being
    the default; `colour` is `#rrggbb` and is adjusted until it can be read on both papers;
    `max_body` is the largest request taken, in bytes; `timezone` is an IANA name;
    `shared_seconds` is how long a cache in front may give what follows from the data alone without
    asking again. `source_url` is where the running program's source is offered (AGPL, section 13).
    `hsts_subdomains` says that every name below this one has TLS, too (RFC 6797, 6.1.2).
    """

    name: str
    slug: str
    kind: Literal["town", "nation"]
    public_url: str
    secret_key: str
    languages: tuple[str, ...] = ("fr", "en")
    colour: str = "#2f4b6e"
    logo_url: str | None = None
    demonstration: bool = False
    navigation: tuple[NavItem, ...] = ()
    footer: tuple[NavItem, ...] = ()
    max_body: int = 1_048_576
    timezone: str = "Europe/Paris"
    source_url: str | None = None
    shared_seconds: int = 0
    hsts_subdomains: bool = False
