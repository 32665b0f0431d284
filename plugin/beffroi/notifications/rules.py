# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of messages, and what a day's news are. Plain Python; marked sentences are said later.

A digest tells of official answers and of requests that are newly listed with their words. Who
follows all of the town is told of each; who follows themes, of those, and of a request that was
given one of them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import time

from beffroi_web.words import N_

SUBJECTS: Mapping[str, str] = {
    "received": N_("%(ref)s: we have received it"),
    "moved": N_("%(ref)s: there is news"),
    "answered": N_("%(ref)s: the answer is there"),
    "reopened": N_("%(ref)s: it has been reopened"),
    "removed": N_("%(ref)s: it has been removed"),
    "implicit_refusal": N_("%(ref)s: silence has become a refusal"),
    "confirmed_refusal": N_("%(ref)s: silence has confirmed the refusal"),
    "updated": N_("%(ref)s: there is news"),
    "sent_to_body": N_("%(ref)s: it has been passed on"),
    "body_answered": N_("%(ref)s: the competent body has answered"),
    "asked_to_join": N_("%(ref)s repeats %(other)s: do you want to stand behind that one?"),
}

SENTENCES: Mapping[str, str] = {
    "received": N_(
        "%(town)s has received it. Its page is at the address below, where every step is shown. "
        "Texts appear there once an agent has read them."
    ),
    "moved": N_("Its status has changed. The page below says where it stands."),
    "answered": N_("%(town)s has given its official answer."),
    "reopened": N_("It is being looked at again. The page below says why."),
    "removed": N_("It is no longer shown. The page below gives the reason."),
    "implicit_refusal": N_(
        "%(town)s has not answered within the month: by law that is a refusal. The page below says "
        "what its author can do now, until when, and prepares the file for the CADA."
    ),
    "confirmed_refusal": N_(
        "Two months after the CADA registered the case there is no answer: by law the refusal is "
        "confirmed. The page below says what its author can do now, and until when."
    ),
    "updated": N_("%(town)s says how it stands. The page below has its words."),
    "sent_to_body": N_(
        "Another body is competent for it, and %(town)s has passed it on. The page below says to "
        "which, and will show its answer."
    ),
    "body_answered": N_(
        "The body to which it was passed on has answered. The page below says what."
    ),
    "asked_to_join": N_(
        "You support or follow it. %(town)s answers at the request below, which asked the same "
        "before. Nothing is moved without you: open the page and say whether you want to support "
        "or follow that one. If you do nothing, nothing changes."
    ),
}

CONFIRM_PATHS: Mapping[str, str] = {
    "request": "/requests/confirm",
    "reuse": "/requests/reuse",
}
CONFIRM_SUBJECTS: Mapping[str, str] = {
    "request": N_("Confirm your request to %(town)s"),
    "reuse": N_("Confirm your reuse to %(town)s"),
}
CONFIRM_SENTENCES: Mapping[str, str] = {
    "request": N_("Open this page within two days and press the button, and your request is sent:"),
    "reuse": N_("Open this page within two days and press the button, and your reuse is sent:"),
}
"""What a message says that asks to confirm an address, by what was sent."""

CAMPAIGN_SENTENCES: Mapping[str, str] = {
    "call": N_("From %(first)s to %(last)s you can say what %(town)s should open."),
    "sorting": N_("From %(first)s to %(last)s you can rank the requests that were received."),
    "research": N_("From %(first)s to %(last)s %(town)s looks for what was asked, and publishes."),
    "note": N_("From %(first)s to %(last)s %(town)s writes down what came of it."),
    "published": N_("%(town)s has published its note: what was opened, what was not, and why."),
}
"""What followers of a campaign are told of each step."""

MAIL_JOBS = ("send-step", "send-digest", "send-announcement", "send-confirmation", "send-letter")
"""The names of the jobs that send mail."""
REFUSED = "refused"
"""How the codes of a job begin whose message a server refused for good."""
FROM_HOUR = time(7)
"""From when on in the town's morning a digest leaves."""
MOST_TOLD = 30
"""Requests of each sort that one digest names; the board has the rest."""
MOST_QUOTED = 400
"""Characters of an answer that a digest quotes."""


