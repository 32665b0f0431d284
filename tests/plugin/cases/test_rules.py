# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.cases import rules
from beffroi.cases.rules import MOVES, Move, check_moves
from beffroi.kernel.errors import Invalid


def a_move(origin: str, target: str) -> Move:
    return Move(origin, target, "desk", False, "a test")


def test_a_move_to_a_status_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"do not exist: \['lost'\]"):
        check_moves(("open",), (a_move("open", "open"), a_move("open", "lost")), "open")


def test_a_status_that_no_case_can_reach_is_refused() -> None:
    moves = (a_move("open", "closed"), a_move("closed", "open"), a_move("island", "open"))
    with pytest.raises(ValueError, match=r"no case can reach: \['island'\]"):
        check_moves(("open", "closed", "island"), moves, "open")


def test_a_status_that_no_case_can_leave_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no case can leave: \['closed'\]"):
        check_moves(("open", "closed"), (a_move("open", "closed"),), "open")


def test_a_status_reached_only_from_an_island_is_refused() -> None:
    moves = (
        a_move("open", "open"),
        a_move("island", "beach"),
        a_move("beach", "island"),
    )
    with pytest.raises(ValueError, match=r"\['beach', 'island'\]"):
        check_moves(("open", "island", "beach"), moves, "open")


@pytest.mark.parametrize("kind", rules.KINDS)
def test_each_move_stands_once_and_says_what_allows_it(kind: str) -> None:
    keys = [(m.origin, m.target, m.by) for m in MOVES[kind]]
    assert len(keys) == len(set(keys))
    assert all(m.source.strip() for m in MOVES[kind])
    people = {rules.DATA_REQUEST: {"author"}, rules.STREET: {"author", "neighbour"}}
    assert {m.by for m in MOVES[kind]} == {"desk", "official answer"} | people.get(kind, set())


@pytest.mark.parametrize("kind", rules.KINDS)
def test_a_case_is_closed_by_an_answer_or_given_up_with_a_reason(kind: str) -> None:
    silent = [
        m
        for m in MOVES[kind]
        if rules.is_open(kind, m.origin)
        and not rules.is_open(kind, m.target)
        and m.by == "desk"
        and not m.reason
    ]
    assert silent == []


@pytest.mark.parametrize("kind", rules.KINDS)
def test_a_closed_case_is_reopened_only_with_a_reason(kind: str) -> None:
    reopened = [
        m
        for m in MOVES[kind]
        if not rules.is_open(kind, m.origin) and rules.is_open(kind, m.target)
    ]
    assert reopened
    assert all(m.reason and m.by in {"desk", "author", "neighbour"} for m in reopened)


def test_a_refusal_owes_its_reason_wherever_it_comes_from() -> None:
    refusals = [m for m in MOVES[rules.DATA_REQUEST] if m.target == "refused"]
    assert {m.origin for m in refusals} == {"open", "under_review", "planned"}
    assert all(m.reason for m in refusals)


@pytest.mark.parametrize(
    ("kind", "origin", "target", "by"),
    [
        ("data_request", "open", "published", "desk"),
        ("data_request", "published", "refused", "official answer"),
        ("data_request", "published", "published", "official answer"),
        ("data_request", "open", "abandoned", "official answer"),
        ("street", "open", "resolved", "desk"),
        ("cyber", "resolved", "no_action", "official answer"),
        ("street", "open", "published", "official answer"),
    ],
)
def test_what_is_not_in_the_table_is_not_allowed(
    kind: str, origin: str, target: str, by: str
) -> None:
    assert rules.move_allowed(kind, origin, target, by) is None


@pytest.mark.parametrize("kind", rules.KINDS)
def test_what_the_desk_and_an_answer_can_do_is_what_the_table_says(kind: str) -> None:
    statuses = {m.origin for m in MOVES[kind]}
    for origin in statuses:
        by_desk = {m.target for m in rules.desk_moves(kind, origin)}
        by_answer = rules.answer_targets(kind, origin)
        by_people = {"open"} if kind == rules.STREET and not rules.is_open(kind, origin) else set()
        reached = {m.target for m in MOVES[kind] if m.origin == origin}
        assert by_desk | by_answer | by_people == reached


def test_every_status_and_step_has_its_words() -> None:
    statuses = {*rules.REQUEST_STATUSES, *rules.INCIDENT_STATUSES}
    assert statuses == set(rules.STATUS_WORDS) == set(rules.STATUS_TONES)
    assert set(rules.STEP_WORDS) >= rules.OFFICIAL_STEPS
    assert set(rules.ROLE_WORDS) == set(rules.TEXT_LIMITS)


@pytest.mark.parametrize("role", sorted(rules.TEXT_LIMITS))
def test_a_text_is_taken_up_to_its_limit_and_not_beyond(role: str) -> None:
    most = rules.TEXT_LIMITS[role]
    assert rules.checked_text(role, "é" * most) == "é" * most
    with pytest.raises(Invalid, match="too long"):
        rules.checked_text(role, "é" * (most + 1))


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x7f"])
def test_a_text_with_control_characters_is_refused(char: str) -> None:
    with pytest.raises(Invalid, match="cannot be printed"):
        rules.checked_text("comment", f"a{char}b")


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), max_size=200))
def test_a_checked_text_is_the_same_when_checked_again(words: str) -> None:
    once = rules.checked_text("comment", words)
    assert rules.checked_text("comment", once) == once
    assert once == words.strip()


def test_line_ends_become_line_feeds() -> None:
    assert rules.checked_text("wanted", " a\r\nb\rc\td \n") == "a\nb\nc\td"


def test_a_reference_has_at_least_four_digits() -> None:
    assert rules.reference(2026, 42) == "2026-0042"
    assert rules.reference(2026, 12345) == "2026-12345"
