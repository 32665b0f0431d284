# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures, colours, territories and the ranking of unmet demand, by the rules alone."""

import re
import statistics
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.aggregator.dashboards.rules.figures import (
    Figures,
    Sums,
    bounds,
    by_quarter,
    median,
    peers,
    ranges,
    step,
)
from beffroi_federation.aggregator.kernel import territories
from beffroi_federation.aggregator.national.rules import span_of, weeks_between
from beffroi_federation.aggregator.needs import rules as needs
from beffroi_federation.vocabulary import THEMES


@dataclass(frozen=True)
class One:
    id: int
    waiting: int
    refused: int
    published: int


COUNTS = st.integers(0, 50)
ONES = st.lists(st.builds(One, st.integers(0, 10**9), COUNTS, COUNTS, COUNTS), max_size=30,
                unique_by=lambda one: one.id)  # fmt: skip


@given(ONES, st.randoms(use_true_random=False), st.integers(1, 40))
def test_a_ranking_depends_on_nothing_but_the_counts(ones, chance, most):
    ranked = needs.ranked(ones, most)
    shuffled = [*ones]
    chance.shuffle(shuffled)
    assert needs.ranked(shuffled, most) == ranked
    assert len(ranked) == min(most, sum(1 for one in ones if one.waiting or one.refused))
    demands = [needs.unmet(one.waiting, one.refused) for one in ranked]
    assert demands == sorted(demands, reverse=True)
    assert all(demands)


@given(ONES.filter(bool), st.sampled_from(["waiting", "refused", "published"]), st.integers(1, 9))
def test_one_more_town_never_makes_a_topic_fall(ones, name, more):
    chosen = next((one for one in ones if one.waiting or one.refused), None)
    if chosen is None:
        return
    raised = replace(chosen, **{name: getattr(chosen, name) + more})
    others = [one for one in ones if one.id != chosen.id]
    ids = [[one.id for one in needs.ranked([*others, it], 99)] for it in (chosen, raised)]
    assert ids[1].index(chosen.id) <= ids[0].index(chosen.id)


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Base adresse nationale", ("geospatial",)),
        ("Parcelles du cadastre", ("geospatial",)),
        ("Qualité de l’air dans les écoles", ("environment",)),
        ("Weather stations and rainfall", ("meteorological",)),
        ("Horaires des autobus", ("mobility",)),
        ("Menus de la cantine", ()),
        ("Marchés publics attribués", ()),
        ("Tracé des cours d’eau et altitudes", ("environment",)),
        ("Limites des unités administratives", ("geospatial",)),
        ("Espaces de stationnement des cycles", ("mobility",)),
        ("Projets d’aménagement protégés par le secret", ()),
    ],
)
def test_categories_of_high_value_are_found_by_their_words(title, found):
    assert needs.high_value(title, "") == found


def test_every_theme_has_a_holder_and_lies_in_one_domain():
    assert set(needs.HOLDERS) == set(THEMES)
    domains = needs.domains(needs.HOLDERS)
    assert sorted(theme for themes in domains.values() for theme in themes) == sorted(THEMES)
    assert ["ENER", "ENVI"] in domains.values()


@given(st.lists(st.integers(0, 300), max_size=60))
def test_the_median_is_that_of_the_values(values):
    expected = statistics.median_low(values) if values else None
    assert median(Counter(values)) == expected


@given(st.lists(st.none() | st.integers(0, 10**6), max_size=40),
       st.sampled_from(["open", "rate", "delay", "incidents"]))  # fmt: skip
def test_a_colour_is_told_by_its_legend_and_a_higher_value_is_never_paler(values, measure):
    if measure == "rate":
        values = [None if one is None else one % 101 for one in values]
    limits = bounds(measure, values)
    legend = {colour: (low, high) for colour, low, high in ranges(limits, values)}
    known = sorted(one for one in values if one is not None)
    steps = [step(one, limits) for one in known]
    assert steps == sorted(steps)
    assert all(1 <= one <= 5 for one in steps)
    for value, colour in zip(known, steps, strict=True):
        low, high = legend[colour]
        assert low <= value <= high
    assert step(None, limits) == 0


def test_every_territory_has_a_tile_of_its_own():
    assert len(territories.NAMES) == 101 + 6
    assert {tile.code for tile in territories.TILES} == set(territories.NAMES)
    places = {(tile.column, tile.row) for tile in territories.TILES}
    assert len(places) == len(territories.TILES)
    assert all(0 <= tile.column < territories.COLUMNS for tile in territories.TILES)


@pytest.mark.parametrize(
    ("insee", "code"),
    [("75056", "75"), ("2A004", "2A"), ("2B033", "2B"), ("97105", "971"), ("97611", "976"),
     ("97701", "977"), ("98818", "988"), ("01001", "01"), ("99999", ""), ("20004", "")],
)  # fmt: skip
def test_a_commune_lies_where_its_code_says(insee, code):
    assert territories.department_of(insee) == code
    if code:
        low, high = territories.bounds(code)
        assert low <= insee <= high
        assert re.fullmatch(r"[0-9AB]{5}", low)


@pytest.mark.parametrize(
    ("received", "answered", "weeks"),
    [("2026-W40", "2026-W41", 1), ("2025-W52", "2026-W02", 2), ("2026-W40", "2026-W39", 0),
     ("2026-W40", None, None), ("2026-Q1", "2026-W39", None), ("2000-W01", "2026-W01", 260)],
)  # fmt: skip
def test_weeks_pass_between_two_weeks_over_the_end_of_a_year(received, answered, weeks):
    assert weeks_between(received, answered) == weeks


def test_a_cell_counts_in_the_quarter_in_which_its_period_ends():
    assert span_of("2026-W40", "2026-10-05") == "2026-Q4"
    assert span_of("2026-09", "2026-10-01") == "2026-Q3"
    assert span_of("2026-Q1", "2026-04-01") == "2026-Q1"
    assert span_of("2026", "2027-01-01") == "2026"


def test_a_quarter_whose_cells_are_all_protected_is_not_shown_as_nought():
    cells = {
        ("street", "road", "2026-Q1"): Sums(protected=2),
        ("street", "road", "2026-Q2"): Sums(shown=1, reported=7),
        ("street", "road", "2026"): Sums(shown=1, reported=90),
    }
    assert by_quarter(cells) == [("2026-Q1", None), ("2026-Q2", 7)]


def test_a_town_stands_beside_its_size_or_its_kind_or_nobody():
    sizes = {("commune", "200000+"): Figures(towns=2), ("commune", ""): Figures(towns=40),
             ("epci", ""): Figures(towns=2)}  # fmt: skip
    found = peers(sizes, "commune", "200000+")
    assert found is not None
    assert (found[0], found[1].towns) == ("", 40)
    sizes["commune", "200000+"].towns = 3
    found = peers(sizes, "commune", "200000+")
    assert found is not None
    assert found[0] == "200000+"
    assert peers(sizes, "epci", "") is None
