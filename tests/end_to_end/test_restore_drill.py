# SPDX-License-Identifier: AGPL-3.0-or-later
"""The restore drill: back up, publish more, restore the old backup; no fork leaves the machine.

Each drill runs on SQLite and on PostgreSQL. Every checkpoint that anybody was ever given is kept,
and at the end each must be the beginning of the log as it is then.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from beffroi.feed import commands as feed
from beffroi.kernel.db import MIGRATIONS
from beffroi.signer import commands as keeping
from beffroi_federation.aggregator.intake import commands as intake
from beffroi_federation.entries import Content
from beffroi_federation.errors import ProtocolError
from beffroi_federation.signer import memory_signer
from beffroi_federation.signer_words import seed_from_words, seed_words
from beffroi_federation.tiles import bundle_path, encode_bundle
from support.databases import database_fixture, fresh
from support.drill import Died, Drill, Served, drilled
from support.nation_copy import NationCopy
from support.town import SEED

database_url = database_fixture(MIGRATIONS)
sqlite_url = database_fixture(MIGRATIONS, kinds=("sqlite",))

SECRET = "Les coordonnées de Madame Exemple"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@dataclass(frozen=True)
class Story:
    """What happened: the backup, and the references of the cases by what became of them."""

    file: Path
    answered: str
    erased: str
    held: str
    waiting: str
    after: str


def live(drill: Drill) -> Story:
    """A town lives: some things before the backup, some after it, and the nation pulls all."""
    town = drill.town
    answered = town.request(title="Menus des cantines", email="a@x.example")
    erased = town.request(title=SECRET, wanted="Tout sur Madame Exemple", email="b@x.example")
    held = town.request(title="Marchés publics, un nom de trop", email="c@x.example")
    for ref in (answered, erased, held):
        town.release(ref)
    for n in range(6):
        town.report(email=f"r{n}@x.example")
    drill.work()
    drill.pull()
    waiting = town.request(title="Bulletins municipaux", email="d@x.example")
    town.release(waiting)  # waits in the outbox when the backup is made
    file = drill.back_up()

    drill.work()
    town.later(days=100)  # the quarter is over: its counts are published
    town.answer(answered, "published", "Les voici.", url="https://donnees.ville.example/menus")
    town.remove(erased, reason="À la demande de la personne", code="erasure")
    town.hold(held, "title")
    after = town.request(title="Une demande d’après la sauvegarde", email="e@x.example")
    town.release(after)
    drill.work()
    drill.pull()
    return Story(file, answered, erased, held, waiting, after)


def silences(drill: Drill, ref: str) -> int:
    """How often a case was called refused by silence."""
    found: int = drill.town.one(
        "SELECT count(*) FROM timeline WHERE step = 'implicit_refusal' AND case_id = :c",
        c=drill.town.id_of(ref),
    )
    return found


def is_as_it_should_be(drill: Drill, story: Story) -> None:
    """What must hold after catching up, and still after the worker went on."""
    town = drill.town
    drill.no_fork()
    drill.nothing_twice()
    assert SECRET not in drill.served_text()
    assert "un nom de trop" not in drill.served_text()
    assert town.one('SELECT visibility FROM "case" WHERE ref = :r', r=story.erased) == "removed"
    originals = town.rows("SELECT original FROM case_text")
    assert SECRET not in {row.original for row in originals}
    states = town.rows("SELECT state FROM case_text WHERE case_id = :c", c=town.id_of(story.held))
    assert "released" not in {row.state for row in states}
    contents = b"".join(bytes(r.content) for r in town.rows("SELECT content FROM log_content"))
    assert b"incident_summary" in contents
    assert SECRET.encode() not in contents


@pytest.mark.parametrize("kind", ["copy", "real"])
def test_an_old_backup_catches_up_with_what_was_published(
    database_url: str, tmp_path: Path, stack: ExitStack, kind: str
) -> None:
    with drilled(database_url, tmp_path, stack, kind=kind) as (drill, _):
        story = live(drill)
        size = drill.town.one("SELECT published FROM log_state")
        leaves = drill.leaves()
        drill.restore(story.file)
        assert drill.town.one("SELECT published FROM log_state") < size
        for path in ("checkpoint", "content/000", "tail/0", "tile/entries/000.p/1"):
            assert drill.town.app.test_client().get(f"/log/{path}").status_code == 503
        with pytest.raises(ProtocolError), drill.town.look():
            drill.town.publish()

        report = drill.recover()
        assert (report.after, report.unlocked) == (size, True)
        assert drill.leaves() == leaves
        assert sorted(report.held) == sorted([story.erased, story.held])
        assert report.newer == [story.answered]
        assert len(report.unknown) == 2  # reception and record of the case after the backup
        is_as_it_should_be(drill, story)

        drill.work()
        is_as_it_should_be(drill, story)
        assert drill.leaves()[:size] == leaves
        new = drill.town.request(title="La vie continue")
        drill.town.release(new)
        drill.town.answer(story.answered, "published", "Encore.", url="https://x.example/y")
        drill.work()
        is_as_it_should_be(drill, story)
        kinds = [leaf["t"] for leaf in drill.leaves()[size:]]
        assert kinds.count("rec") == 1
        # The answered case goes on where the log had left it: nobody called it refused by silence.
        # The one that waited when the backup was made is refused by now, in a restored town too.
        assert kinds.count("sup") == 2
        assert silences(drill, story.answered) == 0
        assert silences(drill, story.waiting) == 1
        drill.pull()


def test_the_worker_does_it_by_itself(
    database_url: str, tmp_path: Path, stack: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    with drilled(database_url, tmp_path, stack, kind="copy") as (drill, _):
        story = live(drill)
        leaves = drill.leaves()
        drill.restore(story.file)
        drill.work()
        assert "Le journal a rattrapé son retard" in caplog.text
        assert drill.leaves()[: len(leaves)] == leaves
        is_as_it_should_be(drill, story)


def lose_memory(drill: Drill) -> None:
    """A new machine: nothing of the signer's is there but the words in the safe."""
    folder = keeping.signer_folder(drill.town.settings)
    origin = feed.origin_of(drill.town.settings)
    for file in folder.keys.iterdir():
        if file.name != "lock":
            file.unlink()
    folder.restore(origin, seed_from_words(" ".join(seed_words(SEED))))


