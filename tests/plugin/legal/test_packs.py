# SPDX-License-Identifier: AGPL-3.0-or-later
"""A rule pack is read whole and refused whole."""

from importlib.resources import files

import pytest

from beffroi.legal.packs import PackFault, load, parse
from beffroi.legal.sizes import binds, size_of

FR = (files("beffroi.legal") / "packs" / "fr.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", ["fr", "uk-foi"])
def test_every_rule_of_a_pack_carries_article_source_and_the_day_it_was_read(code: str) -> None:
    pack = load(code)
    assert pack.code == code
    assert pack.delays
    for one in (*pack.delays, *pack.bodies):
        assert one.rule.article
        assert one.rule.checked_on.year >= 2026
        assert set(one.says) == {"fr", "en"}
    assert "conseil" in pack.notice["fr"]
    assert "not legal advice" in pack.notice["en"]


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('kind = "duty"', 'kind = "wish"', "answer"),
        ("months = 1\n", "months = 1\nworking_days = 20\n", "answer: has one of"),
        ("months = 1\n", "", "answer: has one of"),
        ('gives = "implicit_refusal"', 'gave = "implicit_refusal"', "gave means nothing"),
        ("official = true", 'official = "yes"', "official"),
        ("checked_on = 2026-11-29", 'checked_on = "yesterday"', "checked_on"),
        ('source = "https://www.cada.fr', 'source = "www.cada.fr', "its source is an address"),
        ('en = "Silence becomes a refusal"', "", "fr and in en"),
        ('count = "prudent"', 'count = "generous"', "generous"),
        ('code = "cada_after_silence"', 'code = "answer"', "stands twice"),
        ('used_by = "cada_registered"\n', "", "event of its use"),
        ('joins = "cada_after_silence"', 'joins = "court"', "does not stand before"),
        ('after = ["received"]', 'after = ["Received!"]', "is no name"),
        ("[name]", "[name", "at line"),
    ],
)
def test_a_pack_with_a_fault_is_refused_with_its_place(was: str, becomes: str, said: str) -> None:
    assert was in FR
    with pytest.raises(PackFault, match=said.replace(".", r"\.")):
        parse(FR.replace(was, becomes, 1))


@pytest.mark.parametrize("code", ["xx", "../fr", "FR", ""])
def test_a_pack_that_is_not_there_is_said(code: str) -> None:
    with pytest.raises(PackFault):
        load(code)


def test_a_body_owes_what_its_size_makes_it_owe() -> None:
    pack = load("fr")

    def owed(inhabitants: int, agents: int) -> set[str]:
        return {one.code for one in pack.owes(inhabitants=inhabitants, agents=agents)}

    assert owed(3_499, 200) == set()
    assert owed(3_500, 49) == set()
    assert owed(3_500, 50) == {"publishes_by_default"}
    assert owed(10_000, 0) == {"names_access_officer"}
    assert owed(2_000_000, 50_000) == {"publishes_by_default", "names_access_officer"}


def test_inhabitants_let_no_intermunicipal_body_go_of_publishing_by_default() -> None:
    publishes, officer = load("fr").bodies
    assert not publishes.rule.official  # so that people read "indicative"
    for agents, bound in ((50, True), (49, False), (None, None)):
        assert binds(publishes, size_of("500-1999", agents, "epci")) is bound
    assert binds(publishes, size_of("500-1999", 50, "commune")) is False
    assert binds(officer, size_of("500-1999", 50, "epci")) is False
    owed = load("fr").owes(inhabitants=3_000, agents=50, kind="epci")
    assert [one.code for one in owed] == ["publishes_by_default"]
