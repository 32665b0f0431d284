# SPDX-License-Identifier: AGPL-3.0-or-later
"""The set of texts: what is marked is what is said, and the set stays the same."""

import hashlib
import ipaddress
import itertools
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from anonymise import generate, identifiers, lookalikes, names, people, wide
from anonymise.generate import LABELS, NOISES, Piece, Template, Text, whole_set

SPLIT = "bb83ae59d6f85865"
"""Changes whenever a template, a list or a value does: then the published figures are old."""

KEPT = "72570248b0db3d61"
"""The same of the kept part, which stays as it is when the build part grows."""

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "anonymiser-scores.md"
CLEAN_TEXTS = [text for text in whole_set() if not text.noise]


def items(label: str) -> list[str]:
    """Return the gold values of a label in texts without noise, which may be looked at closely."""
    found = [
        text.text[start:end]
        for text in CLEAN_TEXTS
        for start, end, name in text.gold
        if name == label
    ]
    assert len(found) >= 15
    return found


def together(value: str) -> str:
    """Return only the letters and digits, in capitals."""
    return re.sub(r"[\W_]", "", value).upper()


def pinned(listed: list[tuple[str, str, str]]) -> str:
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:16]


def row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def test_the_set_is_as_large_as_the_page_about_it_says() -> None:
    page = PAGE.read_text(encoding="utf-8")
    written = Counter(template.lang for template in generate.templates())
    parts = Counter((text.part, text.lang) for text in whole_set())
    free = Counter(text.lang for text in whole_set() if not text.gold)
    assert written["fr"] >= 300
    assert written["en"] >= 75
    assert row("templates", written["fr"], written["en"], written.total()) in page
    for part in generate.PARTS:
        fr, en = parts[part, "fr"], parts[part, "en"]
        assert row(f"texts, {part} part", fr, en, fr + en) in page
    assert row("of these without personal data", free["fr"], free["en"], free.total()) in page
    for label in LABELS:
        counts = [
            sum(name == label for text in generate.chosen(part) for _, _, name in text.gold)
            for part in generate.PARTS
        ]
        assert row(label, *counts)[:-1] in page


def test_every_label_has_enough_items_in_the_set_and_some_in_each_part() -> None:
    counts = {part: Counter[str]() for part in generate.PARTS}
    for text in whole_set():
        counts[text.part].update(label for _, _, label in text.gold)
    assert set(counts["build"]) == set(counts["kept"]) == set(LABELS)
    assert all(counts["build"][label] + counts["kept"][label] >= 50 for label in LABELS)
    assert all(counts["kept"][label] >= 15 for label in LABELS)
    assert counts["build"]["PERSON"] + counts["kept"]["PERSON"] >= 300


@pytest.mark.parametrize("part", generate.PARTS)
def test_a_third_of_the_texts_has_no_personal_data_but_something_that_looks_like_it(
    part: str,
) -> None:
    texts = generate.chosen(part)
    without = [text for text in texts if not text.gold]
    assert 0.29 <= len(without) / len(texts) <= 0.37
    assert sum(bool(text.protected) for text in without) / len(without) > 0.75


