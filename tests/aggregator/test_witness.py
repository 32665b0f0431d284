# SPDX-License-Identifier: AGPL-3.0-or-later
"""The nation as a witness: what it cosigns, what it answers; it never agrees to two pasts."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from beffroi_federation.aggregator.intake.queries import freshness
from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.towns import commands as towns
from beffroi_federation.aggregator.towns import service as registry
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.witness import commands, queries, service
from beffroi_federation.aggregator.witness.adapters import keys
from beffroi_federation.aggregator.witness.rules import Step, origin_hash
from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.cosigning import read_answer, read_cosignatures
from beffroi_federation.entries import CheckpointEntry, encode_content_line, parse_entry
from beffroi_federation.merkle import consistency_proof, verify_consistency
from beffroi_federation.notes import Verifier, format_note, sign
from beffroi_federation.notes import parse as parse_note
from beffroi_federation.policy import parse_policy
from beffroi_federation.signed_requests import request_headers, request_text
from beffroi_federation.signing import CheckpointSigner
from beffroi_federation.tiles import bundle_path, decode_bundle, tile_path
from beffroi_federation.verify import accepted_note
from support.nation import Nation, make_town, request_content
from support.simulated_town import Answer, SimulatedTown
from support.submissions import Signing, leaves_of, submission

Serve = Callable[[SimulatedTown], SimulatedTown]

SIREN = "210000006"
TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@pytest.fixture
def town(serve: Serve) -> SimulatedTown:
    """A served town with one entry."""
    made = make_town()
    made.begin_batch("2026-W40")
    made.publish()
    return serve(made)


def with_keys(nation: Nation) -> keys.PublicKeys:
    return commands.init(nation.settings.data_dir, nation.settings.public_url)


def post(client: FlaskClient, body: bytes) -> TestResponse:
    return client.post("/witness/add-checkpoint", data=body)


def signing(town: SimulatedTown, leaves: list[bytes]) -> Signing:
    return Signing(town.origin, town.key, leaves)


def of(town: SimulatedTown, path: str) -> str:
    return f"/witness/{origin_hash(town.origin)}/{path}"


def row(nation: Nation) -> TownRow:
    return nation.town(SIREN)


def test_the_nine_requests_of_the_protocol_have_their_answers(
    small_nation: Nation, town: SimulatedTown
) -> None:
    witness = with_keys(small_nation).witness
    small_nation.know(town)
    client = small_nation.client()
    log = signing(town, leaves_of("beffroi-test", 70_000))

    def answers(body: bytes) -> tuple[int, str | None, bytes]:
        answer = post(client, body)
        return answer.status_code, answer.headers.get("Content-Type"), answer.data

    status, kind, body = answers(log.submission(0, 256))
    assert (status, kind) == (200, TEXT)
    text = log.note(256).partition("\n\n")[0] + "\n"
    (cosignature,) = read_answer(text, body, [witness])
    assert cosignature.seconds == int(small_nation.clock.now().timestamp())
    assert answers(log.submission(0, 257)) == (409, SIZE, b"256\n")
    assert answers(log.submission(256, 257, [bytes(32)]))[:2] == (422, TEXT)
    assert answers(log.submission(256, 257))[0] == 200
    assert answers(log.submission(257, 257))[0] == 200
    assert len(log.proof(257, 70_000)) == 18
    assert answers(log.submission(257, 70_000))[0] == 200
    assert answers(submission(70_000, [], log.note(257)))[0] == 400
    other = replace(log, origin="autre.example/beffroi/210000006/1", leaves=[b"x"])
    assert answers(other.submission(0, 1))[0] == 404
    altered = log.submission(70_000, 70_000).replace(b"70000\n", b"70001\n")
    assert answers(altered)[0] == 403
    served = client.get(of(town, "checkpoint"))
    assert served.status_code == 200
    assert served.headers["Content-Type"] == TEXT
    assert open_checkpoint(served.data, [Verifier.from_text(town.vkey()), witness]).size == 70_000
    assert len(read_cosignatures(served.data, [witness])) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: b"",
        lambda body: b"old\n\n" + body.partition(b"\n\n")[2],
        lambda body: body.replace(b"old 0\n", b"old 00\n"),
        lambda body: body.replace(b"old 0\n", b"old -1\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\r\n"),
        lambda body: body.replace(b"old 0\n", b"old  0\n"),
        lambda body: body.replace(b"old 0\n", b"old 99999999999999999999\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\nAAAA\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + b"A" * 44 + b"\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + (b"A" * 43 + b"=\n") * 64),
        lambda body: body.replace(b"old 0\n", "old 0\né\n".encode()),
        lambda body: body[:-1],
        lambda body: body + b"x",
        lambda body: body.replace(b"\n\n", b"\n", 1),
        lambda body: body + body.splitlines(keepends=True)[-1],
        lambda body: body + "— a.example AAAAAAA=\n".encode() * 17,
    ],
)
def test_a_submission_that_is_none_is_answered_400_and_changes_nothing(
    small_nation: Nation, town: SimulatedTown, spoil: Callable[[bytes], bytes]
) -> None:
    with_keys(small_nation)
    small_nation.know(town)
    log = signing(town, leaves_of("beffroi-test", 3))
    answer = post(small_nation.client(), spoil(log.submission(0, 3)))
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == TEXT
    assert small_nation.rows("witnessed") == []


def test_a_submission_that_is_too_long_is_not_read(small_nation: Nation) -> None:
    with_keys(small_nation)
    assert post(small_nation.client(), b"x" * 200_000).status_code == 413


def test_more_than_a_consistent_history_is_refused_with_its_own_status(
    small_nation: Nation, town: SimulatedTown
) -> None:
    with_keys(small_nation)
    small_nation.know(town)
    client = small_nation.client()
    log = signing(town, leaves_of("beffroi-test", 8))
    empty = log.note(0).replace("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "A" * 43 + "=")
    assert post(client, submission(0, [], empty)).status_code == 403
    wrong_empty = _signed_text(log, f"{log.origin}\n0\n{'A' * 43}=\n")
    assert post(client, submission(0, [], wrong_empty)).status_code == 422
    assert post(client, log.submission(0, 3, [bytes(32)])).status_code == 422
    stranger = replace(log, key=Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert post(client, stranger.submission(0, 3)).status_code == 403
    extended = _signed_text(log, log.note(3).partition("\n\n")[0] + "\nextension\n")
    assert post(client, submission(0, [], extended)).status_code == 400
    assert small_nation.rows("accepted_checkpoint") == []
    assert post(client, log.submission(0, 0)).status_code == 200
    assert small_nation.rows("accepted_checkpoint") == []
    assert client.get(of(town, "checkpoint")).status_code == 404


def _signed_text(log: Signing, text: str) -> str:
    return format_note(text, [sign(text, log.origin, log.key)])


def test_a_line_of_a_stranger_beside_the_log_s_own_is_left_aside(
    small_nation: Nation, town: SimulatedTown
) -> None:
    with_keys(small_nation)
    small_nation.know(town)
    log = signing(town, leaves_of("beffroi-test", 3))
    stranger = replace(log, key=Ed25519PrivateKey.from_private_bytes(bytes(32)))
    body = log.submission(0, 3) + stranger.note(3).splitlines(keepends=True)[-1].encode()
    assert post(small_nation.client(), body).status_code == 200
    served = small_nation.client().get(of(town, "checkpoint")).get_data(as_text=True)
    assert served.count("— ") == 2


def test_two_signed_histories_of_one_size_stop_the_town_and_are_kept(
    small_nation: Nation, town: SimulatedTown
) -> None:
    with_keys(small_nation)
    small_nation.know(town)
    client = small_nation.client()
    log = signing(town, leaves_of("beffroi-test", 8))
    fork = signing(town, leaves_of("beffroi-fork", 8))
    assert post(client, log.submission(0, 8)).status_code == 200
    assert post(client, fork.submission(8, 8)).status_code == 422
    assert row(small_nation).state == "quarantined"
    assert post(client, log.submission(8, 8)).status_code == 404
    page = small_nation.page("/audit")
    assert "serves another history" in page
    event = small_nation.client().get("/api/v1/audit").json["items"][0]
    kept = client.get(event["evidence"].removeprefix(small_nation.settings.public_url)).json
    assert kept["accepted_checkpoint"] == log.note(8)
    assert kept["submitted_checkpoint"] == fork.note(8)


def test_a_fork_that_is_submitted_with_another_old_size_is_kept_too(
    small_nation: Nation, town: SimulatedTown
) -> None:
    with_keys(small_nation)
    small_nation.know(town)
    client = small_nation.client()
    log, fork = signing(town, leaves_of("a", 8)), signing(town, leaves_of("b", 8))
    assert post(client, log.submission(0, 8)).status_code == 200
    answer = post(client, fork.submission(0, 8))
    assert (answer.status_code, answer.data) == (409, b"8\n")
    assert row(small_nation).state == "quarantined"


@pytest.mark.parametrize("state", ["waiting", "suspended"])
def test_only_the_logs_of_approved_towns_are_witnessed(
    small_nation: Nation, town: SimulatedTown, state: str
) -> None:
    with_keys(small_nation)
    small_nation.know(town, approve=False)
    if state == "suspended":
        with small_nation.app.app_context():
            towns.suspend(SIREN, by="Ada", reason="a test", now=small_nation.clock.now())
    log = signing(town, leaves_of("beffroi-test", 3))
    assert post(small_nation.client(), log.submission(0, 3)).status_code == 404


def test_without_keys_nothing_is_cosigned_and_the_operator_is_told_what_to_run(
    small_nation: Nation, town: SimulatedTown
) -> None:
    small_nation.know(town)
    answer = post(small_nation.client(), signing(town, leaves_of("a", 3)).submission(0, 3))
    assert answer.status_code == 503
    assert "beffroi-aggregator init" in answer.get_data(as_text=True)
    small_nation.pull()
    assert small_nation.client().get("/log/checkpoint").status_code == 404


def test_a_pull_is_witnessed_too_and_enters_the_nation_s_own_log_once(
    nation: Nation, town: SimulatedTown
) -> None:
    public = with_keys(nation)
    nation.know(town)
    nation.pull()
    nation.pull()
    served = nation.client().get(of(town, "checkpoint"))
    assert open_checkpoint(served.data, [Verifier.from_text(town.vkey()), public.witness]).size == 1
    assert len(read_cosignatures(served.data, [public.witness])) == 1
    log = signing(town, town.leaves)
    assert post(nation.client(), log.submission(1, 1)).status_code == 200
    nation.pull()
    assert [accepted_note(entry) for entry in own_entries(nation, public)] == [log.note(1)]


def own_entries(nation: Nation, public: keys.PublicKeys) -> list[CheckpointEntry]:
    """Return the entries of the nation's own log as it serves them, its checkpoint verified."""
    client = nation.client()
    note = client.get("/log/checkpoint")
    size = open_checkpoint(note.data, [public.log]).size
    data = client.get("/log/" + bundle_path(0, size)).data
    entries = [parse_entry(leaf) for leaf in decode_bundle(data, size)]
    return [one for one in entries if isinstance(one, CheckpointEntry)]


