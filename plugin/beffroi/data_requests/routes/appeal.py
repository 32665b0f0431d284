# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file for the CADA: made for the author of a refused request, and kept nowhere."""

from collections.abc import Sequence
from datetime import date

from flask import Response, render_template, request, url_for
from flask_babel import gettext

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.data_requests import queries, rules
from beffroi.data_requests.adapters.cada_pdf import as_pdf
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.routes.shared import author_key, blueprint, law, shown, today
from beffroi.data_requests.rules import cada
from beffroi.data_requests.schemas import CadaForm, legal_lines
from beffroi.kernel.errors import NotFound
from beffroi.kernel.extension import extension, settings
from beffroi_web.forms import Form, load
from beffroi_web.guards import PUBLIC, guard
from beffroi_web.headers import no_store
from beffroi_web.languages import current_language
from beffroi_web.visitors import current_visitor
from beffroi_web.words import N_

DETAILS = {"area": "Territoire", "period": "Période", "format": "Format"}


def _author_of(ref: str) -> tuple[cases.CaseHead, str]:
    """Return a request and the key of the link, for its author alone."""
    head, _, own = shown(ref)
    key = author_key(ref)
    if head.visibility == "removed" or not (own or key):
        raise NotFound(N_("There is no case with this reference."))
    no_store()
    return head, key


def _refusal(head: cases.CaseHead, happened: Sequence[clocks.Happened]) -> cada.Refusal | None:
    """Return how a request was refused, in writing before by silence; None if it was not."""
    on: dict[str, date] = {one.code: one.on for one in happened}
    answers = [a for a in cases.public_answers(head.id) if a.outcome in rules.REFUSING]
    if "refused" in on and answers:
        said = answers[0]
        words = said.words or gettext("(held back)")
        ground = rules.GROUNDS.get(said.ground or "", "")
        return cada.Refusal(on["refused"], words, gettext(ground), said.ground == "security")
    return cada.Refusal(on["implicit_refusal"]) if "implicit_refusal" in on else None


def _refused(head: cases.CaseHead) -> cada.Refused | None:
    """Return a request as the file has it: the words that its author wrote."""
    happened = clocks.happened(head.id)
    refusal = _refusal(head, happened)
    if refusal is None or head.party_id is None:
        return None
    words = {role: said for role, said, _ in cases.own_texts(head.id, head.party_id)}
    acknowledged = next((one for one in happened if one.code == "acknowledged"), None)
    finder = extension().proof_place
    return cada.Refused(
        ref=head.ref,
        url=f"{settings().public_url}/requests/{head.ref}",
        received_on=head.received_on,
        title=words.get("title", head.ref),
        wanted=words.get("wanted", ""),
        details=[(label, words[role]) for role, label in DETAILS.items() if words.get(role)],
        refusal=refusal,
        acknowledged_on=acknowledged.on if acknowledged else None,
        acknowledgement=(acknowledged.words or "") if acknowledged else "",
        log_entry=finder(head.id) if finder else None,
    )


def _others(head: cases.CaseHead) -> list[cada.Refused]:
    """Return the other refused requests of a signed-in author, which may go into the same file."""
    visitor = current_visitor()
    party = cases.party_of_account(visitor.account_id) if visitor else None
    if party is None or party != head.party_id:
        return []
    heads = [one for one in queries.refused_of(party) if one.id != head.id]
    return [found for found in map(_refused, heads) if found is not None]


def _page(head: cases.CaseHead, key: str, form: Form, status: int = 200) -> tuple[str, int]:
    happened = clocks.happened(head.id)
    codes = queries.codes(head.id)
    table = clocks.timetable(codes.object if codes else "", head.received_on, happened, law())
    return (
        render_template(
            "data_requests/cada.html",
            head=head,
            key=key or None,
            form=form,
            refused=_refused(head),
            also=[(one.ref, f"{one.ref} · {one.title}") for one in _others(head)],
            lines=[
                line for line in legal_lines(table, today(), current_language()) if line.is_right
            ],
            notice=law().pack.notice[current_language()],
        ),
        status,
    )


@blueprint.get("/requests/<ref>/cada")
@guard(PUBLIC)
def cada_page(ref: str) -> tuple[str, int]:
    """Show what the file holds, and ask for the name and address that only it will have."""
    head, key = _author_of(ref)
    visitor = current_visitor()
    account = accounts.account(visitor.account_id) if visitor else None
    known = {"name": account.name or "", "email": account.email or ""} if account else {}
    return _page(head, key, Form(values=known))


@blueprint.post("/requests/<ref>/cada")
@guard(PUBLIC)
def cada_file(ref: str) -> Response | tuple[str, int]:
    """Give the file as PDF or as text; name and address are in it and nowhere else."""
    head, key = _author_of(ref)
    data, form = load(CadaForm(), request.form)
    if data is None:
        return _page(head, key, form, 422)
    first = _refused(head)
    if first is None:
        raise NotFound(N_("This request has not been refused: there is nothing to appeal."))
    more = [one for one in _others(head) if one.ref in data["also"]]
    said = settings()
    file = cada.CadaFile(
        asker=cada.Asker(data["name"], data["postal"], data["email"]),
        institution=cada.Institution(said.name, said.siren, said.public_url),
        requests=[first, *more],
        made_on=today(),
    )
    if data["format"] == "text":
        response = Response(cada.as_text(file), mimetype="text/plain")
        ending = "txt"
    else:
        response, ending = Response(as_pdf(file), mimetype="application/pdf"), "pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="cada-{head.ref}.{ending}"'
    return response


def cada_address(ref: str, key: str) -> str:
    """Return the address of the page that makes the file."""
    return url_for("data_requests.cada_page", ref=ref, key=key or None)
