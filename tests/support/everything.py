# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every value of every table of a town, to look for words that should be nowhere."""

from collections.abc import Collection

from beffroi.kernel.db import db
from support.town import Town


def everything_in(town: Town, *, but: Collection[str] = ()) -> str:
    """Return all rows of all tables as text, `but` some; plant words in ASCII, JSON escapes others.

    The index of words is the databases' own and is not among them: search for the words as well.
    """
    with town.look():
        return "\n".join(
            str(tuple(row))
            for table in db.metadata.sorted_tables
            if table.name not in but
            for row in db.session.execute(table.select())
        )
