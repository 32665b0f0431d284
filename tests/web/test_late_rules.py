# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses are the same whether a route learnt to make them at once or when it was first asked."""

from urllib.parse import urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import BuildError, Rule

from beffroi_web.late_rules import LateRule

ROUTES = (
    ("home", "/", {}),
    ("show", "/requests/<ref>", {}),
    ("tile", "/log/tile/<int:level>/<path:place>", {}),
    ("first", "/pages/", {"page": 1}),
    ("page", "/pages/<int:page>", {}),
)


def application(rule: type[Rule]) -> Flask:
    app = Flask("routes", static_folder=None)
    app.url_rule_class = rule
    for endpoint, path, defaults in ROUTES:
        app.add_url_rule(path, endpoint, lambda **_: "", defaults=defaults or None)
    return app


USUAL, LATE = application(Rule), application(LateRule)
WORDS = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)


@given(WORDS, st.integers(0, 10**6), st.dictionaries(st.sampled_from("abc"), WORDS, max_size=3))
def test_every_address_is_the_one_that_the_usual_rule_makes(word, number, more):
    given_values = (
        ("home", {}),
        ("show", {"ref": word}),
        ("tile", {"level": number, "place": word}),
        ("page", {"page": number}),
        ("page", {"page": 1}),
    )
    for endpoint, values in given_values:
        for _ in range(2):  # when it is first asked, and after
            made = []
            for app in (USUAL, LATE):
                with app.test_request_context():
                    made.append(app.url_for(endpoint, **values, **more))
            assert made[0] == made[1]
            assert urlsplit(made[1]).path.startswith("/")


def test_nothing_is_compiled_before_it_is_asked_for_and_once_after():
    app = application(LateRule)
    [rule] = app.url_map.iter_rules("show")
    before = rule._build_unknown
    with app.test_request_context():
        assert app.url_for("show", ref="2026-0001") == "/requests/2026-0001"
        after = rule._build_unknown
        assert after is not before
        assert app.url_for("show", ref="2026-0002") == "/requests/2026-0002"
        assert rule._build_unknown is after


def test_a_value_that_is_missing_is_refused_as_before():
    with LATE.test_request_context(), pytest.raises(BuildError):
        LATE.url_for("show")
