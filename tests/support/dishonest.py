# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a dishonest town does, one named behaviour each, and what it must be refused with.

Each behaviour is applied to a `SimulatedTown` that a reader has pulled once (its last checkpoint is
known) and that has grown honestly since by some entries that the reader has not seen yet.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.canonical import encode
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import (
    CheckpointEntry,
    EpochEntry,
    Reason,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_base64url,
    encode_content_line,
    encode_entry,
)
from beffroi_federation.errors import (
    Bomb,
    Fork,
    Inconsistent,
    Malformed,
    Overgrown,
    OverLimit,
    ProtocolError,
    Rollback,
    TooSlow,
    Unreachable,
    Unsigned,
)
from beffroi_federation.merkle import TILE_WIDTH
from beffroi_federation.notes import Signature, format_note, sign
from beffroi_federation.tiles import bundle_path, content_path, encode_bundle
from beffroi_federation.url_policy import AddressRefused
from beffroi_federation.verify import ContentState
from support.simulated_town import Answer, SimulatedTown
from support.vectors.case import loosened

CHECKPOINT = "log/checkpoint"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A way of being wrong: what the town does, and the error or content state it must lead to.

    `step` is what the nation calls it in the town's story; where the network may be to blame, from
    the third time on; where a content may only be late, from the eighth day on.
    """

    name: str
    act: Callable[[SimulatedTown], None]
    expected: type[ProtocolError] | ContentState
    step: str


BEHAVIOURS: list[Behaviour] = []


def refused_with(
    expected: type[ProtocolError] | ContentState, step: str
) -> Callable[[Callable[[SimulatedTown], None]], Callable[[SimulatedTown], None]]:
    """Register a behaviour under its function's name."""

    def register(act: Callable[[SimulatedTown], None]) -> Callable[[SimulatedTown], None]:
        BEHAVIOURS.append(Behaviour(act.__name__.replace("_", " "), act, expected, step))
        return act

    return register


def _last_bundle(town: SimulatedTown) -> tuple[str, int]:
    """Return the path of the town's last bundle and the index of its first entry."""
    index, width = divmod(len(town.leaves), TILE_WIDTH)
    return f"log/{bundle_path(index, width)}", index * TILE_WIDTH


def _last_contents(town: SimulatedTown) -> str:
    return f"log/{content_path((len(town.leaves) - 1) // TILE_WIDTH)}"


def _last_record(town: SimulatedTown) -> int:
    return max(town.contents)


def _serve_contents(town: SimulatedTown, body: bytes) -> None:
    town.serves_tails = False
    town.instead[_last_contents(town)] = Answer(body=body)


def _instead_of_note(town: SimulatedTown, note: bytes) -> None:
    town.instead[CHECKPOINT] = Answer(body=note)


@refused_with(Rollback, "rollback")
def rollback(town: SimulatedTown) -> None:
    """Serve a smaller tree that was signed before."""
    smaller = Checkpoint(town.origin, 3, b"\1" * 32).text()
    _instead_of_note(town, format_note(smaller, [town.sign(smaller)]).encode())


@refused_with(Fork, "fork")
def same_size_other_root(town: SimulatedTown) -> None:
    """Sign another tree of the size that the reader knows."""
    known = sorted(town.notes)[-2]
    text = Checkpoint(town.origin, known, b"\2" * 32).text()
    _instead_of_note(town, format_note(text, [town.sign(text)]).encode())


@refused_with(Fork, "broken")
def fork_in_the_middle(town: SimulatedTown) -> None:
    """Rewrite an entry that the reader knows, and sign what follows from it."""
    town.leaves[5] = encode_entry(RecordEntry(b"\3" * 32))
    town.publish()


