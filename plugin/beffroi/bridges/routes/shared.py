# SPDX-License-Identifier: AGPL-3.0-or-later
"""The blueprint of the bridges, and what its pages share."""

from flask import Blueprint
from flask_babel import gettext

from beffroi.bridges import queries
from beffroi.bridges.rules import TOKEN_WORDS
from beffroi.catalogue.rules import told
from beffroi.kernel.errors import NotFound
from beffroi_web.words import N_

blueprint = Blueprint("bridges", __name__)


def the_source(source_id: int) -> queries.Source:
    """Return a source that is read, or raise NotFound."""
    found = queries.source(source_id)
    if found is None:
        raise NotFound(N_("There is no such source."))
    return found


def token_in_words(token: str) -> str:
    """Return Decidim's own states in the reader's language; any other token as it is."""
    return str(gettext(TOKEN_WORDS[token])) if token in TOKEN_WORDS else token


def fault_in_words(fault: str | None) -> str:
    """Return what a reader said in English, in the language of who looks, where it has words."""
    if not fault:
        return ""
    sentence, values = told(fault)
    return str(gettext(sentence, **values))
