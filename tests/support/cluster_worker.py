# SPDX-License-Identifier: AGPL-3.0-or-later
"""A worker of an aggregator that shares its work, with a quick heart: `python cluster_worker.py`.

The settings come from the environment, as for `beffroi-aggregator worker`; only the times are
shorter, so that a test need not wait a minute to see that a worker is dead.
"""

import logging
import os
from datetime import timedelta

from beffroi_federation.aggregator.app import create_app
from beffroi_federation.aggregator.config import from_environ
from beffroi_federation.aggregator.intake.adapters.cluster import Beat
from beffroi_federation.aggregator.intake.commands import Rhythm
from beffroi_federation.aggregator.intake.commands.sharing import work_shared
from beffroi_federation.aggregator.kernel.network import connector
from beffroi_federation.client import Timeouts


def main() -> None:
    """Work until SIGTERM."""
    logging.basicConfig(level=logging.INFO)
    settings = from_environ(os.environ)
    work_shared(
        create_app(settings),
        connector(settings, Timeouts(connect=5.0, total=20.0, grace=15.0)),
        Rhythm(timedelta(hours=6), timedelta(hours=24)),
        tidy=lambda moment: None,
        beat=Beat(look=0.5, heart=0.5, dead=3.0),
        towns_a_job=4,
    )


if __name__ == "__main__":
    main()
