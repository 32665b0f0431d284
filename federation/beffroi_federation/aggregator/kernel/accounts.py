# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables by which operators sign in; everything else about them is `beffroi_web.sign_in`."""

from beffroi_federation.aggregator.kernel.db import Base
from beffroi_web.sign_in.tables import sign_in_tables

ACCOUNTS = sign_in_tables(Base.metadata)
