# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store of accounts, sessions and roles; its verbs are `beffroi_web.sign_in.store`'s."""

from beffroi.accounts.models import TABLES
from beffroi.config import Settings
from beffroi.kernel.db import db
from beffroi_web.sign_in.store import SignInStore


def make_store(settings: Settings) -> SignInStore:
    """Return the store of this town's accounts, on its own tables and providers."""
    return SignInStore(db, TABLES, settings.secret_key, settings.providers)
