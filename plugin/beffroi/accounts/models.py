# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of accounts, sessions and roles; the columns come from `beffroi_web.sign_in`."""

from beffroi.kernel.db import Base
from beffroi_web.sign_in.tables import sign_in_tables

TABLES = sign_in_tables(Base.metadata)
