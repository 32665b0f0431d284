# SPDX-License-Identifier: AGPL-3.0-or-later
"""The anonymiser beside what one would use instead, over the whole set of texts.

    .venv/bin/python tests/bench/anonymisers.py [--part build|kept|all] [--lang fr|en]
        [--peers .venv-privacy/bin/python] [--only NAME,NAME]

Beffroi without and with its optional language model (where that is installed), Presidio with a
French model (its core types, and all of them), scrubadub with its French locale and unpii (in both
modes), each in a process of its own, one after the other, asked and judged by
`tests/anonymise/scorer.py` in the same way. The peers need an environment of their own, for they
bring other versions of what Beffroi uses:

    python3 -m venv .venv-privacy
    .venv-privacy/bin/pip install --require-hashes -r requirements/bench-privacy.txt

It takes about 600 MB. What is not installed is told as not run. Texts a second include reading and
writing JSON through a pipe on both sides, which is most of the time of the fastest. `silent` is
`leaky` for a program that never asks anybody to look.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anonymise.generate import LABELS, PARTS, Text, chosen
from anonymise.scorer import Run, ScoreError, Scores, run, score

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS = ("presidio-core", "presidio-all", "scrubadub", "unpii", "unpii-paranoid")
OURS = {"beffroi": (), "beffroi --ner": ("--ner",)}
SHARES = {
    "recall": "recall",
    "precision": "precision",
    "lost": "protected words lost",
    "leaky": "leaky",
    "silent": "silent leak",
    "review": "review load",
    "clean": "clean",
    "left": "strings left",
}
"""The columns, and what they are called by the scorer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one program came to, or why it was not run."""

    name: str
    scores: Scores | None
    ran: Run | None
    reason: str = ""


def commands(peers: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield how each program is started."""
    program = str(Path(sys.executable).with_name("beffroi-anonymise"))
    for name, options in OURS.items():
        yield name, [program, "--jsonl", *options]
    for name in PEERS:
        yield name, [str(peers), str(HERE / "anonymiser_peers.py"), name]


def outcome(name: str, command: Sequence[str], texts: Sequence[Text], without: set[str]) -> Outcome:
    """Run one program over the texts; the peers see nothing of our environment."""
    environ = {key: value for key, value in os.environ.items() if key not in without}
    try:
        ran = run(command, texts, environ)
        return Outcome(name, score(texts, ran.answers), ran)
    except (OSError, ScoreError) as error:
        return Outcome(name, None, None, str(error))


def tables(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the lines of the two tables: every figure, then recall by label."""
    done = [one for one in outcomes if one.scores is not None and one.ran is not None]
    yield f"| program | {' | '.join(SHARES)} | texts/s | start s | MiB |"
    yield f"|---|{'---:|' * (len(SHARES) + 3)}"
    for one in done:
        assert one.scores is not None
        assert one.ran is not None
        figures = one.scores.figures()
        shares = " | ".join(f"{figures[name]:.1f}" for name in SHARES.values())
        ran = one.ran
        speed = f"{ran.texts_per_s:,.0f} | {ran.start_s:.2f} | {ran.peak_mib:.0f}"
        yield f"| {one.name} | {shares} | {speed} |"
    yield ""
    gold = done[0].scores.gold if done and done[0].scores else {}
    yield f"| recall | {' | '.join(f'{label} ({gold.get(label, 0)})' for label in LABELS)} |"
    yield f"|---|{'---:|' * len(LABELS)}"
    for one in done:
        assert one.scores is not None
        yield f"| {one.name} | {' | '.join(f'{one.scores.recall(x):.0f}' for x in LABELS)} |"
    yield from (f"not run: {one.name}: {one.reason}" for one in outcomes if one.scores is None)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="the anonymiser beside its peers")
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--lang", choices=("fr", "en"), default="")
    parser.add_argument("--peers", type=Path, default=ROOT / ".venv-privacy" / "bin" / "python")
    parser.add_argument("--only", default="", help="names of programs, divided by commas")
    given = parser.parse_args()
    texts = chosen(given.part, given.lang)
    only = set(given.only.split(",")) - {""}
    outcomes = []
    for name, command in commands(given.peers):
        if only and name not in only:
            continue
        print(f"{name} …", file=sys.stderr)
        without = {"PYTHONPATH", "VIRTUAL_ENV"} if name in PEERS else set()
        outcomes.append(outcome(name, command, texts, without))
    free = sum(not text.gold for text in texts)
    print(f"{len(texts)} texts, {free} of them without personal data; shares in %\n")
    print("\n".join(tables(outcomes)))


if __name__ == "__main__":
    main()
