# SPDX-License-Identifier: AGPL-3.0-or-later
"""Judge an anonymiser by what it proposes to hide in the set of texts.

    .venv/bin/python tests/anonymise/scorer.py [--part build|kept|all] [--lang fr|en] [--ner]
        [--misses] [--answers FILE | --command "PROGRAM ARGUMENTS"]

runs `beffroi-anonymise --jsonl` as a process of its own over the set and prints the figures; with
`--answers`, those of answers that somebody else has written. `--misses` tells what was missed,
wrongly hidden and silently leaked, of the build part alone: the kept part is for measuring only.
A program reads one JSON object a line (`id`, `text`, `lang`, `known`) and answers each with `id`,
`spans` (`[start, end, label]`), `text`, `review` and `reasons`. What each figure means is told in
`docs/reference/anonymiser-scores.md`.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from anonymise.generate import LABELS, PARTS, Text, chosen

ENOUGH = 0.75
"""The share of its characters that hides a gold item that is no PERSON and no ADDRESS."""
WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
"""A word: letters and digits, with accents that stand apart."""
ADDRESS_WORDS = frozenset(
    """rue r avenue av ave boulevard bd bvd bld place pl chemin ch chem impasse imp allee all quai
    route rte square sq cours passage sente venelle esplanade quartier residence res lotissement lot
    hameau lieu dit lieudit appartement appt apt app batiment bat porte escalier esc etage logement
    flat apartment door floor building bis ter quater du de des d la le les l aux au a et n no
    numero e""".split()
)
"""What is no name in an address: kinds of ways, of dwellings, and small words."""
NUMBER_WORDS = frozenset(
    "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
    "vingt trente quarante cinquante".split()
)
FLOOR = re.compile(r"\d+(e|er|eme)")
SHORTEST = 4
"""A gold string of fewer characters may stand in a text by chance."""


class ScoreError(ValueError):
    """An answer cannot be judged; says which one and why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program proposes for one text."""

    id: str
    spans: tuple[tuple[int, int, str], ...]
    text: str = ""
    review: bool = False


def answer_of(line: str) -> Answer:
    """Read one line of answers."""
    try:
        found = json.loads(line)
        spans = tuple((int(start), int(end), str(label)) for start, end, label in found["spans"])
        return Answer(str(found["id"]), spans, str(found["text"]), bool(found["review"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ScoreError(f"no answer: {line[:120]!r} ({error})") from None


def covered(spans: Iterable[tuple[int, int, str]], size: int) -> list[bool]:
    """Return for each character whether a span hides it."""
    found = [False] * size
    for start, end, _ in spans:
        found[start:end] = [True] * (end - start)
    return found


def words(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield each word with its place, in small letters and without accents."""
    for match in WORD.finditer(text):
        parts = unicodedata.normalize("NFKD", match[0].lower())
        yield match.start(), match.end(), "".join(s for s in parts if not unicodedata.combining(s))


def is_hidden(item: str, label: str, covered_here: Sequence[bool]) -> bool:
    """Tell whether enough of a gold item is covered, whatever the label of what covers it."""
    match label:
        case "PERSON":
            tokens = [covered_here[start:end] for start, end, _ in words(item)]
            return bool(tokens) and all(all(token) for token in tokens)
        case "ADDRESS":
            return _is_address_hidden(item, covered_here)
    return sum(covered_here) >= ENOUGH * len(item)


def _is_address_hidden(item: str, covered_here: Sequence[bool]) -> bool:
    """The number or the name of the street: one without the other finds nobody."""
    listed = list(words(item))
    listed = [one for one in listed if not FLOOR.fullmatch(one[2])]
    numbers = [(start, end) for start, end, word in listed if any(s.isdigit() for s in word)]
    if numbers:
        # Behind the street in "rue du 8 Mai, au 14", before it everywhere else.
        numbers = numbers[:1] if item[0].isdigit() or len(numbers) == 1 else numbers[-1:]
    else:
        numbers = [(start, end) for start, end, word in listed if word in NUMBER_WORDS]
    names = [
        (start, end)
        for start, end, word in listed
        if word not in ADDRESS_WORDS | NUMBER_WORDS and (start, end) not in numbers
    ]
    if not names and not numbers:
        names = [(start, end) for start, end, _ in listed]
    return any(
        part and all(all(covered_here[start:end]) for start, end in part)
        for part in (numbers, names)
    )


