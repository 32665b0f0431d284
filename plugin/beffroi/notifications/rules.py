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
    "passed-on": (
        N_("%(town)s passes request %(ref)s on to you"),
        (
            N_(
                "%(town)s does not hold what this request asks for, and passes it on to you as the "
                "competent body (CRPA, L. 114-2). Its text, its dates and our answer:"
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
