# SPDX-License-Identifier: AGPL-3.0-or-later
"""Alembic's door: the town's metadata and the shared runner."""

import beffroi.accounts.models
import beffroi.cases.models
import beffroi.cyber.models
import beffroi.data_requests.models
import beffroi.feed.models
import beffroi.handover.models
import beffroi.incidents.models
import beffroi.kernel.jobs
import beffroi.notifications.models
import beffroi.outbox.models
import beffroi.rights.models  # noqa: F401  each import declares its tables
from beffroi.kernel.db import Base
from beffroi_web.migrating import run_env

run_env(Base.metadata)
