# SPDX-License-Identifier: AGPL-3.0-or-later
"""The protocol's page on pulling says what this aggregator does."""

import re
from pathlib import Path

import pytest

from beffroi_federation.aggregator.intake import rules
from beffroi_federation.aggregator.intake.adapters import engine, resolver, transfer
from beffroi_federation.bodies import MAX_RATIO
from beffroi_federation.client import Timeouts
from beffroi_federation.tail import TAIL_BYTES

PAGE = (Path(__file__).parents[2] / "docs/protocol/pulling.md").read_text("utf-8")
LIMITS = {
    cells[0].strip(): cells[1].strip()
    for line in PAGE.splitlines()
    if line.startswith("|") and len(cells := line.strip("|").split(" | ")) == 2
}
KIB, MIB = 1_024, 1_048_576
QUOTAS = ", ".join(f"{most:,}" for most in rules.QUOTAS.values())


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        (
            "all header lines, status lines, interim answers and trailers together",
            f"{transfer.MAX_HEADERS // KIB} KiB",
        ),
        ("tail", f"{TAIL_BYTES // MIB} MiB"),
        (
            "new entries in one turn",
            f"{rules.GROWTH_PER_PULL:,}, to the end of a bundle",
        ),
        (
            "bytes of contents in one turn",
            f"{rules.TURN_BYTES // MIB} MiB, to the end of the bundle that goes past",
        ),
        (
            "older content bundles compared again",
            f"{rules.RECHECKS_PER_PULL}, those that waited longest first",
        ),
        ("one conversation with a town", f"{engine.LONGEST / 60:.0f} minutes"),
        ("answers under way at once, all towns", f"{engine.TRANSFERS}"),
        ("connections to one IP address, kept ones among them", f"{engine.PER_ADDRESS}"),
        (
            "what one conversation holds before it needs one of four places",
            f"{engine.LIGHT // KIB} KiB",
        ),
        (
            "brought and not yet written, all towns, before nothing new is begun",
            f"{engine.HELD // MIB} MiB",
        ),
    ],
)
def test_every_limit_of_the_page_is_that_of_the_code(what: str, limit: str) -> None:
    assert LIMITS[what] == limit


def test_the_other_numbers_of_the_page_are_those_of_the_code() -> None:
    assert QUOTAS == "2,000, 5,000, 10,000, 50,000, 100,000, 200,000"
    assert QUOTAS in PAGE
    assert rules.FIRST_DAY == 10
    assert engine.HEAVY == 4
    assert (resolver.DEADLINE, resolver.KEPT, engine.MOST_ADDRESSES) == (5.0, 60.0, 4)
    assert rules.TAIL_ENTRIES == 256
    assert rules.TAILS_AGAIN.days == 7
    assert (rules.FIRST_WAIT.seconds, rules.LEAST_WAIT.seconds) == (30 * 60, 5 * 60)
    assert MAX_RATIO == 100
    times = Timeouts()
    assert (times.connect, times.total, times.grace, times.rate) == (5.0, 30.0, 10.0, 1_024)
    assert re.search(r"below 30 min · 2\^\(n-1\), a day at\s+most and five minutes at least", PAGE)
