# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which real files each town of the demonstration takes with `--data DIR`.

The folder is laid out as `docs/how-to/demo-with-real-data.md` says. Files that are not there are
simply not read. Real citizens' words go through the same gate as anybody's: they wait for an agent.
"""

from datetime import datetime
from pathlib import Path

from beffroi import operating
from demo.places import Town

FILES = {
    "street": (("dansmarue-csv", "incidents-rue/dansmarue-paris.csv.gz"),),
    "requests": (
        ("udata-discussions", "demandes/datagouv-discussions.csv.gz"),
        ("foi-summaries", "demandes/foi-canada/ca_on_toronto.csv.gz"),
    ),
    "open311": (
        ("open311", "open311/koeln-2023-requests.json"),
        ("open311", "open311/chicago-2014-pothole-requests.json"),
        ("vcdb-jsonl", "cyber/vcdb-2013.jsonl.gz"),
    ),
}


def files_for(data: Path, town: Town) -> list[tuple[str, Path]]:
    """Return (kind, file) for what a town takes and the folder has."""
    return [
        (kind, data / name)
        for kind, name in FILES.get(town.data_kind, ())
        if (data / name).is_file()
    ]


def weeks_moved(data: Path, town: Town, now: datetime) -> int:
    """Return by how many weeks the first of a town's files is moved."""
    for kind, path in files_for(data, town):
        return operating.whole_weeks(operating.READERS[kind].newest(path, until=now), now).days // 7
    return 0