@refused_with(Fork, "broken")
def reordered_bundle(town: SimulatedTown) -> None:
    """Exchange two new entries in the bundle."""
    path, first = _last_bundle(town)
    town.serves_tails = False
    leaves = town.leaves[first:]
    leaves[-1], leaves[-2] = leaves[-2], leaves[-1]
    town.instead[path] = Answer(body=encode_bundle(leaves))


@refused_with(Fork, "broken")
def reordered_tail(town: SimulatedTown) -> None:
    """Exchange two new entries in the tail."""
    known = sorted(town.notes)[-2]
    leaves = [*town.leaves[known:-2], town.leaves[-1], town.leaves[-2]]
    header = encode({"contents": 0, "entries": len(leaves), "start": known, "v": 1})
    body = header + b"\n" + encode_bundle(leaves)
    town.instead[f"log/tail/{known}"] = Answer(body=body)


@refused_with(Malformed, "malformed-entries")
def truncated_bundle(town: SimulatedTown) -> None:
    """Leave the last bytes of a bundle out."""
    path, first = _last_bundle(town)
    town.serves_tails = False
    town.instead[path] = Answer(body=encode_bundle(town.leaves[first:])[:-3])


@refused_with(Unreachable, "unanswered")
def connection_cut_in_a_bundle(town: SimulatedTown) -> None:
    """Announce a whole bundle and break off in the middle."""
    path, first = _last_bundle(town)
    town.serves_tails = False
    body = encode_bundle(town.leaves[first:])
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    town.instead[path] = Answer(raw=head + body[:-3])


@refused_with(Unreachable, "not-served")
def missing_bundle(town: SimulatedTown) -> None:
    """Have neither the partial bundle nor the full one."""
    path, _ = _last_bundle(town)
    town.serves_tails = False
    town.instead[path] = Answer(404)


@refused_with(ContentState.MISMATCH, "mismatch")
def swapped_contents(town: SimulatedTown) -> None:
    """Serve a content under another entry's index."""
    last = _last_record(town)
    other = max(index for index in town.contents if index != last)
    town.contents[last], town.contents[other] = town.contents[other], town.contents[last]


@refused_with(ContentState.MISMATCH, "mismatch")
def changed_content(town: SimulatedTown) -> None:
    """Change a content after it was published."""
    salt, content = town.contents[_last_record(town)]
    town.contents[_last_record(town)] = (salt, content.replace(b'"v":1', b'"v":2'))


@refused_with(ContentState.PENDING, "missing")
def missing_content(town: SimulatedTown) -> None:
    """Serve no content for an entry, without a withdrawal."""
    del town.contents[_last_record(town)]


@refused_with(Overgrown, "growth")
def size_of_2_to_the_60(town: SimulatedTown) -> None:
    """Sign a size that costs nothing to sign and everything to read."""
    text = Checkpoint(town.origin, 2**60, b"\4" * 32).text()
    _instead_of_note(town, format_note(text, [town.sign(text)]).encode())


@refused_with(OverLimit, "bomb")
def gzip_bomb_of_contents(town: SimulatedTown) -> None:
    """Serve 64 MiB of zeroes in 64 KiB."""
    town.serves_tails = False
    packed = gzip.compress(b"\0" * 2**26, mtime=0)
    town.instead[_last_contents(town)] = Answer(body=packed, headers={"Content-Encoding": "gzip"})


@refused_with(Bomb, "bomb")
def gzip_bomb_of_a_checkpoint(town: SimulatedTown) -> None:
    """Serve a checkpoint that unpacks to 1 MiB."""
    packed = gzip.compress(b"\n" * 2**20, mtime=0)
    town.instead[CHECKPOINT] = Answer(body=packed, headers={"Content-Encoding": "gzip"})


@refused_with(Malformed, "malformed-checkpoint")
def half_a_gzip_body(town: SimulatedTown) -> None:
    """Serve a gzip body without its end."""
    packed = gzip.compress(town.notes[max(town.notes)].encode(), mtime=0)
    town.instead[CHECKPOINT] = Answer(body=packed[:-4], headers={"Content-Encoding": "gzip"})


