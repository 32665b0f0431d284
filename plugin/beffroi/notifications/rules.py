# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of messages. Plain Python: marked sentences, said in the reader's language later."""

from collections.abc import Mapping

from beffroi_web.words import N_

SUBJECTS: Mapping[str, str] = {
    "received": N_("%(ref)s: we have received it"),
    "moved": N_("%(ref)s: there is news"),
    "answered": N_("%(ref)s: the answer is there"),
    "reopened": N_("%(ref)s: it has been reopened"),
    "removed": N_("%(ref)s: it has been removed"),
    "implicit_refusal": N_("%(ref)s: silence has become a refusal"),
    "confirmed_refusal": N_("%(ref)s: silence has confirmed the refusal"),
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
}

CAMPAIGN_SENTENCES: Mapping[str, str] = {
    "call": N_("From %(first)s to %(last)s you can say what %(town)s should open."),
    "sorting": N_("From %(first)s to %(last)s you can rank the requests that were received."),
    "research": N_("From %(first)s to %(last)s %(town)s looks for what was asked, and publishes."),
    "note": N_("From %(first)s to %(last)s %(town)s writes down what came of it."),
    "published": N_("%(town)s has published its note: what was opened, what was not, and why."),
}
"""What followers of a campaign are told of each step."""

LETTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "confirm-address": (
        N_("Confirm your new e-mail address for %(town)s"),
        (
            N_("Open this page within two days and press the button: your messages go here then."),
            N_("If you did not ask for it, ignore this message: nothing changes."),
        ),
    ),
    "address-changed": (
        N_("Your e-mail address for %(town)s has changed"),
        (
            N_("From now on, messages about your account go to another address."),
            N_("If that was not you, sign in, look at your account and write to the town."),
        ),
    ),
    "archive-ready": (
        N_("Everything about you at %(town)s: your file is ready"),
        (N_("Sign in to fetch it until %(day)s. After that day it is deleted."),),
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
