# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scorer, on answers whose figures can be counted by hand."""

import json
import sys
from pathlib import Path

import pytest

from anonymise import scorer
from anonymise.generate import Text, chosen
from anonymise.scorer import Answer, ScoreError, is_hidden, score

Spans = list[tuple[int, int, str]]


def text_of(
    text: str,
    *gold: tuple[str, str],
    protected: tuple[str, ...] = (),
    name: str = "a",
    part: str = "build",
) -> Text:
    """Make a text; gold and protected words are found in it."""
    marks = tuple((text.index(v), text.index(v) + len(v), label) for v, label in gold)
    kept = tuple((text.index(v), text.index(v) + len(v)) for v in protected)
    return Text(name, "fr", part, text, marks, kept, (), "")


def answered(text: Text, *hidden: str, review: bool = False, out: str | None = None) -> Answer:
    """Make an answer that hides these words."""
    spans: Spans = [
        (text.text.index(word), text.text.index(word) + len(word), "X") for word in hidden
    ]
    return Answer(text.id, tuple(spans), text.text if out is None else out, review)


def hidden(item: str, label: str, *parts: str) -> bool:
    """Tell whether an item counts as hidden when these parts of it are covered."""
    here = scorer.covered([(item.index(p), item.index(p) + len(p), "") for p in parts], len(item))
    return is_hidden(item, label, here)


@pytest.mark.parametrize(
    ("item", "parts", "expected"),
    [
        ("Anne-Sophie Le Goff", ["Anne-Sophie Le Goff"], True),
        ("Anne-Sophie Le Goff", ["Anne-Sophie", "Le", "Goff"], True),
        ("Anne-Sophie Le Goff", ["Anne-Sophie", "Goff"], False),
        ("Anne-Sophie Le Goff", ["Sophie Le Goff"], False),
        ("Anne-Sophie Le Goff", [], False),
        ("J.-P. Le Goff", ["J", "P", "Le Goff"], True),
        ("J.-P. Le Goff", ["Le Goff"], False),
        ("Martin", ["Marti"], False),
        ("Éloïse", ["Éloïse"], True),
        ("Éloïse", ["loïse"], False),
    ],
)
def test_a_person_is_hidden_when_every_token_is(
    item: str, parts: list[str], expected: bool
) -> None:
    assert hidden(item, "PERSON", *parts) is expected


@pytest.mark.parametrize(
    ("item", "parts", "expected"),
    [
        ("12 bis rue des Lilas", ["12"], True),
        ("12 bis rue des Lilas", ["1"], False),
        ("12 bis rue des Lilas", ["Lilas"], True),
        ("12 bis rue des Lilas", ["bis rue des"], False),
        ("12 bis rue des Lilas", [], False),
        ("4, rue Pierre et Marie Curie", ["Pierre", "Curie"], False),
        ("4, rue Pierre et Marie Curie", ["Pierre et Marie Curie"], True),
        ("rue du 8 Mai 1945, au 14", ["14"], True),
        ("rue du 8 Mai 1945, au 14", ["8"], False),
        ("9 rue du 8 Mai 1945", ["9"], True),
        ("9 rue du 8 Mai 1945", ["1945"], False),
        ("douze rue Haute", ["douze"], True),
        ("douze rue Haute", ["rue"], False),
        ("bât. C appt 14", ["14"], True),
        ("3e étage porte 14", ["14"], True),
        ("3e étage porte 14", ["3e étage"], False),
        ("bâtiment C", ["C"], True),
        ("bâtiment C", ["bâtiment"], False),
        ("Le Haut Bois", ["Haut Bois"], True),
        ("Le Haut Bois", ["Bois"], False),
    ],
)
def test_an_address_is_hidden_with_its_number_or_its_name(
    item: str, parts: list[str], expected: bool
) -> None:
    assert hidden(item, "ADDRESS", *parts) is expected


@pytest.mark.parametrize(("share", "expected"), [(74, False), (75, True), (76, True)])
def test_another_item_is_hidden_from_three_quarters_on(share: int, expected: bool) -> None:
    item = "x" * 100
    assert hidden(item, "URL_TOKEN", "x" * share) is expected


def test_the_label_of_a_proposal_does_not_matter() -> None:
    text = text_of("tél 0639980011", ("0639980011", "PHONE"))
    answer = Answer("a", ((4, 14, "IBAN"),), "tél …", False)
    assert score([text], [answer]).recall("PHONE") == 100


def test_precision_counts_proposals_that_touch_gold() -> None:
    text = text_of("Marie Durand, rue Haute", ("Marie Durand", "PERSON"))
    found = score([text], [answered(text, "Marie", "Durand, rue", "Haute")]).figures()
    assert found["precision"] == pytest.approx(200 / 3)


def test_a_protected_word_is_lost_as_soon_as_a_letter_of_it_is() -> None:
    text = text_of("au stade Marcel-Hébert hier", protected=("stade Marcel-Hébert",))
    assert score([text], [answered(text, "Héb")]).figures()["protected words lost"] == (
        pytest.approx(100 / 3)
    )
    assert score([text], [answered(text, "hier")]).figures()["protected words lost"] == 0


