# SPDX-License-Identifier: AGPL-3.0-or-later
"""A folder of backups, night after night: encrypted, tried, counted; and the way back from one."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from beffroi.backups import commands
from beffroi.backups.adapters import ledger, newest, sealed
from beffroi.backups.adapters.scratch import NAME, scratch
from beffroi.backups.commands.keys import keys_from
from beffroi.config import Settings, from_mapping
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid
from beffroi_federation import auditor
from beffroi_web.configuration import SettingsRefused
from support.town import Town

PAIR = sealed.new_key()
FIRST = datetime(2027, 1, 4, 4, 10, tzinfo=UTC)


def keeping(town: Town, tmp_path: Path, **more: object) -> Settings:
    """Return the town's settings with a folder of backups and somebody to encrypt them for."""
    folder = tmp_path / "backups"
    folder.mkdir(exist_ok=True)
    said = {"backup_dir": folder, "backup_recipients": (str(PAIR.to_public()),)}
    return replace(town.settings, **{**said, **more})  # type: ignore[arg-type]


def night(town: Town, settings: Settings, at: datetime, *, tried: bool = False) -> int:
    args = argparse.Namespace(file=None, verify=tried, new_key=None)
    with town.look():
        return commands.run_backup(args, settings, now=at)


def names(settings: Settings) -> list[str]:
    assert settings.backup_dir is not None
    return sorted(path.name for path in settings.backup_dir.iterdir() if path.is_file())


def only(settings: Settings) -> Path:
    assert settings.backup_dir is not None
    [file] = settings.backup_dir.glob("*.backup.age")
    return file


def key_in(folder: Path) -> str:
    file = folder / "key.txt"
    file.write_text(sealed.key_file(PAIR))
    return str(file)


def tried(town: Town, settings: Settings, file: Path, key: str | None) -> int:
    args = argparse.Namespace(file=file, identity=key)
    with town.look():
        return commands.run_verify(args, settings, now=town.now)