@refused_with(Malformed, "malformed-checkpoint")
def unknown_encoding(town: SimulatedTown) -> None:
    """Pack a body in a way that nobody asked for."""
    town.instead[CHECKPOINT] = Answer(body=b"\x8b", headers={"Content-Encoding": "br"})


@refused_with(OverLimit, "long-checkpoint")
def endless_checkpoint(town: SimulatedTown) -> None:
    """Announce a checkpoint of 10 GB."""
    town.instead[CHECKPOINT] = Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")


def _drops() -> Iterator[bytes]:
    while True:
        yield b"x"


@refused_with(TooSlow, "slow")
def slow_drip(town: SimulatedTown) -> None:
    """Send a byte from time to time, for ever."""
    town.instead[CHECKPOINT] = Answer(body=_drops())


@refused_with(AddressRefused, "address")
def redirect_to_loopback(town: SimulatedTown) -> None:
    """Send the reader to an address of its own machine."""
    town.instead[CHECKPOINT] = Answer(302, headers={"Location": "http://127.0.0.1:22/"})


@refused_with(Unreachable, "unanswered")
def not_modified_unasked(town: SimulatedTown) -> None:
    """Say that a tile did not change to a reader that never had it."""
    path, _ = _last_bundle(town)
    town.serves_tails = False
    town.instead[path] = Answer(304)


@refused_with(OverLimit, "long-checkpoint")
def seventeen_signatures(town: SimulatedTown) -> None:
    """Sign a checkpoint with sixteen keys besides the log's."""
    note = town.notes[max(town.notes)]
    text = note.partition("\n\n")[0] + "\n"
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([i]) * 32) for i in range(16)]
    lines = [town.sign(text), *(sign(text, f"witness{i}", key) for i, key in enumerate(keys))]
    note = text + "\n" + "".join(line.line() for line in lines)
    _instead_of_note(town, note.encode())


@refused_with(Unsigned, "unsigned")
def somebody_elses_signature(town: SimulatedTown) -> None:
    """Sign a checkpoint with a key of the same name and ID that is not the log's."""
    text = town.notes[max(town.notes)].partition("\n\n")[0] + "\n"
    own = town.sign(text)
    forged = Signature(own.name, own.key_id, bytes(64))
    _instead_of_note(town, (text + "\n" + forged.line()).encode())


@refused_with(Malformed, "malformed-checkpoint")
def crlf_note(town: SimulatedTown) -> None:
    """End the lines of a checkpoint with CR LF."""
    _instead_of_note(town, town.notes[max(town.notes)].replace("\n", "\r\n").encode())


@refused_with(Malformed, "malformed-checkpoint")
def garbage_checkpoint(town: SimulatedTown) -> None:
    """Serve bytes that are no text."""
    _instead_of_note(town, bytes(range(256)))


@refused_with(Unreachable, "unanswered")
def garbage_instead_of_http(town: SimulatedTown) -> None:
    """Answer with bytes that are no HTTP."""
    town.instead[CHECKPOINT] = Answer(raw=bytes(range(128, 256)) + b"\r\n\r\n")


def _line(town: SimulatedTown) -> bytes:
    last = _last_record(town)
    return encode_content_line(last, *town.contents[last])


@refused_with(Malformed, "malformed-contents")
def duplicate_json_keys(town: SimulatedTown) -> None:
    """Name a member of a content line twice."""
    _serve_contents(town, _line(town).replace(b'{"d"', b'{"i":0,"d"', 1))


@refused_with(Malformed, "malformed-contents")
def nan_in_a_content_line(town: SimulatedTown) -> None:
    """Write an index that is not a number."""
    number = f'"i":{_last_record(town)}'.encode()
    _serve_contents(town, _line(town).replace(number, b'"i":NaN'))