@dataclass(slots=True)
class Scores:
    """The figures of one program; shares are asked for as percentages."""

    gold: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    proposed: int = 0
    touching: int = 0
    protected_words: int = 0
    protected_lost: int = 0
    texts: int = 0
    personal: int = 0
    leaky: int = 0
    silent: int = 0
    review: int = 0
    clean: int = 0
    strings: int = 0
    strings_left: int = 0

    def recall(self, label: str = "") -> float:
        """Gold items that were hidden, of one label or of all."""
        if label:
            return _percent(self.hidden[label], self.gold[label])
        return _percent(self.hidden.total(), self.gold.total())

    def figures(self) -> dict[str, float]:
        """Return every share by its name in the table."""
        return {
            "recall": self.recall(),
            "precision": _percent(self.touching, self.proposed),
            "protected words lost": _percent(self.protected_lost, self.protected_words),
            "leaky": _percent(self.leaky, self.personal),
            "silent leak": _percent(self.silent, self.personal),
            "review load": _percent(self.review, self.texts),
            "clean": _percent(self.clean, self.texts - self.personal),
            "strings left": _percent(self.strings_left, self.strings),
        }


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one text: what was missed, what was wrongly proposed, what was lost."""

    text: Text
    answer: Answer
    missed: tuple[tuple[int, int, str], ...]
    wrong: tuple[tuple[int, int, str], ...]
    lost: tuple[tuple[int, int], ...]

    @property
    def is_silent_leak(self) -> bool:
        """Something was left, and nobody was asked to look."""
        return bool(self.missed) and not self.answer.review


def verdict(text: Text, answer: Answer) -> Verdict:
    """Judge one text."""
    size = len(text.text)
    for start, end, _ in answer.spans:
        if not 0 <= start < end <= size:
            raise ScoreError(f"{text.id}: span {start}-{end} is not in a text of {size}")
    here = covered(answer.spans, size)
    gold = covered(text.gold, size)
    return Verdict(
        text,
        answer,
        tuple(
            item
            for item in text.gold
            if not is_hidden(text.text[item[0] : item[1]], item[2], here[item[0] : item[1]])
        ),
        tuple(span for span in answer.spans if not any(gold[span[0] : span[1]])),
        tuple(
            (start + at, start + to)
            for start, end in text.protected
            for at, to, _ in words(text.text[start:end])
            if any(here[start + at : start + to])
        ),
    )


def verdicts(texts: Sequence[Text], answers: Iterable[Answer]) -> list[Verdict]:
    """Judge every text; one without an answer, or with two, is an error."""
    found: dict[str, Answer] = {}
    for answer in answers:
        if answer.id in found:
            raise ScoreError(f"{answer.id} is answered twice")
        found[answer.id] = answer
    without = [text.id for text in texts if text.id not in found]
    if without:
        raise ScoreError(f"{len(without)} texts have no answer, the first is {without[0]}")
    return [verdict(text, found[text.id]) for text in texts]


def score(texts: Sequence[Text], answers: Iterable[Answer]) -> Scores:
    """Return the figures of a program's answers."""
    return counted(verdicts(texts, answers))


def counted(judged: Iterable[Verdict]) -> Scores:
    """Add up the verdicts."""
    scores = Scores()
    for one in judged:
        text, answer = one.text, one.answer
        scores.gold.update(label for _, _, label in text.gold)
        scores.hidden.update(label for _, _, label in text.gold)
        scores.hidden.subtract(label for _, _, label in one.missed)
        scores.proposed += len(answer.spans)
        scores.touching += len(answer.spans) - len(one.wrong)
        scores.protected_words += sum(
            sum(1 for _ in words(text.text[start:end])) for start, end in text.protected
        )
        scores.protected_lost += len(one.lost)
        scores.texts += 1
        scores.review += answer.review
        strings = {text.text[start:end] for start, end, _ in text.gold}
        strings = {string for string in strings if len(string) >= SHORTEST}
        scores.strings += len(strings)
        scores.strings_left += sum(string in answer.text for string in strings)
        if text.gold:
            scores.personal += 1
            scores.leaky += bool(one.missed)
            scores.silent += one.is_silent_leak
        else:
            scores.clean += not answer.spans
    return scores


# Running a program


@dataclass(frozen=True, slots=True)
class Run:
    """The answers of a program and what they took."""

    answers: tuple[Answer, ...]
    start_s: float
    texts_per_s: float
    peak_mib: float


def asked(text: Text) -> str:
    """Return the line that a program is given for a text."""
    question: dict[str, Any] = {"id": text.id, "text": text.text, "lang": text.lang}
    if text.known:
        question["known"] = list(text.known)
    return json.dumps(question, ensure_ascii=False)


