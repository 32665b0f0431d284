# SPDX-License-Identifier: AGPL-3.0-or-later
import re
from datetime import timedelta

import pytest
from flask import get_template_attribute, request, url_for
from flask_babel import force_locale, gettext

from beffroi_web import pieces
from beffroi_web.filters import ago
from beffroi_web.pieces import address_of, kept


@pytest.fixture
def app(guide):
    return guide[0].application


def counted(made):
    def make(*values):
        made.append(values)
        return gettext("Search"), *values

    return make


def test_a_piece_is_made_once_for_all_readers_of_a_language(app):
    made = []
    make = counted(made)
    for _ in range(2):
        with app.test_request_context("/form?lang=en"):
            assert kept()(make, 1, "x") == kept()(make, 1, "x") == ("Search", 1, "x")
    assert made == [(1, "x")]


def test_each_language_has_its_own_pieces_also_when_it_changes_within_an_answer(app):
    make = counted([])
    with app.test_request_context("/form?lang=fr"):
        french = kept()(make)
        with force_locale("en"):
            assert kept()(make) == ("Search",) != french
        assert kept()(make) == french


def test_a_day_that_was_yesterday_is_not_said_to_be_so_tomorrow(guide):
    client, _, clock = guide
    day = clock.now().date()
    for passed in (0, 1, 2):
        clock.moment = clock.now() + timedelta(days=bool(passed))
        with client.application.test_request_context("/form?lang=en"):
            assert kept()(ago, day) == ago(day)


def test_links_that_lead_to_the_page_itself_are_marked_on_that_page_alone(guide):
    client, _, _ = guide
    for path, name in (("/form", "Reports"), ("/", "Requests"), ("/form", "Reports")):
        main = client.get(f"{path}?lang=en").text.split("<main")[0]
        assert set(re.findall(r'aria-current="page">([^<]+)', main)) == {name}


def test_what_finds_no_room_takes_that_of_the_others_and_old_situations_go(app, monkeypatch):
    monkeypatch.setattr(pieces, "MOST", 1)
    monkeypatch.setattr(pieces, "SITUATIONS", 1)
    made = []
    make = counted(made)
    with app.test_request_context("/form?lang=en"):
        assert [kept()(make, n)[1] for n in (1, 2, 2, 1)] == [1, 2, 2, 1]
    assert made == [(1,), (2,), (1,)]
    with app.test_request_context("/form?lang=fr"):
        kept()(make, 1)
    assert made[-1] == (1,)


def test_a_macro_is_known_by_its_name_though_a_template_makes_it_anew(app):
    with app.test_request_context("/form?lang=en"):
        one, other = (get_template_attribute("web/components.html", "badge") for _ in range(2))
        assert kept()(one, "Open", "good") is kept()(other, "Open", "good")
        assert kept()(one, "Open", "good") == one("Open", "good")


@pytest.mark.parametrize("fields", ["", "?q=v%C3%A9lo&page=2", "?a=1&a=2&lang=en", "?q=%26/:,%20é"])
def test_this_page_with_other_fields_is_what_flask_would_say(app, fields):
    page = app.jinja_env.globals["page"]
    with app.test_request_context(f"/form{fields}"):
        args = request.args.to_dict(flat=False)
        for changes in ({}, {"q": "à b"}, {"q": None, "a": None}):
            assert page(**changes) == url_for(request.endpoint, **{**args, **changes})


@pytest.mark.parametrize(
    "value", ["200000001", "2A", "a-b-1", "été", "a b", "a/b", "a?b", "1a1a1a1a1"]
)
@pytest.mark.parametrize("path", ["/form", "/form?lang=en", "/form?lang=fr"])
def test_an_address_with_one_part_that_varies_is_that_of_url_for(app, path, value):
    app.add_url_rule("/towns/<siren>/log", "log", lambda siren: siren)
    with app.test_request_context(path):
        for _ in range(2):
            assert address_of("log", "siren", value) == url_for("log", siren=value)
    with app.test_request_context(path, base_url="http://localhost/below"):
        assert address_of("log", "siren", value).startswith("/below/towns/")
