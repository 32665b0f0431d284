# SPDX-License-Identifier: AGPL-3.0-or-later
"""An aggregator that pulls every town again and again: `python eager_puller.py FILE`.

It is what `beffroi-aggregator worker` does, without its pause of a minute and more. After each
pull a line goes to FILE: when it began (monotonic seconds), its result, its sentence.
"""

import os
import sys
import time

from beffroi_federation.aggregator.config import from_environ
from beffroi_federation.aggregator.following import FOLLOWER, on_settled
from beffroi_federation.aggregator.intake import commands as intake
from beffroi_federation.aggregator.kernel.network import connector
from beffroi_federation.aggregator.kernel.runtime import without_pages


def main(file: str) -> None:
    """Pull until killed."""
    settings = from_environ(os.environ)
    app = without_pages(settings, settled=on_settled, follower=FOLLOWER)
    rhythm = intake.Rhythm(settings.pull_every, settings.recheck_every)
    with open(file, "a", encoding="utf-8") as said:
        while True:
            begun = time.monotonic()
            for one in intake.pull(app, connector(settings), rhythm, due_only=False):
                print(begun, one.result, one.sentence, sep="\t", file=said, flush=True)
            time.sleep(0.3)


if __name__ == "__main__":
    main(*sys.argv[1:])