def test_texts_are_short_and_long_but_never_longer_than_promised() -> None:
    sizes = sorted(len(text.text) for text in whole_set())
    assert sizes[len(sizes) // 20] < 50
    assert sizes[-8] > 900
    assert sizes[-1] <= 1_500


def test_no_text_no_id_and_no_template_is_there_twice() -> None:
    for listed in (
        [text.text for text in whole_set()],
        [text.id for text in whole_set()],
        [template.body for template in generate.templates()],
    ):
        assert [one for one, count in Counter(listed).items() if count > 1] == []


def test_the_split_is_a_third_of_every_kind_but_the_wide_ones() -> None:
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for template in generate.templates():
        kinds[template.kind][template.part] += 1
    wide_kinds = {kind for kind in kinds if kind.startswith("wide_")}
    assert all(set(kinds.pop(kind)) == {"build"} for kind in wide_kinds)
    assert len(wide_kinds) >= 9
    assert len(kinds) >= 15
    for kind, counts in kinds.items():
        assert 0.28 <= counts["kept"] / counts.total() <= 0.37, kind


def test_the_set_and_its_split_are_the_same_as_ever() -> None:
    listed = sorted((text.id, text.part, text.text) for text in whole_set())
    kept = [one for one in listed if one[1] == "kept"]
    assert pinned(kept) == KEPT
    assert pinned(listed) == SPLIT


def test_a_text_stays_when_other_templates_come_and_go() -> None:
    template = next(t for t in generate.templates() if "{PERSON:full" in t.body)
    moved = Template(template.part, template.kind, template.number + 7, template.body)
    assert [t.text for t in generate.texts_of(template)] == [
        t.text for t in generate.texts_of(moved)
    ]


def test_half_of_the_names_of_the_kept_part_are_of_its_own_lists() -> None:
    built = {
        people.plain(name).lower()
        for group in names.BUILD
        for name in (*group.women, *group.men, *group.surnames)
    }
    own = {
        people.plain(name).lower()
        for group in names.KEPT
        for name in (*group.women, *group.men, *group.surnames)
    } - built
    assert len(own) > 150

    def share(part: str) -> float:
        persons = [
            people.plain(text.text[start:end]).lower()
            for text in generate.chosen(part)
            if text.noise != "decomposed"
            for start, end, label in text.gold
            if label == "PERSON"
        ]
        return sum(any(name in person for name in own) for person in persons) / len(persons)

    assert share("kept") > 0.3
    assert share("build") < 0.12  # short names such as "Vo" stand inside others


def test_marks_lie_inside_the_text_in_order_and_never_on_each_other() -> None:
    for text in whole_set():
        spans = sorted([(a, b) for a, b, _ in text.gold] + list(text.protected))
        assert all(0 <= start < end <= len(text.text) for start, end in spans), text.id
        assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans)), text.id
        for start, end in spans:
            assert text.text[start:end].strip() == text.text[start:end] != "", text.id


def test_no_slot_was_left_open() -> None:
    for text in whole_set():
        assert not re.search(r"[{}]|\[\[|\]\]", text.text), text.id


# What is marked looks as its label says


def test_numbers_of_social_security_have_the_right_key_but_for_some() -> None:
    def is_right(number: str) -> bool:
        body = int(number[:13].replace("2A", "19").replace("2B", "18"))
        return int(number[13:]) == 97 - body % 97

    numbers = [together(value) for value in items("NIR")]
    assert {len(number) for number in numbers} == {13, 15}
    assert all(re.fullmatch(r"[12]\d{4}(\d\d|2[AB])\d{6}(\d\d)?", number) for number in numbers)
    keyed = [number for number in numbers if len(number) == 15]
    wrong = [number for number in keyed if not is_right(number)]
    assert 1 <= len(wrong) <= len(keyed) / 4
    assert any("2A" in number or "2B" in number for number in numbers)


def test_ibans_have_the_right_check_digits_but_for_some() -> None:
    numbers = [together(value) for value in items("IBAN")]
    sizes = {"FR": 27, "BE": 16, "DE": 22, "LU": 20, "PT": 25}
    assert all(len(number) == sizes[number[:2]] for number in numbers)
    wrong = [n for n in numbers if identifiers.numeric(n[4:] + n[:4]) % 97 != 1]
    assert 1 <= len(wrong) <= len(numbers) / 4


def test_addresses_of_networks_are_addresses_of_networks() -> None:
    assert {ipaddress.ip_address(value).version for value in items("IP")} == {4, 6}


def test_telephone_numbers_have_their_digits() -> None:
    written = items("PHONE")
    for value in written:
        count = sum(sign.isdigit() for sign in value)
        assert 9 <= count <= 14 or re.search("[a-zO]", value), value
    assert any("zéro" in value for value in written)
    assert any(value[0] in "oO" for value in written)


