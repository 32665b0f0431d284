# SPDX-License-Identifier: AGPL-3.0-or-later
"""Secrets and every spelling in which a program may have left them behind; looking for them.

needles = spellings({"title": "Ambrézilore".encode(), "salt": salt})
assert in_files(needles, [folder]) == {}
"""

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

Needles = Mapping[str, frozenset[bytes]]
"""By the name of a secret, the bytes that give it away."""


def _base64(secret: bytes) -> set[bytes]:
    """Return what base64 makes of a secret wherever it begins, without the letters at its edges."""
    found = set()
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret)
        whole = (before * 8 + 5) // 6  # the first letters hold bits of what stands before
        end = (before + len(secret)) * 8 // 6
        found |= {text[whole:end], text[whole:end].translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def spellings(secrets: Mapping[str, bytes], *, words: Iterable[str] = ()) -> Needles:
    """Return each secret raw, in hex, base64, base64url and as JSON writes it.

    `words` names the secrets that are words: a search index keeps those folded, without accents.
    """
    needles = {}
    for name, secret in secrets.items():
        found = {secret, secret.hex().encode(), secret.hex().upper().encode(), *_base64(secret)}
        if name in set(words):
            text = secret.decode()
            found.add(json.dumps(text)[1:-1].encode())
            found.add(_folded(text))
            found.add(text.encode("utf-16-le"))
        needles[name] = frozenset(found)
    return needles


def _folded(text: str) -> bytes:
    bare = text.lower().translate(str.maketrans("éèêàùôîç", "eeeauoic"))
    return bare.encode()


def inside(needles: Needles, data: bytes) -> set[str]:
    """Return the names of the secrets that some bytes give away."""
    return {name for name, found in needles.items() if any(one in data for one in found)}


def in_files(needles: Needles, places: Iterable[Path]) -> dict[str, set[str]]:
    """Return, for each file below some folders (or file) that gives a secret away, which ones."""
    found = {}
    for place in places:
        files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
        for file in files:
            try:
                named = inside(needles, file.read_bytes())
            except FileNotFoundError:  # the database took it away meanwhile
                continue
            if named:
                found[str(file)] = named
    return found
