# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reuse of something published: a title, an address, some words, kept as one text. Plain Python.

As one text it is read, masked, released, held and withdrawn like every other. The first line is the
title, the second the address; what an agent releases may have no address any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from beffroi.data_requests.rules.addresses import is_web_address
from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Reuse:
    """What somebody made of something published, in the words that were released."""

    title: str
    url: str | None
    words: str


def as_text(title: str, url: str, words: str) -> str:
    """Return the one text of a reuse; raise Invalid where a part does not fit."""
    errors: dict[str, list[str]] = {}
    if not title.strip():
        errors["title"] = [N_("This is needed.")]
    if not is_web_address(url.strip()):
        errors["url"] = [N_("The address starts with https:// and holds no user name.")]
    if errors:
        raise Invalid(N_("The reuse is not complete."), errors=errors)
    return "\n".join([" ".join(title.split()), url.strip(), words.strip()]).rstrip()


def parts(text: str) -> Reuse:
    """Return the parts of a released text; without an address where that is none any more."""
    title, _, rest = text.partition("\n")
    url, _, words = rest.partition("\n")
    if is_web_address(url.strip()):
        return Reuse(title.strip(), url.strip(), words.strip())
    return Reuse(title.strip(), None, rest.strip())


def shown(texts: Sequence[str]) -> list[Reuse]:
    """Return the reuses of a request as its page lists them, oldest first."""
    return [parts(text) for text in texts[:MOST_SHOWN]]