def test_plates_have_one_of_two_formats() -> None:
    for value in items("PLATE"):
        assert re.fullmatch(r"[A-Z]{2}\d{3}[A-Z]{2}|\d{2,4}[A-Z]{2,3}\d{2}", together(value)), value


def test_mailboxes_are_of_domains_that_are_reserved() -> None:
    for value in items("EMAIL"):
        domain = re.sub(r"[\s.,()[\]]|p(oi|u)nto?|dot", "", value.lower())
        assert re.search(r"example(org|com|net)?$", domain), value
    for text in CLEAN_TEXTS:
        for host in re.findall(r"https?://([\w.-]+)", text.text):
            assert re.search(r"\bexample\.(org|com|net)$", host), text.id


def test_dates_of_birth_are_dates_and_secrets_are_long() -> None:
    assert all(re.search(r"\d{2}", value) for value in items("DOB"))
    assert all(re.fullmatch(r"[\w.-]{10,}", value) for value in items("URL_TOKEN"))
    assert all(re.search(r"\d", value) and len(value) >= 4 for value in items("OTHER_ID"))


def test_persons_and_homes_are_written_in_many_ways() -> None:
    persons, homes = items("PERSON"), items("ADDRESS")
    ways: dict[str, list[str]] = {
        r"[A-Z]\.(-[A-Z]\.)? \w": persons,
        r"^[a-zà-ÿ' -]+$": persons,
        r"^[A-ZÀ-Ý' -]{8,}$": persons,
        r"\b(de|du|d'|da|dos|Le|Ben|El) ?\w": persons,
        r" [A-ZÉ]\.$": persons,
        r"\b(bis|ter|quater)\b": homes,
        r"\b(av|bd|r|imp|pl|ch)\b": homes,
        r"\b(appartement|appt|apt|porte|bât|flat)": homes,
        r"(au|n°|nº|numéro) \d+$": homes,
        r"^\d+ (du|de la|de l')": homes,
        r"^[A-Z]{4,} [A-Z]\.$": persons,
        r"\w, \w": persons,
        r"^(BP|B\.P\.|CS)": homes,
        r"^(lot|chalet|emplacement|mobil-home)": homes,
        r"\d(-|/| à | et |&)\d": homes,
        r"^[A-Z0-9 ]{12,}$": homes,
        r"(Close|Lane|Road|View|Way)$": homes,
    }
    rare = [way for way, among in ways.items() if not any(re.search(way, one) for one in among)]
    assert rare == []
    assert len(set(persons)) > 380


def test_every_wide_form_is_asked_for_by_a_template_and_by_its_own_name() -> None:
    asked: dict[str, set[str]] = defaultdict(set)
    for template in generate.templates():
        for mark in generate.MARK.finditer(template.body):
            if mark["label"] and template.kind.startswith("wide_"):
                asked[mark["label"]].add(mark["form"])
    for label, forms in wide.FORMS.items():
        assert set(forms) <= asked[label]
    assert not set(wide.FORMS["OTHER_ID"]) & set(identifiers.IDS)


def test_wide_numbers_that_have_a_check_digit_hold() -> None:
    rng = random.Random(5)
    one = people.stranger(rng)
    for form, size in (("health_worker", 11), ("bank_card", 16)):
        for _ in range(30):
            number = re.sub(r"\D", "", wide.FORMS["OTHER_ID"][form](rng, one))
            assert len(number) == size
            assert identifiers.luhn(number[:-1]) == number


def test_rare_names_are_in_no_other_list() -> None:
    def first_names(groups: tuple[names.Names, ...]) -> set[str]:
        return {
            people.plain(name).lower() for group in groups for name in (*group.women, *group.men)
        }

    rare = first_names(names.RARE)
    assert len(rare) > 230
    assert not rare & first_names(names.BUILD + names.KEPT)


