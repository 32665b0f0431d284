# SPDX-License-Identifier: AGPL-3.0-or-later
"""A seed as 24 French words for the town hall's safe (BIP-39's word list and checksum).

Only the list and the checksum are BIP-39's: the words are the 32 bytes of the seed and 8 bits of
their SHA-256, and no passphrase is derived from them.
"""

import re
import unicodedata

from mnemonic import Mnemonic

from beffroi_federation.errors import Malformed

WORDS = 24
MAX_TYPED = 4_096
SHORTEST = 4
"""The first four letters tell each word of the list from every other."""


def seed_words(seed: bytes) -> tuple[str, ...]:
    """Return the 24 words of a seed of 32 bytes, in NFC, with their accents."""
    if len(seed) != 32:
        raise Malformed("A seed does not have 32 bytes")
    return tuple(unicodedata.normalize("NFC", _list().to_mnemonic(seed)).split(" "))


def seed_from_words(typed: str) -> bytes:
    """Return the seed of 24 words as somebody typed them.

    Capitals, accents, line breaks, commas and numbers between the words do not matter, and four
    letters are enough of each. Raises Malformed in plain words that never repeat what was typed.
    """
    if len(typed) > MAX_TYPED:
        raise Malformed("This is much longer than 24 words")
    words = re.findall(r"[^\W\d_]+", _plain(typed))
    if len(words) != WORDS:
        raise Malformed(f"These are {len(words)} words; the key has {WORDS}")
    known = _list().wordlist
    plain = {_plain(word): unicodedata.normalize("NFKD", word) for word in known}
    starts = {word[:SHORTEST]: word for word in plain}
    found: list[str] = []
    for number, word in enumerate(words, 1):
        whole = word if word in plain else starts.get(word[:SHORTEST], "")
        if not whole.startswith(word):
            raise Malformed(f"Word {number} is not in the list of words: look at it again")
        found.append(plain[whole])
    try:
        return bytes(_list().to_entropy(found))
    except ValueError:
        raise Malformed(
            "Each of these words is in the list, but together they are no key: one of them is "
            "another word, or two have changed places"
        ) from None


def _list() -> Mnemonic:
    return Mnemonic("french")


def _plain(text: str) -> str:
    """Return a text in small letters without accents, ligatures apart."""
    apart = text.casefold().replace("œ", "oe").replace("æ", "ae")
    letters = unicodedata.normalize("NFKD", apart)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
