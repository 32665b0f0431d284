# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi-anonymise --jsonl [--ner]`: texts in, proposals out, one JSON object a line.

A line in is `{"id", "text", "lang"?, "known"?}`, a line out `{"id", "spans", "text", "review",
"reasons"}`, in the same order and as soon as each was read; offsets are in characters. A line that
cannot be read is answered too, with `review` and the reason "bad line".
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, TextIO, TypeGuard

from beffroi_privacy.strong import REASONS, Proposal, propose

_EPILOGUE = "reasons for review:\n" + "\n".join(f"  {k}: {v}" for k, v in REASONS.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command on standard input and output; 0 if every line was answered, 2 on misuse."""
    parser = argparse.ArgumentParser(
        prog="beffroi-anonymise",
        description="Propose texts without strong identifiers (e-mail, telephone, NIR, IBAN, "
        "number plate, numbered address) and without what is known of their author. "
        "It does not look for the names of other people: a person has to read every text.",
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--jsonl", action="store_true", help="one JSON object a line, in and out")
    parser.add_argument(
        "--ner", action="store_true", help="not available yet: every text is marked for review"
    )
    options = parser.parse_args(arguments)
    if not options.jsonl:
        parser.print_usage(sys.stderr)
        print("beffroi-anonymise: --jsonl is the only format there is", file=sys.stderr)
        return 2
    if options.ner:
        print(
            "beffroi-anonymise: the language model (--ner) is not part of this version; "
            "every text is marked for review",
            file=sys.stderr,
        )
    return run(sys.stdin.buffer, sys.stdout, ner=options.ner)


def run(lines: BinaryIO, out: TextIO, *, ner: bool = False) -> int:
    """Answer each line of a binary stream on a text stream; return the exit status."""
    try:
        for answer in answers(lines, ner=ner):
            out.write(json.dumps(answer, ensure_ascii=True) + "\n")
            out.flush()
    except BrokenPipeError:  # whoever read us has gone, and was not answered
        return 1
    return 0


def answers(lines: Iterable[bytes], *, ner: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the answer to each line, in order; an empty line is a bad line too."""
    for line in lines:
        value = _object(line)
        identity = value.get("id")
        text, known = value.get("text"), value.get("known") or []
        known = [known] if isinstance(known, str) else known
        if not isinstance(identity, str | int):
            identity = None
        if identity is None or not isinstance(text, str) or not _are_texts(known):
            yield _answer(identity, Proposal("", (), True, ("bad line",)), ner=False)
        else:
            yield _answer(identity, propose(text, known), ner=ner)


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


def _answer(identity: str | int | None, proposal: Proposal, *, ner: bool) -> dict[str, Any]:
    reasons = [*proposal.reasons, *(["ner not available"] if ner else [])]
    return {
        "id": identity,
        "spans": [[span.start, span.end, span.label] for span in proposal.spans],
        "text": proposal.text,
        "review": bool(reasons),
        "reasons": reasons,
    }


if __name__ == "__main__":
    sys.exit(main())