@dataclass(frozen=True, slots=True)
class Told:
    """The cases of a digest: answered ones, and those newly listed."""

    answered: tuple[int, ...] = ()
    listed: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Say whether there is anything to tell."""
        return bool(self.answered or self.listed)


def told_of(happened: Iterable[tuple[int, str, str | None, bool]], themes: Collection[str]) -> Told:
    """Return what somebody who follows some themes (empty: the town) is told of what happened.

    Each happening is a case, its step, its theme, and whether its title is public. A case is named
    once: where it was answered, as answered; without a public title it is not named as new.
    """
    whole = "" in themes
    answered: dict[int, None] = {}
    listed: dict[int, None] = {}
    for case, step, theme, titled in happened:
        mine = bool(theme) and theme in themes
        if step == "answered" and (whole or mine):
            answered[case] = None
        elif titled and (mine or (whole and step == "released")):
            listed[case] = None
    return Told(tuple(answered), tuple(one for one in listed if one not in answered))


LETTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "confirm-address": (
        N_("Confirm your new e-mail address for %(town)s"),
        (
            N_("Open this page within two days and press the button: your messages go here then."),
            N_("If you did not ask for it, ignore this message: nothing changes."),
        ),
    ),
    "confirm-follow": (
        N_("Confirm that you follow: %(what)s"),
        (
            N_("Open this page within two days and press the button: you are then told of it."),
            N_(
                "At most one message a day comes, and each holds a link that stops them. If you "
                "did not ask for it, ignore this message: nothing is kept."
            ),
        ),
    ),
    "address-changed": (
        N_("Your e-mail address for %(town)s has changed"),
        (
            N_("From now on, messages about your account go to another address."),
            N_("If that was not you, sign in, look at your account and write to the town."),
        ),
    ),
    "sign-in-added": (
        N_("A way to sign in to your account at %(town)s was added"),
        (
            N_("From now on another service opens your account too."),
            N_("If that was not you, sign in, take it away on this page, and write to the town."),
        ),
    ),
    "archive-ready": (
        N_("Everything about you at %(town)s: your file is ready"),
        (N_("Sign in to fetch it until %(day)s. After that day it is deleted."),),
    ),
    "passed-on": (
        N_("%(town)s passes request %(ref)s on to you"),
        (
            N_(
                "%(town)s does not hold what this request asks for, and passes it on to you as the "
                "competent body (CRPA, L. 114-2). Its text, its dates and our answer:"
            ),
        ),
    ),
    "street-passed-on": (
        N_("%(town)s passes report %(ref)s on to you"),
        (
            N_(
                "%(body)s is competent for what this report is about. You can answer at the "
                "address below, without an account: it is shown on the page of the report."
            ),
            N_("What was reported, without anything about who did:"),
        ),
    ),
    "street-author-agreed": (
        N_("Report %(ref)s: who sent it, so that you can answer"),
        (
            N_(
                "The person who sent it agreed that %(town)s gives you these details, to be "
                "answered about this report and for nothing else:"
            ),
        ),
    ),
    "street-silent": (
        N_("%(town)s: reports on which nothing moves (%(count)s)"),
        (
            N_("These reports are with %(department)s. The queue with all of them:"),
            N_("Say on each how it stands, or close it with what was done:"),
        ),
    ),
    "cyber-arrived": (
        N_("%(ref)s: a confidential report"),
        (
            N_("A report about a public site has reached %(town)s. Only those see it who need to:"),
            N_("Do not forward this message. The page asks you to sign in."),
        ),
    ),
    "cyber-clock": (
        N_("%(ref)s: a delay is over"),
        (N_("A legal delay of a confidential case is over. The page says which:"),),
    ),
    "cyber-wrote": (
        N_("%(ref)s: the person who reported it wrote"),
        (N_("There is a new message in a confidential case:"),),
    ),
    "cyber-replied": (
        N_("%(ref)s: we have written to you"),
        (N_("There is a message of %(town)s about your report. Sign in to read it:"),),
    ),
    "cyber-forward": (
        N_("A report about %(site)s has reached %(town)s"),
        (
            N_(
                "Somebody reported a problem of security on %(site)s to %(town)s. The site is not "
                "ours. Our reference is %(ref)s. Answer to the address below, and say by which "
                "safe way we can hand you the file: nothing of it is in this message."
            ),
        ),
    ),
    "account-ends": (
        N_("Your account at %(town)s will be erased"),
        (
            N_("You have not signed in for a long time. On %(day)s we erase your account."),
            N_("To keep it, sign in once before that day. What was published stays published."),
        ),
    ),
    "account-expired": (
        N_("Your account at %(town)s has been erased"),
        (
            N_("You had not signed in for a long time, and did not after our warning."),
            N_("We no longer hold your name or this address. This is our last message."),
        ),
    ),
    "account-erased": (
        N_("Your account at %(town)s has been erased"),
        (
            N_("As you asked, what you had published is withdrawn, and what you wrote is erased."),
            N_("We no longer hold your name or this address. This is our last message."),
        ),
    ),
}
"""Messages about an account: the subject, and the sentences above and below the link."""
