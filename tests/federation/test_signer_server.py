# SPDX-License-Identifier: AGPL-3.0-or-later
"""The signer behind its socket: the same rules, the same errors, and no client that can stop it."""

import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_federation import signer_wire as wire
from beffroi_federation.errors import (
    Fork,
    Inconsistent,
    Malformed,
    OverLimit,
    ProtocolError,
    Rollback,
    SignerAbsent,
    SignerLocked,
    Stale,
    Unsigned,
)
from beffroi_federation.log import publish
from beffroi_federation.merkle import consistency_proof, leaf_hash
from beffroi_federation.signer import memory_signer
from beffroi_federation.signer_client import SocketSigner
from beffroi_federation.signer_folder import SignerFolder, local_signer
from beffroi_federation.signer_server import MOST_CLIENTS, SignerServer, alone
from beffroi_federation.signing import Signer
from support.log_contract import fill, naive_root
from support.memory_log import MemoryLog

ORIGIN = "beffroi.example/beffroi/210000006/1"
SEED = bytes(range(32))
SECONDS = 0.5


@contextmanager
def serving(signer: Signer, path: Path) -> Iterator[SocketSigner]:
    server = SignerServer(signer, path, seconds=SECONDS)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield SocketSigner(path)
    finally:
        server.stop()
        thread.join()
        server.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "socket"


@pytest.fixture
def client(path: Path) -> Iterator[SocketSigner]:
    with serving(memory_signer(ORIGIN, SEED), path) as made:
        yield made