def test_a_submission_brings_the_next_pull_forward_and_both_agree(
    nation: Nation, town: SimulatedTown
) -> None:
    public = with_keys(nation)
    nation.know(town)
    nation.pull()
    town.record(request_content(1))
    town.publish()
    log = signing(town, town.leaves)
    assert post(nation.client(), log.submission(1, 2)).status_code == 200
    with nation.app.app_context():
        assert freshness()[row(nation).log_id].due_at == nation.clock.now()
    nation.pull()
    assert nation.client().get("/api/v1/towns").json["items"][0]["size"] == 2
    assert [entry.size for entry in own_entries(nation, public)] == [1, 2]


def test_the_pull_refuses_another_history_than_the_one_that_was_submitted(
    nation: Nation, town: SimulatedTown
) -> None:
    with_keys(nation)
    nation.know(town)
    nation.pull()
    told = signing(town, [*town.leaves, b"told to the witness"])
    assert post(nation.client(), told.submission(1, 2)).status_code == 200
    nation.clock.move(timedelta(minutes=1))
    town.record(request_content(1))
    town.record(request_content(2))
    town.publish()
    assert nation.pull()[SIREN].step == "fork"
    assert row(nation).state == "quarantined"
    assert nation.client().get("/api/v1/towns").json["items"][0]["size"] == 1
    kept = nation.client().get("/api/v1/audit").json["items"][0]["evidence"]
    assert kept is not None
    evidence = nation.client().get(kept.removeprefix(nation.settings.public_url)).json
    assert evidence["accepted_checkpoint"] == told.note(2)


