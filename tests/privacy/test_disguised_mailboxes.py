# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mailboxes that robots should miss: signs as HTML writes them, in brackets, spelt. All made up."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beffroi_privacy.engine import propose
from beffroi_privacy.spans import EMAIL

AT_SIGNS = (
    *("@", "&#64;", "&#064;", "&#x40;", "&#X40;", "&commat;", "&#64", "&amp;#64;"),
    *("&amp;commat;", " [at] ", "[at]", " (at) ", "{at}", " <at> ", "&#91;at&#93;", " &lt;at&gt; "),
    *(" (arobase) ", "[arobase]", " &lpar;arobase&rpar; ", "&#8203;@", "&ZeroWidthSpace;@"),
)
LOCALS = ("camille.exemple", "c_exemple35", "exemple-camille", "zbigkowal")
DOMAINS = ("kerbastarz.fr", "boite.example", "kowal&#46;org", "zorglub&period;bzh", "a.zorglub.eu")
FRAMES = ("{}", "Écrivez à {} svp", "mail : {}, merci", "({})", "vu hier ; {}\nBien à vous")


@given(
    st.sampled_from(AT_SIGNS),
    st.sampled_from(LOCALS),
    st.sampled_from(DOMAINS),
    st.sampled_from(FRAMES),
)
@example("&amp;#64;", "camille.exemple", "kerbastarz.fr", "{}")
@example("&#64", "camille.exemple", "kerbastarz.fr", "mail : {}, merci")
def test_a_mailbox_is_masked_where_it_stands_however_its_at_sign_is_written(
    sign: str, local: str, domain: str, frame: str
) -> None:
    box = f"{local}{sign}{domain}"
    text = frame.format(box)
    shown = propose(text)
    start = text.index(box)
    assert [(s.start, s.end, s.label) for s in shown.spans] == [(start, start + len(box), EMAIL)]
    assert shown.text == frame.format("[adresse électronique]")


@pytest.mark.parametrize("sign", [" [at] ", "(at)", " (arobase) ", " arobase ", "&#91;at&#93;"])
def test_behind_a_disguised_sign_any_word_is_the_domain_of_a_box_that_looks_like_one(
    sign: str,
) -> None:
    assert (
        propose(f"Voir camille.exemple{sign}kerbastarz svp").text
        == "Voir [adresse électronique] svp"
    )


@pytest.mark.parametrize(
    "text",
    [
        "La touche (arobase) du clavier est cassée",
        "contact&#64;kerbastarz.fr",
        "contact [at] kerbastarz.fr",
        "Le n&#176; 12 et R&#38;D",
        "AT&T &amp;amp; Co",
    ],
)
def test_boxes_of_an_office_and_signs_that_join_nothing_stay(text: str) -> None:
    assert propose(text).text == text
