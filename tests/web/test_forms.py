# SPDX-License-Identifier: AGPL-3.0-or-later
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields, validate
from werkzeug.datastructures import MultiDict

from beffroi_web.forms import Form, in_words, load
from support.style_guide import WishSchema, make_app


@pytest.fixture
def french():
    app, _, _ = make_app()
    with app.test_request_context("/?lang=fr"):
        yield


@pytest.mark.usefixtures("french")
def test_a_good_form_gives_typed_values_and_no_error():
    typed = MultiDict(
        [("kind", "dataset"), ("title", "  Les comptages  "), ("since", "2026-01-31"),
         ("areas", "north"), ("areas", "south"), ("csrf_token", "x")]
    )  # fmt: skip
    loaded, form = load(WishSchema(), typed)
    assert loaded is not None
    assert loaded["title"] == "Les comptages"
    assert loaded["since"].isoformat() == "2026-01-31"
    assert loaded["areas"] == ["north", "south"]
    assert form.errors == {}


@pytest.mark.usefixtures("french")
def test_a_wrong_form_keeps_what_was_typed_and_says_why_in_the_language():
    typed = MultiDict({"kind": "castle", "title": "court", "mail": "nobody", "wanted": "x" * 2001})
    loaded, form = load(WishSchema(), typed)
    assert loaded is None
    assert form.value("title") == "court"
    assert form.error("title") == "Écrivez entre 10 et 200 caractères."
    assert form.error("kind") == "Choisissez une des réponses proposées."
    assert form.error("mail").startswith("Écrivez une adresse e-mail")
    assert form.error("wanted") == "C’est trop long\u00a0: 2000 caractères au plus."


@pytest.mark.usefixtures("french")
def test_blank_counts_as_not_filled_in():
    _, form = load(WishSchema(), MultiDict({"kind": "", "title": "   "}))
    assert form.error("kind") == "Ce champ est nécessaire."
    assert form.error("title") == "Ce champ est nécessaire."
    assert form.error("mail") == ""


@pytest.mark.usefixtures("french")
def test_a_wrong_entry_of_a_list_is_said_at_its_place():
    _, form = load(WishSchema(), MultiDict([("areas", "north"), ("areas", "moon")]))
    assert form.errors["areas.1"] == ["Choisissez une des réponses proposées."]
    assert form.chosen("areas") == ["north", "moon"]


@pytest.mark.usefixtures("french")
def test_more_errors_can_be_added_in_marked_english():
    form = Form({"title": "x"}, {"title": ["Un."]}).and_errors({"title": ["This is needed."]})
    assert form.errors["title"] == ["Un.", "Ce champ est nécessaire."]
    assert form.value("title") == "x"


class EveryMessageSchema(Schema):
    whole = fields.Integer(validate=validate.Range(min=1, max=9))
    floating = fields.Float()
    yes = fields.Boolean()
    day = fields.Date()
    moment = fields.DateTime()
    address = fields.Url()
    code = fields.String(validate=validate.Regexp(r"\d{5}"))
    exact = fields.String(validate=validate.Length(equal=5))
    several = fields.List(fields.String())
    inside = fields.Dict()


@pytest.mark.usefixtures("french")
@pytest.mark.parametrize(
    "raw",
    [
        {"whole": "x", "floating": "x", "yes": "x", "day": "x", "moment": "x", "address": "x"},
        {"whole": 0, "code": "x", "exact": "x", "several": "x", "unknown": 1},
        {"whole": 10, "code": None, "exact": 5},
        ["not an object"],
    ],
)
def test_no_message_of_the_schemas_stays_english(raw):
    from marshmallow import ValidationError

    with pytest.raises(ValidationError) as caught:
        EveryMessageSchema().load(raw)
    for sentences in in_words(caught.value.messages_dict).values():
        for sentence in sentences:
            assert not re.match(r"(Not|Must|Length|Missing|Unknown|Invalid|String|Field)", sentence)


@given(
    st.dictionaries(st.text(max_size=20), st.lists(st.text(max_size=50), max_size=3), max_size=6)
)
def test_no_form_however_strange_breaks_the_reader(sent):
    app, _, _ = make_app_once()
    with app.test_request_context("/"):
        typed = MultiDict([(key, one) for key, many in sent.items() for one in many])
        loaded, form = load(WishSchema(), typed)
    assert (loaded is None) == bool(form.errors)
    assert all(form.value(key) == typed[key] for key in typed)


_MADE = []


def make_app_once():
    if not _MADE:
        _MADE.append(make_app())
    return _MADE[0]


def test_a_sent_form_comes_back_with_summary_links_and_text_kept(guide):
    client, _, _ = guide
    token = re.search(r'csrf_token" value="([^"]+)', client.get("/form").text)[1]
    sent = {"csrf_token": token, "title": "<b>court", "wanted": "garde & mes mots"}
    answer = client.post("/form", data=sent)
    assert answer.status_code == 422
    assert "2 points à corriger" in answer.text
    assert 'href="#f-title"' in answer.text
    assert 'href="#f-kind"' in answer.text
    assert 'value="&lt;b&gt;court"' in answer.text
    assert "garde &amp; mes mots" in answer.text
    assert 'aria-describedby="h-title e-title" aria-invalid="true"' in answer.text
    assert answer.headers["Cache-Control"] == "private, no-store"
