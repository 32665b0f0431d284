# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes a line for each act of the institution. None commits."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete

from beffroi.journal.models import Act
from beffroi.journal.rules import KEPT, UNWRITTEN, done_on
from beffroi.kernel.actors import INSTITUTION_ROLES
from beffroi.kernel.db import db
from beffroi_web.visitors import Visitor


def write(
    endpoint: str,
    visitor: Visitor,
    where: Mapping[str, object],
    form: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Write down what somebody does on a page or by a program, in the transaction of the act.

    What is done on a confidential case stands in that case's own log alone.
    """
    if endpoint in UNWRITTEN:
        return
    db.session.add(
        Act(
            at=now,
            account_id=visitor.account_id,
            roles=" ".join(sorted(visitor.roles & INSTITUTION_ROLES)),
            way="page" if visitor.scopes is None else "token",
            act=endpoint[:60],
            on=done_on(where, form),
        )
    )


def write_command(name: str, on: str, *, now: datetime) -> None:
    """Write down what was done at the machine."""
    db.session.add(Act(at=now, account_id=None, roles="", way="command", act=name, on=on[:200]))


def forget_old(*, now: datetime) -> None:
    """Delete the lines whose year is over: the only way in which one ends."""
    db.session.execute(delete(Act).where(Act.at < now - KEPT))
