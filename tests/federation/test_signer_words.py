# SPDX-License-Identifier: AGPL-3.0-or-later
"""The 24 words in the safe: back to the same seed however they are typed, and never a wrong one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.errors import Malformed
from beffroi_federation.signer_words import seed_from_words, seed_words

SEED = bytes(range(32))


@given(st.binary(min_size=32, max_size=32))
def test_the_words_of_any_seed_are_that_seed_again(seed: bytes) -> None:
    words = seed_words(seed)
    assert len(words) == 24
    assert seed_from_words(" ".join(words)) == seed


def test_the_words_of_nothing_but_zeros_are_those_of_bip_39() -> None:
    assert seed_words(bytes(32)) == ("abaisser",) * 23 + ("anaphore",)


def without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


@pytest.mark.parametrize("seed", [SEED, SEED[::-1], b"\xa5" * 32, b"\x5a\xc3" * 16])
def test_capitals_accents_numbers_and_line_breaks_do_not_matter(seed: bytes) -> None:
    words = seed_words(seed)
    typed = (
        "\n".join(words),
        "  ".join(words).upper(),
        " ".join(map(without_accents, words)),
        unicodedata.normalize("NFD", ", ".join(words)),
        "\n".join(f"{n:2}. {word}" for n, word in enumerate(words, 1)),
        " ".join(without_accents(word)[:4] for word in words),
    )
    for text in typed:
        assert seed_from_words(text) == seed


@pytest.mark.parametrize("count", [0, 1, 12, 23, 25])
def test_another_number_of_words_is_named(count: int) -> None:
    words = (seed_words(SEED) * 2)[:count]
    with pytest.raises(Malformed, match=f"These are {count} words"):
        seed_from_words(" ".join(words))


def test_a_word_that_is_in_no_list_is_named_by_its_place_and_not_repeated() -> None:
    words = list(seed_words(SEED))
    words[6] = "motinconnu"
    with pytest.raises(Malformed, match="Word 7 is not in the list") as caught:
        seed_from_words(" ".join(words))
    assert "motinconnu" not in caught.value.diagnostics()
    words[6] = seed_words(SEED)[6] + "xyz"
    with pytest.raises(Malformed, match="Word 7 is not in the list"):
        seed_from_words(" ".join(words))


def test_words_that_do_not_belong_together_are_said_to_be_no_key() -> None:
    words = list(seed_words(SEED))
    said: list[str] = []
    for n in range(23):
        swapped = [*words[:n], words[n + 1], words[n], *words[n + 2 :]]
        try:
            assert seed_from_words(" ".join(swapped)) != SEED
        except Malformed as error:
            said.append(error.sentence)
    assert len(said) >= 20  # one mistake in 256 has the right checksum
    assert all("two have changed places" in sentence for sentence in said)
    assert not set(words) & set(" ".join(said).split())


def test_what_is_much_too_long_is_not_read() -> None:
    with pytest.raises(Malformed, match="much longer"):
        seed_from_words("abaisser " * 1_000)
