# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi-verify`: anyone's auditor, from the protocol alone.

    beffroi-verify URL-or-DIR-or-RECEIPT [--vkey-file F] [--policy P] [--from CHECKPOINT] [--json]
    beffroi-verify AGGREGATOR --split-view [--share S] [--user-agent A] [--policy P] [--json]

The source is a town (its identity file says where the log is), the prefix of a log, a folder with
a static copy of one, or a receipt file. Without a key file the key is the one that the source
itself names, which shows that the log is of one piece and not whose it is: "key not pinned".
A policy (C2SP tlog-policy) pins logs, and says whose cosignatures are enough; too few is a fault.
With --split-view the source is an aggregator: see `split_view`.

Exit code 0: sound (withdrawn and pending contents are allowed). 1: evidence of a fault, said in
plain words. 2: wrong usage, or the source cannot be reached.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from urllib.parse import urlsplit

from beffroi_federation.auditing import as_json, audit, read_signed
from beffroi_federation.auditor_words import kept_sentence, key_sentence, sentences
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.client import DirectoryFetcher, FeedClient, HttpFetcher
from beffroi_federation.errors import ProtocolError, Unreachable, plain_text
from beffroi_federation.identity import Identity
from beffroi_federation.notes import Verifier
from beffroi_federation.policy import Policy, parse_policy
from beffroi_federation.receipts import NotYetProved, check_receipt
from beffroi_federation.split_view import Fault, compare, origin_hash, told
from beffroi_federation.url_policy import check_prefix
from beffroi_federation.verify import LogOf
from beffroi_federation.witnessed import Remembering, judge_note, note_in
from beffroi_web.clock import SystemClock

SOUND, FAULT, USAGE = 0, 1, 2
MOST_FILE = 262_144
USER_AGENT = "Beffroi-verify/1 (an audit, run by hand)"
READER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
"""Who looks for split views: any reader, for a town that has two faces knows an auditor's."""


