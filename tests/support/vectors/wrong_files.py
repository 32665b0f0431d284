# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles, tiles and contents that are not those of the signed tree."""

from collections.abc import Iterator
from copy import deepcopy

from beffroi_federation.entries import (
    ReceivedEntry,
    encode_base64url,
    encode_content_line,
    encode_entry,
)
from support.vectors.case import Case, error, loosened, state
from support.vectors.history import WITHDRAWN, good_town, request, salt


def bundle_cases() -> Iterator[Case]:
    """Yield bundles and tiles that are not those of the signed tree."""
    good = good_town()
    files = good.files()
    path = "log/tile/entries/001.p/4"
    framed = [len(leaf).to_bytes(2, "big") + leaf for leaf in good.leaves[256:]]
    yield Case(
        "reordered-bundle",
        "Two entries changed places",
        error("Inconsistent"),
        files | {path: b"".join([framed[0], framed[2], framed[1], framed[3]])},
    )
    yield Case(
        "truncated-bundle",
        "A bundle ends in the middle of its last entry",
        error("Malformed"),
        files | {path: files[path][:-9]},
    )
    yield Case(
        "bundle-with-more",
        "A bundle holds an entry more than its width",
        error("Malformed"),
        files | {path: files[path] + framed[3]},
    )
    altered = encode_entry(ReceivedEntry(bytes(32)))
    yield Case(
        "altered-leaf",
        "An entry was replaced by another one",
        error("Inconsistent"),
        files | {path: b"".join(framed[:3]) + len(altered).to_bytes(2, "big") + altered},
    )
    tile = files["log/tile/0/001.p/4"]
    yield Case(
        "altered-tile",
        "A hash tile is not that of its entries",
        error("Inconsistent"),
        files | {"log/tile/0/001.p/4": tile[:-1] + bytes([tile[-1] ^ 1])},
    )
    yield Case(
        "short-tile",
        "A hash tile has a byte less than its width says",
        error("Malformed"),
        files | {"log/tile/0/001.p/4": tile[:-1]},
    )
    missing = dict(files)
    del missing["log/tile/entries/001.p/4"]
    yield Case("missing-bundle", "A bundle is not served", error("Unreachable"), missing)


def content_cases() -> Iterator[Case]:
    """Yield contents that are not those of their entries."""
    good = good_town()
    files = good.files()

    swapped = deepcopy(good)
    swapped.contents[3], swapped.contents[4] = good.contents[4], good.contents[3]
    yield Case(
        "swapped-content",
        "Two entries have each other's content",
        state("mismatch", 3),
        swapped.files(),
    )
    altered = deepcopy(good)
    altered.contents[4] = (good.contents[4][0], request(2, title="Autre chose"))
    yield Case(
        "altered-content",
        "A content was changed after it was published",
        state("mismatch", 4),
        altered.files(),
    )
    missing = deepcopy(good)
    del missing.contents[7]
    yield Case(
        "missing-content",
        "A content is not served and was not withdrawn",
        state("missing", 7),
        missing.files(),
    )
    lines = files["log/content/000"].splitlines(keepends=True)
    double = lines[0].replace(b'{"d":', b'{"d":"","d":')
    yield Case(
        "duplicate-json-keys",
        "A content line names a member twice",
        error("Malformed"),
        files | {"log/content/000": b"".join([double, *lines[1:]])},
    )
    yield Case(
        "two-contents-of-one-entry",
        "An entry has two content lines",
        error("Malformed"),
        files | {"log/content/000": b"".join([lines[0], *lines])},
    )
    yield Case(
        "content-of-a-reception",
        "A content is served for an entry that has none",
        error("Malformed"),
        files | {"log/content/000": b"".join([lines[0].replace(b'"i":3', b'"i":1'), *lines[1:]])},
    )
    overlong = b'{"d":"%s","i":3,"s":"%s"}\n' % (b"x" * 16_385, encode_base64url(salt(3)).encode())
    yield Case(
        "overlong-content",
        "A content is longer than 16,384 bytes",
        error("OverLimit"),
        files | {"log/content/000": b"".join([overlong, *lines[1:]])},
    )

    def line(name: str, title: str, expected: str, first: bytes) -> Case:
        served = b"".join([first, *lines[1:]])
        return Case(name, title, error(expected), files | {"log/content/000": served})

    yield line(
        "nan-in-a-content-line",
        "A content line's index is NaN",
        "Malformed",
        lines[0].replace(b'"i":3', b'"i":NaN'),
    )
    yield line(
        "float-in-a-content-line",
        "A content line's index is 3.0",
        "Malformed",
        lines[0].replace(b'"i":3', b'"i":3.0'),
    )
    yield line(
        "deep-content-line",
        "A content line is nested",
        "OverLimit",
        lines[0].replace(b'"i":3', b'"i":[[3]]'),
    )
    yield line(
        "content-line-with-a-member-more",
        "A content line has a member of its own",
        "Malformed",
        lines[0].replace(b'"i":3', b'"i":3,"n":"Dupont"'),
    )
    yield line(
        "content-line-with-crlf",
        "A content line ends with CR LF and has a byte order mark",
        "Malformed",
        "\ufeff".encode() + lines[0][:-1] + b"\r\n",
    )
    yield line(
        "half-a-surrogate-pair",
        "A content holds half of a surrogate pair",
        "Malformed",
        lines[0].replace(b'"{', b'"\\ud83d{', 1),
    )
    yield line(
        "overlong-content-line",
        "A content line is longer than 40,960 bytes",
        "OverLimit",
        lines[0].replace(b'{"d"', b"{" + b" " * 40_960 + b'"d"'),
    )
    salt_text = encode_base64url(salt(3))
    yield line(
        "non-canonical-salt",
        "A salt is spelt with spare bits set",
        "Malformed",
        lines[0].replace(salt_text.encode(), loosened(salt_text).encode()),
    )
    yield Case(
        "half-a-content-line",
        "The last content line does not end with a line feed",
        error("Malformed"),
        files | {"log/content/000": files["log/content/000"][:-1]},
    )
    yield Case(
        "content-of-another-bundle",
        "A content stands in the bundle before its own",
        error("Malformed"),
        files
        | {
            "log/content/000": files["log/content/000"] + encode_content_line(257, bytes(32), b"{}")
        },
    )
    served = deepcopy(good)
    served.contents[WITHDRAWN] = (salt(WITHDRAWN), request(3))
    yield Case(
        "withdrawn-and-still-served",
        "A content is served although it was withdrawn; the withdrawal is honoured all the same",
        state("withdrawn", WITHDRAWN),
        served.files(),
    )