@refused_with(Malformed, "malformed-contents")
def float_in_a_content_line(town: SimulatedTown) -> None:
    """Write an index as a float."""
    number = f'"i":{_last_record(town)}'.encode()
    _serve_contents(town, _line(town).replace(number, number + b".0"))


@refused_with(OverLimit, "long-contents")
def deep_json(town: SimulatedTown) -> None:
    """Nest a content line a thousand deep."""
    _serve_contents(town, b'{"d":' + b"[" * 1_000 + b"]" * 1_000 + b"}\n")


@refused_with(OverLimit, "long-contents")
def overlong_content_line(town: SimulatedTown) -> None:
    """Serve a content line that never ends."""
    _serve_contents(town, b'{"d":"' + b"x" * 2**20 + b'"}\n')


@refused_with(Malformed, "malformed-contents")
def content_without_its_last_line_feed(town: SimulatedTown) -> None:
    """Stop in the middle of a content line."""
    _serve_contents(town, _line(town)[:-1])


@refused_with(Malformed, "malformed-contents")
def two_contents_of_one_entry(town: SimulatedTown) -> None:
    """Serve a content line twice."""
    _serve_contents(town, _line(town) * 2)


@refused_with(Malformed, "malformed-contents")
def content_of_another_bundle(town: SimulatedTown) -> None:
    """Serve a content line of an entry that stands elsewhere."""
    _serve_contents(town, encode_content_line(70_000, bytes(32), b"{}"))


@refused_with(OverLimit, "long-entries")
def overlong_entry(town: SimulatedTown) -> None:
    """Sign an entry of more than 1,024 bytes."""
    town.serves_tails = False
    town.append_leaf(b"x" * 1_025)
    town.publish()


@refused_with(Malformed, "malformed-entries")
def garbage_entry(town: SimulatedTown) -> None:
    """Sign an entry that is no JSON."""
    town.append_leaf(bytes(range(200)))
    town.publish()


@refused_with(Malformed, "malformed-entries")
def garbage_tail(town: SimulatedTown) -> None:
    """Serve a tail that is none."""
    known = sorted(town.notes)[-2]
    town.instead[f"log/tail/{known}"] = Answer(body=bytes(range(256)))


def _note(town: SimulatedTown) -> tuple[str, str, str]:
    """Return origin, size and root of the town's last checkpoint, as they are written."""
    origin, size, root = town.notes[max(town.notes)].split("\n")[:3]
    return origin, size, root


def _sign_anything(town: SimulatedTown, text: str) -> None:
    _instead_of_note(town, f"{text}\n{town.sign(text).line()}".encode())


@refused_with(Malformed, "malformed-checkpoint")
def duplicate_signature_lines(town: SimulatedTown) -> None:
    """Have the log's signature stand there twice."""
    note = town.notes[max(town.notes)]
    _instead_of_note(town, (note + note.partition("\n\n")[2]).encode())


@refused_with(Malformed, "malformed-checkpoint")
def non_canonical_base64(town: SimulatedTown) -> None:
    """Spell a root with a spare bit set, and sign it so."""
    origin, size, root = _note(town)
    _sign_anything(town, f"{origin}\n{size}\n{loosened(root)}\n")


@refused_with(Malformed, "malformed-checkpoint")
def extension_line(town: SimulatedTown) -> None:
    """Sign a checkpoint with a fourth line."""
    origin, size, root = _note(town)
    _sign_anything(town, f"{origin}\n{size}\n{root}\nNothing to see here\n")


@refused_with(Malformed, "malformed-checkpoint")
def a_page_for_a_checkpoint(town: SimulatedTown) -> None:
    """Serve a web page that names somebody in the place of the checkpoint."""
    _instead_of_note(town, b"<p>Bonjour Camille Martin</p>\n")


