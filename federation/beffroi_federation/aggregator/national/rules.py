# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the nation names, guards and words what towns publish."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from beffroi_web.words import N_

SHIFT = 40
"""Bits of a derived key that hold the position; the log's id stands above them."""

GUARDED = ("title", "summary", "answer", "published_url", "note_url", "ground", "category")
"""Members whose value somebody typed, or that come from a list the town keeps itself."""

ANSWERED = frozenset({"published", "refused", "redirected", "duplicate", "planned"})
OPEN = frozenset({"open", "under_review"})

_REFERENCE = re.compile(r"([0-9]{9})-([1-9][0-9]{0,5})-(0|[1-9][0-9]{0,11})")


_DEPARTMENT = re.compile(r"(?:97|98)[0-9]|[0-9]{2}|2[AB]")


def department(commune: str) -> str:
    """Return the département of a commune by its INSEE code: two characters, overseas three."""
    match = _DEPARTMENT.match(commune)
    return match[0] if match else ""


def department_of(named: str | None, communes: Collection[str]) -> str | None:
    """Return the département of a record: of the commune it names, else of its body.

    A body over several départements stands in the one where most of its communes lie, the first of
    them if that leaves a choice. None for a body without communes.
    """
    if named in communes:
        return department(str(named))
    counted = Counter(department(one) for one in communes)
    return min(counted, key=lambda one: (-counted[one], one)) if counted else None


def place(log_id: int, position: int) -> int:
    """Return the key of what is derived from a record whose first version is at `position`."""
    return (log_id << SHIFT) + position


def reference(siren: str, epoch: int, first: int) -> str:
    """Return the public name of a record: `<SIREN>-<epoch>-<index of its first version>`."""
    return f"{siren}-{epoch}-{first}"


def parse_reference(text: str) -> tuple[str, int, int] | None:
    """Return (SIREN, epoch, first index) of a record's public name, or None if it is none."""
    match = _REFERENCE.fullmatch(text)
    return (match[1], int(match[2]), int(match[3])) if match else None


