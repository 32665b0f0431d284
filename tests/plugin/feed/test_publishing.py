# SPDX-License-Identifier: AGPL-3.0-or-later
"""From acts in the town to the public log: which entries, in what order, with which contents."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from beffroi.feed import commands, queries
from beffroi.feed.models import LogFact
from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import db
from beffroi.outbox import service as outbox
from beffroi_federation.auditor import main as verify
from beffroi_federation.entries import parse_content_lines
from beffroi_federation.errors import SignerLocked
from beffroi_federation.tail import parse_tail
from beffroi_federation.tiles import decode_bundle
from beffroi_privacy.commitments import commit
from support.town import PUBLIC_URL, Town, at_once
from support.town_files import write_files


@dataclass(frozen=True)
class Log:
    """The public log, read from what is served."""

    entries: list[dict[str, Any]]
    contents: dict[int, dict[str, Any]]

    def of_kind(self, kind: str) -> list[int]:
        return [n for n, entry in enumerate(self.entries) if entry["t"] == kind]

    @property
    def kinds(self) -> list[str]:
        return [entry["t"] for entry in self.entries]

    def open_records(self) -> list[dict[str, Any]]:
        gone = {e["i"] for e in self.entries if e["t"] in {"sup", "wdr"}}
        return [c for n, c in sorted(self.contents.items()) if n not in gone]


def read(town: Town) -> Log:
    files = town.files()
    size = int(files["log/checkpoint"].split(b"\n")[1])
    assert size < 256
    entries = [
        json.loads(leaf) for leaf in decode_bundle(files[f"log/tile/entries/000.p/{size}"], size)
    ]
    contents = {}
    for one in parse_content_lines(files["log/content/000"].splitlines(True)):
        committed = base64.urlsafe_b64decode(entries[one.index]["c"] + "=")
        assert commit(one.salt, one.content) == committed
        contents[one.index] = json.loads(one.content)
    return Log(entries, contents)


def is_sound(town: Town, folder: Path) -> bool:
    """Ask anyone's auditor."""
    number = sum(1 for _ in folder.glob("copy-*"))
    copy = folder / f"copy-{number}"
    copy.mkdir()
    write_files(copy, town.files())
    return verify([str(copy)]) == 0


def test_a_town_without_cases_has_a_log_with_one_marker(town: Town, tmp_path: Path) -> None:
    assert town.publish() == 1
    assert read(town).entries == [{"p": "2027-W02", "t": "bat", "v": 1}]
    assert town.publish() == 0
    assert is_sound(town, tmp_path)


def test_a_received_request_enters_before_anything_is_released(town: Town) -> None:
    town.request()
    town.publish()
    log = read(town)
    assert log.kinds == ["bat", "rcv"]
    assert log.contents == {}


def test_a_released_request_is_a_record_that_names_its_reception(
    town: Town, tmp_path: Path
) -> None:
    ref = town.request()
    town.publish()
    town.release(ref)
    town.publish()
    log = read(town)
    assert log.kinds == ["bat", "rcv", "bat", "rec"]
    assert log.entries[3]["q"] == 1
    record = log.contents[3]
    assert record["title"] == "Menus des cantines scolaires"
    assert (record["status"], record["clock"], record["supports"]) == ("open", "in_time", "0")
    assert (record["period"], record["commune"]) == ("2027-W02", "99999")
    assert ref not in json.dumps(log.contents)
    assert is_sound(town, tmp_path)


def test_reception_and_record_of_one_batch_are_linked_too(town: Town) -> None:
    refs = [town.request(title=f"Menus de l’école {n}") for n in range(4)]
    for ref in refs:
        town.release(ref)
    town.publish()
    log = read(town)
    assert log.kinds == ["bat", *["rcv"] * 4, *["rec"] * 4]
    places = {
        place.position: case
        for case in (town.id_of(r) for r in refs)
        for place in _places(town, f"received:{case}")
    }
    for ref in refs:
        case = town.id_of(ref)
        [own] = _places(town, f"request:{case}")
        assert places[log.entries[own.position]["q"]] == case


def _places(town: Town, fact: str) -> list[queries.Placed]:
    with town.look():
        return queries.places(fact)


def test_the_order_inside_a_batch_does_not_tell_who_came_first(village: Town) -> None:
    refs = [village.request(title=f"Menus numéro {n}") for n in range(12)]
    for ref in refs:
        village.release(ref)
    village.publish()
    titles = [r["title"] for r in read(village).contents.values()]
    assert sorted(titles) != titles
    assert len(titles) == 12