def run(
    command: Sequence[str], texts: Sequence[Text], environ: Mapping[str, str] | None = None
) -> Run:
    """Run a program over the texts.

    It starts with one text, whose answer ends the start; the others are then handed over all at
    once. The peak of memory is the process's own, read while it still waits for more.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environ,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, first, rest = process.stdin, texts[0], texts[1:]
        stdin.write(f"{asked(first)}\n")
        stdin.flush()
        lines = [process.stdout.readline()]
        started = time.perf_counter()

        def feed() -> None:
            with suppress(OSError):  # it ended before it was asked everything
                stdin.write("".join(f"{asked(text)}\n" for text in rest))
                stdin.flush()

        feeding = threading.Thread(target=feed, daemon=True)
        feeding.start()
        for _ in rest:
            lines.append(process.stdout.readline())
            if not lines[-1]:
                feeding.join()
                with suppress(OSError):
                    stdin.close()
                raise ScoreError(f"{command[0]} ended after {len(lines) - 1} answers")
        ended = time.perf_counter()
        feeding.join()
        peak = _peak_mib(process.pid)
        stdin.close()
        process.stdout.read()
    if process.returncode:
        raise ScoreError(f"{command[0]} ended with {process.returncode}")
    took = max(ended - started, 1e-9)
    return Run(tuple(answer_of(line) for line in lines), started - began, len(rest) / took, peak)


def _peak_mib(pid: int) -> float:
    """Return the most memory that a process held, where the system tells."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


# Telling


def table(scores: Scores, ran: Run | None = None) -> str:
    """Return the figures as a table."""
    rows = [(name, f"{share:6.1f} %") for name, share in scores.figures().items()]
    rows[0] = ("recall", f"{rows[0][1]}   {scores.hidden.total()}/{scores.gold.total()}")
    rows[1:1] = [
        (
            f"  {label}",
            f"{scores.recall(label):6.1f} %   {scores.hidden[label]}/{scores.gold[label]}",
        )
        for label in LABELS
        if scores.gold[label]
    ]
    rows.append(("texts", f"{scores.texts:6d}     {scores.personal} with personal data"))
    if ran is not None:
        rows += [
            ("texts/s", f"{ran.texts_per_s:8,.0f}"),
            ("start", f"{ran.start_s:8.2f} s"),
            ("peak memory", f"{ran.peak_mib:8.0f} MiB"),
        ]
    return "\n".join(f"{name:22}{value}" for name, value in rows)


def misses(judged: Iterable[Verdict]) -> Iterator[str]:
    """Yield a line for each thing that went wrong; only for texts that may be looked at."""
    for one in judged:
        if one.text.part != "build":
            raise ScoreError("the kept part is not looked at")
        text = one.text.text
        for start, end, label in one.missed:
            leak = "LEAKED" if one.is_silent_leak else "missed"
            yield f"{leak}  {one.text.id} {label} {_shown(text, start, end)}"
        for start, end, label in one.wrong:
            yield f"wrong   {one.text.id} {label} {_shown(text, start, end)}"
        for start, end in one.lost:
            if not any(a <= start and end <= b for a, b, _ in one.wrong):
                yield f"lost    {one.text.id} {_shown(text, start, end)}"


def _shown(text: str, start: int, end: int, around: int = 40) -> str:
    before, after = text[max(0, start - around) : start], text[end : end + around]
    return f"{before}«{text[start:end]}»{after}".replace("\n", " / ")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of a program."""
    parser = argparse.ArgumentParser(description="judge an anonymiser with the set of texts")
    parser.add_argument("--part", choices=(*PARTS, "all"), default="build")
    parser.add_argument("--lang", choices=("fr", "en"), default="")
    parser.add_argument("--ner", action="store_true", help="hand --ner to the program")
    parser.add_argument("--misses", action="store_true", help="tell what went wrong (build only)")
    parser.add_argument("--answers", type=Path, help="judge the answers in this file")
    parser.add_argument("--command", help="the program, without it beffroi-anonymise --jsonl")
    given = parser.parse_args(arguments)
    if given.misses and given.part != "build":
        parser.error("--misses goes with --part build only: nobody looks into the kept part")
    texts = chosen(given.part, given.lang)
    ran = None
    if given.answers:
        lines = given.answers.read_text(encoding="utf-8").strip("\n").split("\n")
        answers = tuple(answer_of(line) for line in lines)
        wanted = {text.id for text in texts}
        answers = tuple(answer for answer in answers if answer.id in wanted)
    else:
        program = str(Path(sys.executable).with_name("beffroi-anonymise"))
        command = shlex.split(given.command) if given.command else [program, "--jsonl"]
        ran = run([*command, *(["--ner"] if given.ner else [])], texts)
        answers = ran.answers
    judged = verdicts(texts, answers)
    if given.misses:
        print("\n".join(misses(judged)), end="\n\n")
    print(table(counted(judged), ran))


if __name__ == "__main__":
    main()
