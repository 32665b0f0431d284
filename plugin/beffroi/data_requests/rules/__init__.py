# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for data requests: objects, themes, outcomes, grounds. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from beffroi.data_requests.rules.addresses import is_web_address
from beffroi.data_requests.rules.drafts import unfilled
from beffroi.data_requests.rules.licences import LICENCES, is_swhid
from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

OBJECTS: Mapping[str, str] = {
    "dataset": N_("Dataset"),
    "source_code": N_("Source code"),
    "algorithm": N_("Algorithm"),
    "document": N_("Document"),
    "api": N_("API"),
    "dataset_correction": N_("Correction of a dataset"),
}

THEMES: Mapping[str, str] = {
    "AGRI": N_("Agriculture and food"),
    "ECON": N_("Economy and finance"),
    "EDUC": N_("Education, culture and sport"),
    "ENER": N_("Energy"),
    "ENVI": N_("Environment"),
    "GOVE": N_("Government and public sector"),
    "HEAL": N_("Health"),
    "INTR": N_("International issues"),
    "JUST": N_("Justice and public safety"),
    "REGI": N_("Regions and cities"),
    "SOCI": N_("Population and society"),
    "TECH": N_("Science and technology"),
    "TRAN": N_("Transport"),
}
"""The data themes of the EU authority list `data-theme`."""

OUTCOMES: Mapping[str, str] = {
    "published": N_("Published"),
    "already_published": N_("Already published"),
    "planned": N_("Publication planned"),
    "partly": N_("Published in part"),
    "refused": N_("Refused"),
    "not_held": N_("Not held by us"),
    "redirected": N_("Passed on to another body"),
    "duplicate": N_("Asked before"),
}

STATUS_OF_OUTCOME: Mapping[str, str] = {
    "published": "published",
    "already_published": "published",
    "partly": "published",
    "planned": "planned",
    "refused": "refused",
    "not_held": "refused",
    "redirected": "redirected",
    "duplicate": "duplicate",
}

GROUNDS: Mapping[str, str] = {
    "privacy": N_("Private life, medical or personal secrecy (CRPA L. 311-6)"),
    "business": N_("Business secrecy (CRPA L. 311-6)"),
    "security": N_(
        "Public security, security of persons or of information systems (CRPA L. 311-5)"
    ),
    "court": N_("Proceedings before a court (CRPA L. 311-5)"),
    "unfinished": N_("Unfinished document (CRPA L. 311-2)"),
    "preparatory": N_("Document preparing a decision not yet taken (CRPA L. 311-2)"),
    "abusive": N_("Abusive request (CRPA L. 311-2)"),
    "intellectual_property": N_("Rights of a third party (CRPA L. 311-4)"),
    "not_held": N_("The document does not exist or is not held by us"),
}
"""Legal grounds of a refusal, with articles of the CRPA (relations between public and State)."""

EVENT_OF_OUTCOME: Mapping[str, str] = {
    "published": "answered",
    "already_published": "answered",
    "redirected": "answered",
    "partly": "refused",
    "refused": "refused",
    "not_held": "refused",
}
"""What an outcome is to the legal clock; one that only announces or points elsewhere is nothing."""

OPENING = frozenset({"published", "already_published", "partly"})
"""Outcomes after which something is there to be used."""

LICENSED = frozenset({"published", "partly"})
"""Outcomes that owe the licence of what is published."""

REFUSING = frozenset(outcome for outcome, event in EVENT_OF_OUTCOME.items() if event == "refused")
"""Outcomes that refuse, wholly or in part."""

RECORDABLE: Mapping[str, tuple[str, ...]] = {
    "cada_registered": ("implicit_refusal", "refused"),
    "cada_opinion": ("cada_registered",),
    "cada_told": ("cada_opinion",),
    "court": ("confirmed_refusal", "refused_again"),
}
"""What an agent writes down on the clock, with what (one of these) must have come before."""

LEGAL_EVENTS: Mapping[str, str] = {
    "acknowledged": N_("Acknowledged, with the remedies"),
    "refused": N_("Refused"),
    "answered": N_("Answered"),
    "implicit_refusal": N_("Silence became a refusal"),
    "cada_registered": N_("The CADA registered the case"),
    "cada_opinion": N_("The CADA gave its opinion"),
    "cada_told": N_("The CADA was told what will be done"),
    "refused_again": N_("Refused again"),
    "confirmed_refusal": N_("Silence confirmed the refusal"),
    "court": N_("The administrative court was asked"),
}

MEANINGS: Mapping[str, str] = {
    "favourable": N_("Favourable"),
    "partly_favourable": N_("Favourable in part"),
    "unfavourable": N_("Unfavourable"),
    "inadmissible": N_("Inadmissible"),
    "without_object": N_("Without object: the document was given"),
    "not_competent": N_("Not for the CADA"),
}
"""The meanings of a CADA opinion (avis), as the CADA names them."""

