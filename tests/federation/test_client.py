# SPDX-License-Identifier: AGPL-3.0-or-later
import contextlib
import datetime as dt
import gzip
import ipaddress
import itertools
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.bodies import split_lines, unpack
from beffroi_federation.client import DirectoryFetcher, FeedClient, HttpFetcher, Timeouts
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError, Unreachable
from beffroi_federation.notes import Verifier
from beffroi_federation.pulling import Pulled, pull, verdicts
from beffroi_federation.url_policy import (
    AddressRefused,
    check_addresses,
    check_prefix,
    is_public,
)
from beffroi_federation.verify import ContentState, ReplicaState
from support.dishonest import BEHAVIOURS, Behaviour
from support.simulated_town import Answer, SimulatedTown
from support.town_files import write_files

NOW = dt.datetime(2026, 10, 5, 3, tzinfo=dt.UTC)
QUICK = Timeouts(connect=2, total=2, grace=1)


class Remembered:
    """What was pulled so far, in memory (`verify.Past`)."""

    def __init__(self) -> None:
        self.kinds: dict[int, str] = {}
        self.versions: dict[int, int] = {}

    def kind_at(self, index: int) -> str | None:
        return self.kinds.get(index)

    def next_version(self, index: int) -> int | None:
        return self.versions.get(index)

    def keep(self, pulled: Pulled) -> None:
        self.kinds |= {i: e.kind for i, e in enumerate(pulled.entries, pulled.start)}
        self.versions |= pulled.consequences.superseded


def content(number: int) -> bytes:
    return f'{{"kind":"campaign","number":{number},"v":1}}'.encode()


def grown_town(entries: int = 12) -> SimulatedTown:
    town = SimulatedTown()
    town.begin_batch("2026-W40")
    for number in range(entries - 1):
        town.record(content(number))
    town.publish()
    return town


def fetcher(town: SimulatedTown, **settings: object) -> HttpFetcher:
    settings = {"timeouts": QUICK} | settings
    return HttpFetcher(
        town.prefix,
        user_agent="Test/1 (+https://beffroi.example/contact)",
        allowed_loopback=town.allowed(),
        **settings,  # type: ignore[arg-type]
    )


def pull_once(
    feed: FeedClient, town: SimulatedTown, state: ReplicaState, past: Remembered
) -> tuple[Pulled, dict[int, ContentState]]:
    pulled = pull(feed, state, [Verifier.from_text(town.vkey())], past, max_growth=5_000)
    assert pulled is not None
    states = {index: verdict.state for index, verdict in verdicts(feed, pulled, now=NOW)}
    past.keep(pulled)
    return pulled, states


# ---- an honest town ----


@pytest.mark.parametrize("serves_tails", [True, False])
def test_an_honest_town_is_pulled_twice_and_the_second_time_only_what_is_new(
    serves_tails: bool,
) -> None:
    town = grown_town(300)
    town.serves_tails = serves_tails
    past = Remembered()
    with town.served(), fetcher(town) as client:
        feed = FeedClient(client)
        first, states = pull_once(feed, town, ReplicaState(town.origin), past)
        assert first.state.size == 300
        assert set(states.values()) == {ContentState.OPEN}
        assert len(states) == 299
        newer = town.supersede(7, content(1_000))
        town.withdraw(9)
        town.publish()
        town.requests.clear()
        second, states = pull_once(feed, town, first.state, past)
        assert (second.start, second.state.size) == (300, 302)
        assert second.consequences.superseded == {7: newer}
        assert second.consequences.withdrawn == {9: "erasure"}
        assert states == {newer: ContentState.OPEN}
        expected = (
            ["log/checkpoint", "log/tail/300"]
            if serves_tails
            else ["log/checkpoint", "log/tail/300", "log/tile/entries/001.p/46", "log/content/001"]
        )
        assert town.requests == expected


def test_an_unchanged_checkpoint_is_one_request() -> None:
    town = grown_town()
    past = Remembered()
    with town.served(), fetcher(town) as client:
        feed = FeedClient(client)
        first, _ = pull_once(feed, town, ReplicaState(town.origin), past)
        town.requests.clear()
        verifiers = [Verifier.from_text(town.vkey())]
        again = pull(feed, first.state, verifiers, past, max_growth=9, etag=first.etag)
        assert again is None
        assert town.requests == ["log/checkpoint"]


def test_a_partial_bundle_that_has_grown_full_is_read_from_the_full_one() -> None:
    town = grown_town(250)
    with town.served(), fetcher(town) as client:
        feed = FeedClient(client)
        town.instead["log/tile/entries/000.p/250"] = Answer(404)
        for number in range(10):
            town.record(content(number))
        town.publish()
        bundles = list(feed.bundles(240, 250))
        assert bundles == [(240, tuple(town.leaves[240:250]))]


