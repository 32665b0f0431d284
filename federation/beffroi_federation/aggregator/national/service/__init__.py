# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping what was verified, and deriving what is shown from it. Nothing here commits.

Two stages. `changes_of` reads what new entries do, `write_changes` writes it for many logs with raw
bulk statements, marks what is to be derived (`waiting`), and takes whatever was withdrawn, replaced
or is served no longer out of every derived table in that same transaction. The second stage
(`open_versions`, `examine`, `settle`) looks at the stored rows alone, runs the nation's own gate
and makes records visible. A crash in between leaves rows waiting; a rebuild settles all records
anew by the same functions, so all ways end in the same rows.
"""

from datetime import timedelta

from beffroi_federation.aggregator.national.service.deriving import (
    UNREADABLE,
    Examined,
    Kept,
    Open,
    Source,
    examine,
    open_versions,
    settle,
    shorten,
)
from beffroi_federation.aggregator.national.service.holding import hold, let_go
from beffroi_federation.aggregator.national.service.rebuilding import forget_log, rebuild
from beffroi_federation.aggregator.national.service.taking import (
    Changes,
    ContentRow,
    Known,
    changes_of,
    known_of,
    lock_logs,
    write_changes,
)
from beffroi_federation.aggregator.national.service.tallying import fold

__all__ = [
    "UNREADABLE",
    "UNRELEASED_AFTER",
    "Changes",
    "ContentRow",
    "Examined",
    "Kept",
    "Known",
    "Open",
    "Source",
    "changes_of",
    "examine",
    "fold",
    "forget_log",
    "hold",
    "known_of",
    "let_go",
    "lock_logs",
    "open_versions",
    "rebuild",
    "settle",
    "shorten",
    "write_changes",
]

UNRELEASED_AFTER = timedelta(days=30)
"""A received request without a record is told of after this long."""
