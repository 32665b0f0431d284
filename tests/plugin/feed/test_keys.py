# SPDX-License-Identifier: AGPL-3.0-or-later
"""A rotation in a town: the entry in the log once, two keys for thirty days, then the new alone."""

import json
from pathlib import Path

import pytest

from beffroi.feed import commands
from beffroi.signer.commands import signer_folder
from beffroi_federation.auditor import main as audit
from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.errors import Unsigned
from beffroi_federation.notes import Verifier
from beffroi_federation.tiles import decode_bundle
from support.town import Town
from support.town_files import write_files

NEXT = bytes(range(1, 33))
POINTS = ("before-stage", "staged-uncommitted", "staged", "signed-uncommitted", "published")


def served(town: Town) -> dict[str, bytes]:
    return town.files()


def vkeys(town: Town) -> list[str]:
    listed: list[str] = json.loads(served(town)[".well-known/beffroi.json"])["vkeys"]
    return listed


def entries(town: Town) -> list[dict[str, str]]:
    files = served(town)
    size = int(files["log/checkpoint"].split(b"\n")[1])
    leaves = decode_bundle(files[f"log/tile/entries/000.p/{size}"], size)
    return [json.loads(leaf) for leaf in leaves]


def key_entries(town: Town) -> list[str]:
    return [entry["k"] for entry in entries(town) if entry["t"] == "key"]


def signed_by(town: Town, vkey: str) -> bool:
    try:
        open_checkpoint(served(town)["log/checkpoint"], [Verifier.from_text(vkey)])
    except Unsigned:
        return False
    return True


def is_sound(town: Town, folder: Path, vkey: str) -> bool:
    """Ask anyone's auditor, who holds one key."""
    copy = folder / f"copy-{len(list(folder.iterdir()))}"
    copy.mkdir()
    write_files(copy, served(town))
    (copy / "vkey").write_text(vkey + "\n")
    return audit([str(copy), "--vkey-file", str(copy / "vkey")]) == 0


def publish_something(town: Town) -> None:
    town.release(town.request())
    town.publish()


def test_a_rotation_of_a_towns_key(town: Town, tmp_path: Path) -> None:
    audits = tmp_path / "audits"
    audits.mkdir()
    publish_something(town)
    [old] = vkeys(town)
    signer_folder(town.settings).rotate(NEXT)
    publish_something(town)
    assert vkeys(town)[0] == old, "the old key stays the current one"
    new = vkeys(town)[1]
    assert key_entries(town) == [new]
    for key in (old, new):
        assert signed_by(town, key)
        assert is_sound(town, audits, key)
    town.later(days=29)
    publish_something(town)
    assert vkeys(town) == [old, new]
    assert signed_by(town, old)
    town.later(days=2)
    publish_something(town)
    assert vkeys(town) == [new]
    assert not signed_by(town, old)
    assert signed_by(town, new)
    assert is_sound(town, audits, new)
    assert key_entries(town) == [new]


def test_publish_puts_the_entry_in_the_log_at_once_and_once(village: Town) -> None:
    village.publish()
    folder, signer = signer_folder(village.settings), commands.signer_for(village.settings)
    with village.app.app_context():
        assert commands.publish_key(signer) == 0
        folder.rotate(NEXT)
        assert signer.state().announce
        assert commands.publish_key(signer) == 1
        assert not signer.state().announce
        assert commands.publish_key(signer) == 0
    assert key_entries(village) == [signer.vkeys()[1]]


def test_an_empty_log_begins_with_its_batch_and_the_key_follows(village: Town) -> None:
    signer_folder(village.settings).rotate(NEXT)
    village.publish()
    kinds = [entry["t"] for entry in entries(village)]
    assert kinds == ["bat", "key"]


class Crash(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_puts_the_entry_in_once_and_begins_the_days(
    village: Town, tmp_path: Path, point: str
) -> None:
    village.publish()
    signer_folder(village.settings).rotate(NEXT)

    def at(name: str) -> None:
        if name == point:
            raise Crash(name)

    with pytest.raises(Crash), village.app.app_context():
        commands.publish_once(
            commands.signer_for(village.settings),
            now=village.now,
            today=village.today,
            chance=village.chance,
            at=at,
        )
    publish_something(village)
    old, new = vkeys(village)
    assert key_entries(village) == [new]
    assert not commands.signer_for(village.settings).state().announce
    audits = tmp_path / "audits"
    audits.mkdir()
    assert is_sound(village, audits, old)


def test_a_successor_whose_words_were_lost_is_given_up_for_another(village: Town) -> None:
    village.publish()
    folder = signer_folder(village.settings)
    folder.rotate(NEXT)
    lost = folder.ring.keys().vkeys()[1]
    folder.rotate(bytes(32), again=True)
    publish_something(village)
    [entry] = key_entries(village)
    assert entry != lost
    assert entry == vkeys(village)[1]