def test_contents_that_did_not_change_are_not_sent_again() -> None:
    town = grown_town()
    with town.served(), fetcher(town) as client:
        feed = FeedClient(client)
        first = feed.contents(0)
        assert len(list(first.lines)) == 11
        assert feed.contents(0, first.etag).unchanged
        town.withdraw(3)
        changed = feed.contents(0, first.etag)
        assert 3 not in {line.index for line in changed.lines}


def test_the_identity_file_is_found_at_the_root_of_the_host() -> None:
    town = grown_town()
    with town.served() as prefix, fetcher(town) as client:
        identity = FeedClient(client).identity()
        assert (identity.origin, identity.prefix) == (town.origin, prefix)
        assert identity.vkeys == (town.vkey(),)


def test_a_folder_is_read_as_the_town_itself(tmp_path: Path) -> None:
    town = grown_town(300)
    write_files(tmp_path, town.files())
    for folder in (tmp_path, tmp_path / "log"):
        feed = FeedClient(DirectoryFetcher(folder))
        pulled, states = pull_once(feed, town, ReplicaState(town.origin), Remembered())
        assert pulled.state.size == 300
        assert set(states.values()) == {ContentState.OPEN}
    assert FeedClient(DirectoryFetcher(tmp_path)).identity().origin == town.origin


def test_a_folder_gives_no_more_of_a_file_than_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"x" * 100)
    with pytest.raises(OverLimit):
        DirectoryFetcher(tmp_path).get("checkpoint", max_bytes=99)
    assert DirectoryFetcher(tmp_path).get("nothing/here", max_bytes=9).status == 404


def test_a_request_says_who_asks_and_sends_nothing_else_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(65_536))
            connection.sendall(b"HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    base = f"http://127.0.0.1:{port}"
    with HttpFetcher(f"{base}/log", user_agent="T/1", allowed_loopback=frozenset({base})) as client:
        client.get("checkpoint", etag='"abc"', max_bytes=10)
    thread.join()
    listener.close()
    lines = heard[0].decode().split("\r\n")
    assert lines[0] == "GET /log/checkpoint HTTP/1.1"
    assert sorted(line for line in lines[1:] if line) == [
        "Accept-Encoding: gzip, identity",
        f"Host: 127.0.0.1:{port}",
        'If-None-Match: "abc"',
        "User-Agent: T/1",
    ]


def test_a_body_without_a_length_is_read_to_the_end_of_its_connection() -> None:
    town = grown_town()
    town.instead["log/checkpoint"] = Answer(body=[b"one ", b"two"])
    with town.served(), fetcher(town) as client:
        for _ in range(2):
            assert client.get("checkpoint", max_bytes=10).body == b"one two"


def test_a_body_in_chunks_is_put_together() -> None:
    town = grown_town()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    town.instead["log/checkpoint"] = Answer(raw=head + b"4\r\nbody\r\n0\r\n\r\n")
    with town.served(), fetcher(town) as client:
        assert client.get("checkpoint", max_bytes=10).body == b"body"
        town.instead["log/checkpoint"] = Answer(raw=head + b"4\r\nbo")
        with pytest.raises(Unreachable):
            client.get("checkpoint", max_bytes=10)


def test_one_connection_serves_several_requests_and_a_closed_one_is_opened_anew() -> None:
    town = grown_town()
    opened: list[socket.socket] = []

    def count(address: str, port: int, timeout: float) -> socket.socket:
        opened.append(socket.create_connection((address, port), timeout))
        return opened[-1]

    with town.served(), fetcher(town, open_connection=count) as client:
        for _ in range(3):
            assert client.get("checkpoint", max_bytes=65_536).status == 200
        assert len(opened) == 1
        opened[0].shutdown(socket.SHUT_RDWR)
        assert client.get("checkpoint", max_bytes=65_536).status == 200
        assert len(opened) == 2


@pytest.mark.parametrize(
    ("status", "headers", "details"),
    [
        (503, {"Retry-After": "120"}, {"status": 503, "retry_after": 120}),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, {"status": 429}),
        (500, {}, {"status": 500}),
        (401, {}, {"status": 401}),
    ],
)
def test_an_error_of_the_town_is_told_with_when_to_come_back(
    status: int, headers: dict[str, str], details: dict[str, object]
) -> None:
    town = grown_town()
    town.instead["log/checkpoint"] = Answer(status, b"<script>", headers)
    with town.served(), fetcher(town) as client, pytest.raises(Unreachable) as caught:
        FeedClient(client).checkpoint()
    assert caught.value.details == details
    assert "script" not in caught.value.diagnostics()


