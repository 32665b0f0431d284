# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a public list shows of a kind of case, in SQL: its cards for people, its items for programs.

Public text only: words are chosen by their state inside the statement. `c` is the case in all of
it.
"""

from dataclasses import dataclass
from functools import lru_cache

ANSWER = "CASE WHEN a.state = 'released' THEN a.public END"
"""The words of the newest official answer, once they are released."""

# coalesce: SQLite would else read every released text of the town by the index on states.


def shown(*roles: str) -> str:
    """Return the expression of the first text of some roles that everybody sees on the town's own
    pages; of several roles the one that is last in the alphabet comes first."""
    named = ", ".join(f"'{role}'" for role in roles)
    return (
        f"(SELECT t.public FROM case_text t WHERE t.case_id = c.id AND t.role IN ({named})"
        " AND coalesce(t.state, '') IN ('released', 'shown')"
        " ORDER BY t.role DESC, t.id LIMIT 1)"
    )


def released(role: str) -> str:
    """Return the expression of the newest text of a role that an agent released."""
    return (
        f"(SELECT t.public FROM case_text t WHERE t.case_id = c.id AND t.role = '{role}'"
        " AND coalesce(t.state, '') = 'released' AND t.public IS NOT NULL"
        " ORDER BY t.id DESC LIMIT 1)"
    )


@dataclass(frozen=True)
class Listing:
    """One kind of case in its lists: `table` is joined as `d`, by its `case_id`.

    `card` are the expressions of a page's card; `item` are the members of the API's item and their
    expressions, which may name the newest official answer `o` and its text `a`; they follow from
    the case's own rows alone, and a migration watches each table that they name. `narrowed_by` are
    filters that are columns of `d`.
    """

    kind: str
    table: str
    card: tuple[str, ...]
    item: tuple[tuple[str, str], ...]
    narrowed_by: tuple[str, ...]


@lru_cache(maxsize=8)
def item(listing: Listing, *, sqlite: bool) -> str:
    """Return the expression of a case's item: one object of JSON, without its address."""
    members = ", ".join(f"'{name}', {expression}" for name, expression in listing.item)
    made = f"json_object({members})" if sqlite else f"CAST(json_build_object({members}) AS text)"
    return (
        f"(SELECT {made} FROM {listing.table} d"
        " LEFT JOIN official_answer o"
        " ON o.id = (SELECT max(id) FROM official_answer WHERE case_id = c.id)"
        " LEFT JOIN case_text a ON a.id = o.text_id WHERE d.case_id = c.id)"
    )
