# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest
from flask_babel import force_locale
from jinja2 import FileSystemBytecodeCache, nodes

from beffroi_web.compiling import SAYING

LANGUAGES = ("fr", "en")
SAID = (
    '{{ _("Search") }}',
    '<td data-label="{{ _("Reference") }}">{{ 3 | number }}</td>',
    '{{ gettext("Maintenance") }} {{ _("this is in no catalogue & stays") }}',
    '{{ _("%(what)s on %(date)s, %(distance)s", what=text, date=1, distance=_("now")) }}',
    '{{ _(": %(words)s", words=text) }} {{ _(": %(words)s", words=text | upper) }}',
    '{{ _("100%% sure") }}',
    "{{ _(sentence, words=text) }} {{ _(*[text]) }}",
    '{{ _("Search") ~ text }} {{ (_("Search") ~ "<b>") | length }}',
    '{{ _("Search") ~ "<b>" }} {{ [_("Search"), text] | join }}',
    '{{ _(": %(words)s", **{"words": text}) }}',
    '{{ ngettext("One thing to correct", "%(num)d things to correct", 1) }}',
    '{{ ngettext("One thing to correct", "%(num)d things to correct", count) }}',
    '{% macro say(words) %}<b lang="{{ current_language() }}">{{ words }}</b>{% endmacro %}'
    '{{ say(_("Search")) }}{{ say(text) }}{% set one = _("Next") %}{{ one }}{{ one | lower }}',
    '{% for _ in [1, 2] %}{{ _ }}{% endfor %}',
    '{% for gettext in "ab" %}{{ _("Search") }}{{ gettext }}{% endfor %}',
    '{% macro current_language() %}mine{% endmacro %}{{ current_language() }}{{ _("Search") }}',
    '{% autoescape false %}{{ _("Search") }}{{ text }}{% endautoescape %}',
    "{{ 1234567 | number }} {{ 1.5 | number }} {{ none | number }} {{ count | number }}",
)  # fmt: skip
GIVEN = {"text": "l’<i>été</i> & co, 5", "sentence": ": %(words)s", "count": 7}


@pytest.fixture
def app(guide):
    return guide[0].application


def compiled(app):
    return app.jinja_env.in_language(app.jinja_env.speaking())


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("source", SAID)
def test_a_compiled_sentence_reads_as_one_that_is_looked_up(app, source, lang):
    with app.test_request_context(f"/form?lang={lang}"):
        plain, spoken = app.jinja_env, compiled(app)
        assert spoken.from_string(source).render(GIVEN) == plain.from_string(source).render(GIVEN)


def test_what_is_filled_in_is_escaped_and_the_catalogue_is_not(app):
    with app.test_request_context("/form?lang=en"):
        source = '{{ _("<i>%(words)s</i>", words=text) }}'
        said = compiled(app).from_string(source).render(text="<script>")
    assert said == "<i>&lt;script&gt;</i>"


def test_no_written_sentence_of_our_templates_is_left_to_be_looked_up(app):
    with app.test_request_context("/form?lang=fr"):
        spoken = compiled(app)
        for name in spoken.list_templates(["html"]):
            source, _, path = spoken.loader.get_source(spoken, name)
            tree = spoken._parse(source, name, path)
            joined = [
                call for one in tree.find_all(nodes.Concat) for call in one.find_all(nodes.Call)
            ]
            left = [
                call
                for call in tree.find_all(nodes.Call)
                if isinstance(call.node, nodes.Name)
                and call.node.name in SAYING
                and isinstance(call.args[0], nodes.Const)
                and call not in joined
            ]
            assert not left, name


def test_a_template_is_handed_out_in_the_language_that_speaks_then(app):
    with app.test_request_context("/form?lang=fr"):
        for _ in range(2):
            french = app.jinja_env.get_template("web/components.html").module.header(None)
            with force_locale("en"):
                english = app.jinja_env.get_template("web/components.html").module.header(None)
            assert 'aria-label="Langue"' in french
            assert 'aria-label="Language"' in english


def test_a_cache_of_compiled_templates_keeps_the_languages_apart(app, tmp_path):
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(tmp_path))
    with app.test_request_context("/form?lang=fr"):
        for lang in (*LANGUAGES, *LANGUAGES):
            app.jinja_env.__dict__.pop("_by_language", None)
            with force_locale(lang):
                module = app.jinja_env.get_template("web/components.html").module
                word = {"fr": "Langue", "en": "Language"}[lang]
                assert f'aria-label="{word}"' in module.header(None)
    assert len(list(tmp_path.iterdir())) == len(LANGUAGES)