# ---- a dishonest one ----


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.name)
def test_a_dishonest_town_is_refused_within_the_caps(behaviour: Behaviour) -> None:
    town = grown_town(12)
    past = Remembered()
    with town.served(), fetcher(town) as client:
        feed = FeedClient(client)
        first, _ = pull_once(feed, town, ReplicaState(town.origin), past)
        for number in range(20, 25):
            town.record(content(number))
        town.publish()
        behaviour.act(town)
        if isinstance(behaviour.expected, ContentState):
            _, states = pull_once(feed, town, first.state, past)
            assert behaviour.expected in states.values()
            return
        with pytest.raises(behaviour.expected) as caught:
            pull_once(feed, town, first.state, past)
        assert caught.value.diagnostics().endswith(".")
        assert len(caught.value.diagnostics()) < 600


def test_after_a_refusal_the_same_town_is_pulled_again_from_where_it_was() -> None:
    town = grown_town(12)
    past = Remembered()
    with town.served(), fetcher(town) as client:
        feed = FeedClient(client)
        first, _ = pull_once(feed, town, ReplicaState(town.origin), past)
        town.record(content(50))
        town.publish()
        town.instead["log/checkpoint"] = Answer(raw=b"\xff\xfe")
        with pytest.raises(Unreachable):
            pull_once(feed, town, first.state, past)
        town.instead.clear()
        second, _ = pull_once(feed, town, first.state, past)
        assert second.state.size == 13


def test_a_drip_is_ended_when_it_falls_behind_and_not_when_the_total_is_over() -> None:
    town = grown_town()
    town.instead["log/checkpoint"] = Answer(body=itertools.repeat(b"x"))
    moments = iter(range(1_000))  # each look at the clock is a second later
    patient = Timeouts(total=900, grace=20)
    with (
        town.served(),
        fetcher(town, timeouts=patient, clock=lambda: float(next(moments))) as client,
        pytest.raises(Unreachable, match="too slowly") as caught,
    ):
        client.get("checkpoint", max_bytes=65_536)
    assert next(moments) < 40
    assert isinstance(caught.value.details["received"], int)


# ---- bodies ----


@given(st.binary(max_size=5_000), st.integers(1, 700))
def test_a_body_is_the_same_however_it_is_cut(body: bytes, width: int) -> None:
    packed = gzip.compress(body)
    for encoding, data in (("", body), ("gzip", packed)):
        pieces = [data[at : at + width] for at in range(0, len(data), width)]
        assert b"".join(unpack(pieces, encoding=encoding, max_bytes=6_000)) == body


def test_a_body_is_never_unpacked_beyond_its_cap() -> None:
    made: list[int] = []
    pieces = unpack([gzip.compress(bytes(10_000_000))], encoding="gzip", max_bytes=200_000)
    with pytest.raises(OverLimit):
        made.extend(len(piece) for piece in pieces)
    assert sum(made) <= 200_000


def test_a_ratio_above_a_hundred_is_refused_below_the_cap_too() -> None:
    with pytest.raises(OverLimit, match="100 times"):
        list(unpack([gzip.compress(bytes(100_000))], encoding="gzip", max_bytes=10**7))


@pytest.mark.parametrize("extra", [b"x", gzip.compress(b"more", mtime=0)], ids=["x", "gzip"])
def test_nothing_may_follow_a_gzip_body(extra: bytes) -> None:
    with pytest.raises(Malformed):
        list(unpack([gzip.compress(b"body") + extra], encoding="gzip", max_bytes=100))
    with pytest.raises(Malformed):
        list(unpack([gzip.compress(b"body"), extra], encoding="gzip", max_bytes=100))


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=20))
def test_lines_are_the_same_however_the_body_is_cut(lines: list[bytes]) -> None:
    body = b"".join(line + b"\n" for line in lines)
    for width in (1, 7, 1_000):
        pieces = [body[at : at + width] for at in range(0, len(body), width)]
        assert list(split_lines(pieces, max_line=21)) == [line + b"\n" for line in lines]


def test_a_line_is_refused_before_it_is_held_whole() -> None:
    pieces = itertools.repeat(b"x" * 1_000)  # for ever
    with pytest.raises(OverLimit):
        list(split_lines(pieces, max_line=40_960))


