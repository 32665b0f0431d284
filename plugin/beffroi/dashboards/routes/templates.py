# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words that answers begin with: the shipped ones and the town's own, in each language."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from beffroi.cases.rules import STREET
from beffroi.dashboards.routes.page import LANGUAGES
from beffroi.dashboards.routes.shared import blueprint
from beffroi.data_requests.queries import drafts
from beffroi.data_requests.rules import OUTCOMES
from beffroi.data_requests.rules import drafts as draft_rules
from beffroi.data_requests.service import templates as service
from beffroi.incidents.rules import OUTCOMES as OF_REPORTS
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import NotFound, Refusal
from beffroi.street.rules.templates import SHIPPED
from beffroi_web.forms import Form
from beffroi_web.guards import guard
from beffroi_web.headers import no_store
from beffroi_web.words import N_


def _asked() -> tuple[str, str]:
    """Return the language and the key of what is looked at: `of` and `key` of address or form."""
    lang = request.values.get("of", "fr")
    if lang not in LANGUAGES:
        raise NotFound(N_("There is no such template."))
    return lang, request.values.get("key", "")


OF_STREET = service.Kind(STREET, tuple(OF_REPORTS), SHIPPED)


def _kind() -> service.Kind:
    """Return for which kind of case: `kind` of address or form."""
    return OF_STREET if request.values.get("kind") == STREET else service.REQUESTS


def _page(form: Form, status: int = 200) -> tuple[str, int]:
    (lang, key), kind = _asked(), _kind()
    chosen = drafts.template(key, lang, kind.code, kind.shipped) if key else None
    if key and chosen is None:
        raise NotFound(N_("There is no such template."))
    if chosen is not None and not form.values:
        form = Form({"name": chosen.name, "outcome": chosen.outcome, "words": chosen.words})
    no_store()
    page = render_template(
        "dashboards/templates.html",
        all=drafts.templates(lang, kind.code, kind.shipped),
        kind=kind.code,
        chosen=chosen,
        form=form,
        wanted=lang,
        languages=sorted(LANGUAGES, reverse=True),
        outcomes=OF_REPORTS if kind is OF_STREET else OUTCOMES,
        places=draft_rules.PLACES,
    )
    return page, status


def _kind_asked() -> str | None:
    return STREET if _kind() is OF_STREET else None


@blueprint.get("/desk/templates")
@guard("agent")
def templates() -> tuple[str, int]:
    """Show the templates of a language, and one of them to be changed."""
    return _page(Form())


@blueprint.post("/desk/templates")
@guard("agent")
def keep_template() -> AnyResponse | tuple[str, int]:
    """Keep a new or a changed template; a shipped one becomes the town's own."""
    lang, key = _asked()
    form = Form(values=request.form.to_dict())
    written = service.Written(
        key, lang, form.value("name"), form.value("outcome"), form.value("words")
    )
    try:
        with unit_of_work():
            service.keep(written, _kind())
    except Refusal as refusal:
        return _page(form.and_errors(refusal.errors or {"": [refusal.sentence]}), 422)
    return redirect(url_for("dashboards.templates", of=lang, kind=_kind_asked()), code=303)


@blueprint.post("/desk/templates/<int:template_id>/remove")
@guard("agent")
def remove_template(template_id: int) -> AnyResponse:
    """Take a template of the town's away; a shipped one comes back as it was."""
    with unit_of_work():
        service.drop(template_id)
    return redirect(url_for("dashboards.templates", of=_asked()[0], kind=_kind_asked()), code=303)