def test_a_change_supersedes_and_keeps_the_records_id(town: Town, tmp_path: Path) -> None:
    ref = town.request()
    town.release(ref)
    town.publish()
    town.later(days=3)
    town.answer(ref, "published", "Voici les menus.", url="https://data.example/menus")
    town.publish()
    log = read(town)
    assert log.kinds == ["bat", "rcv", "rec", "bat", "sup"]
    assert log.entries[4]["i"] == 2
    before, after = log.contents[2], log.contents[4]
    assert before["id"] == after["id"]
    assert (before["status"], after["status"]) == ("open", "published")
    assert after["answer"] == "Voici les menus."
    assert after["answered"] == "2027-W02"
    assert is_sound(town, tmp_path)


def test_only_the_newest_of_several_changes_enters(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    town.release(ref, title="Menus des écoles")
    town.release(ref, title="Menus des écoles et des crèches")
    town.publish()
    log = read(town)
    assert log.kinds == ["bat", "rcv", "rec"]
    assert log.contents[2]["title"] == "Menus des écoles et des crèches"


def test_a_removal_withdraws_every_version_and_its_contents(town: Town, tmp_path: Path) -> None:
    ref = town.request()
    town.release(ref)
    town.publish()
    town.release(ref, title="Menus des écoles")
    town.publish()
    town.remove(ref, code="legal", reason="La loi l’interdit")
    town.publish()
    log = read(town)
    assert log.kinds == ["bat", "rcv", "rec", "bat", "sup", "bat", "wdr", "wdr"]
    assert {(e["i"], e["r"]) for e in log.entries[6:]} == {(2, "legal"), (4, "legal")}
    assert log.contents == {}
    assert town.one("SELECT count(*) FROM log_content") == 0
    assert "La loi" not in json.dumps(log.entries)
    assert is_sound(town, tmp_path)


def test_a_removal_right_after_another_change_is_published_once(town: Town, tmp_path: Path) -> None:
    """Both facts wait at once: the withdrawal must not enter twice, nor stop the feed."""
    ref = town.request()
    town.release(ref)
    town.publish()
    town.release(ref, title="Menus des écoles")
    town.remove(ref, code="reident", reason="On la reconnaît")
    town.publish()
    log = read(town)
    assert log.kinds == ["bat", "rcv", "rec", "bat", "wdr"]
    assert log.entries[4] == {"i": 2, "r": "reident", "t": "wdr", "v": 1}
    assert is_sound(town, tmp_path)


@pytest.mark.parametrize("role", ["title", "wanted", "answer"])
def test_a_held_text_leaves_no_version_behind_that_shows_it(
    town: Town, tmp_path: Path, role: str
) -> None:
    ref = town.request()
    town.release(ref)
    town.answer(ref, "refused", "Ce document contient des secrets.", ground="business")
    town.publish()
    town.release(ref, wanted="Les menus de chaque cantine, chaque semaine.")
    town.publish()
    town.hold(ref, role)
    town.publish()
    log = read(town)
    held = {
        "title": ["Menus des cantines scolaires"],
        "wanted": ["semaine par semaine", "chaque semaine"],
        "answer": ["contient des secrets"],
    }[role]
    shown = json.dumps(log.contents, ensure_ascii=False)
    assert not [words for words in held if words in shown]
    assert len(log.open_records()) == (1 if role == "answer" else 0)
    assert is_sound(town, tmp_path)


def test_what_was_held_and_released_again_is_a_new_record(town: Town, tmp_path: Path) -> None:
    ref = town.request()
    town.release(ref)
    town.publish()
    town.hold(ref, "title")
    town.publish()
    town.release(ref, title="Menus des écoles")
    town.publish()
    town.release(ref, title="Menus des écoles publiques")
    town.publish()
    log = read(town)
    assert log.kinds.count("wdr") == 1
    [record] = log.open_records()
    assert record["title"] == "Menus des écoles publiques"
    assert is_sound(town, tmp_path)
    town.remove(ref)
    town.publish()
    assert read(town).contents == {}
    assert is_sound(town, tmp_path)


def test_a_hold_and_a_release_before_publication_withdraw_the_old_words(
    town: Town, tmp_path: Path
) -> None:
    ref = town.request()
    town.release(ref)
    town.publish()
    town.hold(ref, "title")
    town.release(ref, title="Menus des écoles")
    town.publish()
    log = read(town)
    assert "Menus des cantines scolaires" not in json.dumps(log.contents)
    [record] = log.open_records()
    assert record["title"] == "Menus des écoles"
    assert is_sound(town, tmp_path)


def test_incidents_never_leave_one_by_one(town: Town) -> None:
    for category in ("lighting", "neighbours"):
        ref = town.report(category=category)
        town.release(ref)
        town.close(ref, "resolved")
    ref = town.report(family="cyber", category="down")
    town.release(ref)
    town.publish()
    assert read(town).kinds == ["bat"]


def test_a_record_that_is_refused_leaves_its_reason_and_the_others_go_on(village: Town) -> None:
    bad, good = village.request(), village.request()
    for ref in (bad, good):
        village.release(ref)
    village.answer(bad, "published", url="https://data.example/menus")
    with village.change():  # an address that no gate of the desk would have taken
        db.session.execute(
            text("UPDATE official_answer SET url = 'https://data.example/0612345678'")
        )
    village.publish()
    log = read(village)
    assert log.kinds == ["bat", "rcv", "rcv", "rec"]
    results = [r.result for r in village.rows("SELECT result FROM outbox ORDER BY id")]
    assert any(r.startswith("refused: ") for r in results)


def test_every_fact_is_dealt_with_and_says_how(village: Town) -> None:
    ref = village.request()
    village.release(ref)
    village.publish()
    village.remove(ref)
    village.publish()
    results = [r.result for r in village.rows("SELECT result FROM outbox ORDER BY id")]
    assert None not in results
    assert results[0] == "rcv 1"


def test_one_version_of_a_fact_has_one_place(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    town.publish()
    [first] = town.rows("SELECT fact, version FROM log_fact WHERE entry = 'rec'")
    twin = LogFact(log_id=1, position=99, fact=first.fact, version=first.version, entry="rec")
    with pytest.raises(IntegrityError), town.change():
        db.session.add(twin)


def test_a_cell_of_counts_is_published_once(village: Town) -> None:
    cell = {
        "family": "street", "category": "lighting", "area": "99999", "period": "2027-01",
        "count": 12, "closed": 6, "delay_days": 9,
    }  # fmt: skip
    for _ in range(2):
        with village.change():
            outbox.put("cell", codes=cell, now=village.now)
        village.publish()
    log = read(village)
    assert log.kinds.count("rec") == 1
    [record] = log.contents.values()
    assert (record["count"], record["delay"]) == (12, "8-30")


def test_the_tail_agrees_with_the_bundles_from_any_place(village: Town) -> None:
    refs = [village.request(title=f"Menus numéro {n}") for n in range(5)]
    for ref in refs:
        village.release(ref)
        village.publish()
    files = village.files()
    size = int(files["log/checkpoint"].split(b"\n")[1])
    leaves = decode_bundle(files[f"log/tile/entries/000.p/{size}"], size)
    lines = files["log/content/000"].splitlines()
    client = village.app.test_client()
    for start in range(size):
        response = client.get(f"/log/tail/{start}", base_url=PUBLIC_URL)
        tail = parse_tail(response.get_data())
        assert (tail.start, list(tail.leaves)) == (start, list(leaves[start:]))
        assert list(tail.lines) == [li for li in lines if json.loads(li)["i"] >= start]
    assert client.get(f"/log/tail/{size}", base_url=PUBLIC_URL).status_code == 404


def test_the_log_grows_over_several_bundles_and_stays_sound(village: Town, tmp_path: Path) -> None:
    for number in range(5):
        with village.change():
            for n in range(60):
                cell = {
                    "family": "street", "category": "lighting", "area": "99999",
                    "period": f"{1900 + n}-{number + 1:02d}",
                }  # fmt: skip
                outbox.put("cell", codes=cell, now=village.now)
        village.publish()
    with village.look():
        assert SqlLogStore().head().size == 305
    assert is_sound(village, tmp_path)


# ---- crashes between two effects -----------------------------------------------------------------


class Crash(BaseException):
    """The process dies here."""


POINTS = ("before-stage", "staged-uncommitted", "staged", "signed-uncommitted", "published")


def publish_and_die(town: Town, point: str) -> None:
    def at(name: str) -> None:
        if name == point:
            raise Crash(name)

    with pytest.raises(Crash), town.app.app_context():
        commands.publish_once(
            commands.signer_for(town.settings),
            now=town.now,
            today=town.today,
            chance=town.chance,
            at=at,
        )


def test_the_points_of_a_publication_are_the_ones_that_are_tried(village: Town) -> None:
    seen: list[str] = []
    with village.app.app_context():
        commands.publish_once(
            commands.signer_for(village.settings),
            now=village.now,
            today=village.today,
            chance=village.chance,
            at=seen.append,
        )
    assert tuple(seen) == POINTS


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_loses_nothing_and_doubles_nothing(town: Town, tmp_path: Path, point: str) -> None:
    first, second = town.request(title="Menus des écoles"), town.request(title="Menus des crèches")
    town.release(first)
    town.publish()
    town.release(first, title="Menus des écoles publiques")
    town.release(second)
    publish_and_die(town, point)
    if town.one("SELECT published FROM log_state") != 0:
        assert is_sound(town, tmp_path)  # what is served meanwhile is sound too
    third = town.request(title="Menus des lycées")
    town.release(third)
    town.publish()
    log = read(town)
    assert sorted(r["title"] for r in log.open_records()) == [
        "Menus des crèches", "Menus des lycées", "Menus des écoles publiques",
    ]  # fmt: skip
    assert log.kinds.count("rcv") == 3
    assert log.kinds.count("rec") == 3
    assert log.kinds.count("sup") == 1
    assert town.one("SELECT count(*) FROM outbox WHERE done_at IS NULL") == 0
    assert is_sound(town, tmp_path)


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_during_the_very_first_publication_is_healed(
    village: Town, tmp_path: Path, point: str
) -> None:
    publish_and_die(village, point)
    village.publish()
    assert set(read(village).kinds) == {"bat"}
    assert is_sound(village, tmp_path)


def test_crash_after_crash_at_every_point_the_log_never_forks(
    village: Town, tmp_path: Path
) -> None:
    sizes = []
    for number, point in enumerate(POINTS * 2):
        ref = village.request(title=f"Menus numéro {number}")
        village.release(ref)
        publish_and_die(village, point)
        village.publish()
        with village.look():
            sizes.append(SqlLogStore().head().published)
        assert is_sound(village, tmp_path)
    assert sizes == sorted(set(sizes))
    assert len(read(village).open_records()) == len(POINTS) * 2


@pytest.mark.parametrize("lost", ["memory-1", "memory-1.seal", "keyring"])
def test_a_signer_that_lost_a_file_signs_nothing_and_the_log_waits(
    village: Town, tmp_path: Path, lost: str
) -> None:
    village.publish()
    before = village.files()["log/checkpoint"]
    kept = tmp_path / "kept"
    (village.settings.signer_folder / "keys" / lost).rename(kept)
    ref = village.request()
    village.release(ref)
    with pytest.raises(SignerLocked):
        village.publish()
    assert village.files()["log/checkpoint"] == before
    kept.rename(village.settings.signer_folder / "keys" / lost)
    village.publish()
    assert read(village).kinds == ["bat", "bat", "rcv", "rec"]
    assert is_sound(village, tmp_path)


def test_two_workers_that_publish_at_once_lose_and_double_nothing(
    town: Town, tmp_path: Path
) -> None:
    refs = [town.request(title=f"Menus numéro {n}") for n in range(6)]
    for ref in refs:
        town.release(ref)
    results = at_once([town.publish] * 3)
    assert all(isinstance(r, int) for r in results), results
    log = read(town)
    assert (log.kinds.count("rcv"), log.kinds.count("rec")) == (6, 6)
    assert town.one("SELECT count(*) FROM outbox WHERE done_at IS NULL") == 0
    assert is_sound(town, tmp_path)


# ---- the schedule --------------------------------------------------------------------------------


def on_schedule(town: Town) -> int:
    with town.app.app_context():
        return town.worker().publish(scheduled=True)


@pytest.mark.parametrize("how", ["remove", "hold"])
def test_a_withdrawal_does_not_wait_for_the_week(town: Town, tmp_path: Path, how: str) -> None:
    ref = town.request()
    town.release(ref)
    on_schedule(town)
    assert len(read(town).contents) == 1
    if how == "remove":
        town.remove(ref, code="erasure", reason="À la demande de son auteur")
    else:
        town.hold(ref, "wanted")
    town.later(days=1)
    on_schedule(town)
    assert read(town).contents == {}
    town.later(days=6)
    on_schedule(town)
    assert read(town).contents == {}
    assert is_sound(town, tmp_path)
