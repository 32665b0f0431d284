# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for data requests: objects, themes, outcomes, grounds. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass

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


def check_answer(form: AnswerForm) -> None:
    """Raise Invalid unless the answer holds what its outcome owes: ground, link, quarter."""
    errors: dict[str, list[str]] = {}
    if not form.words.strip():
        errors["words"] = [N_("Write the answer: people read it, and a reason is always owed.")]
    if form.outcome not in OUTCOMES:
        errors["outcome"] = [N_("Choose an outcome.")]
    if form.outcome in {"refused", "not_held"} and form.ground not in GROUNDS:
        errors["ground"] = [N_("A refusal names its legal ground.")]
    if form.outcome in {"published", "already_published", "partly"} and not form.url:
        errors["url"] = [N_("Give the address where it is published.")]
    if form.url and not (form.url.startswith("https://") and "@" not in form.url):
        errors["url"] = [N_("The address starts with https:// and holds no user name.")]
    if form.outcome == "planned" and not form.planned:
        errors["planned"] = [N_("Say in which quarter, such as 2027-Q1.")]
    if form.outcome == "duplicate" and not form.duplicate_of:
        errors["duplicate_of"] = [N_("Say which request this one repeats.")]
    if errors:
        raise Invalid(N_("The answer is not complete."), errors=errors)