def test_an_encrypted_backup_is_tried_and_restored_on_either_database(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refs = [town.request(title=f"Demande {n}", email=f"a{n}@x.example") for n in range(2)]
    town.release(refs[0])
    town.work()
    settings = keeping(town, tmp_path)
    assert night(town, settings, town.now) == 0
    file = only(settings)
    assert b"Demande" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    later = town.request(title="Après la sauvegarde")
    assert tried(town, settings, file, None) == 1
    assert "--identity" in capsys.readouterr().err
    assert ledger.standing(settings.data_dir).verified_at is None
    assert tried(town, settings, file, key_in(tmp_path)) == 0
    assert "peut être restaurée" in capsys.readouterr().out
    assert ledger.standing(settings.data_dir).verified_at == town.now
    assert town.id_of(later), "the running town was touched"
    assert not (settings.data_dir / "trying-a-restore").exists()
    with town.look():
        commands.restore(settings, file, now=town.now, confirm=lambda _: True, say=lambda _: None,
                         keys=keys_from(key_in(tmp_path)))  # fmt: skip
        db.session.remove()
    assert town.rows('SELECT 1 FROM "case" WHERE ref = :ref', ref=later) == []
    assert town.id_of(refs[1])
    assert town.one("SELECT count(*) FROM log_state WHERE behind_since IS NOT NULL") == 1


def test_nights_are_counted_and_only_our_own_files_go(village: Town, tmp_path: Path) -> None:
    settings = keeping(village, tmp_path, backup_daily=2, backup_weekly=1, backup_monthly=0)
    assert settings.backup_dir is not None
    old = FIRST - timedelta(days=60)
    siren, stamp = settings.siren, old.strftime("%Y%m%dT%H%M%SZ")
    foreign = {
        f"beffroi-217500016-{stamp}.backup.age": b"age-encryption.org/v1\n",  # of another town
        f"beffroi-{siren}-{stamp}.backup": b"not a backup at all",
        "before-0.1.0.backup": b"PK\x03\x04",
        "notes.txt": b"",
    }
    ours = {
        f"beffroi-{siren}-{stamp}.backup.age": b"age-encryption.org/v1\n",  # notes of it are lost
        f"beffroi-{siren}-{stamp}.backup.age.part": b"age-encryption.org/v1\n",  # its writer died
    }
    for name, data in (foreign | ours).items():
        file = settings.backup_dir / name
        file.write_bytes(data)
        os.utime(file, (old.timestamp(), old.timestamp()))
    link = settings.backup_dir / f"beffroi-{siren}-20261001T041000Z.backup"
    link.symlink_to(tmp_path / "elsewhere")
    for number in range(4):
        assert night(village, settings, FIRST + timedelta(days=number)) == 0
    left = set(names(settings))
    assert foreign.keys() <= left
    assert link.is_symlink()
    assert not ours.keys() & left
    made = sorted(left - foreign.keys())
    assert [name.split("-")[2][:8] for name in made] == ["20270106", "20270107"]
    assert ledger.sizes(settings.data_dir).keys() == set(made)
    (settings.backup_dir / made[1]).write_bytes(b"age-encryption.org/v1\n-> half")  # cut off since
    assert night(village, settings, FIRST + timedelta(days=4)) == 0
    assert made[0] in names(settings), "one that is cut off was counted as the day's"


def test_the_public_log_stays_for_ever_and_never_goes_back(
    village: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = keeping(village, tmp_path, backup_daily=1, backup_weekly=0, backup_monthly=0)
    village.release(village.request(title="zqxcontent", email="a@x.example"))
    village.work()
    assert night(village, settings, FIRST) == 0
    [copy] = (tmp_path / "backups").glob("log-*-1")
    village.release(village.request(title="Une autre", email="b@x.example"))
    village.work()
    assert night(village, settings, FIRST + timedelta(days=1)) == 0
    size = int((copy / "checkpoint").read_text().split("\n")[1])
    assert size == village.one("SELECT published FROM log_state") > 2
    assert len(list(copy.glob("tile/entries/*.p/*"))) == 1, "a superseded tile is still there"
    assert not any(b"zqxcontent" in file.read_bytes() for file in copy.rglob("*") if file.is_file())
    capsys.readouterr()
    assert auditor.main([str(copy), "--vkey-file", str(copy / "vkeys"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    with village.change():
        db.session.execute(text("UPDATE log_state SET behind_since = '2027-01-05 00:00:00'"))
    (copy / "checkpoint").write_text((copy / "checkpoint").read_text() + "— kept\n")
    assert night(village, settings, FIRST + timedelta(days=2)) == 0
    assert (copy / "checkpoint").read_text().endswith("— kept\n")


def unsigned(town: Town) -> None:
    note = town.one("SELECT note FROM log_state")
    head, signature = note.rsplit(" ", 1)
    flipped = "B" if signature[40] == "A" else "A"
    other = f"{head} {signature[:40]}{flipped}{signature[41:]}"
    with town.change():
        db.session.execute(text("UPDATE log_state SET note = :note"), {"note": other})


def test_a_backup_that_is_no_good_is_not_counted_and_takes_no_place(
    village: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = keeping(village, tmp_path, backup_daily=1, backup_weekly=0, backup_monthly=0)
    village.release(village.request())
    village.work()
    assert night(village, settings, FIRST) == 0
    good, standing = names(settings), ledger.standing(settings.data_dir)
    unsigned(village)
    assert night(village, settings, FIRST + timedelta(days=1), tried=True) == 1
    assert "checkpoint" in capsys.readouterr().err
    assert set(good) < set(names(settings)), "the good one was deleted"
    assert ledger.standing(settings.data_dir) == standing
    assert newest.made_at(settings.data_dir) == FIRST


def test_what_was_just_written_is_tried_without_the_key(village: Town, tmp_path: Path) -> None:
    settings = keeping(village, tmp_path)
    assert night(village, settings, FIRST, tried=True) == 0
    assert ledger.standing(settings.data_dir).verified_of == FIRST
    with sealed.opened(only(settings), [PAIR], tmp_path) as plain:  # and the safe's key opens it
        assert plain.read(2) == b"PK"


def another_word(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def no_backup(file: Path) -> None:
    with file.open("wb") as target:
        sealing = sealed.Sealing(target, [str(PAIR.to_public())])
        sealing.write(b"a letter to somebody")
        sealing.finish()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (another_word, "damaged or cut off"),
        (cut, "damaged or cut off"),
        (no_backup, "not a backup"),
    ],
)
def test_a_restore_from_what_is_amiss_changes_nothing(
    village: Town, tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    settings = keeping(village, tmp_path)
    ref = village.request()
    assert night(village, settings, FIRST) == 0
    harm(only(settings))
    here = sorted(settings.data_dir.rglob("*"))
    with village.look(), pytest.raises(Invalid, match=said):
        commands.restore(settings, only(settings), now=village.now, confirm=lambda _: True,
                         say=lambda _: None, keys=lambda: [PAIR])  # fmt: skip
    assert sorted(settings.data_dir.rglob("*")) == here
    assert village.id_of(ref)


def test_a_folder_that_is_away_is_not_made_and_two_tries_do_not_meet(
    village: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = replace(village.settings, backup_dir=tmp_path / "away")
    assert night(village, away, FIRST) == 1
    assert "away" in capsys.readouterr().err
    assert not (tmp_path / "away").exists()
    assert night(village, village.settings, FIRST) == 2
    left = village.settings.data_dir / "trying-a-restore"
    left.mkdir()
    (left / "of-a-crash").write_bytes(b"")
    with scratch(village.settings.data_dir) as folder:
        assert list(folder.iterdir()) == []
        with pytest.raises(Conflict), scratch(village.settings.data_dir):
            pass


def test_a_new_pair_is_shown_once_and_fits_the_setting(
    village: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = argparse.Namespace(file=None, verify=False, new_key=str(tmp_path / "pair"))
    with village.look():
        assert commands.run_backup(args, village.settings, now=FIRST) == 0
    [pair] = sealed.keys_in((tmp_path / "pair").read_text())
    said = capsys.readouterr()
    assert str(pair.to_public()) in said.err
    assert str(pair) not in said.out + said.err
    assert (tmp_path / "pair").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "wrong",
    [{"backup_recipients": "age1xyz"}, {"backup_recipients": str(PAIR)}, {"backup_days": "36"},
     {"backup_daily": "0"}],
)  # fmt: skip
def test_a_setting_that_would_not_serve_is_refused(wrong: dict[str, str]) -> None:
    [name] = wrong
    with pytest.raises(SettingsRefused) as refused:
        from_mapping(wrong)
    assert f"BEFFROI_{name.upper()}" in str(refused.value)
    assert str(PAIR) not in str(refused.value)


def test_what_a_killed_trial_left_in_clear_is_swept_and_one_under_way_is_kept(
    village: Town,
) -> None:
    program = (
        "import pathlib, sys\n"
        "from beffroi.backups.adapters.scratch import scratch\n"
        "with scratch(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'town.sqlite3').write_text('in clear')\n"
        "    print('there', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    folder = village.settings.data_dir / NAME
    line = [sys.executable, "-c", program, str(village.settings.data_dir)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as trial:
        assert trial.stdout is not None
        assert trial.stdout.readline() == b"there\n"
        village.work()
        assert (folder / "town.sqlite3").exists()
        trial.kill()
    assert (folder / "town.sqlite3").exists()
    village.later(hours=1)
    village.work()
    assert not folder.exists()
