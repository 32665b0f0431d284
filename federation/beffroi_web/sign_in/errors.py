# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a sign-in failed, said so that the person in front of the screen knows what to do next.

    Refusal
    └── SignInFailed        the person can do something: start again, choose another way     (400)
        └── ProviderFault   the provider or its settings are at fault: the site must act     (502)

`reason` is a short code for the site's log and its tests. Neither it nor the sentence ever holds
anything that came from the person or from a token.
"""

from beffroi_web.errors import Refusal


class SignInFailed(Refusal):
    """This attempt to sign in ends here; no session was made."""

    def __init__(self, reason: str, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.values = values
        self.reason = reason


class ProviderFault(SignInFailed):
    """The provider answered something that must not be accepted, or did not answer."""
