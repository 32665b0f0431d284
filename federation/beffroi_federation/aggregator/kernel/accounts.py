# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables by which operators sign in; everything else about them is `beffroi_web.sign_in`."""

from beffroi_federation.aggregator.config import AggregatorSettings
from beffroi_federation.aggregator.kernel.db import Base, db
from beffroi_web.sign_in.store import SignInStore
from beffroi_web.sign_in.tables import sign_in_tables

ACCOUNTS = sign_in_tables(Base.metadata)


def make_store(settings: AggregatorSettings) -> SignInStore:
    """Return the accounts, sessions and roles of the operators."""
    return SignInStore(db, ACCOUNTS, settings.secret_key, settings.providers)
