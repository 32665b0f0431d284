# SPDX-License-Identifier: AGPL-3.0-or-later
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from beffroi_federation import auditor
from beffroi_federation.anonymise import CampaignFact, campaign_record
from beffroi_federation.checkpoint import Checkpoint, Proof
from beffroi_federation.entries import (
    CheckpointEntry,
    EpochEntry,
    Receipt,
    RecordEntry,
    encode_content_line,
    encode_entry,
    encode_receipt,
)
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError
from beffroi_federation.identity import Identity, encode_identity, parse_identity
from beffroi_federation.log import grow
from beffroi_federation.merkle import inclusion_proof, leaf_hash
from beffroi_web.clock import FixedClock
from support.memory_log import MemoryLog
from support.simulated_town import Answer, SimulatedTown
from support.town_files import write_files

NOW = dt.datetime(2026, 10, 6, 12, tzinfo=dt.UTC)  # Tuesday of 2026-W41


@pytest.fixture(autouse=True)
def _a_still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "SystemClock", lambda: FixedClock(NOW))


def record(number: int) -> bytes:
    fact = CampaignFact(dt.date(2026, 9, 1), "call", number, 0)
    return campaign_record(fact, record_id=f"random-record-id-{number}").content


def make_town(entries: int = 300) -> SimulatedTown:
    town = SimulatedTown()
    town.begin_batch("2026-W41")
    received = town.receive(b"What I asked for")
    town.record(record(1), received=received)
    town.publish()
    for number in range(3, entries - 2):
        town.record(record(number))
    town.supersede(2, record(10_000))
    town.withdraw(2)
    town.publish()
    return town


