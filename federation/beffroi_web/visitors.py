# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is asking: nobody, or a signed-in person with roles.

The application gives `init_web` a loader; it is called at most once a request, and only when
somebody wants to know.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import g

from beffroi_web.state import web

ROLES = frozenset(
    {
        "citizen", "agent", "moderator", "access_officer", "cyber_officer", "administrator",
        "operator",
    }
)  # fmt: skip
"""Every role there is; `operator` exists on the national service only.

`access_officer` is the person in charge of access to documents (the PRADA: CRPA, R. 330-2).
`cyber_officer` receives confidential reports on public sites; no other role implies it.
"""

_IMPLIED = {"administrator": frozenset({"agent", "moderator", "access_officer"})}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person, as much as pages and guards need.

    `lang` is the language of the account, if it chose one; `session_key` is a value that only
    this session knows (not the cookie itself), to which form tokens are bound. `scopes` are what a
    program's token may do now; None for somebody with a session, who may do everything. `since` is
    when a session began, by signing in; None where nobody signed in for it.
    """

    account_id: int
    display_name: str
    roles: frozenset[str]
    lang: str | None
    session_key: str
    scopes: frozenset[str] | None = None
    since: datetime | None = None

    def may(self, *roles: str) -> bool:
        """Say whether this person holds one of the roles, directly or by implication."""
        held = set(self.roles)
        for role in self.roles:
            held |= _IMPLIED.get(role, frozenset())
        return not held.isdisjoint(roles)


def current_visitor() -> Visitor | None:
    """Return who is signed in for this request, or `None` for anybody."""
    if "beffroi_visitor" not in g:
        g.beffroi_visitor = None  # should the loader fail, the page that says so asks again
        g.beffroi_visitor = web().load_visitor()
    return cast("Visitor | None", g.beffroi_visitor)


def forget_visitor() -> None:
    """Ask the loader again at the next question; for the request that signs in or out."""
    g.pop("beffroi_visitor", None)


def answer_a_stranger() -> None:
    """Make the answer as for nobody, whoever asks: for frames on other sites and what they read."""
    g.beffroi_visitor = None