REMEDIES: tuple[str, ...] = (
    N_(
        "If you have no answer on %(day)s, the request is refused by silence (CRPA, R. 311-12 and "
        "R. 311-13)."
    ),
    N_(
        "You can then ask the CADA (Commission d’accès aux documents administratifs), free of "
        "charge, within two months of that refusal or of a written one (CRPA, R. 343-1): "
        "www.cada.fr. It must be asked before any court (L. 342-1)."
    ),
    N_(
        "If the refusal stands two months after the CADA has registered your case (R. 343-5), the "
        "administrative court can be asked within two months."
    ),
)
"""Delay and remedies, as every acknowledgement of a request names them (CRPA, R. 112-5)."""

REMEDIES_OF: Mapping[str, tuple[str, ...]] = {
    "refused": (
        N_(
            "You can ask the CADA (Commission d’accès aux documents administratifs), free of "
            "charge, within two months of this refusal (CRPA, R. 343-1): www.cada.fr. It must be "
            "asked before any court (L. 342-1). The page of your request prepares the file."
        ),
    ),
    "refused_again": (
        N_(
            "You can ask the administrative court within two months of this refusal (code de "
            "justice administrative, R. 421-1)."
        ),
    ),
}
"""The remedies that a written refusal names to its author, by the event that it is."""

NOT_STATED = N_("Not stated where it was imported from")

CHANNELS = ("letter", "telephone", "counter", "meeting")
"""How an agent may have received a request that did not come through this site."""


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """An official answer to a data request, as given at the desk."""

    outcome: str
    words: str
    ground: str = ""
    url: str = ""
    planned: str = ""
    duplicate_of: str = ""
    licence: str = ""
    swhid: str = ""
    redirected_to: str = ""
    security_system: str = ""
    security_article: str = ""
    security_on: str = ""
    security_reasons: str = ""


SECURITY: tuple[tuple[str, str], ...] = (
    ("security_system", N_("System concerned: %(words)s")),
    ("security_article", N_("Article: %(words)s")),
    ("security_on", N_("Reasons of the security officer, of %(words)s:")),
    ("security_reasons", "%(words)s"),
)
"""What a refusal on security grounds names besides, and how it is said: security is no excuse."""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _link_errors(form: AnswerForm) -> dict[str, list[str]]:
    """Return what is wrong with what an answer points at: address, licence, body, quarter, case."""
    errors: dict[str, list[str]] = {}
    if form.outcome in OPENING and not form.url:
        errors["url"] = [N_("Give the address where it is published.")]
    if form.url and not is_web_address(form.url):
        errors["url"] = [N_("The address starts with https:// and holds no user name.")]
    if form.outcome in LICENSED and not form.licence:
        errors["licence"] = [N_("Say under which licence it is published.")]
    if form.licence and form.licence not in LICENCES:
        errors["licence"] = [N_("Choose one of the licences.")]
    if form.swhid and not is_swhid(form.swhid):
        errors["swhid"] = [N_("A SWHID begins with swh:1: and has forty hexadecimal digits.")]
    if form.outcome == "planned" and not form.planned:
        errors["planned"] = [N_("Say in which quarter, such as 2027-Q1.")]
    if form.outcome == "redirected" and not form.redirected_to.strip():
        errors["redirected_to"] = [N_("Say to which body it is passed on.")]
    if form.outcome == "duplicate" and not form.duplicate_of:
        errors["duplicate_of"] = [N_("Say which request this one repeats.")]
    return errors


def check_answer(form: AnswerForm) -> None:
    """Raise Invalid unless the answer holds what its outcome owes: ground, link, licence, quarter.

    A refusal for security names the system, the article, and the security officer's dated reasons.
    """
    errors: dict[str, list[str]] = {}
    if not form.words.strip():
        errors["words"] = [N_("Write the answer: people read it, and a reason is always owed.")]
    elif unfilled(form.words):
        errors["words"] = [N_("Something still stands in braces: fill it in, or take it out.")]
    if form.outcome not in OUTCOMES:
        errors["outcome"] = [N_("Choose an outcome.")]
    if form.outcome in REFUSING and form.ground not in GROUNDS:
        errors["ground"] = [N_("A refusal names its legal ground.")]
    errors.update(_link_errors(form))
    if form.outcome in REFUSING and form.ground == "security":
        for name, _ in SECURITY:
            if not getattr(form, name).strip():
                errors[name] = [N_("Security alone is no reason: say it for this very system.")]
        if form.security_on and _day(form.security_on) is None:
            errors["security_on"] = [N_("This is no day.")]
    if errors:
        raise Invalid(N_("The answer is not complete."), errors=errors)
