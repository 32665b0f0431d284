# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log's leaves, and the contents that some of them commit to (`docs/protocol/entries.md`).

    rec  {"c":…,"q":<index>?,"t":"rec","v":1}    commitment to one record; q names its reception
    sup  {"c":…,"i":<index>,"t":"sup","v":1}     a newer version of the record at i
    wdr  {"i":<index>,"r":<code>,"t":"wdr","v":1}    the content at i is withdrawn
    key  {"k":<vkey>,"t":"key","v":1}            the key that will sign from now on
    bat  {"p":<period>,"t":"bat","v":1}          first entry of a batch
    rcv  {"c":…,"t":"rcv","v":1}                 commitment to a request that was received
    epo  {"n":…,"o":…,"r":…,"t":"epo","v":1}     a new epoch: where the log before it ended
    chk  {"k":…,"n":…,"o":…,"r":…,"t":"chk","v":1}   a checkpoint that the nation accepted

A leaf is canonical JSON in ASCII, at most 1,024 bytes, and has no field in which anything about a
person could stand. A content is served beside the log with its salt, one line each, and can be
destroyed without a trace in the tree.
"""

from beffroi_federation.entries.base64url import decode_base64url, encode_base64url
from beffroi_federation.entries.contents import (
    MAX_CONTENT,
    MAX_CONTENT_BUNDLE,
    MAX_LINE,
    Content,
    Contents,
    encode_content_line,
    parse_content_line,
    parse_content_lines,
    parse_contents,
)
from beffroi_federation.entries.kinds import (
    VERSION,
    BatchEntry,
    CheckpointEntry,
    Entry,
    EpochEntry,
    KeyEntry,
    Reason,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
)
from beffroi_federation.entries.leaves import encode_entry, parse_entries, parse_entry
from beffroi_federation.entries.receipts import (
    MAX_RECEIPT,
    Receipt,
    encode_receipt,
    parse_receipt,
)

__all__ = [
    "MAX_CONTENT",
    "MAX_CONTENT_BUNDLE",
    "MAX_LINE",
    "MAX_RECEIPT",
    "VERSION",
    "BatchEntry",
    "CheckpointEntry",
    "Content",
    "Contents",
    "Entry",
    "EpochEntry",
    "KeyEntry",
    "Reason",
    "Receipt",
    "ReceivedEntry",
    "RecordEntry",
    "SupersedeEntry",
    "WithdrawEntry",
    "decode_base64url",
    "encode_base64url",
    "encode_content_line",
    "encode_entry",
    "encode_receipt",
    "parse_content_line",
    "parse_content_lines",
    "parse_contents",
    "parse_entries",
    "parse_entry",
    "parse_receipt",
]
