# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which language a page speaks, and the words of Flask-Babel.

The order of choice: `?lang=` in the address, the signed-in account, what the browser prefers, the
first language of the site. A language chosen in the address is carried on by every link that is
generated while answering (`url_for(..., lang=None)` gives an address without it).
"""

from typing import Any
from urllib.parse import urlencode

from babel import Locale
from babel.support import Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale, gettext

from beffroi_web.state import web
from beffroi_web.visitors import current_visitor


class PoDomain(Domain):  # type: ignore[misc]  # Flask-Babel has no types
    """Flask-Babel's message domain, over catalogues that were read at start."""

    def get_translations(self) -> Translations:
        """Return the messages of the language that speaks now."""
        known = web().translations
        locale = get_locale()
        return known.get(locale.language if locale else "", _SILENT)


_SILENT = Translations()


def init_languages(app: Flask, default: str, timezone: str) -> None:
    """Attach Flask-Babel to an application, with our choice of language and our catalogues."""
    babel = Babel()
    babel.init_app(
        app,
        default_locale=default,
        default_timezone=timezone,
        locale_selector=chosen_language,
    )
    babel.domain_instance = PoDomain()
    app.jinja_env.add_extension("jinja2.ext.do")
    app.url_defaults(_carry)


def explicit_language() -> str | None:
    """Return the language that the address asks for, if the site speaks it."""
    asked = request.args.get("lang") if has_request_context() else None
    return asked if asked in web().site.languages else None


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
    locale = get_locale()
    return locale.language if locale else "en"


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
    if "beffroi_explicit_lang" not in g:
        g.beffroi_explicit_lang = explicit_language()
    if g.beffroi_explicit_lang:
        values["lang"] = g.beffroi_explicit_lang
