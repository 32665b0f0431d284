# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree of refusals, shared by town and nation.

    Refusal                 the request cannot be done; says what was expected and what to do
    ├── Invalid             what was sent does not fit: `errors` says where        (422)
    ├── SignInNeeded        nobody is signed in                                    (401)
    │   ├── TokenRefused    a program's token is none, or has ended                (401)
    │   └── SignInAgain     somebody is, and signed in too long ago for this       (401)
    ├── Forbidden           somebody is, and may not                               (403)
    │   └── ScopeNeeded     a program's token is not for this                      (403)
    ├── NotFound            there is no such thing, or not for you                 (404)
    ├── Gone                there was; it has been removed, with its reason        (410)
    ├── Conflict            it changed meanwhile, or the move is not allowed now   (409)
    ├── TooLarge            more than is taken in one go                           (413)
    ├── TooMany             too often; try again later                             (429)
    └── Unavailable         a part this needs does not answer just now             (503)

Sentences are English and marked with `beffroi_web.words.N_`; `beffroi_web.problems` is the only
place that knows HTTP codes and the reader's language.
"""

from collections.abc import Mapping, Sequence


class Refusal(Exception):
    """Root of everything the application declines to do.

    `sentence` is a marked English sentence with `%(name)s` places, `values` fills them, and
    `errors` maps a field name to marked sentences about it.
    """

    def __init__(
        self,
        sentence: str,
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
        **values: object,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values
        self.errors: dict[str, list[str]] = {k: list(v) for k, v in (errors or {}).items()}

    def __str__(self) -> str:
        """Return the English sentence with its places filled."""
        return self.sentence % self.values if self.values else self.sentence


class Invalid(Refusal):
    """What was sent does not fit; `errors` says which field and why."""


class SignInNeeded(Refusal):
    """Nobody is signed in, and this needs somebody."""


class Forbidden(Refusal):
    """Somebody is signed in, and may not do this."""


class TokenRefused(SignInNeeded):
    """The token of a program is none of ours, or has ended (RFC 6750: `invalid_token`)."""


class SignInAgain(SignInNeeded):
    """Somebody signed in, and not lately enough for what decides over others or over oneself."""


class ScopeNeeded(Forbidden):
    """The token of a program is not for this (RFC 6750: `insufficient_scope`).

    The value `scope` names what it would have to be for.
    """


class NotFound(Refusal):
    """There is no such thing, or not for this person."""


class Gone(Refusal):
    """There was such a thing; it was removed, and the reason is told."""


class Conflict(Refusal):
    """The thing changed meanwhile, or this move is not allowed from its state."""


class TooLarge(Refusal):
    """More than is taken in one go."""


class TooMany(Refusal):
    """Too often; later is fine."""


class Unavailable(Refusal):
    """A part that this needs does not answer just now."""
