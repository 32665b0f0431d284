# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words with which answers to street reports begin; the agent changes them for the report."""

from beffroi.data_requests.rules.drafts import Template

SHIPPED: tuple[Template, ...] = (
    Template(
        None, "resolved", "fr", "C’est réparé", "resolved",
        "Bonjour,\n\nLe signalement {reference} est traité. Voici ce qui a été fait :",
    ),
    Template(
        None, "resolved", "en", "It is put right", "resolved",
        "Hello,\n\nReport {reference} has been dealt with. This is what was done:",
    ),
    Template(
        None, "no_action", "fr", "Rien à faire sur place", "no_action",
        "Bonjour,\n\nNos agents sont passés et n’ont plus rien trouvé à l’endroit indiqué. Si le "
        "problème est toujours là, dites-le sur cette page : le signalement sera rouvert.",
    ),
    Template(
        None, "no_action", "en", "Nothing found on the spot", "no_action",
        "Hello,\n\nWe went there and found nothing left to do. If the problem is still there, say "
        "so on this page: the report will be reopened.",
    ),
    Template(
        None, "redirected", "fr", "Un autre organisme est compétent", "redirected",
        "Bonjour,\n\nCe lieu ou cet équipement ne relève pas de {town}. Nous avons transmis votre "
        "signalement ({reference}) à l’organisme compétent :",
    ),
    Template(
        None, "redirected", "en", "Another body is competent", "redirected",
        "Hello,\n\nThis place or equipment is not in the care of {town}. We have passed your "
        "report ({reference}) on to the competent body:",
    ),
    Template(
        None, "duplicate", "fr", "Déjà signalé", "duplicate",
        "Bonjour,\n\nCe problème a déjà été signalé. Vous pouvez suivre l’autre signalement, qui "
        "est cité ici.",
    ),
    Template(
        None, "duplicate", "en", "Reported before", "duplicate",
        "Hello,\n\nThis problem was reported before. You can follow the other report, which is "
        "named here.",
    ),
)  # fmt: skip
"""Templates for each outcome of a street report, in two languages."""
