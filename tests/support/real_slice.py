# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first rows of each real file that the demonstration takes: real words, and soon read.

The whole of them is read by `./beffroi demo --data` and by the importers' own tests.
"""

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from demo.real_data import FILES


def records(lines: Iterator[str]) -> Iterator[str]:
    """Give each record of a CSV file as it stands; quotes may hold line ends."""
    record = ""
    for line in lines:
        record += line
        if record.count('"') % 2 == 0:
            yield record
            record = ""


def sliced(data: Path, folder: Path, rows: int = 1_000) -> Path:
    """Write the first rows of each file that is there into `folder`; return it."""
    for _, name in (one for files in FILES.values() for one in files):
        source, target = data / name, folder / name
        if not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".json"):
            target.write_text(json.dumps(json.loads(source.read_text("utf-8"))[:rows]), "utf-8")
            continue
        with (
            gzip.open(source, "rt", encoding="utf-8", newline="") as read,
            gzip.open(target, "wt", encoding="utf-8", newline="") as written,
        ):
            whole = records(iter(read)) if ".csv" in name else iter(read)
            written.writelines(islice(whole, rows + 1))
    return folder
