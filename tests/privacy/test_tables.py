# SPDX-License-Identifier: AGPL-3.0-or-later
import itertools
from collections.abc import Collection, Mapping
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_privacy.tables import TOTAL, Place, hide, recoverable, width

AREAS = ("north", "south", "west")
CATEGORIES = ("light", "road", "waste")


def with_totals(cells: Mapping[Place, int]) -> dict[Place, int]:
    values: dict[Place, int] = {}
    for (area, category), count in cells.items():
        for a, c in itertools.product((area, TOTAL), (category, TOTAL)):
            values[a, c] = values.get((a, c), 0) + count
    return values


def equations(places: Collection[Place]) -> list[dict[Place, int]]:
    """The equations of a table with totals: every row and every column adds up."""
    areas = {a for a, _ in places}
    categories = {c for _, c in places}
    rows = [{(a, c): 1 if c != TOTAL else -1 for c in categories} for a in areas]
    columns = [{(a, c): 1 if a != TOTAL else -1 for a in areas} for c in categories]
    return rows + columns


def determined(hidden: Collection[Place], places: Collection[Place]) -> set[Place]:
    """Solve for the hidden numbers by elimination: an independent judge of the graph."""
    order = sorted(hidden)
    matrix = [[Fraction(e.get(p, 0)) for p in order] for e in equations(places)]
    row = 0
    for column in range(len(order)):
        pivot = next((r for r in range(row, len(matrix)) if matrix[r][column]), None)
        if pivot is None:
            continue
        matrix[row], matrix[pivot] = matrix[pivot], matrix[row]
        matrix[row] = [x / matrix[row][column] for x in matrix[row]]
        for other in range(len(matrix)):
            if other != row and matrix[other][column]:
                times = matrix[other][column]
                pairs = zip(matrix[other], matrix[row], strict=True)
                matrix[other] = [x - times * y for x, y in pairs]
        row += 1
    units = [[i for i, x in enumerate(line) if x] for line in matrix]
    return {order[unit[0]] for unit in units if len(unit) == 1}


counts = st.integers(min_value=0, max_value=12)
tables = st.fixed_dictionaries(
    {place: counts for place in itertools.product(AREAS, CATEGORIES)}
).map(with_totals)
places = st.sets(st.sampled_from(list(itertools.product((*AREAS, TOTAL), (*CATEGORIES, TOTAL)))))


@given(tables, places)
def test_a_number_can_be_computed_exactly_when_its_edge_is_a_bridge(
    values: dict[Place, int], hidden: set[Place]
) -> None:
    assert recoverable(hidden) == determined(hidden, values)


def test_one_hidden_cell_between_public_totals_is_no_secret() -> None:
    values = with_totals(dict.fromkeys(itertools.product(AREAS, CATEGORIES), 9))
    assert recoverable({("north", "light")}) == {("north", "light")}
    assert len(hide(values, {("north", "light")})) == 4


def test_a_hidden_row_is_undone_through_the_columns() -> None:
    row = {("north", category) for category in CATEGORIES}
    assert recoverable(row) == row


def test_zeros_between_public_totals_are_no_secret_even_without_a_bridge() -> None:
    square = set(itertools.product(AREAS[:2], CATEGORIES[:2]))
    values = with_totals(dict.fromkeys(square, 0))
    assert recoverable(square) == set()
    assert width(("north", "light"), square, values, upto=5) == 0


small = st.fixed_dictionaries(
    {place: st.integers(0, 3) for place in itertools.product(AREAS[:2], CATEGORIES[:2])}
)
cells = st.sets(st.sampled_from(list(itertools.product(AREAS[:2], CATEGORIES[:2]))), min_size=1)


@given(small, cells)
@settings(deadline=None, max_examples=40)
def test_the_width_is_the_true_range_of_what_fits_the_shown_numbers(
    counts: dict[Place, int], hidden: set[Place]
) -> None:
    values = with_totals(counts)
    ranges: dict[Place, set[int]] = {p: set() for p in hidden}
    order = sorted(hidden)
    for guess in itertools.product(
        *(range(min(values[a, TOTAL], values[TOTAL, c]) + 1) for a, c in order)
    ):
        if with_totals({**counts, **dict(zip(order, guess, strict=True))}) == {
            **values,
            **dict(zip(order, guess, strict=True)),
        }:
            for place, value in zip(order, guess, strict=True):
                ranges[place].add(value)
    for place, possible in ranges.items():
        assert width(place, hidden, values, upto=99) == max(possible) - min(possible)


@given(tables, places, places)
@settings(deadline=None, max_examples=60)
def test_what_is_hidden_cannot_be_computed_nor_narrowed_below_the_least_width(
    values: dict[Place, int], must: set[Place], some: set[Place]
) -> None:
    unpublished = {p for p in some if TOTAL in p}
    hidden = hide(values, must, unpublished=unpublished, least_width=5)
    assert must - unpublished <= hidden
    assert not recoverable(hidden | unpublished) - unpublished
    for place in must - unpublished:
        assert width(place, hidden | unpublished, values, upto=5) >= 5


def test_a_table_without_public_totals_hides_nothing_more() -> None:
    values = with_totals(dict.fromkeys(itertools.product(AREAS, CATEGORIES), 9))
    totals = {p for p in values if TOTAL in p}
    assert hide(values, {("north", "light")}, unpublished=totals) == {("north", "light")}


def test_a_departement_of_communes_is_protected_in_moments() -> None:
    areas = [f"{35000 + n}" for n in range(60)]
    categories = [f"c{n}" for n in range(8)]
    cells = {
        (a, c): (i * 7 + j * 3) % 13 for i, a in enumerate(areas) for j, c in enumerate(categories)
    }
    values = with_totals(cells)
    hidden = hide(values, {p for p, n in values.items() if n < 5})
    assert not recoverable(hidden)
    assert any(TOTAL not in p for p in set(values) - hidden)
