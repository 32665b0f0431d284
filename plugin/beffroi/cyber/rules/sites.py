# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which site somebody means, whose it is, and how an address is shown without a way to open it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

OURS, PUBLIC, UNKNOWN = "ours", "public", "unknown"
MOST_ADDRESSES = 10
LONGEST_ADDRESS = 500

STATE = ("gouv.fr",)
"""Where administrations of the State have their sites: `gouv.fr` is kept for them
(https://www.info.gouv.fr/marque-de-letat/le-nom-de-domaine-gouv-fr)."""

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SCHEME = re.compile(r"(?i)\b([hf])(?:tt|xx|t|x)(ps?)(?=\[?:\]?//)")


@dataclass(frozen=True, slots=True)
class Known:
    """A site on the town's list: its host, whether it is the town's own, whose, whom to write."""

    host: str
    ours: bool
    name: str
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a site is: `ours`, `public` (another body, named where known), `unknown`."""

    code: str
    name: str | None = None
    contact: str | None = None


def host_of(typed: str) -> str:
    """Return the host that somebody means by an address, a name of a site, or a link; "" for none.

    Nothing is asked of any network. Names in other scripts become their ASCII form (RFC 3490), so
    that a look-alike is seen for what it is.
    """
    plain = typed.lower().replace("[.]", ".").replace("[:]", ":")
    return next((host for word in plain.split() if (host := _host(word))), "")


def _host(word: str) -> str:
    word = re.sub(r"^[a-z][a-z0-9+.-]*:/*(?=\D)", "", word)
    word = re.split(r"[/?#\\]", word, maxsplit=1)[0].rpartition("@")[2]
    try:
        name = word.split(":")[0].strip(".,;()<>\"'«»").encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    parts = name.split(".")
    if len(parts) < 2 or len(name) > 253 or not all(_LABEL.fullmatch(part) for part in parts):
        return ""
    return name.removeprefix("www.") if len(parts) > 2 else name


def owner_of(host: str, known: Sequence[Known]) -> Owner:
    """Return whose a host is: by the longest entry of the list that it is or lies below."""
    fitting = [one for one in known if host == one.host or host.endswith("." + one.host)]
    if fitting:
        best = max(fitting, key=lambda one: len(one.host))
        return Owner(OURS if best.ours else PUBLIC, best.name, best.contact)
    if any(host == one or host.endswith("." + one) for one in STATE):
        return Owner(PUBLIC)
    return Owner(UNKNOWN)


def addresses_of(typed: str) -> tuple[str, ...]:
    """Return the addresses of a text, one a line, as typed; raise Invalid for too many or long."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if len(lines) > MOST_ADDRESSES or any(len(line) > LONGEST_ADDRESS for line in lines):
        raise Invalid(
            N_("Too many addresses, or too long ones."),
            errors={"addresses": [N_("At most ten, one a line, of 500 characters at most.")]},
        )
    return tuple(lines)


def defanged(text: str) -> str:
    """Return words in which no address can be clicked or opened by mistake: `hxxps[:]//a[.]b`.

    Every address with a scheme, and every name with a dot between letters, is broken; twice is the
    same as once.
    """

    words = _SCHEME.sub(
        lambda found: f"{found[1]}{'xx' if found[1] in 'hH' else 'x'}{found[2]}", text
    )
    words = re.sub(r"(?<!\[):(?=//)", "[:]", words)
    return re.sub(r"(?<=\w)\.(?=[^\W\d_]\w*)", "[.]", words)