def test_a_signer_made_again_from_its_words_signs_nothing_before_it_has_caught_up(
    sqlite_url: str, tmp_path: Path, stack: ExitStack
) -> None:
    with drilled(sqlite_url, tmp_path, stack, kind="real") as (drill, _):
        story = live(drill)
        leaves = drill.leaves()
        drill.restore(story.file)
        lose_memory(drill)
        assert drill.standing().locked
        with pytest.raises(ProtocolError), drill.town.look():
            drill.town.publish()
        report = drill.recover()
        assert report.unlocked
        assert not drill.standing().locked
        assert drill.standing().size == len(leaves)
        drill.work()
        assert drill.leaves()[: len(leaves)] == leaves
        is_as_it_should_be(drill, story)


def test_a_backup_that_is_newer_than_the_nations_copy_waits_for_its_next_pull(
    sqlite_url: str, tmp_path: Path, stack: ExitStack
) -> None:
    with drilled(sqlite_url, tmp_path, stack, kind="real") as (drill, _):
        live(drill)
        newer = drill.town.request(title="Plus récente que la nation")
        drill.town.release(newer)
        drill.work()
        file = drill.back_up()
        drill.restore(file)
        lose_memory(drill)
        assert not drill.recover().unlocked
        with pytest.raises(ProtocolError), drill.town.look():
            drill.town.publish()
        drill.pull()  # the feed is open: what is there was signed and served before
        assert drill.recover().unlocked
        drill.town.release(drill.town.request(title="La vie continue"))
        drill.work()
        drill.no_fork()
        drill.nothing_twice()
        assert SECRET not in drill.served_text()


def test_what_was_taken_off_and_waits_for_its_batch_does_not_come_back(
    sqlite_url: str, tmp_path: Path, stack: ExitStack
) -> None:
    """The content is gone at once and the nation sees it, days before the log says so."""
    with drilled(sqlite_url, tmp_path, stack, kind="copy", publish="weekly") as (drill, _):
        town = drill.town
        gone = town.request(title=SECRET, email="b@x.example")
        stays = town.request(title="Menus des cantines", email="a@x.example")
        for ref in (gone, stays):
            town.release(ref)
        town.later(days=7)
        drill.work()
        drill.pull()
        file = drill.back_up()
        town.remove(gone, code="erasure")
        drill.pull()
        drill.restore(file)
        report = drill.recover()
        assert report.held == [gone]
        assert SECRET not in drill.served_text()
        assert "Menus des cantines" in drill.served_text()
        town.later(days=7)
        drill.work()
        assert [leaf["t"] for leaf in drill.leaves()].count("wdr") == 1
        drill.no_fork()


def test_a_nation_that_holds_almost_nothing_any_more_is_not_believed(
    sqlite_url: str, tmp_path: Path, stack: ExitStack
) -> None:
    with drilled(sqlite_url, tmp_path, stack, kind="copy") as (drill, nation):
        for n in range(51):
            drill.town.release(drill.town.request(title=f"Demande n° {n}"))
        drill.work()
        drill.pull()
        drill.restore(drill.back_up())
        before = drill.dump()
        nation.contents.clear()
        with pytest.raises(ProtocolError, match="lacks more contents"):
            drill.recover()
        assert drill.dump() == before


