# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi-anonymise`: texts in, proposals out.

`--jsonl`: a line in is `{"id", "text", "lang"?, "known"?}`, a line out `{"id", "spans", "text",
"review", "reasons"}`, in the same order and as soon as each was read; offsets are in characters. A
line that cannot be read is answered too, with `review` and the reason "bad line".

`--explain`: one text on standard input, its proposal and the reasons in words.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, TextIO, TypeGuard

from beffroi_privacy.engine import Proposal, Voter, propose
from beffroi_privacy.explain import explain
from beffroi_privacy.ner import ModelMissing, load
from beffroi_privacy.reasons import REASONS, sentence

_EPILOGUE = "reasons for review:\n" + "\n".join(f"  {k}: {v}" for k, v in REASONS.items())
_NO_MODEL = "ner not available"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command on standard input and output; 0 if all was answered, 2 on misuse."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.jsonl == options.explain:
        parser.print_usage(sys.stderr)
        print("beffroi-anonymise: choose --jsonl or --explain", file=sys.stderr)
        return 2
    voter = _voter(options.lang) if options.ner else None
    missing = options.ner and voter is None
    if options.jsonl:
        return run(sys.stdin.buffer, sys.stdout, voter=voter, model_missing=missing)
    text = sys.stdin.buffer.read().decode("utf-8", "replace").removesuffix("\n")
    proposal = _marked(propose(text, options.known, voter=voter), model_missing=missing)
    print(explain(text, proposal, options.lang))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="beffroi-anonymise",
        description="Propose texts in which persons are hidden: names, addresses, telephones, "
        "e-mail, numbers that stand for somebody, and what is known of the author; and say which "
        "texts a person has to read. What comes out is redacted, not anonymous.",
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--jsonl", action="store_true", help="one JSON object a line, in and out")
    parser.add_argument("--explain", action="store_true", help="one text in, its story in words")
    parser.add_argument("--lang", choices=("fr", "en"), default="fr", help="of --explain")
    parser.add_argument(
        "--known", action="append", default=[], metavar="WHAT", help="of the author, for --explain"
    )
    parser.add_argument(
        "--ner",
        action="store_true",
        help="let the French language model vote too; without it every text is marked for review",
    )
    return parser


def _voter(lang: str) -> Voter | None:
    """Return the model's voter; None, and a sentence on standard error, where it is missing."""
    try:
        return load()
    except ModelMissing:
        print(f"beffroi-anonymise: {sentence(_NO_MODEL, lang)}", file=sys.stderr)
        return None


def run(
    lines: BinaryIO, out: TextIO, *, voter: Voter | None = None, model_missing: bool = False
) -> int:
    """Answer each line of a binary stream on a text stream; return the exit status."""
    try:
        for answer in answers(lines, voter=voter, model_missing=model_missing):
            out.write(json.dumps(answer, ensure_ascii=True) + "\n")
            out.flush()
    except BrokenPipeError:  # whoever read us has gone, and was not answered
        return 1
    return 0


def answers(
    lines: Iterable[bytes], *, voter: Voter | None = None, model_missing: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the answer to each line, in order; an empty line is a bad line too."""
    for line in lines:
        value = _object(line)
        identity = value.get("id")
        text, known = value.get("text"), value.get("known") or []
        known = [known] if isinstance(known, str) else known
        if not isinstance(identity, str | int):
            identity = None
        if identity is None or not isinstance(text, str) or not _are_texts(known):
            yield _answer(identity, Proposal("", (), True, ("bad line",)))
        else:
            proposal = propose(text, known, voter=voter)
            yield _answer(identity, _marked(proposal, model_missing=model_missing))


def _marked(proposal: Proposal, *, model_missing: bool) -> Proposal:
    """Return a proposal, for review if the model that was asked for is missing."""
    if not model_missing:
        return proposal
    return replace(proposal, review=True, reasons=(*proposal.reasons, _NO_MODEL))


def _object(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; an empty one if it is none."""
    try:
        value = json.loads(line.decode("utf-8-sig"))
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _answer(identity: str | int | None, proposal: Proposal) -> dict[str, Any]:
    return {
        "id": identity,
        "spans": [[span.start, span.end, span.label] for span in proposal.spans],
        "text": proposal.text,
        "review": proposal.review,
        "reasons": list(proposal.reasons),
    }


if __name__ == "__main__":
    sys.exit(main())
