# SPDX-License-Identifier: AGPL-3.0-or-later
import io
import json
import subprocess
import sys
from typing import Any

import pytest

from beffroi_privacy.cli import answers, main, run
from beffroi_privacy.ner import ModelMissing


def ask(*lines: object, model_missing: bool = False) -> list[dict[str, Any]]:
    """Answers to lines, each an object or raw bytes."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return list(answers(raw, model_missing=model_missing))


def test_a_text_is_answered_with_spans_in_characters_and_a_masked_text() -> None:
    (answer,) = ask({"id": "a", "text": "é au 06 39 98 12 34", "lang": "fr"})
    assert answer == {
        "id": "a",
        "spans": [[5, 19, "PHONE"]],
        "text": "é au [téléphone]",
        "review": False,
        "reasons": [],
    }


def test_what_is_known_of_the_author_is_hidden() -> None:
    one, several = ask(
        {"id": 1, "text": "Camille Exemple", "known": "Camille Exemple"},
        {"id": 2, "text": "Exemple, bonjour de Camille", "known": ["Camille", "Exemple"]},
    )
    assert one["text"] == "[personne]"
    assert several["text"] == "[personne], bonjour de [personne]"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"not json",
        b"[]",
        b"\xff\xfe",
        b'{"id": "a"}',
        b'{"id": "a", "text": 4}',
        b'{"text": "no id"}',
        b'{"id": ["a"], "text": "x"}',
        b'{"id": "a", "text": "x", "known": [4]}',
        b'{"id": "a", "text": "\\ud800"}',
        b"[" * 100_000,
    ],
    ids=range(12),
)
def test_a_bad_line_is_answered_in_its_place(line: bytes) -> None:
    before, bad, after = ask({"id": 1, "text": "x"}, line, {"id": 2, "text": "y"})
    assert (before["id"], after["id"]) == (1, 2)
    assert bad["id"] == ("a" if line.startswith(b'{"id": "a"') and b"ud800" not in line else None)
    assert bad["review"]
    assert bad["reasons"] == ["bad line"]
    assert not after["review"]


def no_model() -> None:
    raise ModelMissing


def test_the_model_is_said_not_to_be_there_and_every_text_is_for_review(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("beffroi_privacy.cli.load", no_model)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"id":1,"text":"x"}\n')))
    assert main(["--jsonl", "--ner"]) == 0
    said = capsys.readouterr()
    assert "modèle de langue" in said.err
    assert json.loads(said.out)["reasons"] == ["ner not available"]


def test_without_a_format_nothing_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "--jsonl" in capsys.readouterr().err


def test_a_reader_that_went_away_is_not_an_answered_line() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    assert run(io.BytesIO(b'{"id":1,"text":"x"}\n'), Gone()) == 1


@pytest.mark.slow
def test_each_line_is_answered_before_the_next_one_is_sent() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "beffroi_privacy.cli", "--jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for number in range(3):
            process.stdin.write(json.dumps({"id": number, "text": "x"}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(10) == 0
