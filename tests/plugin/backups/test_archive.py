# SPDX-License-Identifier: AGPL-3.0-or-later
"""The archive as a file: whatever a disk does to it, it is refused or reads as it was written."""

from pathlib import Path

import pytest

from beffroi.backups.adapters.archive import Reader, Writer
from beffroi.backups.rules import Log, Manifest, Member, file_path, table_path
from beffroi.kernel.errors import Invalid

CASES = b'["ref","title"]\n["2026-0001","Les menus des cantines"]\n'
PHOTO = bytes(range(64))
PHOTO_NAME = "0" * 32


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("archive") / "whole.backup"
    with Writer(path) as writer:
        table = writer.add(table_path("case"), [CASES])
        photo = writer.add(file_path(PHOTO_NAME), [PHOTO])
        writer.finish(
            Manifest(
                made_at="2026-03-02T12:00:00+00:00", version="0.1.0", revision="0001",
                siren="210000006", name="Beffroi-sur-Exemple",
                log=Log("o.example/beffroi/210000006/1", 1, (), 0, ""),
                tables={"case": Member(table, 1)},
                files={PHOTO_NAME: Member(photo)},
            )
        )  # fmt: skip
    return path.read_bytes()


def read(path: Path) -> tuple[Manifest, bytes, bytes]:
    """Everything that a restore would take of an archive."""
    with Reader(path) as reader:
        reader.check()
        manifest = reader.manifest
        photos = [reader.file(name) for name in manifest.files]
        return manifest, b"".join(reader.lines("case")), b"".join(photos)


def test_of_every_bit_that_flips_the_archive_is_refused_or_reads_as_it_was_written(
    written: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "flipped.backup"
    path.write_bytes(written)
    whole = read(path)
    assert whole[1:] == (CASES, PHOTO)
    refused = 0
    for at in range(len(written)):
        flipped = bytearray(written)
        flipped[at] ^= 1 << at % 8
        path.write_bytes(flipped)
        try:
            assert read(path) == whole, f"bit {at % 8} of byte {at}"
        except Invalid:
            refused += 1
    assert refused > len(written) // 2


def test_of_every_half_archive_nothing_is_read(written: bytes, tmp_path: Path) -> None:
    path = tmp_path / "half.backup"
    for length in range(len(written)):
        path.write_bytes(written[:length])
        with pytest.raises(Invalid):
            read(path)