def note_of_another_key(drill: Drill, nation: NationCopy) -> None:
    forger = memory_signer(nation.origin, bytes(range(7, 39)))
    nation.sign(forger.sign(0, 3, bytes(32), ()))


def older_note(drill: Drill, nation: NationCopy) -> None:
    nation.sign(min(drill.notes, key=lambda note: int(note.split("\n")[1])))


def stale_copy(drill: Drill, nation: NationCopy) -> None:
    nation.newest = int(nation.note.split("\n")[1])
    older_note(drill, nation)


def without_the_witness(drill: Drill, nation: NationCopy) -> None:
    nation.instead["checkpoint"] = nation.note.rsplit("—", 1)[0].encode()


def note_of_another_log(drill: Drill, nation: NationCopy) -> None:
    other = memory_signer("autre.example/beffroi/210000006/1", SEED)
    origin = nation.origin
    nation.sign(other.sign(0, 3, bytes(32), ()))
    nation.origin = origin


def altered_leaf(drill: Drill, nation: NationCopy) -> None:
    at = next(n for n, leaf in enumerate(nation.leaves) if n > drill.size() and b'"rec"' in leaf)
    nation.leaves[at] = nation.leaves[at].replace(b'{"c":"', b'{"c":"A', 1)[:-1] + b"}"


def swapped_leaves(drill: Drill, nation: NationCopy) -> None:
    nation.leaves[-1], nation.leaves[-2] = nation.leaves[-2], nation.leaves[-1]


def bundle_with_less(drill: Drill, nation: NationCopy) -> None:
    path = bundle_path(0, len(nation.leaves))
    nation.instead[path] = encode_bundle(nation.leaves[:-1])


def altered_content(drill: Drill, nation: NationCopy) -> None:
    at = max(nation.contents)
    one = nation.contents[at]
    nation.contents[at] = Content(at, one.salt, one.content.replace(b"e", b"a", 1))


def altered_content_of_before(drill: Drill, nation: NationCopy) -> None:
    at = min(nation.contents)
    one = nation.contents[at]
    nation.contents[at] = Content(at, one.salt, one.content.replace(b"e", b"a", 1))


def content_of_a_reception(drill: Drill, nation: NationCopy) -> None:
    at = max(n for n, leaf in enumerate(nation.leaves) if b'"rcv"' in leaf)
    nation.contents[at] = Content(at, bytes(32), b"{}")


def endless_content(drill: Drill, nation: NationCopy) -> None:
    nation.instead["content/000"] = b"{" * 13_000_000


def no_note(drill: Drill, nation: NationCopy) -> None:
    nation.instead["checkpoint"] = b"<html>maintenance</html>"


LIES = (
    note_of_another_key, note_of_another_log, altered_leaf, swapped_leaves, bundle_with_less,
    altered_content, altered_content_of_before, content_of_a_reception, endless_content, no_note,
)  # fmt: skip


@pytest.mark.parametrize(
    ("remembers", "lies"),
    [
        (True, (*LIES, older_note)),  # only the memory can tell; without it, see below
        # the witness itself tells that it has accepted more; who remembers needs no witness
        (False, (*LIES, stale_copy, without_the_witness)),
    ],
    ids=["who-remembers", "whose-memory-is-lost"],
)
def test_an_aggregator_that_lies_is_refused_and_nothing_has_changed(
    tmp_path: Path,
    stack: ExitStack,
    remembers: bool,
    lies: Sequence[Callable[[Drill, NationCopy], None]],
) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with drilled(url, tmp_path, stack, kind="copy") as (drill, nation):
        story = live(drill)
        drill.restore(story.file)
        if not remembers:
            lose_memory(drill)
        before, standing = drill.dump(), drill.standing()
        truth = nation.leaves[:], dict(nation.contents), nation.note
        for lie in lies:  # each finds what the one before it found, for nothing has changed
            lie(drill, nation)
            with pytest.raises(ProtocolError):
                pytest.fail(f"{lie.__name__}: {drill.recover()}")
            assert drill.dump() == before, lie.__name__
            assert drill.standing() == standing, lie.__name__
            assert drill.town.app.test_client().get("/log/checkpoint").status_code == 503
            nation.leaves, nation.contents, nation.note = truth[0][:], dict(truth[1]), truth[2]
            nation.instead.clear()
        assert drill.recover().unlocked
        is_as_it_should_be(drill, story)


