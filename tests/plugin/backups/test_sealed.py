# SPDX-License-Identifier: AGPL-3.0-or-later
"""Encrypted files: theirs are opened, ours are whole, and nothing that is amiss is opened."""

import errno
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from beffroi.backups.adapters import sealed
from beffroi.backups.adapters.sealed import Sealing, is_sealed, keys_in, opened
from beffroi.backups.commands.opening import room
from beffroi.kernel.errors import Conflict, Invalid

# Made by age 1.1.1, the reference implementation, for the key below.
THEIRS = """-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBGVzZMWE5ldmV4VXN0UE8r
OGlsRkRlOUhuQlEwaVk0aHF6bnVGcXFCQVh3ClBBcFBydlJ6WGxwblBoY3U4MGZC
cnVoY0RCcTNsUTY5S2hjSnpVRnlQWWMKLS0tIEh6Q2ZxNGhOenEzZktNM3BQcGU1
ejNlR3pjbmtDVCthaFhzZ1l4d1B1SkUKWWVtMFTRXIkMZuCLlFM4Wu08InfDKw4H
2wI9LZpa+Hf9v0ZxwCZvpic8l07hWKYnw1Eua7jrMZ4Ks5Zfi6Oumch9
-----END AGE ENCRYPTED FILE-----
"""
KEY = """# public key: age1n6y4…

AGE-SECRET-KEY-1ULHYQPN0LE6RK83ZE3RG7LTUSW2NRVWJT5M3J943AF93JVUG3X8SHFGZ23
"""
WORDS = bytes(range(256)) * 1024  # four pieces of the format's 64 KiB


def written(path: Path, *recipients: str, words: bytes = WORDS) -> Path:
    with path.open("wb") as file:
        sealing = Sealing(file, recipients)
        sealing.write(words)
        sealing.finish()
    return path


def test_what_the_reference_implementation_wrote_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "theirs.age"
    file.write_text(THEIRS)
    assert is_sealed(file)
    with opened(file, keys_in(KEY), tmp_path) as plain:
        assert plain.read().decode() == "Les cloches de Beffroi-sur-Exemple"


def test_each_of_the_recipients_opens_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    pairs = [sealed.new_key() for _ in range(2)]
    file = written(tmp_path / "ours.age", *(str(pair.to_public()) for pair in pairs))
    for pair in pairs:
        with opened(file, keys_in(sealed.key_file(pair)), tmp_path) as plain:
            assert plain.read() == WORDS
            assert [path.name for path in tmp_path.iterdir()] == ["ours.age"]


def cut(data: bytearray) -> None:
    del data[-1:]


def cut_at_a_piece(data: bytearray) -> None:
    del data[-(65_536 + 16) :]


def cut_in_the_head(data: bytearray) -> None:
    del data[90:]


def flip(data: bytearray) -> None:
    data[100_000] ^= 1


def flip_in_the_head(data: bytearray) -> None:
    data[data.index(b"---") + 10] ^= 1


def add(data: bytearray) -> None:
    data.extend(b"x")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (cut, "damaged or cut off"),
        (cut_at_a_piece, "damaged or cut off"),
        (cut_in_the_head, "not a whole one"),
        (flip, "damaged or cut off"),
        (flip_in_the_head, "not a whole one"),
        (add, "damaged or cut off"),
    ],
)
def test_what_is_not_as_it_was_written_is_refused_in_a_sentence(
    tmp_path: Path, harm: Callable[[bytearray], None], said: str
) -> None:
    pair = sealed.new_key()
    file = written(tmp_path / "ours.age", str(pair.to_public()))
    data = bytearray(file.read_bytes())
    harm(data)
    file.write_bytes(data)
    with pytest.raises(Invalid, match=said):
        opened(file, [pair], tmp_path)


def test_a_wrong_key_and_no_key_are_told_apart(tmp_path: Path) -> None:
    file = written(tmp_path / "ours.age", str(sealed.new_key().to_public()))
    with pytest.raises(Invalid, match="None of the given keys"):
        opened(file, [sealed.new_key()], tmp_path)
    for text_of_a_file in ("", "# only a comment\n", "age1n6y4\n", KEY[:-3], "\0\ufffd"):
        with pytest.raises(Invalid, match="AGE-SECRET-KEY-1"):
            keys_in(text_of_a_file)


def test_a_disk_that_fills_while_it_is_written_is_told_to_the_writer() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        sealing = Sealing(full, [str(sealed.new_key().to_public())])
        with pytest.raises(OSError, match="No space") as fault:
            sealing.write(WORDS * 40)
        sealing.abandon()
    assert fault.value.errno == errno.ENOSPC
    with pytest.raises(Conflict, match="enough room"), room(Path("/dev")):
        raise fault.value


def test_a_database_that_fills_its_disk_is_the_same_sentence(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'small.sqlite3'}", poolclass=NullPool)
    with engine.begin() as small:
        small.execute(text("CREATE TABLE filled (words TEXT)"))
        small.execute(text("PRAGMA max_page_count = 4"))
        with pytest.raises(Conflict, match="enough room"), room(tmp_path):
            small.execute(text("INSERT INTO filled VALUES (:words)"), {"words": "x" * 100_000})
        with pytest.raises(OperationalError), room(tmp_path):
            small.execute(text("SELECT * FROM nowhere"))


def test_memory_does_not_grow_with_what_is_encrypted(tmp_path: Path) -> None:
    pair = sealed.new_key()
    tracemalloc.start()
    with (tmp_path / "large.age").open("wb") as file:
        sealing = Sealing(file, [str(pair.to_public())])
        for _ in range(128):
            sealing.write(WORDS)
        sealing.finish()
    with opened(tmp_path / "large.age", [pair], tmp_path) as plain:
        assert plain.seek(0, 2) == 128 * len(WORDS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000, peak