# ---- which addresses may be opened ----

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
NOT_PUBLIC = (
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8",
    "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:93.184.216.34", "fe80::1",
    "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "100::1",
    "not an address", "93.184.216.34:80", "",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_every_special_address_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(AddressRefused):
        check_addresses("town.example", [PUBLIC[0], address])


@given(st.ip_addresses())
def test_no_address_that_python_calls_private_is_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    special = address.is_private or address.is_loopback or address.is_link_local
    if special or address.is_multicast or address.is_reserved or address.is_unspecified:
        assert not is_public(str(address))


@pytest.mark.parametrize(
    "prefix",
    [
        "http://town.example/log", "ftp://town.example/log", "https://user@town.example/log",
        "https://user:pass@town.example/log", "https://town.example:8443/log",
        "https://127.0.0.1/log", "https://[::1]/log", "https://2130706433/log",
        "https://0x7f.1/log", "https://localhost/log", "https://intranet/log",
        "https://printer.local/log", "https://town.example./log", "https://-town.example/log",
        "https://town.example/log?x=1", "https://town.example/log#x", "https://town.example/../x",
        "https://town.example/%2e%2e/x", "https://town.example\\@evil.example/log",
        "https://town.example/lo g", "https://town.example/\nlog", "https:///log", "https://",
        "", "log", "//town.example/log", "https://town.example:443x/log",
        "http://127.0.0.1:8301/log", "http://127.0.0.2:8300/log", "http://localhost:8300/log",
        "http://127.0.0.1/log", "http://127.0.0.1:08300/log", "http://user@127.0.0.1:8300/log",
        "http://[::1]:8300/log", "https://" + "a" * 600 + ".example/log",
    ],
)  # fmt: skip
def test_only_https_names_and_listed_loopback_addresses_are_opened(prefix: str) -> None:
    with pytest.raises(AddressRefused):
        check_prefix(prefix, frozenset({"http://127.0.0.1:8300"}))


def test_a_good_prefix_is_taken_apart() -> None:
    target = check_prefix("https://Données.Ville.example:443/beffroi/log/")
    assert (target.host, target.port, target.path) == (
        "xn--donnes-eva.ville.example",
        443,
        "/beffroi/log",
    )
    local = check_prefix("http://127.0.0.1:8300/log", frozenset({"http://127.0.0.1:8300"}))
    assert (local.host, local.port, local.loopback) == ("127.0.0.1", 8300, True)


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["::1"], [*PUBLIC, "10.0.0.1"], []])
def test_a_name_that_leads_inside_is_never_connected_to(answers: list[str]) -> None:
    def never(address: str, port: int, timeout: float) -> socket.socket:
        raise AssertionError(f"a connection to {address}")

    client = HttpFetcher(
        "https://town.example/log",
        user_agent="T/1",
        resolve=lambda host, port: answers,
        open_connection=never,
    )
    with pytest.raises(AddressRefused):
        client.get("checkpoint", max_bytes=10)


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    def fail(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    client = HttpFetcher("https://town.example/log", user_agent="T/1", resolve=fail)
    with pytest.raises(Unreachable, match="no address"):
        client.get("checkpoint", max_bytes=10)


# ---- TLS ----


@contextlib.contextmanager
def tls_server(folder: Path, name: str) -> Iterator[tuple[int, Path, list[object]]]:
    """A TLS server for one name on the loopback; gives port, authority and what it heard."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = folder / "key.pem"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    heard: list[object] = []
    context.sni_callback = lambda sock, sni, ctx: heard.append(sni)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
            heard.append(tls.recv(65_536))
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], pem, heard
    finally:
        thread.join(1)
        listener.close()


def tls_client(port: int, context: ssl.SSLContext, connected: list[str]) -> HttpFetcher:
    def to_the_test_server(address: str, _port: int, timeout: float) -> socket.socket:
        connected.append(address)
        return socket.create_connection(("127.0.0.1", port), timeout)

    return HttpFetcher(
        "https://town.example/log",
        user_agent="T/1",
        resolve=lambda host, port: [PUBLIC[0]],
        open_connection=to_the_test_server,
        context=context,
        timeouts=QUICK,
    )


def test_the_checked_address_is_connected_to_under_the_towns_name(tmp_path: Path) -> None:
    connected: list[str] = []
    with tls_server(tmp_path, "town.example") as (port, authority, heard):
        context = ssl.create_default_context(cafile=authority)
        with tls_client(port, context, connected) as client:
            assert client.get("checkpoint", max_bytes=10).body == b"body"
    assert connected == [PUBLIC[0]]
    assert heard[0] == "town.example"
    assert b"\r\nHost: town.example\r\n" in bytes(heard[1])  # type: ignore[call-overload]


@pytest.mark.parametrize(("name", "trusted"), [("other.example", True), ("town.example", False)])
def test_a_certificate_of_another_name_or_an_unknown_authority_is_refused(
    tmp_path: Path, name: str, trusted: bool
) -> None:
    with tls_server(tmp_path, name) as (port, authority, _):
        context = ssl.create_default_context(cafile=authority if trusted else None)
        with tls_client(port, context, []) as client, pytest.raises(Unreachable, match="TLS"):
            client.get("checkpoint", max_bytes=10)


def test_every_expected_error_of_the_dishonest_towns_is_one_of_the_tree() -> None:
    for behaviour in BEHAVIOURS:
        expected = behaviour.expected
        assert isinstance(expected, ContentState) or issubclass(expected, ProtocolError)