@pytest.mark.parametrize("said", ["anew", "unchanged", "nothing but that nothing changed"])
def test_the_pull_refuses_less_than_what_was_submitted_before_it_asked(
    nation: Nation, town: SimulatedTown, said: str
) -> None:
    with_keys(nation)
    nation.know(town)
    nation.pull()
    told = signing(town, [*town.leaves, b"one", b"two"])
    assert post(nation.client(), told.submission(1, 3)).status_code == 200
    nation.clock.move(timedelta(minutes=5))
    town.record(request_content(1))
    town.publish()
    assert nation.pull()[SIREN].result == "taken"  # a cache may give what was there before
    nation.clock.move(timedelta(minutes=6))
    if said == "anew":
        town.instead["log/checkpoint"] = Answer(200, town.notes[2].encode(), {"ETag": '"other"'})
    elif said == "unchanged":
        nation.clock.move(timedelta(days=1))  # contents are compared again
    town.requests.clear()
    assert nation.pull()[SIREN].step == "rollback"
    if said == "nothing but that nothing changed":
        assert town.requests == ["log/checkpoint"]
        assert row(nation).state == "quarantined"


def test_a_town_that_had_a_larger_log_cosigned_just_now_may_still_say_that_nothing_changed(
    nation: Nation, town: SimulatedTown
) -> None:
    with_keys(nation)
    nation.know(town)
    nation.pull()
    told = signing(town, [*town.leaves, b"one", b"two"])
    assert post(nation.client(), told.submission(1, 3)).status_code == 200
    nation.clock.move(timedelta(minutes=9))
    assert nation.pull()[SIREN].result == "unchanged"
    assert row(nation).state == "approved"


