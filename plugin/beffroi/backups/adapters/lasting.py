# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public log as files that are kept for ever, beside backups that are not.

No content and no salt is among them: nothing that anybody ever asked to have erased. It is laid out
as the log is served (C2SP tlog-tiles), so that `beffroi-verify` reads it; full tiles never change.
"""

import os
from contextlib import suppress
from pathlib import Path

from beffroi.config import Settings
from beffroi.feed import commands as feed
from beffroi.feed.queries.copying import lasting_files, lasting_paths

CHECKPOINT, KEYS = "checkpoint", "vkeys"


def keep_log(settings: Settings, folder: Path) -> None:
    """Bring the copy of the log in a folder up to the served checkpoint; never back."""
    facts = feed.log_facts(settings)
    place = folder / f"log-{settings.siren}-{facts.epoch}"
    kept = _size(place / CHECKPOINT)
    for path, data in lasting_files(kept, lambda path: (place / path).exists()):
        _put(place / path, data)
    _put(place / KEYS, "".join(f"{key}\n" for key in facts.vkeys).encode())
    wanted = set(lasting_paths(_size(place / CHECKPOINT)))
    for partial in place.glob("tile/**/*.p/*"):
        if str(partial.relative_to(place)) not in wanted:
            partial.unlink()
            with suppress(OSError):
                partial.parent.rmdir()


def _size(checkpoint: Path) -> int:
    try:
        return int(checkpoint.read_text(encoding="utf-8").split("\n")[1])
    except (OSError, ValueError, IndexError):
        return 0


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_name(path.name + ".part")
    try:
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
