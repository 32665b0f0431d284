# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest
from flask import url_for

from beffroi_web.site import Site
from beffroi_web.wiring import init_web
from support.style_guide import AGENT, SITE, make_app

ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}


def test_french_is_spoken_where_nobody_asks_for_anything(guide):
    client, _, _ = guide
    answer = client.get("/form")
    assert '<html lang="fr">' in answer.text
    assert "Aller au contenu" in answer.text
    assert answer.headers["Content-Language"] == "fr"


def test_the_browser_preference_counts_and_is_told_to_caches(guide):
    client, _, _ = guide
    answer = client.get("/form", headers=ENGLISH)
    assert '<html lang="en">' in answer.text
    assert "Skip to the content" in answer.text
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_account_outweighs_the_browser_and_the_address_outweighs_both(guide):
    client, door, _ = guide
    door.visitor = type(AGENT)(7, "Camille", AGENT.roles, "fr", "key")
    assert '<html lang="fr">' in client.get("/form", headers=ENGLISH).text
    assert '<html lang="en">' in client.get("/form?lang=en").text


def test_an_explicit_language_is_carried_on_by_links_and_no_longer_varies(guide):
    client, _, _ = guide
    answer = client.get("/form?lang=en", headers={"Accept-Language": "fr"})
    assert 'href="/signed-in?lang=en"' in answer.text
    assert "Accept-Language" not in answer.headers["Vary"]
    assert "theme.css?v=" in answer.text


def test_a_language_that_was_not_asked_for_is_not_carried(guide):
    client, _, _ = guide
    answer = client.get("/form", headers=ENGLISH)
    assert 'href="/signed-in"' in answer.text


@pytest.mark.parametrize("asked", ["xx", "", "fr%00", "../fr"])
def test_a_language_that_the_site_does_not_speak_is_ignored(guide, asked):
    client, _, _ = guide
    answer = client.get(f"/form?lang={asked}")
    assert answer.status_code == 200
    assert '<html lang="fr">' in answer.text
    assert 'href="/signed-in"' in answer.text


def test_an_address_without_language_can_be_asked_for(guide):
    client, _, _ = guide
    with client.application.test_request_context("/form?lang=en"):
        assert url_for("signed_in") == "/signed-in?lang=en"
        assert url_for("signed_in", lang=None) == "/signed-in"


def test_the_switch_keeps_the_rest_of_the_address(guide):
    client, _, _ = guide
    answer = client.get("/form?q=v%C3%A9lo&page=2")
    assert 'href="?q=v%C3%A9lo&amp;page=2&amp;lang=en"' in answer.text


def test_a_folder_adds_a_language(tmp_path):
    folder = tmp_path / "br" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Skip to the content"\nmsgstr "Mont d’an danvez"\n',
        encoding="utf-8",
    )
    from flask import Flask

    app, _, clock = make_app()
    breton = Site("Kêr", "ker", "town", "http://localhost", "secret", languages=("fr", "br"))
    app = Flask("breton", static_folder=None)
    init_web(app, breton, clock=clock, visitor=lambda: None, catalogues=[tmp_path])
    answer = app.test_client().get("/nowhere?lang=br")
    assert '<html lang="br">' in answer.text
    assert "Mont d’an danvez" in answer.text
    assert "Brezhoneg" in answer.text


def test_plurals_follow_french_where_nought_is_singular(guide):
    client, _, _ = guide
    from flask_babel import ngettext

    with client.application.test_request_context("/"):
        said = ngettext("One thing to correct", "%(num)d things to correct", 0)
    assert said == "Un point à corriger"


def test_outside_a_request_the_site_speaks_its_first_language():
    app, _, _ = make_app(SITE)
    from flask_babel import gettext

    with app.app_context():
        assert gettext("Sign in") == "Se connecter"
