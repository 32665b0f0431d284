# SPDX-License-Identifier: AGPL-3.0-or-later
"""How well and how fast requests become topics, beside TF-IDF with its best threshold.

    .venv/bin/python tests/bench/topics.py [--part held_out] [--without-lexicon]
        [--speed] [--sizes 10000,100000]

Quality: pairwise precision, recall and F1 and B-cubed on the labelled requests of
`tests/aggregator/topics`. Ours takes one request after the other, in three orders, by the constants
of the code. The baseline is TF-IDF cosine (words, stems, and pieces of words) with average and
single link over all pairs at once, each at the threshold that is best on the very part that is
measured: an advantage that ours does not have. Speed: the same requests with invented streets and
towns in them, until there are as many as asked for, through the pure rules.
"""

import argparse
import gc
import json
import math
import random
import resource
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from beffroi_federation.aggregator.topics.rules import words
from beffroi_federation.aggregator.topics.rules.grouping import Board, choose

LABELLED = Path(__file__).parent.parent / "aggregator" / "topics"
MOST_FOUND = 100
Marks = Mapping[str, float]


def requests(part: str) -> list[dict[str, str]]:
    """Return the labelled requests of a part."""
    lines = (LABELLED / f"{part}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def marks_of(rows: Sequence[Mapping[str, str]]) -> list[dict[str, float]]:
    """Return what our rules make of each request."""
    return [words.marks(r["title"], r["summary"], r["lang"], names=[r["town"]]) for r in rows]


def ours(found: Sequence[Marks]) -> list[int]:
    """Return the topic of each request, taken one after the other."""
    board, topic, into = Board({}, {}), [], {}
    for at, marks in enumerate(found):
        id = choose(marks, board.near(marks))
        id = at + 1 if id is None else id
        board.put(id, marks)
        done = len(board.merged)
        board.settle(id, lambda gone, kept: True)
        into |= dict(board.merged[done:])
        topic.append(id)
    for at, id in enumerate(topic):
        while id in into:
            id = into[id]
        topic[at] = id
    return topic


def scores(labels: Sequence[str], topics: Sequence[int]) -> dict[str, float]:
    """Return pairwise precision, recall and F1, and the same of B-cubed."""
    both, label, topic = Counter(zip(labels, topics, strict=True)), Counter(labels), Counter(topics)
    pairs = {name: sum(n * (n - 1) // 2 for n in one.values())
             for name, one in (("both", both), ("label", label), ("topic", topic))}  # fmt: skip
    p, r = pairs["both"] / max(pairs["topic"], 1), pairs["both"] / max(pairs["label"], 1)
    bp = sum(n * n / topic[t] for (_, t), n in both.items()) / len(labels)
    br = sum(n * n / label[one] for (one, _), n in both.items()) / len(labels)
    return {"P": p, "R": r, "F1": _f(p, r), "B3 P": bp, "B3 R": br, "B3 F1": _f(bp, br)}


def _f(p: float, r: float) -> float:
    return 2 * p * r / (p + r) if p + r else 0.0


def tfidf(rows: Sequence[Mapping[str, str]], kind: str) -> list[dict[str, float]]:
    """Return TF-IDF vectors of length 1: of words, of stems, or of pieces of three to five."""
    counts = [Counter(_pieces(f"{r['title']} {r['summary']}", r["lang"], kind)) for r in rows]
    held = Counter(one for count in counts for one in count)
    rare = {one: math.log((1 + len(rows)) / (1 + n)) + 1 for one, n in held.items()}
    return [
        words.unit({one: (1 + math.log(n)) * rare[one] for one, n in count.items()})
        for count in counts
    ]


def _pieces(text: str, lang: str, kind: str) -> list[str]:
    if kind == "words":
        return words.fold(text).split()
    stems = words.cut(text, lang)
    if kind == "stems":
        return stems
    line = f" {' '.join(stems)} "
    return [line[at : at + n] for n in (3, 4, 5) for at in range(len(line) - n + 1)]


def links(vectors: Sequence[Marks], how: str) -> list[tuple[float, int, int, int]]:
    """Return the merges (likeness, one, other, new) of all requests by nearest-neighbour chains."""
    near: dict[int, dict[int, float]] = {at: {} for at in range(len(vectors))}
    for at, one in enumerate(vectors):
        for by in range(at):
            like = sum(value * vectors[by].get(mark, 0.0) for mark, value in one.items())
            near[at][by] = near[by][at] = like
    size, chain, merges, new = Counter(dict.fromkeys(near, 1)), [], [], len(vectors)
    while len(near) > 1:
        if not chain:
            chain = [next(iter(near))]
        while True:
            here = near[chain[-1]]
            best = max(here, key=here.__getitem__)
            if len(chain) > 1 and here[best] <= here[chain[-2]]:
                break
            chain.append(best)
        one, other = chain.pop(), chain.pop()
        merges.append((near[one][other], one, other, new))
        row = {}
        for third in near:
            if third not in (one, other):
                a, b = near[third].pop(one), near[third].pop(other)
                mean = (a * size[one] + b * size[other]) / (size[one] + size[other])
                row[third] = near[third][new] = max(a, b) if how == "single" else mean
        size[new] = size[one] + size[other]
        del near[one], near[other]
        near[new] = row
        new += 1
    return merges


def cut(count: int, merges: Sequence[tuple[float, int, int, int]], least: float) -> list[int]:
    """Return the group of each request when merges of at least a likeness are made."""
    parent = list(range(count + len(merges) + 1))

    def root(one: int) -> int:
        while parent[one] != one:
            one = parent[one]
        return one

    for like, one, other, new in merges:
        if like >= least:
            parent[root(one)] = parent[root(other)] = new
    return [root(one) for one in range(count)]


def baseline(
    rows: Sequence[Mapping[str, str]], labels: Sequence[str]
) -> Iterator[tuple[str, str, float, dict[str, float]]]:
    """Yield (kind, link, threshold, scores) of each baseline at its best on these rows."""
    for kind in ("words", "stems", "pieces"):
        vectors = tfidf(rows, kind)
        for how in ("average", "single"):
            merges = links(vectors, how)
            tried = (
                (scores(labels, cut(len(rows), merges, at / 100)), at / 100) for at in range(3, 70)
            )
            best, at = max(tried, key=lambda one: one[0]["F1"])
            yield kind, how, at, best


def _told(name: str, found: Mapping[str, float]) -> None:
    print(f"{name:<34}" + "  ".join(f"{key} {value:.3f}" for key, value in found.items()))


def quality(part: str) -> None:
    """Print ours and the baselines on a part."""
    rows = requests(part)
    labels = [row["topic"] for row in rows]
    print(f"{part}: {len(rows)} requests, {len(set(labels))} topics")
    for seed in (0, 1, 2):
        order = list(range(len(rows)))
        if seed:
            random.Random(seed).shuffle(order)
        shuffled = [rows[at] for at in order]
        _told(
            f"ours, order {seed}", scores([r["topic"] for r in shuffled], ours(marks_of(shuffled)))
        )
    for kind, how, at, found in baseline(rows, labels):
        _told(f"TF-IDF of {kind}, {how}, {at:.2f}", found)


def generated(count: int) -> Iterator[dict[str, str]]:
    """Yield requests after the labelled ones, each with a street and a town of its own."""
    rows, chance = requests("development") + requests("held_out"), random.Random(8)
    syllables = "ba ker lo mont vil sur gre tou nar pi zel dor fa luc hem".split()
    for _ in range(count):
        row = chance.choice(rows)
        name = "".join(chance.choice(syllables) for _ in range(3)).title()
        yield {**row, "summary": f"{row['summary']} Secteur de {name}.", "town": name}


def speed(sizes: Sequence[int]) -> None:
    """Print requests a second and topics at each size."""
    for size in sizes:
        rows = list(generated(size))
        started = time.perf_counter()
        marks = marks_of(rows)
        gc.freeze()  # what the programme holds beside is not part of grouping
        cut_at = time.perf_counter()
        topics = len(set(ours(marks)))
        ended = time.perf_counter()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{size:>8} requests: marks {size / (cut_at - started):,.0f}/s, "
            f"grouping {size / (ended - cut_at):,.0f}/s, {topics} topics, {memory:.0f} MiB"
        )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--part", choices=("development", "held_out"), default="development")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--without-lexicon", action="store_true", help="ours by stems alone")
    parser.add_argument("--sizes", default="10000,100000")
    args = parser.parse_args()
    if args.without_lexicon:
        words.lexicon = lambda _lang: words.Lexicon({}, frozenset(), {})  # type: ignore[assignment]
    if args.speed:
        speed([int(one) for one in args.sizes.split(",")])
    else:
        quality(args.part)


if __name__ == "__main__":
    main()
