# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for reports on public sites: the file of a case, its codes. Plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from beffroi_web.words import N_

TLPS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
"""The labels of TLP 2.0 (https://www.first.org/tlp/), widest first."""

FIRST_TLP = "AMBER+STRICT"
"""What a new case has: for those in the institution who need to know it."""

OFFICER = "cyber_officer"
"""The role whose holders see a new report until somebody has taken it up."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A clean, re-encoded picture in the store; `size` in bytes."""

    name: str
    media_type: str
    sha256: str
    size: int
    stored_name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the institution's timeline, never with an agent's name."""

    at: datetime
    words: str
    code: str = ""

    @property
    def said(self) -> str:
        """The step for programs: its code, and its words if it has any."""
        return ": ".join(part for part in (self.code, self.words) if part)


@dataclass(frozen=True, slots=True)
class Contact:
    """A body that was told: `host`, `csirt` or `body`; silent while told and not answered."""

    role: str
    name: str
    address: str
    told_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class CyberFile:
    """Everything of a case that goes to a CERT. `tlp` is one of `TLPS`, moments are UTC.

    `addresses` stand as they were typed: whoever shows them defangs them. `embargo_zone` is the
    IANA name of the zone in which the embargo was set.
    """

    ref: str
    case_id: int
    town: str
    siren: str
    category: str
    rsit: str | None
    severity: str
    tlp: str
    embargo_until: datetime | None
    embargo_zone: str
    opened_at: datetime
    happened_on: date | None
    closed_on: date | None
    site: str
    addresses: tuple[str, ...]
    words: str
    personal_data: bool
    evidence: tuple[Evidence, ...]
    steps: tuple[Step, ...]
    contacts: tuple[Contact, ...]


PERSONAL = frozenset({"data_visible"})
"""Categories in which data about persons may be concerned, until an agent finds otherwise."""

RESEARCH = "weakness"
"""The category by which researchers come: disclosure is coordinated with them."""

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "defaced": (N_("A page was changed"), N_("Strange words or pictures on a public site.")),
    "fake_page": (
        N_("A page pretends to be the town"),
        N_("It looks like a public site, and its address is another."),
    ),
    "phishing": (
        N_("I am asked for money or a password"),
        N_("By a page, an e-mail or a text message in the town’s name."),
    ),
    "data_visible": (
        N_("Data about people can be seen"),
        N_("A list, a file or an account that should not be open."),
    ),
    "down": (N_("A site does not answer"), N_("It has been down for long, or again and again.")),
    "weakness": (
        N_("I found a weakness"),
        N_("For people who know about computer security. Thank you for telling us first."),
    ),
}
"""What the form asks, by category: the answer in plain words, and a hint."""

RSIT: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "abusive-content": (
        N_("Abusive content"),
        {
            "spam": N_("Unwanted bulk messages"),
            "harmful-speech": N_("Harassment or hate"),
            "violence": N_("Violence, exploitation of children"),
        },
    ),
    "malicious-code": (
        N_("Malicious program"),
        {
            "infected-system": N_("An infected machine"),
            "c2-server": N_("A server that steers infected machines"),
            "malware-distribution": N_("A place that spreads a malicious program"),
            "malware-configuration": N_("A place with settings of a malicious program"),
        },
    ),
    "information-gathering": (
        N_("Gathering of information"),
        {
            "scanner": N_("Somebody scans our systems"),
            "sniffing": N_("Somebody listens on the network"),
            "social-engineering": N_("Somebody is made to tell secrets"),
        },
    ),
    "intrusion-attempts": (
        N_("Attempts to break in"),
        {
            "ids-alert": N_("Use of a known weakness"),
            "brute-force": N_("Guessing of passwords"),
            "exploit": N_("Use of an unknown weakness"),
        },
    ),
    "intrusions": (
        N_("Break-in"),
        {
            "privileged-account-compromise": N_("An administrator’s account was taken"),
            "unprivileged-account-compromise": N_("An ordinary account was taken"),
            "application-compromise": N_("An application was broken into"),
            "system-compromise": N_("A system was broken into"),
            "burglary": N_("Somebody broke into a building"),
        },
    ),
    "availability": (
        N_("Service not available"),
        {
            "dos": N_("Overload from one source"),
            "ddos": N_("Overload from many sources"),
            "misconfiguration": N_("Wrong settings"),
            "sabotage": N_("Sabotage"),
            "outage": N_("Outage without anybody’s will"),
        },
    ),
    "information-content-security": (
        N_("Data read or changed"),
        {
            "unauthorised-information-access": N_("Data was read without permission"),
            "unauthorised-information-modification": N_("Data or a page was changed"),
            "data-loss": N_("Data was lost"),
            "data-leak": N_("Data got out"),
        },
    ),
    "fraud": (
        N_("Fraud"),
        {
            "unauthorised-use-of-resources": N_("Use of our means for other ends"),
            "copyright": N_("Breach of copyright"),
            "masquerade": N_("Somebody pretends to be the town"),
            "phishing": N_("Asking for passwords or money under a false name"),
        },
    ),
    "vulnerable": (
        N_("Weakness"),
        {
            "weak-crypto": N_("Weak encryption"),
            "ddos-amplifier": N_("A service that can amplify an overload"),
            "potentially-unwanted-accessible": N_("A service open without need"),
            "information-disclosure": N_("A service that tells too much"),
            "vulnerable-system": N_("A system that can be broken into"),
        },
    ),
    "other": (
        N_("Something else"),
        {"other": N_("In no other class"), "undetermined": N_("Not known yet")},
    ),
}
"""The RSIT classes and types (ENISA and TF-CSIRT, Reference Security Incident Taxonomy): the codes
are theirs, the words ours. The class `test` is left out: nothing is a test here."""

RSIT_CODES = tuple(f"{name}:{kind}" for name, (_, kinds) in RSIT.items() for kind in kinds)
"""Every classification, such as `fraud:phishing`."""

PROPOSED: Mapping[str, str] = {
    "defaced": "information-content-security:unauthorised-information-modification",
    "fake_page": "fraud:masquerade",
    "phishing": "fraud:phishing",
    "data_visible": "information-content-security:data-leak",
    "down": "availability:outage",
    "weakness": "vulnerable:vulnerable-system",
}
"""What is proposed for each category; an agent decides."""

SEVERITIES: Mapping[str, str] = {
    "none": N_("No harm"),
    "minor": N_("Minor"),
    "major": N_("Major"),
    "severe": N_("Severe"),
}
SURFACES: Mapping[str, str] = {
    "website": N_("A public site"),
    "impersonation": N_("A page of somebody else’s"),
    "social_account": N_("An account on a social network"),
    "email": N_("E-mail"),
    "online_service": N_("An online service"),
    "internal_service": N_("An internal service"),
    "network": N_("The network"),
    "equipment": N_("Equipment"),
    "third_party": N_("A supplier"),
    "other": N_("Something else"),
}
"""Impact and surface, with the codes of records."""

TLP_WORDS: Mapping[str, str] = {
    "CLEAR": N_("everyone"),
    "GREEN": N_("the community of those who defend systems"),
    "AMBER": N_("the institution and those it serves, who need to know"),
    "AMBER+STRICT": N_("the institution alone, who needs to know"),
    "RED": N_("the persons on the list alone"),
}

ROLES: Mapping[str, str] = {
    "host": N_("Host"),
    "csirt": N_("CSIRT"),
    "body": N_("Other body"),
}
"""Whom one can tell."""

OUTCOMES = ("resolved", "no_action", "redirected")
"""How a case can end; none names another case."""

STEPS: Mapping[str, str] = {
    "received": N_("Received"),
    "taken": N_("Taken up"),
    "classified": N_("Classified"),
    "embargo": N_("The embargo was set"),
    "readers": N_("The list of readers was changed"),
    "noted": N_("Noted"),
    "told": N_("A body was told"),
    "answered": N_("A body answered"),
    "clock": N_("A delay began"),
    "met": N_("Done within a delay"),
    "late": N_("Done after a delay"),
    "dropped": N_("A delay does not apply"),
    "over": N_("A delay is over"),
    "written": N_("The reporter wrote"),
    "replied": N_("We wrote to the reporter"),
    "closed": N_("Closed"),
    "reopened": N_("Reopened"),
    "release": N_("A public record was allowed"),
    "released": N_("The public record was made"),
    "kept": N_("No public record is made any more"),
    "withdrawn": N_("The public record was withdrawn"),
    "handed": N_("Handed over to the CERT"),
    "cert_received": N_("The CERT has received it"),
    "cert_answered": N_("The CERT answered"),
}
"""What people read for each step of the institution."""

SMALL_BANDS = frozenset({"under-500", "500-1999", "2000-9999"})
"""Towns of these population bands publish no record of a cyber incident (design 3.6)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a record may be made of a case; moments in UTC."""

    closed_on: date | None
    embargo_until: datetime | None
    tlp: str
    rsit: str | None
    surface: str | None
    severity: str
    allowed: bool
    withdrawn: bool


def hindrances(case: Standing, *, band: str, now: datetime) -> tuple[str, ...]:
    """Return every reason for which no record of a case may be made now, in words; none: it may."""
    held = case.embargo_until is not None and now < case.embargo_until
    found = (
        (band in SMALL_BANDS, N_("Towns of fewer than 10,000 inhabitants publish no such record.")),
        (case.withdrawn, N_("The record was withdrawn: it is not made again.")),
        (case.closed_on is None, N_("The case is not closed.")),
        (held, N_("The embargo is not over.")),
        (case.tlp != "CLEAR", N_("Its TLP label is not CLEAR.")),
        (not case.rsit, N_("It is not classified.")),
        (not case.surface, N_("It is not said what was hit.")),
        (not case.severity, N_("It is not said how severe it was.")),
        (not case.allowed, N_("Nobody has allowed the record yet.")),
    )
    return tuple(words for hinders, words in found if hinders)
