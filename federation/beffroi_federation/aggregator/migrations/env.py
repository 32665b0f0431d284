# SPDX-License-Identifier: AGPL-3.0-or-later
"""Alembic's door: the nation's metadata and the shared runner."""

import beffroi_federation.aggregator.intake.models
import beffroi_federation.aggregator.kernel.accounts
import beffroi_federation.aggregator.national.models
import beffroi_federation.aggregator.taxii.models
import beffroi_federation.aggregator.topics.models
import beffroi_federation.aggregator.towns.models
import beffroi_federation.aggregator.witness.models  # noqa: F401  each import declares its tables
from beffroi_federation.aggregator.kernel.db import Base
from beffroi_web.migrating import run_env

run_env(Base.metadata)
