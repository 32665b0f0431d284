# SPDX-License-Identifier: AGPL-3.0-or-later
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_web.filters import ago, date_in_words, number, paragraphs, safe_link
from support.style_guide import MOMENT, make_app


@pytest.fixture
def speaking():
    app, _, _ = make_app()

    def context(lang: str = "fr"):
        return app.test_request_context(f"/?lang={lang}")

    return context


def test_a_date_is_said_in_words_inside_a_time_element(speaking):
    with speaking():
        said = date_in_words(date(2027, 1, 12))
    assert said == '<time datetime="2027-01-12">12 janvier 2027</time>'
    with speaking("en"):
        assert "January 12, 2027" in date_in_words(date(2027, 1, 12))


def test_a_moment_is_shown_on_the_day_it_has_at_the_place(speaking):
    with speaking():
        said = date_in_words(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert said == '<time datetime="2026-12-31T23:30:00+00:00">1er janvier 2027</time>'


@pytest.mark.parametrize(
    ("days", "words"),
    [(-800, "il y a 2 ans"), (-400, "il y a 13 mois"),
     (-19, "il y a 19 jours"), (-1, "hier"), (0, "aujourd’hui"),
     (1, "demain"), (9, "dans 9 jours"), (44, "dans 44 jours"), (90, "dans 3 mois")],
)  # fmt: skip
def test_a_distance_in_days_is_said_as_people_do(speaking, days, words):
    with speaking():
        assert f">{words}</time>" in ago(MOMENT.date() + timedelta(days=days))


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "à l’instant"),
        (-3, "il y a 3 minutes"),
        (-150, "il y a 2 heures"),
        (-3000, "il y a 2 jours"),
    ],
)
def test_a_moment_of_today_is_said_in_hours_or_minutes(speaking, minutes, words):
    with speaking():
        assert f">{words}</time>" in ago(MOMENT + timedelta(minutes=minutes))


def test_nothing_is_said_of_no_date(speaking):
    with speaking():
        assert date_in_words(None) == ago(None) == ""
        assert number(None) == "–"


def test_numbers_follow_the_language(speaking):
    with speaking():
        assert number(1204) == "1\u202f204"
    with speaking("en"):
        assert number(1204) == "1,204"


def test_paragraphs_are_parted_by_blank_lines_and_escaped():
    said = paragraphs("Un <b>mot</b>\nà la ligne\r\n\r\n\n  \nDeux & fin")
    assert said == "<p>Un &lt;b&gt;mot&lt;/b&gt;<br>\nà la ligne</p>\n<p>Deux &amp; fin</p>"
    assert paragraphs(None) == ""


@given(st.text(max_size=300))
def test_no_text_of_a_stranger_becomes_markup(text):
    said = str(paragraphs(text))
    for tag in ("<p>", "</p>", "<br>"):
        said = said.replace(tag, "")
    assert "<" not in said
    assert ">" not in said


def test_a_safe_address_becomes_a_link_that_passes_no_credit():
    said = safe_link("https://example.org/a?b=1&c=2")
    assert said.startswith('<a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noopener')


@pytest.mark.parametrize(
    "address",
    ["http://example.org", "javascript:alert(1)", "https://user:pw@example.org/", "https://", "//x",
     "https://example.org/\nx", "https://example.org/ x", "https://[::1",
     "https://a.org/" + "x" * 500,
     'data:text/html,"', "https:\\\\example.org", ""],
)  # fmt: skip
def test_any_other_address_stays_text(address):
    assert "<a" not in safe_link(address)


@given(st.text(max_size=600))
def test_no_address_breaks_out_of_the_link(address):
    said = str(safe_link(address))
    assert said.count("<") in (0, 2)
    assert said.count('"') in (0, 4)
