# SPDX-License-Identifier: AGPL-3.0-or-later
"""The engine that reaches towns: nothing that one serves harms it, or holds up the others."""

import gzip
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from beffroi_federation.aggregator.intake.adapters import engine as engines
from beffroi_federation.aggregator.intake.adapters.engine import Engine, Job, Outcome
from beffroi_federation.aggregator.intake.adapters.resolver import Resolver
from beffroi_federation.aggregator.intake.adapters.transfer import MAX_HEADERS, Manner
from beffroi_federation.asking import Ask, Fetched, Talk
from beffroi_federation.client import Timeouts
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError, Unreachable
from beffroi_federation.url_policy import AddressRefused
from support.raw_server import Authority, RawServer, Say, plain

QUICK = Timeouts(connect=1.0, total=2.0, grace=0.5)
PUBLIC = "93.184.216.34"
OTHER = "93.184.216.35"
SIX = "2606:2800:220:1:248:1893:25c8:1946"


def asks(*paths: str, most: int = 65_536, etag: str | None = None) -> Talk[list[Fetched]]:
    """Ask one question after the other."""
    found = []
    for path in paths:
        found.append((yield Ask(path, most, etag)))
    return found


def carried(engine: Engine, *jobs: Job, within: float = 10.0) -> dict[object, Outcome]:
    """Carry conversations to their ends and return these by key."""
    for job in jobs:
        engine.add(job)
    found: dict[object, Outcome] = {}
    until = time.monotonic() + within
    while not engine.idle:
        assert time.monotonic() < until, "the engine does not come to an end"
        for one in engine.step(0.2):
            found[one.key] = one
            engine.release(one.weight)
    return found