def say(path: Path, data: bytes, *, end: bool = False) -> dict[str, object]:
    """Send bytes to the socket; return the line that came back."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(str(path))
        link.sendall(data)
        if end:
            link.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: link.recv(65_536), b""))
    said: dict[str, object] = json.loads(answer)
    return said


def test_a_log_is_published_through_the_socket_as_without_it(client: SocketSigner) -> None:
    log, here = MemoryLog(), memory_signer(ORIGIN, SEED)
    for size in (5, 300):
        fill(log, size)
        note = publish(log, client)
        proof = consistency_proof(log, 5, 300) if size > 5 else ()
        assert here.sign(0 if size == 5 else 5, size, naive_root(size), proof) == note
    assert client.state() == here.state()
    assert client.vkeys() == here.vkeys()
    assert client.vkey() == here.vkey()
    assert client.sign_request("/x", 1) == here.sign_request("/x", 1)


def test_every_refusal_arrives_as_what_it_is(client: SocketSigner) -> None:
    log = MemoryLog()
    fill(log, 20)
    note = client.sign(0, 9, naive_root(9), ())
    with pytest.raises(Rollback):
        client.sign(9, 5, naive_root(5), ())
    with pytest.raises(Fork):
        client.sign(9, 9, leaf_hash(b"x"), ())
    with pytest.raises(Stale) as stale:
        client.sign(5, 20, naive_root(20), consistency_proof(log, 5, 20))
    assert stale.value.size == 9
    with pytest.raises(Inconsistent):
        client.sign(9, 20, naive_root(20), consistency_proof(log, 9, 20)[1:])
    with pytest.raises(Malformed):
        client.sign_request("no path", 1)
    with pytest.raises(SignerLocked):
        client.catch_up(note)
    with pytest.raises(Unsigned):
        client.catch_up(memory_signer(ORIGIN, SEED[::-1]).sign(0, 9, naive_root(9), ()))


def test_a_locked_signer_is_a_standing_and_signs_nothing(path: Path, tmp_path: Path) -> None:
    folder = SignerFolder(tmp_path / "signer")
    folder.restore(ORIGIN, SEED)
    with serving(local_signer(folder), path) as client:
        assert client.state().locked
        with pytest.raises(SignerLocked):
            client.sign(0, 5, naive_root(5), ())


def test_the_socket_is_for_its_owner_and_group(client: SocketSigner, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_nothing_that_can_be_asked_shows_or_changes_a_key(tmp_path: Path, path: Path) -> None:
    folder = SignerFolder(tmp_path / "signer")
    folder.create(ORIGIN, SEED)
    keys = (folder.keys / "keyring").read_bytes()
    with serving(local_signer(folder), path) as client:
        client.sign(0, 5, naive_root(5), ())
        answers = repr(client.state())
        for op in ("seed", "words", "keys", "rotate", "restore", "begin-epoch"):
            answer = say(path, wire.encode_line({"op": op}))
            assert (answer["ok"], answer["error"]) == (False, "Malformed")
            answers += repr(answer)
    assert SEED.hex() not in answers
    assert (folder.keys / "keyring").read_bytes() == keys


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\n", "Malformed"),
        (b"hello\n", "Malformed"),
        (b"[]\n", "Malformed"),
        (b'{"op":"state"}\n', "Malformed"),
        (b'{"op":"state","v":2}\n', "Malformed"),
        (b'{"op":"state","v":1,"more":1}\n', "Malformed"),
        (b'{"op":"state","op":"state","v":1}\n', "Malformed"),
        (b'{"op":"sign","v":1}\n', "Malformed"),
        (b'{"new":1,"old":-1,"op":"sign","proof":[],"root":"","v":1}\n', "Malformed"),
        (b'{"new":true,"old":0,"op":"sign","proof":[],"root":"","v":1}\n', "Malformed"),
        (b'{"new":1,"old":0,"op":"sign","proof":[],"root":"AAAA","v":1}\n', "Malformed"),
        (b'{"new":1,"old":0,"op":"sign","proof":[1],"root":"AAAA","v":1}\n', "Malformed"),
        (b'{"op":"announced","proof":"' + b"x" * 90_000 + b'","v":1}\n', None),
        (b'{"op":' + b"[" * 1_000 + b"]" * 1_000 + b',"v":1}\n', "OverLimit"),
        (b"\xff\xfe\n", "Malformed"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Malformed"),
    ],
)
def test_a_malformed_request_is_answered_with_a_sentence(
    client: SocketSigner, path: Path, data: bytes, error: str | None
) -> None:
    answer = say(path, data)
    if error:
        assert (answer["ok"], answer["error"]) == (False, error)
        assert str(answer["sentence"])[0].isupper()
    assert client.state().size == 0


def test_a_request_without_an_end_is_ended(client: SocketSigner, path: Path) -> None:
    assert say(path, b'{"op":"state"', end=True)["error"] == "Malformed"
    assert "too long" in str(say(path, b"x" * (wire.MAX_LINE + 1))["sentence"])


def test_a_proof_with_more_hashes_than_a_tree_has_is_over_the_limit(client: SocketSigner) -> None:
    with pytest.raises(OverLimit):
        client.sign(0, 9, naive_root(9), [leaf_hash(b"x")] * 127)


def test_clients_that_hang_are_told_so_and_hold_nobody_up(client: SocketSigner, path: Path) -> None:
    hanging = [socket.socket(socket.AF_UNIX) for _ in range(MOST_CLIENTS - 1)]
    for number, link in enumerate(hanging):
        link.settimeout(10)
        link.connect(str(path))
        link.sendall(b'{"op":' * (number % 2))
    begun = time.monotonic()
    assert client.state().size == 0
    assert time.monotonic() - begun < SECONDS, "nobody waits for the others"
    for link in hanging:
        with link:
            assert b"took too long" in link.recv(65_536)
    assert client.state().size == 0


def test_a_client_that_drips_has_its_time_and_no_more(client: SocketSigner, path: Path) -> None:
    begun = time.monotonic()
    with socket.socket(socket.AF_UNIX) as link, suppress(BrokenPipeError):
        link.connect(str(path))
        while time.monotonic() - begun < 20 * SECONDS:
            link.sendall(b" ")
            time.sleep(0.02)
    assert time.monotonic() - begun < 10 * SECONDS


def test_one_client_too_many_is_turned_away(client: SocketSigner, path: Path) -> None:
    held = [socket.socket(socket.AF_UNIX) for _ in range(MOST_CLIENTS)]
    for link in held:
        link.connect(str(path))
    deadline = time.monotonic() + SECONDS / 2
    refused: ProtocolError | None = None
    while refused is None and time.monotonic() < deadline:
        try:
            client.state()
        except OverLimit as error:
            refused = error
    assert refused is not None
    for link in held:
        link.close()
    time.sleep(0.05)
    assert client.state().size == 0


def test_clients_that_ask_at_once_get_one_history(client: SocketSigner) -> None:
    notes: list[str] = []

    def ask(size: int) -> None:
        try:
            notes.append(client.sign(0, size, naive_root(size), ()))
        except Inconsistent:
            pass

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(5, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(notes) == 1


def test_without_a_server_the_client_says_what_to_start(path: Path) -> None:
    with pytest.raises(SignerAbsent, match="start `beffroi signer`"):
        SocketSigner(path).state()
    with serving(memory_signer(ORIGIN, SEED), path) as client:
        client.state()
    with pytest.raises(SignerAbsent, match="start `beffroi signer`"):
        client.state()
    with pytest.raises(SignerAbsent, match="start `beffroi signer`"):
        SocketSigner(path / "nowhere" / "socket").state()


def test_a_socket_that_a_killed_server_left_is_taken_over(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(SignerAbsent):
        SocketSigner(path).state()
    with serving(memory_signer(ORIGIN, SEED), path) as client:
        client.state()


def answering(path: Path, answer: Callable[[socket.socket], None]) -> threading.Thread:
    """Run a server that answers one client as it likes."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with listener:
            link, _ = listener.accept()
            with link:
                answer(link)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{}\n",
        b'{"ok":true,"v":1}\n',
        b'{"ok":true,"v":1,"vkeys":[]}\n',
        b'{"ok":true,"v":1,"vkeys":[1]}\n',
        b'{"ok":false,"v":1}\n',
        b'{"error":"Stale","ok":false,"sentence":"x","v":1}\n',
        b'{"error":"Nonsense","ok":false,"sentence":"x","v":1}\n',
        b"x" * (wire.MAX_LINE + 10),
    ],
)
def test_an_answer_that_is_none_is_an_error_of_the_protocol(path: Path, line: bytes) -> None:
    def answer(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(line)

    thread = answering(path, answer)
    with pytest.raises(ProtocolError):
        SocketSigner(path).vkeys()
    thread.join()


def test_a_server_that_hangs_is_not_waited_for(path: Path) -> None:
    release = threading.Event()
    thread = answering(path, lambda _link: release.wait(10) and None)
    with pytest.raises(SignerAbsent, match="in time"):
        SocketSigner(path, seconds=0.2).vkeys()
    release.set()
    thread.join()


def test_only_one_server_serves_a_folder(tmp_path: Path) -> None:
    with alone(tmp_path / "lock"):
        with pytest.raises(SignerLocked, match="already"), alone(tmp_path / "lock"):
            raise AssertionError("two servers")
    with alone(tmp_path / "lock"):
        pass


def test_a_path_longer_than_a_sockets_name_may_be_is_no_hindrance(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    with serving(memory_signer(ORIGIN, SEED), folder / "socket") as client:
        assert client.state().size == 0


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_line_is_a_message_or_malformed(data: bytes) -> None:
    signer = memory_signer(ORIGIN, SEED)
    try:
        wire.answer(signer, wire.decode_line(data + b"\n"))
    except (Malformed, OverLimit):
        pass


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {"op": st.sampled_from("sign vkeys sign-request state catch-up announced".split())},
        optional={
            name: st.none() | st.booleans() | st.integers(-3, 2**53 - 1) | st.text(max_size=80)
            | st.lists(st.text(max_size=50), max_size=3)
            for name in ("old", "new", "root", "proof", "path", "seconds", "note")
        },
    )
)  # fmt: skip
def test_any_members_are_answered_or_refused_by_the_protocol(members: dict[str, object]) -> None:
    try:
        line = wire.encode_line(members)
    except ValueError:
        return  # half of a surrogate pair
    try:
        wire.encode_line(wire.answer(memory_signer(ORIGIN, SEED), wire.decode_line(line)))
    except ProtocolError:
        pass
