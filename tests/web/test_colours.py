# SPDX-License-Identifier: AGPL-3.0-or-later
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beffroi_web
from beffroi_web.colours import DARK_INK, WHITE, contrast, readable_colours, theme_css
from beffroi_web.errors import Invalid

SHEET = (Path(beffroi_web.__file__).parent / "static" / "web.css").read_text(encoding="utf-8")
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def scheme(at: int) -> dict[str, str]:
    """Return the colours of the first (light) or second (dark) block of the style sheet."""
    block = re.findall(r":root(?::not\(\.light\))? \{(.*?)\}", SHEET, re.DOTALL)[at]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block))


LIGHT, DARK = scheme(0), scheme(1)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


@given(COLOURS)
def test_any_colour_of_a_town_becomes_readable_in_both_schemes(colour):
    theme = readable_colours(colour)
    for paper in (LIGHT["paper"], LIGHT["paper-2"], "#ffffff"):
        assert contrast(theme.light, paper) >= 4.5
    for paper in (DARK["paper"], DARK["paper-2"]):
        assert contrast(theme.dark, paper) >= 4.5
    assert contrast(theme.light, theme.on_light) >= 4.5
    assert contrast(theme.dark, theme.on_dark) >= 4.5
    assert theme.adjusted == (theme.light != colour)


def test_a_colour_that_can_be_read_is_left_alone():
    theme = readable_colours("#2f4b6e")
    assert theme.light == "#2f4b6e"
    assert not theme.adjusted


def test_a_bright_colour_is_darkened_and_keeps_its_hue():
    theme = readable_colours("#ffd500")
    assert theme.adjusted
    red, green, blue = (int(theme.light[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue == 0


@pytest.mark.parametrize(
    "colour", ["red", "#fff", "#12345g", "", "#123456;}", "#123456\n", " #123456"]
)
def test_what_is_no_colour_is_refused_with_a_sentence(colour):
    with pytest.raises(Invalid, match="is not a colour"):
        readable_colours(colour)


@given(COLOURS)
def test_only_checked_colours_reach_the_style_sheet(colour):
    sheet = theme_css(readable_colours(colour))
    assert re.findall(r"--[a-z-]+: (?!#[0-9a-f]{6};)", sheet) == []


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "ink-2", "signal", "good", "town"])
@pytest.mark.parametrize("paper", ["paper", "paper-2"])
def test_every_ink_can_be_read_on_every_paper(colours, ink, paper):
    assert contrast(colours[ink], colours[paper]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_borders_of_fields_and_words_on_colour_can_be_seen(colours):
    assert contrast(colours["line-2"], colours["paper"]) >= 3
    assert contrast(colours["line-2"], colours["paper-2"]) >= 3
    assert contrast(colours["on-signal"], colours["signal"]) >= 4.5
    assert contrast(colours["on-town"], colours["town"]) >= 4.5
    assert contrast(colours["on-band"], colours["band"]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_figure_on_each_tile_of_a_map_can_be_read(colours):
    for at in (1, 2, 3):
        assert contrast(colours["ink"], colours[f"step-{at}"]) >= 4.5
    for at in (4, 5):
        assert contrast(colours["on-step"], colours[f"step-{at}"]) >= 4.5


def test_the_sheet_has_no_third_party_address_and_no_import():
    assert "http:" not in SHEET.replace('http"]', "")
    assert "@import" not in SHEET
    assert "url(" not in SHEET
    assert {WHITE, DARK_INK} <= {LIGHT["on-town"], DARK["on-town"]}