def test_numbers_of_firms_hold_by_luhn() -> None:
    rng = random.Random(3)
    for kind, size in (("siren", 9), ("siret", 14)):
        for _ in range(50):
            number = re.sub(r"\D", "", lookalikes.lookalike(rng, kind, False))
            assert len(number) == size
            assert identifiers.luhn(number[:-1]) == number


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("devant la ", "collège Simone-Veil", "devant le "),
        ("près du ", "école Anne-Frank", "près de l'"),
        ("De la ", "stade Marcel-Hébert", "Du "),
        ("le toit du ", "halle Martin", "le toit de la "),
        ("dans ", "rue Haute", "dans "),
    ],
)
def test_articles_agree_with_what_was_drawn(before: str, value: str, after: str) -> None:
    assert lookalikes.agreed(before, value) == after


# Noise


def test_a_quarter_of_the_texts_is_written_carelessly_and_in_every_way() -> None:
    noisy = [text for text in whole_set() if text.noise]
    assert 0.2 <= len(noisy) / len(whole_set()) <= 0.3
    assert {text.noise for text in noisy} == set(NOISES)


PIECES = (
    Piece("Bonjour, je m'appelle "),
    Piece("Éloïse L'Hénaff", "PERSON"),
    Piece(", rappelez-moi au "),
    Piece("06 39 98 00 11", "PHONE"),
    Piece(" devant l'école. Voir "),
    Piece("https://www.example.org/É", protected=True),
)


def folded(text: str) -> str:
    """Return what noise never changes of a value."""
    return re.sub(r"[\W_]", "", people.plain(text)).lower()


@pytest.mark.parametrize("noise", sorted(NOISES))
def test_noise_keeps_what_is_marked_where_it_is(noise: str) -> None:
    template = Template("build", "x_fr", 1, "")
    before = generate.written("a", template, PIECES, (), "")
    for seed in range(20):
        changed = NOISES[noise](PIECES, random.Random(seed))
        after = generate.written("a", template, changed, (), noise)
        assert [label for _, _, label in after.gold] == [label for _, _, label in before.gold]
        assert list(marked(after)) == list(marked(before))


def marked(text: Text) -> Iterator[str]:
    for start, end in [(a, b) for a, b, _ in text.gold] + list(text.protected):
        yield folded(text.text[start:end])


@pytest.mark.parametrize("noise", sorted(NOISES))
def test_noise_changes_something(noise: str) -> None:
    changes = {
        "".join(piece.text for piece in NOISES[noise](PIECES, random.Random(seed)))
        for seed in range(20)
    }
    assert changes != {"".join(piece.text for piece in PIECES)}


# Templates


def filled(body: str) -> Text:
    return next(generate.texts_of(Template("build", "x_fr", 1, body)))


def test_slots_of_one_name_are_one_person() -> None:
    text = filled("{PERSON:surname#w1} et {PERSON:full#w1}, {PERSON:surname#w1}. a;b;c;d;e;f;g")
    one, two, three = [text.text[start:end] for start, end, _ in text.gold]
    assert one == three
    assert two.endswith(one)


def test_what_the_account_knows_is_told_with_the_text() -> None:
    text = filled("moi, {PERSON:first#w1!}, {PHONE:dots!}")
    name, number = text.known
    assert name.split()[0].lower() in text.text.lower()
    assert re.fullmatch(r"0\d{9}", number)
    assert text.as_json()["known"] == [name, number]
    assert "known" not in filled("rien").as_json()


@pytest.mark.parametrize("body", ["{PERSON:sideways}", "{NOBODY:full}", "{unicorn}"])
def test_a_slot_that_nobody_can_fill_is_refused(body: str) -> None:
    with pytest.raises(generate.TemplateError, match="build-x_fr-001"):
        filled(body)


def test_the_command_prints_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    generate.main(["--part", "kept", "--lang", "en"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(generate.chosen("kept", "en")) > 30
    assert set(lines[0]) >= {"id", "lang", "part", "text", "gold", "protected"}


def test_every_file_of_templates_says_what_it_holds() -> None:
    for path in Path(generate.TEMPLATES).iterdir():
        first, second, divider = path.read_text(encoding="utf-8").splitlines()[:3]
        assert "SPDX-License-Identifier" in first
        assert second.startswith("Kept:") == path.name.startswith("kept_")
        assert divider == generate.DIVIDER
