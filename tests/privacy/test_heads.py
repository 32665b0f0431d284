# SPDX-License-Identifier: AGPL-3.0-or-later
import re
import sys

import pytest

from anonymise.generate import chosen
from beffroi_privacy import engine
from beffroi_privacy.heads import Headed, leads
from beffroi_privacy.patterns import lowered

assert engine  # loads every detector, and with it every pattern that begins with a word


def headed() -> dict[str, Headed]:
    """Every pattern of the package that is tried at words only, by where it stands."""
    return {
        f"{name}.{key}": value
        for name, module in sorted(sys.modules.items())
        if name.startswith("beffroi_privacy.")
        for key, value in vars(module).items()
        if isinstance(value, Headed)
    }


@pytest.mark.parametrize(
    ("alternatives", "begun"),
    [
        ("mon|ma", {"mon", "ma"}),
        ("n[ée]e?s?", {"né", "ne"}),
        (r"(?:post|publi)[ée]e? par|d'accord", {"post", "publi", "d"}),
        (r"r[ée]f(?:[ée]rence|\.)?", {"réf", "ref"}),
        ("habit(?:e|ons)", {"habite", "habitons"}),
        ("contravention", {"contrave"}),
    ],
)
def test_what_alternatives_begin_with_is_read_from_them(alternatives: str, begun: set[str]) -> None:
    assert leads(alternatives) == begun


@pytest.mark.parametrize("alternatives", [r"\d+", "a?b", "(?:mon )?compte"])
def test_alternatives_that_may_begin_with_no_letter_are_refused(alternatives: str) -> None:
    with pytest.raises(ValueError, match="begins with no letter"):
        leads(alternatives)


def test_at_words_every_pattern_finds_what_it_finds_everywhere() -> None:
    patterns = headed()
    assert len(patterns) >= 15
    found = dict.fromkeys(patterns, 0)
    for text in chosen("build")[::4]:
        low = lowered(re.sub(r"\s+", " ", text.text))
        for name, one in patterns.items():
            everywhere = [m.span() for m in one.pattern.finditer(low)]
            assert [m.span() for m in one.finditer(low)] == everywhere, name
            found[name] += len(everywhere)
    assert sum(count > 0 for count in found.values()) >= 14
