# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which language a page speaks, and the words of Flask-Babel.

The order of choice: `?lang=` in the address, the signed-in account, what the browser prefers, the
first language of the site. A language chosen in the address is carried on by every link that is
generated while answering (`url_for(..., lang=None)` gives an address without it).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlencode

from babel import Locale
from babel.support import Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale, gettext
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context

from beffroi_web.compiling import SpokenEnvironment, Tongue, pattern, whole
from beffroi_web.state import web
from beffroi_web.visitors import current_visitor


class PoDomain(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Flask-Babel's message domain, over catalogues that were read at start."""

    def get_translations(self) -> Translations:
        """Return the messages of the language that speaks now."""
        known = web().translations
        locale = speaking()
        return known.get(locale.language if locale else "", _SILENT)


_SILENT = Translations()
_DOMAIN = PoDomain()


@pass_eval_context
def _said(context: EvalContext, sentence: str, /, **values: Any) -> str:
    """Return a sentence of a template in the reader's language, as Jinja's own `_` would.

    Asked for what is not known when a template is compiled (`beffroi_web.compiling`).
    """
    spoken = _DOMAIN.get_translations()
    if not context.autoescape:
        return str(spoken.ugettext(sentence)) % values
    return pattern(spoken, sentence) % values if values else whole(spoken, sentence)


def speaking() -> Locale | None:
    """Return the language that speaks now, as Flask-Babel's `get_locale` does.

    That one takes four looks through Flask's proxies, a hundred times a page; where it has chosen
    before, one look at what it keeps is enough.
    """
    try:
        kept = g._get_current_object().get("_flask_babel")
    except RuntimeError:
        return None
    chosen: Locale | None = getattr(kept, "babel_locale", None)
    return get_locale() if chosen is None else chosen


def _tongue() -> Tongue:
    return Tongue(speaking() or _locale("en"), _DOMAIN.get_translations())


def init_languages(app: Flask, default: str, timezone: str) -> None:
    """Attach Flask-Babel to an application, with our choice of language and our catalogues."""
    app.jinja_environment = SpokenEnvironment
    cast(SpokenEnvironment, app.jinja_env).speaking = _tongue
    babel = Babel()
    babel.init_app(
        app,
        default_locale=default,
        default_timezone=timezone,
        locale_selector=lambda: _locale(chosen_language()),
    )
    babel.domain_instance = _DOMAIN
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.globals.update(_=_said, gettext=_said)
    app.url_defaults(_carry)


def explicit_language() -> str | None:
    """Return the language that the address asks for, if the site speaks it."""
    if not has_request_context():
        return None
    if "beffroi_explicit_lang" not in g:
        asked = request.args.get("lang")
        g.beffroi_explicit_lang = asked if asked in web().site.languages else None
    return cast("str | None", g.beffroi_explicit_lang)


def spoken_language(tag: str, spoken: Sequence[str]) -> str | None:
    """Return which of some languages a tag asks for (RFC 4647, lookup): `pt-BR` finds `pt`.

    An underscore is read as a hyphen, as Rails and POSIX write tags; None if none is spoken.
    """
    parts = tag.replace("_", "-").lower().split("-")
    known = {one.lower(): one for one in spoken}
    ranges = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((known[one] for one in ranges if one in known), None)


@lru_cache(maxsize=64)
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def heed(tag: str) -> None:
    """Let the answer being made speak as a tag of BCP 47 asks, where the site speaks that language.

    For addresses that another site writes (`?locale=`); a `lang` in the address goes before. Call
    it before anything is said.
    """
    if explicit_language() is None:
        g.beffroi_explicit_lang = spoken_language(tag, web().site.languages)


def chosen_language() -> str:
    """Return the language to answer in; outside a request, the site's own."""
    spoken = web().site.languages
    if not has_request_context():
        return spoken[0]
    explicit = explicit_language()
    if explicit:
        return explicit
    visitor = current_visitor()
    if visitor is not None and visitor.lang in spoken:
        return str(visitor.lang)
    return request.accept_languages.best_match(spoken) or spoken[0]


def current_language() -> str:
    """Return the language that speaks now, as an ISO 639 code (also under `force_locale`)."""
    locale = speaking()
    return str(locale.language) if locale else "en"


@lru_cache(maxsize=64)
def language_name(code: str) -> str:
    """Return a language's name in itself, with a capital: `Français`."""
    name = Locale.parse(code).get_display_name(code) or code
    return name[:1].upper() + name[1:]


def language_choices() -> list[tuple[str, str, str]]:
    """Return (code, name, address of this very page) for each language of the site."""
    args = {key: value for key, value in request.args.to_dict(flat=False).items() if key != "lang"}
    return [
        (code, language_name(code), f"?{urlencode({**args, 'lang': code}, doseq=True)}")
        for code in web().site.languages
    ]


def say(sentence: str, **values: object) -> str:
    """Return a marked English sentence in the reader's language, its places filled."""
    return str(gettext(sentence, **values))


def _carry(endpoint: str, values: dict[str, Any]) -> None:
    if "lang" in values or endpoint.rpartition(".")[2] == "static":
        return
    if endpoint == "web.theme_sheet":
        return
    chosen = explicit_language()
    if chosen:
        values["lang"] = chosen