@refused_with(Unsigned, "unsigned")
def checkpoint_of_another_log(town: SimulatedTown) -> None:
    """Sign the checkpoint of another origin beside this log's name."""
    _, size, root = _note(town)
    text = f"other.example/beffroi/1/1\n{size}\n{root}\n"
    other = sign(text, "other.example/beffroi/1/1", town.key)
    _instead_of_note(town, f"{text}\n{other.line()}{town.sign(text).line()}".encode())


def _sign_entry(town: SimulatedTown, leaf: bytes) -> None:
    town.append_leaf(leaf)
    town.publish()


@refused_with(Malformed, "malformed-entries")
def entry_of_an_unknown_kind(town: SimulatedTown) -> None:
    """Sign an entry of a kind that is not in the list."""
    _sign_entry(town, b'{"t":"xyz","v":1}')


@refused_with(Malformed, "malformed-entries")
def entry_that_names_somebody(town: SimulatedTown) -> None:
    """Sign an entry with a member of its own."""
    committed = encode_base64url(bytes(32)).encode()
    _sign_entry(town, b'{"c":"%s","n":"Camille Martin","t":"rec","v":1}' % committed)


@refused_with(Malformed, "malformed-entries")
def duplicate_keys_in_an_entry(town: SimulatedTown) -> None:
    """Sign an entry that names a member twice."""
    _sign_entry(town, b'{"p":"2026-W41","p":"2026-W42","t":"bat","v":1}')


@refused_with(Malformed, "malformed-entries")
def float_in_an_entry(town: SimulatedTown) -> None:
    """Sign an entry with a version that is a float."""
    _sign_entry(town, b'{"p":"2026-W41","t":"bat","v":1.0}')


@refused_with(OverLimit, "long-entries")
def deep_json_in_an_entry(town: SimulatedTown) -> None:
    """Sign an entry that is nested hundreds deep."""
    _sign_entry(town, b'{"p":' + b"[" * 500 + b"]" * 500 + b"}")


@refused_with(Inconsistent, "reference")
def withdrawal_of_nothing(town: SimulatedTown) -> None:
    """Sign the withdrawal of an entry that is not there."""
    _sign_entry(town, encode_entry(WithdrawEntry(4_000, Reason.ERROR)))


@refused_with(Inconsistent, "reference")
def two_versions_of_one_version(town: SimulatedTown) -> None:
    """Sign two new versions of one version."""
    _sign_entry(town, encode_entry(SupersedeEntry(b"\5" * 32, 1)))
    _sign_entry(town, encode_entry(SupersedeEntry(b"\6" * 32, 1)))


@refused_with(Inconsistent, "reference")
def epoch_in_the_middle(town: SimulatedTown) -> None:
    """Sign the beginning of an epoch in the middle of a log."""
    _sign_entry(town, encode_entry(EpochEntry(town.origin, 3, b"\7" * 32)))


@refused_with(Inconsistent, "reference")
def accepted_checkpoint_in_a_towns_log(town: SimulatedTown) -> None:
    """Sign an entry that only the nation's log may hold."""
    _sign_entry(town, encode_entry(CheckpointEntry(town.origin, 3, b"\7" * 32, bytes(68))))


@refused_with(Malformed, "malformed-contents")
def content_of_an_entry_that_has_none(town: SimulatedTown) -> None:
    """Serve a content for the beginning of a batch."""
    index = town.begin_batch("2026-W42")
    town.publish()
    town.contents[index] = (bytes(32), b"Camille Martin")


@refused_with(Malformed, "malformed-contents")
def salt_that_is_too_short(town: SimulatedTown) -> None:
    """Serve a content with a salt of 31 bytes."""
    _serve_contents(town, re.sub(rb'"s":"..', b'"s":"', _line(town)))


@refused_with(Malformed, "malformed-contents")
def half_of_a_surrogate_pair(town: SimulatedTown) -> None:
    """Serve a content that is no text in any encoding."""
    _serve_contents(town, _line(town).replace(b'"d":"', b'"d":"\\ud800'))
