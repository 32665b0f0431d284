# SPDX-License-Identifier: AGPL-3.0-or-later
from pathlib import Path

import beffroi_web
from beffroi_web.catalogues import OWN_FOLDERS, message_ids, missing, read_catalogues

PACKAGE = Path(beffroi_web.__file__).parent
SAMPLE = """
from x import _, ngettext
_("good"), _("empty"), _("fuzzy"), ngettext("one", "many", 2)
"""
FRENCH = [folder / "fr" / "LC_MESSAGES" / "messages.po" for folder in OWN_FOLDERS]


def package_of(tmp_path: Path, code: str, template: str, po: str) -> tuple[Path, Path]:
    package = tmp_path / "package"
    (package / "templates").mkdir(parents=True)
    (package / "code.py").write_text(code, encoding="utf-8")
    (package / "templates" / "page.html").write_text(template, encoding="utf-8")
    catalogue = tmp_path / "messages.po"
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    catalogue.write_text(header + po, encoding="utf-8")
    return package, catalogue


def test_every_sentence_of_the_shared_parts_has_french():
    present = [path for path in FRENCH if path.is_file()]
    assert missing(PACKAGE, *present) == []


def test_the_extractor_finds_code_templates_plurals_and_contexts(tmp_path):
    package, _ = package_of(
        tmp_path,
        'from x import N_, _, ngettext, pgettext\nA = N_("marked")\n'
        'def f(): return _("said"), ngettext("one", "many", 2), pgettext("where", "what")\n',
        '{{ _("in a page") }}{% trans %}in a block{% endtrans %}',
        "",
    )
    assert message_ids(package) == [
        (("one", "many"), None),
        ("in a block", None),
        ("in a page", None),
        ("marked", None),
        ("said", None),
        ("what", "where"),
    ]


def test_fuzzy_empty_and_half_translations_count_as_missing(tmp_path):
    package, catalogue = package_of(
        tmp_path,
        SAMPLE,
        '{{ _("absent") }}',
        'msgid "good"\nmsgstr "bon"\n\nmsgid "empty"\nmsgstr ""\n\n'
        '#, fuzzy\nmsgid "fuzzy"\nmsgstr "flou"\n\n'
        'msgid "one"\nmsgid_plural "many"\nmsgstr[0] "un"\nmsgstr[1] ""\n',
    )
    assert missing(package, catalogue) == ["one", "absent", "empty", "fuzzy"]


def test_later_folders_win_over_earlier_ones(tmp_path):
    for at, words in (("a", "un"), ("b", "deux")):
        folder = tmp_path / at / "fr" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "messages.po").write_text(
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
            f'msgid "word"\nmsgstr "{words}"\n',
            encoding="utf-8",
        )
    read = read_catalogues([tmp_path / "a", tmp_path / "b", tmp_path / "none"], ["fr", "en"])
    assert read["fr"].ugettext("word") == "deux"
    assert read["en"].ugettext("word") == "word"


def test_french_places_are_those_of_the_english_sentence():
    import re

    from babel.messages.pofile import read_po

    for path in FRENCH:
        if not path.is_file():
            continue
        with path.open("rb") as source:
            for message in read_po(source, locale="fr"):
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                said = message.string if isinstance(message.string, tuple) else (message.string,)
                if message.id:
                    wanted = {place for one in ids for place in re.findall(r"%\(\w+\)[sd]", one)}
                    used = {place for one in said for place in re.findall(r"%\(\w+\)[sd]", one)}
                    assert used == wanted, message.id