def gate(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a record's texts seem to hold of a person, as sorted labels; empty when clean.

    A detector that fails counts as a hit: what is not understood is not shown.
    """
    from beffroi_privacy.strong import find_strong  # not held by a process that only takes logs

    labels: set[str] = set()
    for name in GUARDED:
        value = known.get(name)
        if isinstance(value, str):
            try:
                labels |= {span.label for span in find_strong(value)}
            except Exception:  # whatever it died of, the text is not known to be clean
                labels.add("ERROR")
    return tuple(sorted(labels))


def words_to_find(known: Mapping[str, Any]) -> str:
    """Return the words by which a record can be found."""
    return " ".join(str(known[name]) for name in ("title", "summary", "answer") if name in known)


LONGEST_WEEKS = 260
"""Answers that took longer are counted with those of five years."""


def _monday(week: str) -> date:
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1)


def weeks_between(received: str | None, answered: str | None) -> int | None:
    """Return the whole weeks from one ISO week to another, none below nought; None if either is no
    week: records say weeks, not days (design 3.5)."""
    try:
        first, last = (_monday(one) for one in (received or "", answered or ""))
    except ValueError:
        return None
    return min(max(0, (last - first).days // 7), LONGEST_WEEKS)


def span_of(period: str, until: str) -> str:
    """Return the quarter in which a period ends, `2026-Q3`; a whole year stays one, `2026`.

    `until` is the day after the period.
    """
    if len(period) == 4:
        return period
    last = date.fromordinal(date.fromisoformat(until).toordinal() - 1)
    return f"{last.year:04d}-Q{(last.month + 2) // 3}"


def alike(row: Mapping[str, Any], known: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return under what (`what`, `code` of a town's tally) a record is counted."""
    if row["kind"] == "cyber_incident":
        return [("cyber", f"{known.get('class')} {row['period']}"[:48])]
    if row["kind"] != "request":
        return []
    found = [("status", str(row["status"])), ("theme", str(row["theme"]))]
    weeks = weeks_between(row["period"], row["answered"])
    return [*found, ("weeks", f"{weeks:03d}")] if weeks is not None else found


STATUS_WORDS = {
    "open": N_("Received"),
    "under_review": N_("Under review"),
    "planned": N_("Planned"),
    "published": N_("Published"),
    "refused": N_("Refused"),
    "redirected": N_("Redirected"),
    "duplicate": N_("Duplicate"),
    "abandoned": N_("Abandoned"),
}
"""Each status of a request in words."""

STATUS_TONES = {
    "open": "active",
    "under_review": "active",
    "planned": "waiting",
    "published": "good",
    "refused": "closed",
    "redirected": "neutral",
    "duplicate": "neutral",
    "abandoned": "closed",
}
"""The badge of each status; the word says it too."""

OUTCOME_WORDS = {
    "published": N_("Published"),
    "already_published": N_("Already published"),
    "planned": N_("Planned"),
    "partly": N_("Partly published"),
    "refused": N_("Refused"),
    "not_held": N_("The body does not hold it"),
    "redirected": N_("Sent on to another body"),
    "duplicate": N_("Asked before"),
}
"""Each outcome of an official answer in words."""

CLOCK_WORDS = {
    "none": N_("No legal delay runs."),
    "in_time": N_("Within the legal delay."),
    "overdue": N_("The legal delay has passed without an answer."),
    "implicit_refusal": N_("Silence counts as a refusal (implicit refusal)."),
    "appeal": N_("An appeal is under way."),
    "confirmed_refusal": N_("The refusal was confirmed."),
}
"""Each state of the legal clock in words."""

THEME_WORDS = {
    "AGRI": N_("Agriculture, fisheries, forestry and food"),
    "ECON": N_("Economy and finance"),
    "EDUC": N_("Education, culture and sport"),
    "ENER": N_("Energy"),
    "ENVI": N_("Environment"),
    "GOVE": N_("Government and public sector"),
    "HEAL": N_("Health"),
    "INTR": N_("International issues"),
    "JUST": N_("Justice, legal system and public safety"),
    "OP_DATPRO": N_("Provisional data"),
    "REGI": N_("Regions and cities"),
    "SOCI": N_("Population and society"),
    "TECH": N_("Science and technology"),
    "TRAN": N_("Transport"),
}
"""Each code of the EU data-theme list in words."""

OBJECT_WORDS = {
    "dataset": N_("Dataset"),
    "source_code": N_("Source code"),
    "algorithm": N_("Algorithm"),
    "document": N_("Document"),
    "api": N_("API"),
    "dataset_correction": N_("Correction of a dataset"),
}
"""Each object of a request in words."""

FAMILY_WORDS = {"street": N_("Streets and public space"), "cyber": N_("Online and cyber")}
"""Each family of incidents in words."""

CATEGORY_WORDS = {
    "lighting": N_("Street lighting"),
    "road": N_("Road or pavement damage"),
    "waste": N_("Waste, dumping, cleanliness"),
    "graffiti": N_("Graffiti and posters"),
    "greenery": N_("Trees and green spaces"),
    "furniture": N_("Street furniture"),
    "signs": N_("Signs and traffic lights"),
    "water": N_("Water and drains"),
    "vehicles": N_("Abandoned vehicles and bicycles"),
    "other_street": N_("Something else in the street"),
    "neighbours": N_("Noise or trouble between neighbours"),
    "hygiene": N_("Unhealthy housing, pests"),
    "persons": N_("A person in difficulty"),
    "defaced": N_("A public page was changed"),
    "fake_page": N_("A page pretends to be the town's"),
    "phishing": N_("A message or page asks for money or passwords"),
    "data_visible": N_("Personal data is visible"),
    "down": N_("A public site is down"),
    "weakness": N_("A weakness was found"),
}
"""Codes of categories that towns commonly use; any other code is shown as it stands."""

CLASS_WORDS = {
    "abusive-content": N_("Abusive content"),
    "malicious-code": N_("Malicious code"),
    "information-gathering": N_("Information gathering"),
    "intrusion-attempts": N_("Intrusion attempts"),
    "intrusions": N_("Intrusions"),
    "availability": N_("Availability"),
    "information-content-security": N_("Information content security"),
    "fraud": N_("Fraud"),
    "vulnerable": N_("Vulnerable"),
    "other": N_("Other"),
}
"""Each class of cyber incidents (RSIT) in words."""

DELAY_WORDS = {
    "0-7": N_("up to 7 days"),
    "8-30": N_("8 to 30 days"),
    "31-90": N_("31 to 90 days"),
    "91-365": N_("91 to 365 days"),
    "366+": N_("over a year"),
}
"""Each band of delays in words."""

WITHDRAWN_WORDS = {
    "erasure": N_("a person asked for erasure"),
    "reident": N_("somebody could be recognised"),
    "error": N_("it was published by mistake"),
    "legal": N_("the law, a court or an authority asked for it"),
    "expired": N_("the time for which it was kept is over"),
}
"""Why a town withdrew a record: the protocol's codes, in words."""

STATE_WORDS = {
    "open": (N_("Open"), N_("The content is there and is the one that the town committed to.")),
    "withdrawn": (
        N_("Withdrawn"),
        N_("The town withdrew it and said so in its log, with the reason's code. It is destroyed."),
    ),
    "pending": (
        N_("Awaited"),
        N_(
            "The content is gone and the log does not say yet that it was withdrawn; a town has "
            "8 days. It is not shown meanwhile."
        ),
    ),
    "missing": (
        N_("Missing"),
        N_("The same for more than 8 days: a fault. The town is put in quarantine."),
    ),
    "mismatch": (
        N_("Altered"),
        N_(
            "The content is not the one that the town committed to: evidence of tampering. The "
            "town is put in quarantine."
        ),
    ),
}
"""What can become of a published content, in a word and a sentence."""

WHY_WORDS = {
    "held": N_("held back: a text may identify a person"),
    "person": N_("held back by a person here, who says why"),
    "unreadable": N_("not in the published form"),
    "elsewhere": N_("about a commune that the town does not serve"),
    "unknown": N_("of a kind or version that is not shown yet"),
}
"""Why a verified content is not shown, in words."""