@pytest.fixture
def town() -> SimulatedTown:
    return make_town()


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, object]]:
    code = auditor.main([*map(str, arguments), "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert isinstance(printed, dict)
    return code, printed


def copy(town: SimulatedTown, folder: Path) -> Path:
    write_files(folder, town.files())
    return folder


def key_file(town: SimulatedTown, folder: Path) -> Path:
    path = folder / "vkey.txt"
    path.write_text(f"# the town's log\n\n{town.vkey()}\n")
    return path


def test_an_honest_town_is_sound_by_its_address_its_prefix_and_its_copy(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy(town, tmp_path / "copy")
    keys = key_file(town, tmp_path)
    with town.served() as prefix:
        for source in (prefix, prefix.removesuffix("/log"), prefix + "/", folder, folder / "log"):
            code, report = run(capsys, source, "--vkey-file", keys)
            assert code == 0, report
            assert (report["ok"], report["key"], report["signed"]) == (True, "pinned", True)
            assert (report["origin"], report["size"]) == (town.origin, len(town.leaves))
            assert report["entries"] == {"bat": 1, "rcv": 1, "rec": 296, "sup": 1, "wdr": 1}
            assert report["contents"] == {
                "open": 296,
                "withdrawn": 1,
                "pending": 0,
                "missing": 0,
                "mismatch": 0,
            }
            assert report["tiles"] == 3
            assert report["remarks"] == []


def test_localhost_is_the_loopback_and_every_request_stays_under_the_town(
    town: SimulatedTown, capsys: pytest.CaptureFixture[str]
) -> None:
    with town.served() as prefix:
        code, _ = run(capsys, prefix.replace("127.0.0.1", "localhost"))
    assert code == 0
    assert town.requests[:2] == [".well-known/beffroi.json", "log/checkpoint"]


def test_a_key_that_was_not_given_is_said_to_be_not_pinned(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy(town, tmp_path)
    assert auditor.main([str(folder)]) == 0
    told = capsys.readouterr().out
    assert "is sound" in told
    assert "Key not pinned: the signature is by the key that the source itself names" in told
    assert auditor.main([str(folder / "log")]) == 0
    assert "signature was NOT checked" in capsys.readouterr().out


def test_a_log_of_somebody_else_under_the_same_name_is_a_fault(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "vkey.txt"
    keys.write_text(SimulatedTown(origin="other.example/beffroi/1/1").vkey())
    code, report = run(capsys, copy(town, tmp_path / "copy"), "--vkey-file", keys)
    assert code == 1
    assert "No known key signed this note" in str(report["faults"])


# ---- every way a copy can be wrong ----


def change(path: str, edit: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        file = folder / "log" / path
        file.write_bytes(edit(file.read_bytes()))

    act.__name__ = path
    return act


def remove(path: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / "log" / path).unlink()

    return act


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (change("checkpoint", lambda d: d.replace(b"\n300\n", b"\n299\n")), "does not verify"),
        (change("checkpoint", lambda d: d.replace(b"\n", b"\r\n")), "Checkpoint:"),
        (change("tile/entries/000", lambda d: d.replace(b"bat", b"bas")), "signed root"),
        (change("tile/entries/000", lambda d: d[:-1]), "Entries: A bundle"),
        (change("tile/entries/001.p/44", lambda d: d + b"\0\1x"), "Entries: A bundle"),
        (remove("tile/entries/000"), "is not served"),
        (change("tile/0/000", lambda d: bytes(32) + d[32:]), "Tile 0 of level 0 does not hold"),
        (change("tile/1/000.p/1", lambda d: bytes(32)), "Tile 0 of level 1 does not hold"),
        (change("tile/0/001.p/44", lambda d: d[:-1]), "Tile 1 of level 0"),
        (remove("tile/0/001.p/44"), "Tile 1 of level 0: The part of the log is not served"),
        (change("content/000", lambda d: d.replace(b'requests\\":7,', b'requests\\":8,')),
         "Entry 7: its content is not the one"),
        (change("content/001", lambda d: d[:-1]), "middle of a line"),
        (change("content/001", lambda d: d + b"{}\n"), "Contents of bundle 1"),
        (change("content/000", lambda d: encode_content_line(1, bytes(32), b"{}") + d),
         "Entry 1: a content is served for an entry that has none"),
        (change("content/000", lambda d: encode_content_line(2, bytes(32), b"{}") + d),
         "Entry 2: its content is withdrawn and still served"),
    ],
)  # fmt: skip
def test_a_copy_that_was_tampered_with_is_told_where(
    town: SimulatedTown,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    act: Callable[[Path], None],
    says: str,
) -> None:
    folder = copy(town, tmp_path / "copy")
    act(folder)
    code, report = run(capsys, folder, "--vkey-file", key_file(town, tmp_path))
    assert code == 1
    assert report["ok"] is False
    assert says in "\n".join(report["faults"])  # type: ignore[arg-type]
    assert auditor.main([str(folder)]) == 1
    told = capsys.readouterr().out
    assert "IS NOT SOUND" in told
    assert "FAULT: " in told


def test_an_entry_that_is_signed_and_wrong_is_a_fault(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town.append_leaf(b'{"t":"rec","v":1.0}')
    town.append_leaf(b'{"i":1,"r":"error","t":"wdr","v":1}')
    town.publish()
    code, report = run(capsys, copy(town, tmp_path))
    assert code == 1
    faults = "\n".join(report["faults"])  # type: ignore[arg-type]
    assert "Entry 300: " in faults
    assert "Entry 301: Entry 301 points to entry 1 in `i`" in faults


def test_a_content_that_is_no_record_is_remarked_and_no_json_is_a_fault(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town.record(b'{"kind":"request","secret":"planted","v":1}')
    town.publish()
    code, report = run(capsys, copy(town, tmp_path))
    assert code == 0
    assert len(report["remarks"]) == 1  # type: ignore[arg-type]
    assert "planted" not in json.dumps(report)
    town.record(b"no json")
    town.publish()
    code, report = run(capsys, copy(town, tmp_path))
    assert code == 1
    assert "Entry 301: its content is no record" in str(report["faults"])


def test_a_size_that_cannot_be_is_not_read(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Checkpoint(town.origin, 2**60, bytes(32)).text()
    note = text + "\n" + town.sign(text).line()
    town.instead["log/checkpoint"] = Answer(body=note.encode())
    with town.served() as prefix:
        code, report = run(capsys, prefix)
    assert code == 1
    assert "more entries than any town can have" in str(report["faults"])
    assert len(town.requests) == 2


def test_the_report_says_in_a_sentence_what_was_checked_and_found(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy(town, tmp_path)
    assert auditor.main([str(folder)]) == 0
    assert (
        "Checked: the signature of its checkpoint, each of 300 entries of 300 (its hash, its form "
        "and what it points to), 3 hash tiles, the root over all of it, and each of 296 contents "
        "against the commitment in its entry: nothing speaks against it."
    ) in capsys.readouterr().out
    (folder / "log/tile/1/000.p/1").write_bytes(bytes(32))
    assert auditor.main([str(folder)]) == 1
    told = capsys.readouterr().out
    assert "1 faults were found" in told
    assert "it is evidence" in told


def test_a_new_epoch_says_which_log_it_continues(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = SimulatedTown()
    town.append(EpochEntry("town.example/beffroi/1/1", 7, bytes(32)))
    town.publish()
    folder = copy(town, tmp_path)
    assert run(capsys, folder)[1]["continues"] == "town.example/beffroi/1/1 (ended at 7 entries)"
    town.append(EpochEntry("town.example/beffroi/1/1", 8, bytes(32)))
    town.publish()
    code, report = run(capsys, copy(town, tmp_path))
    assert code == 1
    assert "only entry 0 may" in str(report["faults"])


def accepted(origin: str, size: int, root: bytes = bytes(32)) -> CheckpointEntry:
    return CheckpointEntry(origin, size, root, bytes(68))


def test_the_log_of_the_nation_is_audited_by_its_own_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nation = SimulatedTown(origin="nation.example/log")
    nation.begin_batch("2026-W41")
    for entry in (accepted("a", 1), accepted("b", 5), accepted("a", 1), accepted("a", 9)):
        nation.append(entry)
    nation.publish()
    folder = copy(nation, tmp_path) / "log"
    code, report = run(capsys, folder)
    assert (code, report["log_of"]) == (0, "nation"), report
    assert report["entries"] == {"bat": 1, "chk": 4}
    assert run(capsys, tmp_path)[0] == 1  # a town, says its identity file, and no town logs these
    for wrong in (accepted("a", 8), accepted("b", 5, b"\1" * 32)):
        nation.append(wrong)
        nation.publish()
        code, report = run(capsys, copy(nation, tmp_path) / "log")
        assert code == 1
        assert "that cannot follow it" in str(report["faults"])
        nation.leaves.pop()
    nation.append(RecordEntry(bytes(32)))
    nation.publish()
    code, report = run(capsys, copy(nation, tmp_path) / "log")
    assert "the log of a nation never holds" in str(report["faults"])


# ---- time ----


@pytest.mark.parametrize(
    ("period", "state", "code"),
    [
        ("2026-W41", "pending", 0),
        ("2026-W40", "pending", 0),  # its week ended two days ago
        ("2026-W39", "missing", 1),
        ("2026-09-28", "pending", 0),  # ended 7.5 days ago
        ("2026-09-27", "missing", 1),
        ("2026-02-30", "pending", 0),
    ],
)
def test_an_absent_content_is_missing_eight_days_after_its_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], period: str, state: str, code: int
) -> None:
    town = SimulatedTown()
    town.begin_batch(period)
    town.append(RecordEntry(bytes(32)))
    town.publish()
    got, report = run(capsys, copy(town, tmp_path))
    assert got == code
    assert report["contents"][state] == 1  # type: ignore[index]


# ---- an earlier checkpoint ----


def test_a_log_that_continues_an_earlier_checkpoint_is_sound(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy(town, tmp_path / "copy")
    for size in town.notes:
        (tmp_path / "earlier").write_text(town.notes[size])
        assert run(capsys, folder, "--from", tmp_path / "earlier")[0] == 0


def test_a_log_that_rewrote_its_past_does_not_continue_it(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "earlier").write_text(town.notes[3])
    town.leaves[1] = encode_entry(RecordEntry(bytes(32)))
    town.publish()
    code, report = run(capsys, copy(town, tmp_path / "copy"), "--from", tmp_path / "earlier")
    assert code == 1
    assert "does not continue the earlier checkpoint" in str(report["faults"])


def test_a_log_that_went_back_is_a_fault(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "earlier").write_text(town.notes[300])
    folder = copy(town, tmp_path / "copy")
    (folder / "log" / "checkpoint").write_text(town.notes[3])
    code, report = run(capsys, folder, "--from", tmp_path / "earlier")
    assert code == 1
    assert "smaller than in the earlier checkpoint" in str(report["faults"])


def test_an_earlier_checkpoint_that_nobody_signed_is_wrong_usage(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy(town, tmp_path / "copy")
    (tmp_path / "earlier").write_text(town.notes[3].replace("\n3\n", "\n4\n"))
    code, report = run(capsys, folder, "--from", tmp_path / "earlier")
    assert (code, report["ok"]) == (2, False)


# ---- receipts ----


def receipt(town: SimulatedTown, *, index: int = 1, size: int = 300) -> Receipt:
    log = MemoryLog()
    log.stage(0, town.leaves, grow(log, 0, [leaf_hash(leaf) for leaf in town.leaves]))
    proof = Proof(index, inclusion_proof(log, index, size), town.notes[size])
    return Receipt(town.origin, index, _first_salt(town), b"What I asked for", proof.text())


def _first_salt(town: SimulatedTown) -> bytes:
    fresh = SimulatedTown(origin=town.origin)
    fresh.record(b"")
    return fresh.contents[0][0]


@pytest.mark.parametrize("size", [3, 300])
def test_a_receipt_holds_by_itself(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    (tmp_path / "receipt").write_bytes(encode_receipt(receipt(town, size=size)))
    keys = key_file(town, tmp_path)
    code, report = run(capsys, tmp_path / "receipt", "--vkey-file", keys)
    assert code == 0, report
    assert (report["origin"], report["index"], report["size"]) == (town.origin, 1, size)
    assert (report["key"], report["signed"]) == ("pinned", True)
    assert auditor.main([str(tmp_path / "receipt")]) == 0
    assert "signature was NOT checked" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", ["content", "salt", "origin", "index", "proof", "signature"])
def test_a_receipt_that_was_changed_does_not_hold(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    good = receipt(town)
    values: dict[str, object] = {
        "origin": good.origin,
        "index": good.index,
        "salt": good.salt,
        "content": good.content,
        "proof": good.proof,
    }
    values |= {
        "content": {"content": b"What I never asked for"},
        "salt": {"salt": bytes(32)},
        "origin": {"origin": "other.example/beffroi/1/1"},
        "index": {"index": 2},
        "proof": {"proof": receipt(town, index=2).proof.replace("index 2\n", "index 1\n")},
        "signature": {"proof": good.proof.replace("\n300\n", "\n299\n")},
    }[wrong]  # type: ignore[operator]
    (tmp_path / "receipt").write_bytes(encode_receipt(Receipt(**values)))  # type: ignore[arg-type]
    code, report = run(capsys, tmp_path / "receipt", "--vkey-file", key_file(town, tmp_path))
    assert code == 1
    assert report["faults"]


def test_a_receipt_without_a_proof_and_a_proof_without_its_entry_are_said_to_be_so(
    town: SimulatedTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = receipt(town)
    bare = Receipt(good.origin, good.index, good.salt, good.content)
    (tmp_path / "receipt").write_bytes(encode_receipt(bare))
    code, report = run(capsys, tmp_path / "receipt")
    assert code == 2
    assert "no proof yet" in str(report["error"])
    (tmp_path / "proof").write_text(good.proof)
    code, report = run(capsys, tmp_path / "proof")
    assert code == 2
    for part in ("without its entry", town.origin, "index = 1", "keep=1", "not checked"):
        assert part in str(report["error"])
    code, report = run(capsys, tmp_path / "proof", "--vkey-file", key_file(town, tmp_path))
    assert code == 2
    assert "signature = holds" in str(report["error"])
    stranger = tmp_path / "stranger"
    stranger.write_text(SimulatedTown(origin="other.example/beffroi/1/1").vkey())
    assert run(capsys, tmp_path / "proof", "--vkey-file", stranger)[0] == 1


# ---- usage ----


def test_what_cannot_be_reached_or_read_is_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "nokeys").write_text("# nothing\n")
    (tmp_path / "badkeys").write_text("a+b+c\n")
    for arguments in (
        [tmp_path / "nothing"],
        [tmp_path / "empty"],
        ["http://127.0.0.1:1/log"],
        ["http://town.example/log"],
        ["http://192.168.1.1/log"],
        ["ftp://town.example/"],
        ["https://127.0.0.1/log"],
        [tmp_path / "empty", "--vkey-file", tmp_path / "nokeys"],
        [tmp_path / "empty", "--vkey-file", tmp_path / "badkeys"],
        [tmp_path / "empty", "--vkey-file", tmp_path / "absent"],
        [tmp_path / "nokeys", "--from", tmp_path / "nokeys"],
    ):
        code, report = run(capsys, *arguments)
        assert code == 2, arguments
        assert report["error"]
    assert auditor.main([str(tmp_path / "nothing")]) == 2
    assert capsys.readouterr().err


def test_a_command_without_a_source_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        auditor.main([])
    assert caught.value.code == 2
    assert "source" in capsys.readouterr().err


def test_an_identity_that_leads_elsewhere_on_this_machine_is_not_followed(
    town: SimulatedTown, capsys: pytest.CaptureFixture[str]
) -> None:
    members = {name: getattr(town.identity(), name) for name in Identity.__slots__}
    lured = Identity(**members | {"prefix": "http://127.0.0.1:22/log"})
    town.instead[".well-known/beffroi.json"] = Answer(body=encode_identity(lured))
    with town.served() as prefix:
        code, report = run(capsys, prefix.removesuffix("/log"))
    assert code == 2
    assert "loopback" in str(report["error"])


# ---- the identity file ----


def test_an_identity_is_read_as_it_was_written(town: SimulatedTown) -> None:
    assert parse_identity(encode_identity(town.identity())) == town.identity()


def test_members_of_an_identity_that_are_not_known_are_left_aside(town: SimulatedTown) -> None:
    data = json.loads(encode_identity(town.identity()))
    for name in ("software", "version", "contact", "languages", "population_band"):
        del data[name]
    identity = parse_identity(json.dumps(data | {"new": [1]}).encode())
    assert (identity.origin, identity.languages) == (town.origin, ())


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("origin", None), ("origin", 1), ("origin", "a\nb"), ("prefix", "https://x.example/log/"),
        ("vkeys", []), ("vkeys", "key"), ("vkeys", [1]), ("kind", "region"), ("siren", 210000006),
        ("communes", ["x" * 501]), ("communes", ["75056"] * 5_000),
    ],
)  # fmt: skip
def test_an_identity_of_another_form_is_refused(
    town: SimulatedTown, member: str, wrong: object
) -> None:
    data = json.loads(encode_identity(town.identity())) | {member: wrong}
    with pytest.raises(Malformed):
        parse_identity(json.dumps(data).encode())


@pytest.mark.parametrize(
    ("data", "error"), [(b"[]", Malformed), (b"{", Malformed), (b" " * 65_537, OverLimit)]
)
def test_what_is_no_identity_is_refused(data: bytes, error: type[ProtocolError]) -> None:
    with pytest.raises(error):
        parse_identity(data)
