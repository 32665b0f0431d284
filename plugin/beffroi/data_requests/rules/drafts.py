# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers that are not given yet: their states, when they go out, what they begin with.

Plain Python.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

STATES: Mapping[str, tuple[str, str]] = {
    "draft": (N_("Draft"), "neutral"),
    "review": (N_("To review"), "waiting"),
    "returned": (N_("Sent back"), "late"),
    "approved": (N_("Approved"), "good"),
    "scheduled": (N_("To be published"), "active"),
}
"""The states of a draft in words, with the tone of its badge."""

MAY_GO_OUT = frozenset({"approved", "scheduled"})
"""States in which a draft may be published where a second agent reads every answer."""

_CLOCK = ("%H:%M", "%Hh%M", "%Hh")


def moment(day: date | None, hour: str, *, zone: str, now: datetime) -> datetime:
    """Return the moment of a day and an hour in the town; Invalid for none, or one that has passed.

    An hour that the change of the clocks leaves out is read as the hour before the change.
    """
    if day is None:
        raise Invalid(
            N_("Say when it shall be published."), errors={"publish_on": [N_("Choose a day.")]}
        )
    at = datetime.combine(day, _hour(hour), ZoneInfo(zone)).astimezone(UTC)
    if at <= now:
        raise Invalid(
            N_("This moment has passed."), errors={"publish_on": [N_("Choose a later one.")]}
        )
    return at


def _hour(text: str) -> time:
    for form in _CLOCK:
        try:
            return datetime.strptime(text.strip(), form).time()  # noqa: DTZ007  an hour, no moment
        except ValueError:
            continue
    raise Invalid(N_("This is no hour."), errors={"publish_hour": [N_("Write it as 09:30.")]})


@dataclass(frozen=True, slots=True)
class Template:
    """Words that an answer begins with; `id` is None for one that ships and was never changed."""

    id: int | None
    code: str | None
    lang: str
    name: str
    outcome: str
    words: str


PLACES: Mapping[str, str] = {
    "reference": N_("the reference of the request"),
    "title": N_("its title, as everyone reads it"),
    "received": N_("the day on which it was received"),
    "town": N_("the name of the institution"),
    "address": N_("the address of what is published"),
    "licence": N_("its licence"),
    "quarter": N_("the quarter of the publication"),
    "body": N_("the body to which it is passed on"),
    "other": N_("the reference of the request that it repeats"),
}
"""What stands in braces in a template, and what is put there."""

LATER = frozenset({"address", "licence", "quarter", "body", "other"})
"""What is known only from the form: put there when the answer is given."""


def filled(words: str, values: Mapping[str, str]) -> str:
    """Return words with each `{place}` that has a value replaced; others stay as they are."""
    for name in PLACES:
        if values.get(name):
            words = words.replace("{" + name + "}", values[name])
    return words


def unfilled(words: str) -> list[str]:
    """Return the places that still stand in braces in some words."""
    return [name for name in PLACES if "{" + name + "}" in words]


SHIPPED: tuple[Template, ...] = (
    Template(
        None, "published", "fr", "C’est publié", "published",
        "Bonjour,\n\nVotre demande {reference} a abouti : {title}.\n\nVous trouverez ce que vous "
        "avez demandé à l’adresse {address}, sous la licence {licence}. Chacun peut s’en servir. "
        "Si vous en faites quelque chose, dites-le sur cette page : cela aide à publier la suite.",
    ),
    Template(
        None, "published", "en", "It is published", "published",
        "Hello,\n\nYour request {reference} has succeeded: {title}.\n\nWhat you asked for is at "
        "{address}, under the licence {licence}. Everyone may use it. If you make something of "
        "it, say so on this page: it helps us to publish what comes next.",
    ),
    Template(
        None, "planned", "fr", "La publication est prévue", "planned",
        "Bonjour,\n\nNous publierons ce que vous avez demandé ({title}) au trimestre {quarter}. "
        "D’ici là nous devons préparer les données. Vous serez prévenu le jour de la publication.",
    ),
    Template(
        None, "planned", "en", "Publication is planned", "planned",
        "Hello,\n\nWe will publish what you asked for ({title}) in the quarter {quarter}. Until "
        "then we have to prepare the data. You will be told on the day of publication.",
    ),
    Template(
        None, "not_held", "fr", "Nous ne l’avons pas", "not_held",
        "Bonjour,\n\n{town} n’a pas le document que vous avez demandé le {received} ({title}) : "
        "il n’existe pas chez nous, et la loi n’oblige pas à le créer. Voici ce que nous avons "
        "cherché, et où :",
    ),
    Template(
        None, "not_held", "en", "We do not hold it", "not_held",
        "Hello,\n\n{town} does not hold the document that you asked for on {received} ({title}): "
        "it does not exist with us, and the law does not oblige us to make it. This is what we "
        "looked for, and where:",
    ),
    Template(
        None, "redirected", "fr", "Une autre administration l’a", "redirected",
        "Bonjour,\n\nCe que vous avez demandé est tenu par une autre administration : {body}. "
        "Nous lui transmettons votre demande, avec sa date de réception ({received}), comme la "
        "loi le prévoit (CRPA, L. 114-2 et L. 311-2). Elle vous répondra.",
    ),
    Template(
        None, "redirected", "en", "Another body holds it", "redirected",
        "Hello,\n\nWhat you asked for is held by another body: {body}. We pass your request on to "
        "it, with the day on which we received it ({received}), as the law provides (CRPA, "
        "L. 114-2 and L. 311-2). It will answer you.",
    ),
    Template(
        None, "duplicate", "fr", "Déjà demandé", "duplicate",
        "Bonjour,\n\nLa même chose a déjà été demandée : {other}. Nous répondons là-bas, pour tout "
        "le monde à la fois. Rien n’est déplacé sans vous : un message vous demande si vous voulez "
        "suivre et soutenir l’autre demande.",
    ),
    Template(
        None, "duplicate", "en", "Asked before", "duplicate",
        "Hello,\n\nThe same thing was asked before: {other}. We answer there, for everybody at "
        "once. Nothing is moved without you: a message asks whether you want to follow and "
        "support the other request.",
    ),
)  # fmt: skip
"""The templates that come with the program: one for each usual outcome, in two languages."""