def test_a_submission_cannot_found_another_history_than_the_one_that_was_pulled(
    nation: Nation, town: SimulatedTown
) -> None:
    with_keys(nation)
    nation.know(town)
    nation.pull()
    told = signing(town, leaves_of("another past", 5))
    answer = post(nation.client(), told.submission(0, 5))
    assert (answer.status_code, answer.data) == (409, b"1\n")
    assert post(nation.client(), told.submission(1, 5)).status_code == 422


def test_a_pull_that_was_overtaken_by_a_submission_writes_nothing_and_comes_again(
    nation: Nation, town: SimulatedTown
) -> None:
    with_keys(nation)
    nation.know(town)
    nation.pull()
    town.record(request_content(1))
    town.publish()
    log = signing(town, [*town.leaves, b"later"])
    with nation.app.app_context():
        log_id = row(nation).log_id
        standing = queries.standing(log_id)

        def step(size: int) -> Step:
            note = parse_note(log.note(size))
            checkpoint = open_checkpoint(log.note(size), [Verifier.from_text(town.vkey())])
            return Step(standing, checkpoint, note.signatures[0])

        with unit_of_work():
            assert service.accept([(step(2), nation.clock.now())]) == set()
        for size, moved in ((3, {log_id}), (2, set())):
            with unit_of_work():
                assert service.accept([(step(size), nation.clock.now())]) == moved
            assert queries.standing(log_id).size == 2
    assert len(nation.rows("accepted_checkpoint")) == 2


def test_tiles_and_entries_are_served_as_far_as_they_are_stored(
    nation: Nation, serve: Serve
) -> None:
    with_keys(nation)
    town = make_town(population_band="200000+")
    for _ in range(600):
        town.begin_batch("2026-W40")
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    client = nation.client()
    log = signing(town, town.leaves)
    for index, width in ((0, 256), (1, 256), (2, 88), (2, 5)):
        answer = client.get(of(town, bundle_path(index, width)))
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
        expected = tuple(town.leaves[index * 256 : index * 256 + width])
        assert decode_bundle(answer.data, width) == expected
    reader = _Reader(client, of(town, ""))
    proof = consistency_proof(reader, 300, 600)
    verify_consistency(300, 600, proof, log.root(300), log.root(600))
    assert len(client.get(of(town, tile_path(1, 0, 2))).data) == 64
    for path in ("tile/0/002.p/89", "tile/1/000.p/3", "tile/0/003", "tile/entries/003.p/1",
                 "tile/8/000", "tile/0/0", "tile/x", "content/000"):  # fmt: skip
        assert client.get(of(town, path)).status_code in (403, 404), path
    assert client.get("/witness/" + "0" * 64 + "/checkpoint").status_code == 404
    log_more = signing(town, [*town.leaves, *leaves_of("more", 100)])
    assert post(client, log_more.submission(600, 700)).status_code == 200
    assert client.get(of(town, tile_path(0, 2, 188))).status_code == 404