def test_a_text_leaks_silently_unless_somebody_is_asked_to_look() -> None:
    gold = ("Marie", "PERSON"), ("Paul", "PERSON")
    texts = [text_of("Marie et Paul", *gold, name=name) for name in "abcd"]
    found = score(
        texts,
        [
            answered(texts[0], "Marie", "Paul"),
            answered(texts[1], "Marie"),
            answered(texts[2], "Marie", review=True),
            answered(texts[3], "Marie", "Paul", review=True),
        ],
    ).figures()
    assert found["leaky"] == 50
    assert found["silent leak"] == 25
    assert found["review load"] == 50
    assert found["recall"] == 75


def test_shares_of_leaks_are_of_texts_with_personal_data_and_clean_is_of_the_others() -> None:
    texts = [
        text_of("Marie", ("Marie", "PERSON"), name="a"),
        text_of("rien", name="b"),
        text_of("rien non plus", name="c"),
        text_of("toujours rien", name="d"),
    ]
    answers = [answered(texts[0]), *(answered(one, review=True) for one in texts[1:3])]
    found = score(texts, [*answers, answered(texts[3], "rien")]).figures()
    assert found["silent leak"] == 100
    assert found["clean"] == pytest.approx(200 / 3)
    assert found["review load"] == 50


def test_a_string_that_still_stands_in_the_text_that_leaves_is_counted() -> None:
    text = text_of("Marie Durand, 0639980011", ("Marie Durand", "PERSON"), ("0639980011", "PHONE"))
    lying = answered(text, "Marie Durand", "0639980011", out="[X], 0639980011")
    assert score([text], [lying]).figures()["recall"] == 100
    assert score([text], [lying]).figures()["strings left"] == 50


def test_without_anything_to_count_shares_are_nought() -> None:
    assert set(score([], []).figures().values()) == {0.0}


@pytest.mark.parametrize("span", [(3, 3), (-1, 2), (0, 99), (4, 2)])
def test_a_span_outside_of_its_text_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(ScoreError, match="is not in a text of 5"):
        score([text_of("Marie")], [Answer("a", ((*span, "X"),))])


def test_every_text_must_be_answered_once() -> None:
    text = text_of("Marie")
    with pytest.raises(ScoreError, match="1 texts have no answer, the first is a"):
        score([text], [])
    with pytest.raises(ScoreError, match="answered twice"):
        score([text], [answered(text), answered(text)])


@pytest.mark.parametrize("line", ["", "nonsense", "{}", '{"id": 1, "spans": [[1]], "text": ""}'])
def test_a_line_that_is_no_answer_is_refused(line: str) -> None:
    with pytest.raises(ScoreError, match="no answer"):
        scorer.answer_of(line)


def test_an_answer_is_read_as_it_is_written() -> None:
    line = '{"id": "a", "spans": [[0, 2, "PERSON"]], "text": "[P]", "review": true, "reasons": []}'
    assert scorer.answer_of(line) == Answer("a", ((0, 2, "PERSON"),), "[P]", True)


def test_what_went_wrong_is_told_with_its_surroundings() -> None:
    text = text_of(
        "Marie au stade Hébert, dit-on", ("Marie", "PERSON"), protected=("stade Hébert",)
    )
    lines = list(scorer.misses(scorer.verdicts([text], [answered(text, "dit-on")])))
    assert lines == [
        "LEAKED  a PERSON «Marie» au stade Hébert, dit-on",
        "wrong   a X Marie au stade Hébert, «dit-on»",
    ]
    reviewed = answered(text, "Marie au stade", review=True)
    assert list(scorer.misses(scorer.verdicts([text], [reviewed]))) == [
        "lost    a Marie au «stade» Hébert, dit-on"
    ]


def test_nobody_looks_into_the_kept_part(capsys: pytest.CaptureFixture[str]) -> None:
    text = text_of("Marie", ("Marie", "PERSON"), part="kept")
    with pytest.raises(ScoreError, match="not looked at"):
        list(scorer.misses(scorer.verdicts([text], [answered(text)])))
    for part in ("kept", "all"):
        with pytest.raises(SystemExit) as ended:
            scorer.main(["--misses", "--part", part])
        assert ended.value.code == 2
    assert "build only" in capsys.readouterr().err


ECHO = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    answer = {"id": asked["id"], "spans": [], "text": asked["text"], "review": True, "reasons": []}
    print(json.dumps(answer), flush=True)
"""


def test_a_program_is_run_and_its_figures_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "echo.py"
    program.write_text(ECHO, encoding="utf-8")
    scorer.main(["--part", "kept", "--lang", "en", "--command", f"{sys.executable} {program}"])
    told = capsys.readouterr().out
    assert "recall                   0.0 %" in told
    assert "silent leak              0.0 %" in told
    assert "review load            100.0 %" in told
    assert "peak memory" in told


def test_answers_of_another_program_are_read_from_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = tmp_path / "answers.jsonl"
    lines = [
        json.dumps({"id": t.id, "spans": [list(s) for s in t.gold], "text": "", "review": False})
        for t in chosen("all")
    ]
    answers.write_text("\n".join(lines), encoding="utf-8")
    scorer.main(["--part", "build", "--misses", "--answers", str(answers)])
    told = capsys.readouterr().out
    assert "recall                 100.0 %" in told
    assert "precision              100.0 %" in told
    assert "protected words lost     0.0 %" in told
    assert "leaky                    0.0 %" in told


def test_a_program_that_ends_early_is_an_error() -> None:
    command = [sys.executable, "-c", "input(); print('{}')"]
    with pytest.raises(ScoreError, match="ended after 1 answers"):
        scorer.run(command, chosen("kept", "en"))