class UsageError(Exception):
    """The command was asked for something that cannot be done; the sentence says what."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the log is read from, and what the source says of itself, if anything."""

    feed: Remembering
    identity: Identity | None
    close: Callable[[], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        outcome = _split_view(options) if options.split_view else _verify(options)
    except (UsageError, Unreachable, NotYetProved) as error:
        sentence = error.diagnostics() if isinstance(error, ProtocolError) else str(error)
        outcome = _Outcome(USAGE, {"ok": False, "error": sentence}, (sentence,))
    except ProtocolError as error:
        sentence = error.diagnostics()
        outcome = _Outcome(FAULT, {"ok": False, "faults": [sentence]}, (f"FAULT: {sentence}",))
    if options.json:
        print(json.dumps(outcome.members, ensure_ascii=False))
    else:
        print(
            "\n".join(map(plain_text, outcome.sentences)),
            file=sys.stderr if outcome.code == USAGE else None,
        )
    return outcome.code


def _parser() -> argparse.ArgumentParser:
    """Return the command's options."""
    parser = argparse.ArgumentParser(
        prog="beffroi-verify",
        description="Check everything that a log serves: its signature, every entry, every tile "
        "and every content. Exit code 0: sound; 1: evidence of a fault; 2: wrong usage, or the "
        "source cannot be reached.",
    )
    parser.add_argument(
        "source", help="a town's address, a log's prefix, a folder with a copy, or a receipt file"
    )
    parser.add_argument(
        "--vkey-file", type=Path, metavar="F", help="the log's public keys, one a line"
    )
    parser.add_argument(
        "--from", dest="earlier", type=Path, metavar="CHECKPOINT",
        help="a checkpoint kept from before, which the log must continue",
    )  # fmt: skip
    parser.add_argument(
        "--policy", type=Path, metavar="P", help="a trust policy: logs, witnesses, quorum"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    split = parser.add_argument_group("split views, for the address of an aggregator")
    split.add_argument(
        "--split-view", action="store_true",
        help="ask towns directly whether they show what the aggregator cosigned",
    )  # fmt: skip
    split.add_argument("--share", type=_share, default=0.01, help="of the towns; 0.01 by default")
    split.add_argument("--user-agent", default=READER, metavar="A", help="who to look like")
    split.add_argument(
        "--evidence", type=Path, default=Path(), metavar="DIR", help="where evidence is written"
    )
    return parser


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share lies between 0 and 1")
    return share


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the command says: exit code, members for --json, sentences for a person."""

    code: int
    members: Mapping[str, object]
    sentences: Sequence[str]


def _verify(options: argparse.Namespace) -> _Outcome:
    """Check a source, whichever kind it is."""
    source, earlier_file = options.source, options.earlier
    policy = _read_policy(options.policy)
    pinned = _read_keys(options.vkey_file) if options.vkey_file is not None else ()
    if policy is not None and not pinned:
        pinned = tuple(log.verifier for log in policy.logs)
    path = Path(source)
    if "://" not in source and path.is_file():
        if earlier_file is not None:
            raise UsageError("A receipt is checked by itself; leave --from out.")
        data = _read_file(path)
        return _by_policy(_verify_receipt(data, pinned), note_in(data), policy)
    opened = _open(source)
    with closing(opened):
        verifiers = pinned or _named_keys(opened.identity)
        earlier = _read_earlier(earlier_file, verifiers) if earlier_file is not None else None
        report = audit(
            opened.feed,
            verifiers,
            now=SystemClock().now(),
            origin=opened.identity.origin if opened.identity is not None else None,
            earlier=earlier,
            whose=LogOf.TOWN if opened.identity is not None else None,
            progress=_progress,
        )
    if earlier is not None and report.origin and earlier.origin != report.origin:
        raise UsageError("The earlier checkpoint is that of another log.")
    key = "pinned" if pinned else "not pinned"
    code = SOUND if report.sound else FAULT
    outcome = _Outcome(code, as_json(report, key), sentences(report, key))
    return _by_policy(outcome, opened.feed.note, policy)


def _by_policy(outcome: _Outcome, note: bytes, policy: Policy | None) -> _Outcome:
    """Return an outcome with what a policy says of the checkpoint's witnesses."""
    if policy is None:
        return outcome
    try:
        judged = judge_note(note, policy)
        sentence, names, enough = judged.sentence(), judged.names, judged.enough
    except ProtocolError as error:
        sentence, names, enough = error.diagnostics(), (), False
    members = dict(outcome.members) | {"witnesses": list(names), "quorum": enough}
    if enough:
        return _Outcome(outcome.code, members, (*outcome.sentences, sentence))
    kept = members.get("faults")
    faults = [*(kept if isinstance(kept, list | tuple) else ()), sentence]
    members |= {"ok": False, "faults": faults}
    return _Outcome(FAULT, members, (*outcome.sentences, f"FAULT: {sentence}"))


def _split_view(options: argparse.Namespace) -> _Outcome:
    """Compare what towns show here with what an aggregator cosigned; evidence goes into files."""
    url = options.source.rstrip("/").replace("http://localhost:", "http://127.0.0.1:", 1)
    if "://" not in url:
        raise UsageError("Split views are looked for at the address of an aggregator.")
    found = compare(
        url,
        lambda prefix: _fetcher(prefix, prefix if _on_loopback(url) else url, options.user_agent),
        share=options.share,
        chance=SystemRandom(),
        now=SystemClock().now(),
        policy=_read_policy(options.policy),
        progress=_progress_towns,
    )
    files = [_write_evidence(options.evidence, fault) for fault in found.faults]
    members, sentences = told(found, files)
    if found.faults:
        return _Outcome(FAULT, members, sentences)
    return _Outcome(SOUND if found.agreed else USAGE, members, sentences)


def _on_loopback(url: str) -> bool:
    return urlsplit(url).scheme == "http" and urlsplit(url).hostname == "127.0.0.1"


def _write_evidence(folder: Path, fault: Fault) -> str:
    """Write what was received to a file of its own, and return its name."""
    path = folder / f"split-view-{origin_hash(fault.origin)[:16]}.json"
    members = {"sentence": fault.sentence, **fault.evidence}
    try:
        path.write_text(json.dumps(members, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
    return str(path)


def _read_policy(path: Path | None) -> Policy | None:
    """Return the policy of a file, None without one."""
    if path is None:
        return None
    try:
        return parse_policy(_read_file(path))
    except ProtocolError as error:
        raise UsageError(f"{path}: {error.sentence}.") from None


def _verify_receipt(data: bytes, pinned: Sequence[Verifier]) -> _Outcome:
    """Check a receipt file."""
    checked = check_receipt(data, pinned)
    key = "pinned" if pinned else "not pinned"
    checkpoint = checked.checkpoint
    members = {
        "ok": True,
        "receipt": True,
        "origin": checkpoint.origin,
        "index": checked.index,
        "entry": checked.kind,
        "content": checked.content is not None,
        "size": checkpoint.size,
        "key": key,
        "signed": checked.signed,
        "faults": [],
    }
    return _Outcome(SOUND, members, (kept_sentence(checked), key_sentence(key, checked.signed)))


def _open(source: str) -> _Source:
    """Return the log that an address or a folder leads to."""
    if "://" not in source:
        if not Path(source).is_dir():
            raise UsageError(f"There is no address, folder or file such as {source}.")
        feed = Remembering(DirectoryFetcher(Path(source)))
        return _Source(feed, _identity(feed), lambda: None)
    url = source.rstrip("/").replace("http://localhost:", "http://127.0.0.1:", 1)
    fetcher = _fetcher(url, url)
    identity = _identity(FeedClient(fetcher))
    if not urlsplit(url).path and identity is not None:
        fetcher.close()
        fetcher = _fetcher(identity.prefix, url)
    elif identity is not None and identity.prefix != url:
        identity = None  # another log of the same host: what the file says is not about this one
    return _Source(Remembering(fetcher), identity, fetcher.close)


def _fetcher(prefix: str, given: str, user_agent: str = USER_AGENT) -> HttpFetcher:
    """Return what fetches from a prefix; this machine is reached only if it was given by hand."""
    parts = urlsplit(given)
    loopback = parts.scheme == "http" and parts.hostname == "127.0.0.1"
    allowed = frozenset({f"http://{parts.netloc}"} if loopback else ())
    check_prefix(prefix, allowed)
    return HttpFetcher(prefix, user_agent=user_agent, allowed_loopback=allowed)


def _identity(feed: FeedClient) -> Identity | None:
    """Return the identity file beside a log, or None where there is none."""
    try:
        return feed.identity()
    except Unreachable as error:
        if error.details.get("status") in (403, 404, 410):
            return None
        raise


def _read_file(path: Path) -> bytes:
    """Return a file given on the command line."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MOST_FILE:
        raise UsageError(f"{path} is longer than any key, checkpoint or receipt.")
    return data


def _read_keys(path: Path) -> tuple[Verifier, ...]:
    """Return the keys of a key file: one a line; empty lines and lines with # are left out."""
    lines = _read_file(path).decode("utf-8", "replace").splitlines()
    texts = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not texts:
        raise UsageError(f"{path} holds no key.")
    try:
        return tuple(Verifier.from_text(text) for text in texts)
    except ProtocolError as error:
        raise UsageError(f"{path}: {error.sentence}.") from None


def _named_keys(identity: Identity | None) -> tuple[Verifier, ...]:
    """Return the keys that the source names itself; none without an identity file."""
    return tuple(Verifier.from_text(text) for text in identity.vkeys) if identity else ()


def _read_earlier(path: Path, verifiers: Sequence[Verifier]) -> Checkpoint:
    """Return the earlier checkpoint of a file, signed by the same keys."""
    try:
        return read_signed(_read_file(path), verifiers)
    except ProtocolError as error:
        raise UsageError(f"{path}: {error.diagnostics()}") from None


def _progress(what: str, done: int, of: int) -> None:
    """Show how far the audit is, on a terminal only."""
    if sys.stderr.isatty():
        end = "\n" if done == of else ""
        print(f"\r{what}: bundle {done} of {of}", end=end, file=sys.stderr, flush=True)


def _progress_towns(done: int, of: int) -> None:
    """Show how many towns were asked, on a terminal only."""
    _progress("town", done + 1, of)


if __name__ == "__main__":
    sys.exit(main())
