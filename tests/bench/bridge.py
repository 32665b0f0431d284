# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a fake Decidim with 2,000 proposals twice; says requests, rows written, and seconds.

python tests/bench/bridge.py [COUNT]
"""

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import event

from beffroi.kernel.db import MIGRATIONS, db
from support.bridging import bridge
from support.databases import fresh
from support.decidim import decidim
from support.town import open_town


def main() -> None:
    """Print one JSON object a reading."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as name, decidim(count) as site:
        folder = Path(name)
        with open_town(folder, fresh("sqlite", MIGRATIONS, folder)) as town:
            made = bridge(town, site)
            written: list[str] = []
            with town.app.app_context():
                event.listen(
                    db.engine, "before_cursor_execute", lambda *args: written.append(str(args[2]))
                )
            for reading in ("first", "second"):
                written.clear()
                asked, begun = len(site.asked), time.perf_counter()
                report = made.read()
                verbs = [s for s in written if s.startswith(("INSERT", "UPDATE", "DELETE"))]
                others = [s for s in verbs if "bridge_source" not in s and "data_version" not in s]
                print(
                    json.dumps(
                        {
                            "reading": reading,
                            "proposals": report.seen,
                            "new": report.taken.new,
                            "requests": len(site.asked) - asked,
                            "items_written": report.taken.written,
                            "statements_that_write": len(others),
                            "seconds": round(time.perf_counter() - begun, 1),
                        }
                    )
                )


if __name__ == "__main__":
    main()