class _Reader:
    """Reads hash tiles from the nation's addresses."""

    def __init__(self, client: FlaskClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        answer = self._client.get(self._prefix + tile_path(level, index, width))
        assert answer.status_code == 200
        return answer.data


def test_a_log_with_many_bundles_has_its_tiles_worked_out_bit_by_bit(
    small_nation: Nation, serve: Serve
) -> None:
    town = make_town(population_band="200000+")
    for _ in range(256 * 4):
        town.begin_batch("2026-W40")
    town.publish()
    serve(town)
    small_nation.know(town)
    small_nation.pull()
    log_id = row(small_nation).log_id
    with small_nation.app.app_context():
        for expected in (False, True, True):
            with unit_of_work():
                assert service.extend_tiles(log_id, 1_024, most=3) is expected
        kept = queries.TownTiles(log_id).read_tile(1, 0, 4)
    log = signing(town, town.leaves)
    assert kept == b"".join(_bundle_root(log, at) for at in range(4))


def _bundle_root(log: Signing, bundle: int) -> bytes:
    return Signing(log.origin, log.key, log.leaves[bundle * 256 : bundle * 256 + 256]).root(256)


def test_contents_are_given_to_the_town_alone(nation: Nation, serve: Serve) -> None:
    with_keys(nation)
    town = make_town()
    town.record(request_content(1))
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    client, path = nation.client(), of(town, "content/000")
    now = int(nation.clock.now().timestamp())

    def signed(key: Ed25519PrivateKey, where: str, when: int) -> dict[str, str]:
        return request_headers(when, key.sign(request_text(town.origin, where, when).encode()))

    salt, content = town.contents[0]
    answer = client.get(path, headers=signed(town.key, path, now))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.data == encode_content_line(0, salt, content)
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    for headers in (
        {},
        signed(other, path, now),
        signed(town.key, of(town, "content/001"), now),
        signed(town.key, path, now - 301),
        signed(town.key, path, now + 301),
        {"Beffroi-Time": "now", "Beffroi-Signature": "x"},
    ):
        refused = client.get(path, headers=headers)
        assert refused.status_code == 403
        assert content not in refused.data
    beyond = of(town, "content/001")
    assert client.get(beyond, headers=signed(town.key, beyond, now)).status_code == 404


def test_the_nation_s_keys_are_told_as_a_policy(small_nation: Nation) -> None:
    assert small_nation.client().get("/log/policy").status_code == 503
    public = with_keys(small_nation)
    policy = parse_policy(small_nation.client().get("/log/policy").data)
    assert policy.verifiers() == (public.witness,)
    assert policy.log_keys(public.log.name) == (public.log,)
    assert policy.witnesses[0].url == "http://127.0.0.1:8300/witness"


def test_the_keys_are_made_once_and_are_the_operator_s_alone(tmp_path: Path) -> None:
    made = commands.init(tmp_path, "https://nation.example")
    assert commands.init(tmp_path, "https://renamed.example") == made
    assert made.witness.name == "nation.example/beffroi/witness"
    assert made.log.name == "nation.example/beffroi/checkpoints/1"
    assert (tmp_path / "witness/keys").stat().st_mode & 0o777 == 0o600
    signer = keys.log_signer(tmp_path)
    assert signer is not None
    assert signer.vkeys() == (made.log.vkey(),)


def test_the_own_log_goes_on_after_a_crash_between_signature_and_commit(
    nation: Nation, town: SimulatedTown
) -> None:
    public = with_keys(nation)
    nation.know(town)
    nation.pull()
    town.record(request_content(1))
    town.publish()
    log = signing(town, town.leaves)
    assert post(nation.client(), log.submission(1, 2)).status_code == 200
    signer = keys.log_signer(nation.settings.data_dir)
    assert signer is not None
    with nation.app.app_context():
        with pytest.raises(RuntimeError, match="crash"):
            _die_after_signing(signer)
        assert len(own_entries(nation, public)) == 1
        assert commands.settle(now=nation.clock.now()) == 1
        assert commands.settle(now=nation.clock.now()) == 0
    assert [entry.size for entry in own_entries(nation, public)] == [1, 2]


def _die_after_signing(signer: CheckpointSigner) -> None:
    with unit_of_work():
        assert len(service.write_own_log(signer)) == 1
        raise RuntimeError("crash")


RACER = """
import sys
from beffroi_federation.aggregator.app import create_app
from beffroi_federation.aggregator.config import from_mapping

url, folder, port, *bodies = sys.argv[1:]
app = create_app(from_mapping({
    "name": "Nation", "public_url": "http://127.0.0.1:8300", "data_dir": folder,
    "secret_key": "a secret of the tests, long enough to be one", "database_url": url,
}))
client = app.test_client()
print("ready", flush=True)
sys.stdin.readline()
for path in bodies:
    answer = client.post("/witness/add-checkpoint", data=open(path, "rb").read())
    print(answer.status_code, answer.data.decode().strip().split(" ")[0], flush=True)
"""


@pytest.mark.slow
def test_of_two_processes_that_submit_two_histories_at_once_one_is_cosigned(
    nation: Nation, town: SimulatedTown, tmp_path: Path
) -> None:
    with_keys(nation)
    nation.know(town)
    client = nation.client()
    rounds = 6
    shared = leaves_of("shared", 1)
    log = signing(town, shared)
    assert post(client, log.submission(0, 1)).status_code == 200
    one = signing(town, [*shared, *leaves_of("one", rounds)])
    two = signing(town, [*shared, *leaves_of("two", rounds)])
    files: dict[str, list[str]] = {}
    for name, side in (("one", one), ("two", two)):
        for at in range(1, rounds + 1):
            path = tmp_path / f"{name}-{at}"
            # Different sizes, so that no signed pair of one size ends the race early.
            size = at + 1
            path.write_bytes(side.submission(1, size))
            files.setdefault(name, []).append(str(path))
    files["two"].reverse()
    command = [sys.executable, "-c", RACER, nation.settings.database_url, str(tmp_path), "0"]
    racers = [
        subprocess.Popen(
            [*command, *files[name]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60)[0].splitlines() for racer in racers]
    assert all(racer.returncode == 0 for racer in racers)
    accepted = [line for lines in said for line in lines if line.startswith("200")]
    assert len(accepted) == 1, said
    assert len(nation.rows("accepted_checkpoint")) == 2


def test_people_read_the_nation_s_keys_and_its_own_log_on_the_audit_page(
    small_nation: Nation, town: SimulatedTown
) -> None:
    assert "cosigns nothing" in small_nation.page("/audit")
    public = with_keys(small_nation)
    small_nation.know(town)
    small_nation.pull()
    page = small_nation.page("/audit")
    assert public.witness.vkey() in page
    assert public.log.vkey() in page
    assert "Our log has 1 entry." in page
    assert "beffroi-verify http://127.0.0.1:8300 --split-view" in page
    assert "Notre journal compte 1 entrée." in small_nation.page("/audit", lang="fr")


def test_for_the_days_of_a_rotation_the_key_before_is_the_town_s_as_well(
    nation: Nation, serve: Serve
) -> None:
    with_keys(nation)
    town = make_town()
    town.record(request_content(1))
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    path = of(town, "content/000")
    new = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
    with nation.app.app_context(), unit_of_work():
        vkey = replace(signing(town, town.leaves), key=new).vkey()
        registry.change_key(nation.town(SIREN).log_id, vkey, 1, now=nation.clock.now())

    def status(key: Ed25519PrivateKey) -> int:
        now = int(nation.clock.now().timestamp())
        signature = key.sign(request_text(town.origin, path, now).encode())
        return nation.client().get(path, headers=request_headers(now, signature)).status_code

    assert (status(new), status(town.key)) == (200, 200)
    nation.clock.move(timedelta(days=36))
    assert (status(new), status(town.key)) == (200, 403)
