# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sites that the town declares as its own, and those it knows as others'. None commits."""

from sqlalchemy import select

from beffroi.accounts.rules import checked_address
from beffroi.cyber.models import CyberSite
from beffroi.cyber.rules.sites import host_of
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_


def declare(typed: str, name: str, *, ours: bool, contact: str = "") -> str:
    """Put a site on the list; return its host. Whatever lies below it is the same body's."""
    host = host_of(typed)
    if not host:
        raise Invalid(
            N_("This is no name of a site."),
            errors={"host": [N_("Write it as www.example.org.")]},
        )
    if not name.strip():
        raise Invalid(N_("Say whose it is."), errors={"name": [N_("Missing.")]})
    if db.session.scalar(select(CyberSite.id).where(CyberSite.host == host)) is not None:
        raise Conflict(N_("This site is on the list already."), errors={"host": [N_("Known.")]})
    address = checked_address(contact) if contact.strip() else None
    row = CyberSite(host=host, ours=ours, name=name.strip()[:200], contact=address)
    db.session.add(row)
    db.session.flush()
    return host


def undeclare(site_id: int) -> None:
    """Take a site off the list."""
    row = db.session.get(CyberSite, site_id)
    if row is None:
        raise NotFound(N_("This site is not on the list."))
    db.session.delete(row)