class World:
    """Servers and engines of one test."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self._open: list[Engine] = []
        self._servers: list[object] = []

    def serve(self, say: Say, *names: str) -> RawServer:
        server = RawServer(say, self.authority.context_for(*names) if names else None)
        running = server.running()
        running.__enter__()
        self._servers.append(running)
        return server

    def engine(self, *servers: RawServer, **more: object) -> Engine:
        manner = Manner(
            "Beffroi-test/1 (+https://nation.example; contact@nation.example)",
            frozenset(one.base for one in servers),
            more.pop("timeouts", QUICK),  # type: ignore[arg-type]
            more.pop("authorities", self.authority.file),  # type: ignore[arg-type]
        )
        made = Engine(manner, **more)  # type: ignore[arg-type]
        self._open.append(made)
        return made

    def close(self) -> None:
        for engine in self._open:
            engine.close()
        for server in self._servers:
            server.__exit__(None, None, None)  # type: ignore[attr-defined]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def once(world: World, say: Say, **more: object) -> Outcome:
    """Return how one question to a server on the loopback ends."""
    server = world.serve(say)
    engine = world.engine(server, **more)
    return carried(engine, Job(1, f"{server.base}/log", asks("checkpoint")))[1]


def answering(*pieces: bytes) -> Say:
    return lambda path, head: pieces


def resolver(answers: dict[str, Sequence[str]] | Callable[[str, int], Sequence[str]]) -> Resolver:
    look_up = answers if callable(answers) else lambda host, port: answers[host]
    return Resolver(look_up)


def routed(*ports: int) -> Callable[[str, int], tuple[str, int]]:
    """Lead the public addresses of the tests, in order, to ports of the loopback."""
    addresses = (PUBLIC, OTHER, SIX)
    return lambda address, port: ("127.0.0.1", ports[addresses.index(address)])


# ---- what is sent, what comes ----


def test_a_request_says_who_asks_and_sends_nothing_else_of_this_machine(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    server = world.serve(answering(plain(b"note", Set_Cookie="a=b", ETag='"1"')))
    engine = world.engine(server)
    talk = asks("checkpoint", "/.well-known/beffroi.json", etag='"abc"')
    found = carried(engine, Job(1, f"{server.base}/log", talk))[1].found
    assert [(one.status, one.body, one.etag) for one in found] == [(200, b"note", '"1"')] * 2
    assert [head.split("\r\n")[0] for head in server.heads] == [
        "GET /log/checkpoint HTTP/1.1",
        "GET /.well-known/beffroi.json HTTP/1.1",
    ]
    assert sorted(line for line in server.heads[1].split("\r\n")[1:] if line) == [
        "Accept-Encoding: gzip, identity",
        f"Host: 127.0.0.1:{server.port}",
        'If-None-Match: "abc"',
        "User-Agent: Beffroi-test/1 (+https://nation.example; contact@nation.example)",
    ]
    assert server.opened == 1


def test_a_gzip_body_is_unpacked_here_and_a_chunked_one_put_together(world: World) -> None:
    packed = gzip.compress(b"note" * 100, mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = [b"%x\r\n%b\r\n" % (1, packed[at : at + 1]) for at in range(len(packed))]
    found = once(world, answering(head, *chunks, b"0\r\n\r\n")).found
    assert found[0].body == b"note" * 100


def test_interim_heads_and_trailers_say_nothing_of_the_answer(world: World) -> None:
    early = b'HTTP/1.1 103 Early Hints\r\nETag: "early"\r\nContent-Encoding: gzip\r\n\r\n'
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    late = b'4\r\nnote\r\n0\r\nETag: "late"\r\n\r\n'
    found = once(world, answering(early, head, late)).found[0]
    assert (found.status, found.body, found.etag) == (200, b"note", None)


def test_of_a_header_that_comes_twice_the_first_counts(world: World) -> None:
    head = b'HTTP/1.1 200 OK\r\netag: "a"\r\nETag: "b"\r\nContent-Length: 4\r\n\r\n'
    assert once(world, answering(head, b"note")).found[0].etag == '"a"'


def test_a_304_is_an_answer_only_where_it_was_asked_for(world: World) -> None:
    server = world.serve(answering(b"HTTP/1.1 304 -\r\n\r\n"))
    engine = world.engine(server)
    base = f"{server.base}/log"
    found = carried(
        engine, Job(1, base, asks("checkpoint")), Job(2, base, asks("checkpoint", etag='"a"'))
    )
    assert isinstance(found[1].error, Unreachable)
    assert found[2].found[0].status == 304


def test_a_town_with_nothing_new_has_no_conversation_and_any_other_answer_begins_it(
    world: World,
) -> None:
    says = {"quiet": b"HTTP/1.1 304 -\r\n\r\n", "news": plain(b"note"), "ill": plain(b"", 503)}
    long = b"HTTP/1.1 304 -\r\nX: " + b"y" * MAX_HEADERS + b"\r\n\r\n"
    server = world.serve(lambda path, head: [{**says, "long": long}[path.split("/")[1]]])
    begun: list[str] = []

    def job(name: str) -> Job:
        def make() -> Talk[list[Fetched]]:
            begun.append(name)
            return asks("checkpoint", etag='"a"')

        return Job(name, f"{server.base}/{name}", first=Ask("checkpoint", 100, '"a"'), make=make)

    found = carried(world.engine(server), *map(job, ("quiet", "news", "ill", "long")))
    assert (found["quiet"].found, found["quiet"].error) == (None, None)
    assert [one.body for one in found["news"].found] == [b"note"]
    assert isinstance(found["ill"].error, Unreachable)
    assert isinstance(found["long"].error, OverLimit)
    assert sorted(begun) == ["ill", "long", "news"]


def test_an_error_of_the_network_can_be_met_inside_the_conversation(world: World) -> None:
    def talk() -> Talk[bytes]:
        try:
            yield Ask("tail/1", 100)
        except Unreachable:
            return (yield Ask("checkpoint", 100)).body
        raise AssertionError("the server answers with an error")

    def say(path: str, head: str) -> Iterable[bytes]:
        return [plain(b"note") if path.endswith("checkpoint") else plain(b"", 503)]

    server = world.serve(say)
    found = carried(world.engine(server), Job(1, f"{server.base}/log", talk()))
    assert found[1].found == b"note"


# ---- how much, how long ----


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([plain(gzip.compress(bytes(2**26)), Content_Encoding="gzip")], OverLimit),
        ([plain(gzip.compress(b"ab" * 30_000), Content_Encoding="gzip")], OverLimit),
        ([plain(gzip.compress(b"note")[:-4], Content_Encoding="gzip")], Malformed),
        ([plain(gzip.compress(b"note") + b"more", Content_Encoding="gzip")], Malformed),
        ([plain(b"\x8b", Content_Encoding="br")], Malformed),
        ([plain(b"x", Content_Encoding="gzip, gzip")], Malformed),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"], OverLimit),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnote"], Unreachable),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nnote"], Unreachable),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_HEADERS + b"\r\n\r\n"], OverLimit),
        ([b"HTTP/1.1 200 OK\r\n", *[b"X-%d: y\r\n" % n for n in range(4_000)]], OverLimit),
        ([b"HTTP/1.1 100 Continue\r\n\r\n"] * 2_000, OverLimit),
        ([b"note without a head"], Unreachable),
        ([bytes(range(128, 256)), b"\r\n\r\n"], Unreachable),
        ([b""], Unreachable),
    ],
    ids=[
        "bomb", "ratio", "half", "more", "brotli", "twice", "announced", "short", "negative",
        "long-header", "many-headers", "interim", "no-head", "garbage", "nothing",
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused_and_no_more_of_it_is_held(
    world: World, pieces: list[bytes], expected: type[ProtocolError]
) -> None:
    def say(path: str, head: str) -> Iterator[bytes]:
        yield from pieces
        raise ValueError  # and the connection ends

    outcome = once(world, say)
    assert isinstance(outcome.error, expected)
    assert outcome.weight <= 200_000


def test_an_endless_body_is_ended_at_its_cap(world: World) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"1000\r\n" + b"x" * 4_096 + b"\r\n"
    sent = itertools.count()

    def say(path: str, _: str) -> Iterator[bytes]:
        yield head
        for _number in sent:
            yield chunk

    outcome = once(world, say)
    assert isinstance(outcome.error, OverLimit)
    assert next(sent) < 3_000


def test_the_body_of_an_error_is_not_read_beyond_a_little(world: World) -> None:
    def say(path: str, _: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 404 -\r\nContent-Length: 100000000\r\n\r\n"
        for _number in range(10_000):
            yield bytes(10_000)

    assert once(world, say).found[0].status == 404


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_drip_is_ended_when_it_falls_behind(world: World, where: str) -> None:
    def say(path: str, _: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if where == "body" else b"X: ")
        while True:
            time.sleep(0.05)
            yield b"x"

    began = time.monotonic()
    outcome = once(world, say)
    assert time.monotonic() - began < 1.9
    assert isinstance(outcome.error, Unreachable)
    assert outcome.error.sentence == "The town answers too slowly"


def test_a_server_that_says_nothing_holds_up_nobody(world: World) -> None:
    def say(path: str, _: str) -> Iterable[bytes]:
        if "hang" in path:
            server.stopping.wait(5)
        return [plain(b"note")]

    server = world.serve(say)
    silent = socket.create_server(("127.0.0.1", 0))  # connects, and never answers
    base = f"http://127.0.0.1:{silent.getsockname()[1]}"
    engine = world.engine(server, transfers=8, per_address=8)
    engine._manner = Manner("T/1", frozenset({server.base, base}), QUICK)
    jobs = [Job(("hang", n), f"{server.base}/hang", asks("checkpoint")) for n in range(3)]
    jobs += [Job(("silent", n), f"{base}/log", asks("checkpoint")) for n in range(3)]
    jobs += [Job(n, f"{server.base}/log", asks("checkpoint", "tail/1")) for n in range(200)]
    ends: dict[object, float] = {}
    began = time.monotonic()
    for job in jobs:
        engine.add(job)
    while not engine.idle:
        for one in engine.step(0.1):
            ends[one.key] = time.monotonic() - began
            assert (one.error is None) == isinstance(one.key, int)
    silent.close()
    assert max(ends[n] for n in range(200)) < min(ends["hang", 0], ends["silent", 0])


def test_conversations_with_a_lot_wait_for_each_other_and_the_small_ones_do_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LIGHT", 100_000)
    monkeypatch.setattr(engines, "HEAVY", 1)
    big = plain(bytes(1_000_000))
    held: list[int] = []

    def say(path: str, _: str) -> Iterable[bytes]:
        return [big] if "big" in path else [plain(b"note")]

    server = world.serve(say)
    engine = world.engine(server, per_address=64, timeouts=Timeouts(total=10.0))
    prefixes = [f"{server.base}/big"] * 12 + [f"{server.base}/log"] * 30
    for number, prefix in enumerate(prefixes):
        engine.add(Job(number, prefix, asks("a", "b", most=2_000_000)))
    found: dict[object, Outcome] = {}
    while not engine.idle:
        for one in engine.step(0.1):
            found[one.key] = one
            engine.release(one.weight)
        held.append(sum(one.weight for one in engine._busy.values())
                    + sum(one.size for one in engine._busy))  # fmt: skip
    assert all(one.error is None for one in found.values())
    assert {one.weight for one in found.values()} == {2_000_000, 8}
    assert max(held) < 1_100_000 * 2 + 12 * 120_000


def test_nothing_new_begins_while_too_much_waits_to_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "HELD", 50_000)
    server = world.serve(answering(plain(bytes(30_000))))
    engine = world.engine(server)
    outcomes = []
    for number in range(2):
        assert engine.hungry
        engine.add(Job(number, f"{server.base}/log", asks("checkpoint")))
        while not engine.idle:
            outcomes += engine.step(0.1)
    assert not engine.hungry
    engine.release(outcomes[0].weight)
    assert engine.hungry


def test_a_conversation_has_an_end_whatever_its_answers_take(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LONGEST", 0.6)

    def forever() -> Talk[None]:
        while True:
            yield Ask("checkpoint", 100)

    def say(path: str, _: str) -> Iterator[bytes]:
        time.sleep(0.15)
        yield plain(b"note")

    server = world.serve(say)
    outcome = carried(world.engine(server), Job(1, f"{server.base}/log", forever()))[1]
    assert isinstance(outcome.error, Unreachable)


def test_a_fault_of_ours_in_one_conversation_ends_that_one(world: World) -> None:
    def broken() -> Talk[None]:
        yield Ask("checkpoint", 100)
        raise ZeroDivisionError

    server = world.serve(answering(plain(b"note")))
    base = f"{server.base}/log"
    jobs = [Job(1, base, broken()), Job(2, base, asks("checkpoint"))]
    found = carried(world.engine(server), *jobs)
    assert isinstance(found[1].error, ZeroDivisionError)
    assert found[2].error is None


# ---- where it goes ----


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(world: World, status: int) -> None:
    server = world.serve(answering(plain(b"", status, Location="/elsewhere")))
    outcome = carried(world.engine(server), Job(1, f"{server.base}/log", asks("checkpoint")))[1]
    assert type(outcome.error) is AddressRefused
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    "prefix",
    [
        "http://town.example/log", "https://town.example:8443/log", "https://ada@town.example/log",
        "https://127.0.0.1/log", "https://[::1]/log", "https://localhost/log", "file:///etc/passwd",
        "gopher://town.example/log", "http://127.0.0.1:1/log", "https://town.example/log?x=1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_https_on_443_of_a_name_is_refused_unasked(
    world: World, prefix: str
) -> None:
    def never(host: str, port: int) -> Sequence[str]:
        raise AssertionError(f"{host} was looked up")

    engine = world.engine(resolver=resolver(never))
    assert isinstance(carried(engine, Job(1, prefix, asks("checkpoint")))[1].error, AddressRefused)


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["::1"], [PUBLIC, "10.0.0.1"], ["169.254.169.254"], ["64:ff9b::7f00:1"], []],
)
def test_a_name_that_leads_inside_is_never_connected_to(world: World, answer: list[str]) -> None:
    def never(address: str, port: int) -> tuple[str, int]:
        raise AssertionError(f"a connection to {address}")

    engine = world.engine(resolver=resolver({"town.example": answer}), route=never)
    outcome = carried(engine, Job(1, "https://town.example/log", asks("checkpoint")))[1]
    assert isinstance(outcome.error, AddressRefused)


def test_the_checked_address_is_connected_to_under_the_towns_name(world: World) -> None:
    server = world.serve(answering(plain(b"note")), "xn--donnes-eva.example")
    engine = world.engine(
        resolver=resolver({"xn--donnes-eva.example": [PUBLIC]}), route=routed(server.port)
    )
    job = Job(1, "https://Données.example/log", asks("checkpoint"))
    assert carried(engine, job)[1].error is None
    assert "\r\nHost: xn--donnes-eva.example\r\n" in server.heads[0]


def test_a_name_that_answers_otherwise_the_second_time_changes_nothing(world: World) -> None:
    """Rebinding: one look-up a conversation, and all its connections go to what was checked."""
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []
    went: list[str] = []

    def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    def say(path: str, head: str) -> Iterator[bytes]:
        yield plain(b"note", Connection="close")
        raise ValueError  # each question needs a connection of its own

    def route(address: str, port: int) -> tuple[str, int]:
        went.append(address)
        return "127.0.0.1", server.port

    server = world.serve(say, "town.example")
    engine = world.engine(resolver=resolver(look_up), route=route)
    talk = asks("checkpoint", "tail/1", "tail/2")
    assert carried(engine, Job(1, "https://town.example/log", talk))[1].error is None
    assert (asked, went) == (["town.example"], [PUBLIC] * 3)
    assert server.opened == 3


def test_a_socket_to_any_other_address_than_the_pinned_one_is_refused(world: World) -> None:
    server = world.serve(answering(plain(b"note")))
    engine = world.engine(server)
    transfer = engine._another()
    engine._idle.append(transfer)
    begin = transfer.begin

    def astray(*arguments: Any) -> None:
        begin(*arguments)
        transfer._pinned = PUBLIC

    transfer.begin = astray  # type: ignore[method-assign]
    outcome = carried(engine, Job(1, f"{server.base}/log", asks("checkpoint")))[1]
    assert isinstance(outcome.error, Unreachable)
    assert server.opened == 0


def test_another_address_of_the_name_is_tried_when_one_takes_no_connection(world: World) -> None:
    server = world.serve(answering(plain(b"note")), "town.example")
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    engine = world.engine(
        resolver=resolver({"town.example": [SIX, PUBLIC]}), route=routed(server.port, 0, port)
    )
    outcome = carried(engine, Job(1, "https://town.example/log", asks("checkpoint", "a")))[1]
    assert outcome.error is None


@pytest.mark.parametrize(("name", "trusted"), [("other.example", True), ("town.example", False)])
def test_a_certificate_of_another_name_or_an_unknown_authority_is_refused(
    world: World, tmp_path: Path, name: str, trusted: bool
) -> None:
    server = world.serve(answering(plain(b"note")), name)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    authorities = world.authority.file if trusted else Authority(elsewhere).file
    engine = world.engine(
        resolver=resolver({"town.example": [PUBLIC]}),
        route=routed(server.port),
        authorities=authorities,
    )
    outcome = carried(engine, Job(1, "https://town.example/log", asks("checkpoint")))[1]
    assert isinstance(outcome.error, Unreachable)
    assert outcome.error.sentence == "No trustworthy TLS connection to the town"
    assert server.heads == []


# ---- names ----


def test_a_name_server_that_hangs_holds_up_its_own_towns_only(world: World) -> None:
    release = threading.Event()

    def look_up(host: str, port: int) -> Sequence[str]:
        if host.startswith("slow"):
            release.wait(20)
        return [PUBLIC]

    server = world.serve(answering(plain(b"note")), *[f"good{n}.example" for n in range(20)])
    names = Resolver(look_up, threads=2, most_threads=8, deadline=0.3)
    engine = world.engine(resolver=names, route=routed(server.port), per_address=8)
    hosts = [f"slow{n}.example" for n in range(6)] + [f"good{n}.example" for n in range(20)]
    jobs = [Job(host, f"https://{host}/log", asks("checkpoint")) for host in hosts]
    found = carried(engine, *jobs)
    release.set()
    for host, outcome in found.items():
        assert (outcome.error is None) == str(host).startswith("good"), outcome
        if outcome.error is not None:
            assert isinstance(outcome.error, Unreachable)


def test_a_name_without_an_address_is_unreachable_and_asked_once_for_many_towns(
    world: World,
) -> None:
    asked: list[str] = []

    def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    engine = world.engine(resolver=resolver(look_up))
    jobs = [Job(n, f"https://town.example/{n}", asks("checkpoint")) for n in range(30)]
    found = carried(engine, *jobs)
    assert asked == ["town.example"]
    assert {type(one.error) for one in found.values()} == {Unreachable}


# ---- politeness ----


def test_at_most_two_connections_go_to_one_address_kept_ones_among_them(world: World) -> None:
    hosts = [f"t{n}.example" for n in range(30)]
    lock, at_once = threading.Lock(), [0]

    def say(path: str, head: str) -> Iterator[bytes]:
        """Count answers that are being made: over before the last byte leaves, so none cross."""
        ours = "alone" not in head
        with lock:
            at_once.append(at_once[-1] + ours)
        time.sleep(0.01)
        with lock:
            at_once.append(at_once[-1] - ours)
        yield plain(b"note")

    shared, alone = world.serve(say, *hosts), world.serve(say, "alone.example")
    engine = world.engine(
        resolver=resolver({host: [PUBLIC] for host in hosts} | {"alone.example": [OTHER]}),
        route=routed(shared.port, alone.port),
    )
    jobs = [Job(host, f"https://{host}/log", asks("checkpoint", "tail/1")) for host in hosts]
    jobs.append(Job("alone.example", "https://alone.example/log", asks("checkpoint")))
    ends: list[object] = []
    for job in jobs:
        engine.add(job)
    while not engine.idle:
        for one in engine.step(0.1):
            assert one.error is None
            ends.append(one.key)
    assert max(at_once) == 2
    assert shared.peak <= 3  # the end of one and the beginning of the next may cross
    assert len(shared.heads) == 60
    assert ends.index("alone.example") < 10


def test_a_kept_connection_serves_the_next_conversation_and_the_next_round(world: World) -> None:
    server = world.serve(answering(plain(b"note")), "town.example")
    engine = world.engine(resolver=resolver({"town.example": [PUBLIC]}), route=routed(server.port))
    for number in range(3):
        talk = asks("checkpoint", "tail/1")
        job = Job(number, "https://town.example/log", talk)
        assert carried(engine, job)[number].error is None
    assert (server.opened, len(server.heads)) == (1, 6)


@pytest.mark.parametrize(
    ("headers", "details"),
    [
        ({"Retry_After": "120"}, {"status": 503, "retry_after": 120}),
        ({"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}, {"status": 503}),
        ({}, {"status": 503}),
    ],
)
def test_an_error_of_the_town_is_told_with_when_to_come_back(
    world: World, headers: dict[str, str], details: dict[str, object]
) -> None:
    outcome = once(world, answering(plain(b"<script>", 503, **headers)))
    assert isinstance(outcome.error, Unreachable)
    assert outcome.error.details == details
    assert "script" not in outcome.error.diagnostics()
