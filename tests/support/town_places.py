# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page of a town that people see; names in braces stand for cases in a certain state."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A page worth looking at, and the role of who looks (none: a stranger)."""

    path: str
    role: str = ""

    def __str__(self) -> str:
        """Return the name of a test of this page."""
        return f"{self.path} {self.role}".strip()


PLACES = (
    Place("/"),
    Place("/", "citizen"),
    Place("/requests"),
    Place("/requests?status=published&q=budgets&sort=supported"),
    Place("/requests?q=rienquiressemble"),
    Place("/requests/{pending}"),
    Place("/requests/{pending}", "citizen"),
    Place("/requests/{pending}/receipt/about", "citizen"),
    Place("/requests/{open}"),
    Place("/requests/{open}", "citizen"),
    Place("/requests/{held}"),
    Place("/requests/{removed}"),
    Place("/requests/{answered}", "agent"),
    Place("/requests/{refused}"),
    Place("/requests/new"),
    Place("/requests/new?object=document&title=Les+budgets", "citizen"),
    Place("/requests/sent"),
    Place("/requests/confirm/" + "0" * 48),
    Place("/incidents"),
    Place("/incidents?category=lighting&status=any_open"),
    Place("/incidents/{listed}"),
    Place("/incidents/{closed}"),
    Place("/incidents/{photos}"),
    Place("/incidents/{photos}", "citizen"),
    Place("/incidents/{cyber}", "citizen"),
    Place("/incidents/new"),
    Place("/incidents/new?category=phishing"),
    Place("/how-it-works"),
    Place("/accessibility"),
    Place("/privacy"),
    Place("/sign-in"),
    Place("/sign-out", "citizen"),
    Place("/follow/{token}"),
    Place("/account", "citizen"),
    Place("/account", "agent"),
    Place("/account/data", "citizen"),
    Place("/account/archive/{archive}", "leaver"),
    Place("/account/details", "citizen"),
    Place("/account/details?done=email", "citizen"),
    Place("/account/email/" + "0" * 48, "citizen"),
    Place("/account/comments/{comment}/withdraw", "leaver"),
    Place("/account", "leaver"),
    Place("/account/erase", "leaver"),
    Place("/account/erase", "agent"),
    Place("/requests/{leaving}/withdraw", "leaver"),
    Place("/requests/{leaving}/correct", "leaver"),
    Place("/incidents/{cyber}/withdraw", "citizen"),
    Place("/incidents/{cyber}/correct", "citizen"),
    Place("/requests/{withdrawn}"),
    Place("/desk", "agent"),
    Place("/desk?queue=late&kind=data_request&q=rienquiressemble", "moderator"),
    Place("/desk/cases/{pending}", "agent"),
    Place("/desk/cases/{pending}", "moderator"),
    Place("/desk/cases/{answered}", "agent"),
    Place("/desk/cases/{held}", "agent"),
    Place("/desk/cases/{removed}", "administrator"),
    Place("/desk/cases/{cyber}", "agent"),
    Place("/desk/cases/{photos}", "agent"),
    Place("/desk/requests/new", "agent"),
    Place("/desk/departments", "administrator"),
    Place("/desk/health", "agent"),
    Place("/desk/texts", "agent"),
    Place("/desk/texts?status=review&reason=civility", "moderator"),
    Place("/desk/texts?status=masked&reason=capitals", "agent"),
    Place("/desk/texts?shelf=drawn", "agent"),
    Place("/desk/texts?shelf=shown&done=released", "agent"),
    Place("/desk/texts/{text}", "moderator"),
    Place("/desk/texts/{doubtful_text}?done=held", "agent"),
    Place("/desk/texts/{drawn}?shelf=drawn", "agent"),
    Place("/desk/texts/{decided_text}", "agent"),
    Place("/desk/lists", "administrator"),
    Place("/desk/api-keys", "administrator"),
    Place("/data/"),
    Place("/desk/appeals", "agent"),
    Place("/requests/{appealed}/cada", "citizen"),
    Place("/desk/cases/{appealed}", "agent"),
    Place("/desk", "citizen"),
    Place("/nowhere"),
)