def test_an_old_checkpoint_unlocks_no_signer_whose_log_holds_more(
    tmp_path: Path, stack: ExitStack
) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with drilled(url, tmp_path, stack, kind="copy") as (drill, nation):
        live(drill)
        drill.restore(drill.back_up())
        lose_memory(drill)
        truth = nation.note
        older_note(drill, nation)
        assert not drill.recover().unlocked
        assert drill.standing().locked
        nation.note = truth
        assert drill.recover().unlocked
        drill.no_fork()


def test_without_an_aggregator_only_a_new_epoch_helps(
    database_url: str, tmp_path: Path, stack: ExitStack
) -> None:
    with drilled(database_url, tmp_path, stack, kind="none") as (drill, _):
        town = drill.town
        story = live(drill)
        size, old_vkey = drill.size(), feed.log_facts(town.settings).vkeys[0]
        drill.restore(story.file)
        with pytest.raises(ProtocolError, match="No aggregator is set"):
            drill.recover()
        drill.work()
        assert town.app.test_client().get("/log/checkpoint").status_code == 503
        assert drill.standing().size == size

        before = {r["id"]: r for r in drill.records() if "id" in r}
        said = drill.begin_epoch()
        town.restart_worker()  # the one that runs looks again only after a while
        assert any("2" in line for line in said)
        facts = feed.log_facts(town.settings)
        assert (facts.epoch, facts.origin) == (2, town.settings.origin[:-1] + "2")
        assert facts.vkeys[0] != old_vkey
        drill.work()
        leaves = drill.leaves()
        assert leaves[0]["t"] == "epo"
        assert (leaves[0]["o"], leaves[0]["n"]) == (town.settings.origin, size)
        assert [leaf["t"] for leaf in leaves[1:3]] == ["bat", "rcv"]
        assert {r["id"] for r in drill.records() if "id" in r} >= before.keys()
        assert town.one("SELECT count(*) FROM log_content WHERE log_id = 1") == 0
        assert town.one("SELECT count(*) FROM log_bundle WHERE log_id = 1") == 1
        drill.nothing_twice()
        drill.is_sound()
        drill.notes = {note for note in drill.notes if "/2\n" in note}
        drill.look()
        drill.no_fork()
        town.answer(story.answered, "published", "Encore.", url="https://x.example/y")
        town.remove(story.held)
        drill.work()
        assert [leaf["t"] for leaf in drill.leaves()[-2:]] != ["rec", "rec"]
        drill.is_sound()
        drill.no_fork()


def test_after_a_new_epoch_the_old_key_signs_nothing_and_the_nation_follows_the_new_one(
    sqlite_url: str, tmp_path: Path, stack: ExitStack
) -> None:
    with drilled(sqlite_url, tmp_path, stack, kind="real") as (drill, nation):
        story = live(drill)
        town = drill.town
        old = (town.settings.signer_folder / "keys" / "keyring").read_bytes()
        drill.begin_epoch()
        assert SEED not in (town.settings.signer_folder / "keys" / "keyring").read_bytes()
        assert old != (town.settings.signer_folder / "keys" / "keyring").read_bytes()
        drill.work()
        drill.is_sound()
        records = {r["id"] for r in drill.records() if "id" in r}
        nation.know(Served(f"{town.settings.public_url}/log"), approve=False)
        with nation.app.app_context():
            siren, now = town.settings.siren, nation.clock.now()
            intake.begin_epoch(siren, 2, by="Ada", words="Rappelée.", now=now)
        drill.pull()
        shown = nation.page("/requests")
        assert "Menus des cantines" in shown
        assert shown.count("Menus des cantines") == 1
        assert SECRET not in nation.dump()

        drill.restore(story.file)  # a backup of the epoch before
        assert town.app.test_client().get("/log/checkpoint").status_code == 503
        assert drill.recover().unlocked
        assert {r["id"] for r in drill.records() if "id" in r} == records
        drill.work()
        drill.nothing_twice()
        drill.is_sound()
        assert SECRET not in drill.served_text()


def test_a_new_epoch_that_was_interrupted_is_finished_by_the_same_command(
    tmp_path: Path, stack: ExitStack
) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with drilled(url, tmp_path, stack, kind="none") as (drill, _):
        live(drill)
        with pytest.raises(Died):
            drill.begin_epoch(dies_before_the_key=True)
        drill.work()
        assert drill.town.app.test_client().get("/log/checkpoint").status_code == 404
        drill.begin_epoch()
        drill.work()
        assert feed.log_facts(drill.town.settings).epoch == 2
        assert [leaf["t"] for leaf in drill.leaves()].count("epo") == 1
        drill.nothing_twice()
        drill.is_sound()
