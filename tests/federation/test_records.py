# SPDX-License-Identifier: AGPL-3.0-or-later
import copy
import json
import pickle
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from beffroi_federation import records
from beffroi_federation.canonical import encode
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError
from beffroi_federation.record_json_schema import json_schema, json_schema_files
from beffroi_federation.record_schemas import SCHEMAS
from beffroi_federation.records import (
    CONTENT_BYTES,
    UNKNOWN,
    PublicRecord,
    delay_band,
    main,
    read_record,
    support_band,
)
from beffroi_federation.vocabulary import (
    DELAY_BANDS,
    SUPPORT_BANDS,
    duration_band,
    is_week,
    iso_week,
    quarter,
)

ROOT = Path(__file__).parents[2]
ID = "c2FsdCBhbmQgcGVwcGVy"

EXAMPLES: dict[str, dict[str, object]] = {
    "request": {
        "v": 1, "kind": "request", "id": ID, "lang": "fr", "object": "dataset", "theme": "ENVI",
        "title": "Les arbres de la ville", "summary": "Espèce et année de plantation.\nPar rue.",
        "commune": "2A004", "period": "2026-W53", "status": "refused", "outcome": "refused",
        "ground": "crpa-L311-6", "answer": "Le fichier n'existe pas encore.",
        "answered": "2027-W02", "planned": "2027-Q4",
        "published_url": "https://data.ville.example/arbres?format=csv#haut", "supports": "1-9",
        "campaign": ID, "clock": "in_time",
    },
    "incident_summary": {
        "v": 1, "kind": "incident_summary", "family": "street", "category": "lighting",
        "area": "75056", "period": "2027-01", "state": "shown", "count": 12, "closed": 5,
        "delay": "8-30",
    },
    "cyber_incident": {
        "v": 1, "kind": "cyber_incident", "id": ID, "class": "fraud", "surface": "impersonation",
        "impact": "minor", "duration": "1-7d", "period": "2026-Q3", "tlp": "CLEAR",
    },
    "campaign": {
        "v": 1, "kind": "campaign", "id": ID, "period": "2026-Q3", "phase": "research",
        "requests": 0, "published": 0, "note_url": "https://ville.example/note",
    },
}  # fmt: skip
OPTIONAL = {
    "request": {
        "commune", "outcome", "ground", "answer", "answered", "planned", "published_url",
        "campaign",
    },
    "incident_summary": {"closed", "delay"},
    "cyber_incident": set(),
    "campaign": {"note_url"},
}  # fmt: skip
BAD_URLS = [
    "http://ville.example/", "https://user@ville.example/", "https://u:p@ville.example/",
    "https://ville.example/a b", "https://ville.example/\n", "https://", "javascript:alert(1)",
    "https://ville.example\\@evil.example/", "https://ville.example/<x>", 'https://v.example/"',
    "https://ville.example/é", "//ville.example/", "https://ville.example/" + "x" * 480, "",
]  # fmt: skip

# What a value of each member may not be.
WRONG: list[tuple[str, str, object]] = [
    ("request", "v", 2), ("request", "v", True), ("request", "v", "1"), ("request", "v", 1.0),
    ("request", "kind", "campaign"), ("request", "id", "42"), ("request", "id", "é" * 20),
    ("request", "id", None), ("request", "lang", "FR"), ("request", "lang", "français"),
    ("request", "object", "person"), ("request", "theme", "CATS"), ("request", "title", ""),
    ("request", "title", " \u00a0"), ("request", "title", "x" * 201), ("request", "title", 7),
    ("request", "title", "two\nlines"), ("request", "title", "bell\u0007"),
    ("request", "title", "e\u0301tat"), ("request", "title", "turned \u202e round"),
    ("request", "title", "a\u2028b"), ("request", "title", "tag\U000e0041"),
    ("request", "summary", "x" * 2_001), ("request", "summary", "tab\there"),
    ("request", "summary", "line\r\n"), ("request", "answer", "x" * 8_001),
    ("request", "commune", "7505"), ("request", "commune", "2C004"),
    ("request", "period", "2027-W53"), ("request", "period", "2027-W00"),
    ("request", "period", "2027-01-03"), ("request", "period", "2027-W3"),
    ("request", "status", "deleted"), ("request", "outcome", "maybe"),
    ("request", "ground", "because of Mme X"), ("request", "answered", "2027-Q1"),
    ("request", "planned", "2027-Q5"), ("request", "planned", "2027-W01"),
    ("request", "supports", "3"), ("request", "supports", 3), ("request", "clock", "late"),
    ("incident_summary", "family", "noise"), ("incident_summary", "category", "Rue Haute 3"),
    ("incident_summary", "area", "12"), ("incident_summary", "area", "Paris"),
    ("incident_summary", "period", "2027-13"), ("incident_summary", "period", "2027-W53"),
    ("incident_summary", "state", "hidden"), ("incident_summary", "count", 4),
    ("incident_summary", "count", 0), ("incident_summary", "count", "12"),
    ("incident_summary", "count", 12.0), ("incident_summary", "count", True),
    ("incident_summary", "closed", 1), ("incident_summary", "delay", "3"),
    ("cyber_incident", "class", "hack"), ("cyber_incident", "surface", "CVE-2026-1"),
    ("cyber_incident", "impact", "huge"), ("cyber_incident", "duration", "3h"),
    ("cyber_incident", "period", "2026-W30"), ("cyber_incident", "tlp", "AMBER"),
    ("campaign", "phase", "over"), ("campaign", "requests", -1), ("campaign", "requests", 10**10),
    ("campaign", "note_url", "https://u@ville.example/"),
    *(("request", "published_url", url) for url in BAD_URLS),
]  # fmt: skip


def accepts(kind: str, value: dict[str, object]) -> bool:
    """Tell whether the allow-list schema of a kind takes a value."""
    try:
        SCHEMAS[kind]().load(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_full_record_and_one_without_optional_members_are_read_back(kind: str) -> None:
    full = EXAMPLES[kind]
    for value in (full, {k: v for k, v in full.items() if k not in OPTIONAL[kind]}):
        value = {k: v for k, v in value.items() if k != "outcome" or "ground" in value}
        record = read_record(encode(value))
        assert (record.kind, record.left) == (kind, 0)
        assert record.known == value
        assert record.fields == tuple(sorted(value))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_other_member_is_required(kind: str) -> None:
    for name in EXAMPLES[kind].keys() - OPTIONAL[kind] - {"v", "kind"}:
        value = {k: v for k, v in EXAMPLES[kind].items() if k != name}
        with pytest.raises(Malformed) as caught:
            read_record(encode(value))
        assert name in str(caught.value.details["reasons"])


@pytest.mark.parametrize(("kind", "name", "wrong"), WRONG)
def test_a_wrong_member_is_refused_by_name_and_never_quoted(
    kind: str, name: str, wrong: object
) -> None:
    value = EXAMPLES[kind] | {name: wrong}
    with pytest.raises(ValidationError) as caught:
        SCHEMAS[kind]().load(value)
    assert list(caught.value.messages_dict) == [name]
    if isinstance(wrong, str) and len(wrong) > 10:
        assert wrong not in str(caught.value.messages_dict)


def test_a_refusal_names_its_ground() -> None:
    value = {k: v for k, v in EXAMPLES["request"].items() if k != "ground"}
    assert not accepts("request", value)
    assert accepts("request", value | {"outcome": "partly"})


@pytest.mark.parametrize("figure", ["count", "closed", "delay"])
def test_a_suppressed_cell_has_no_figures(figure: str) -> None:
    suppressed = EXAMPLES["incident_summary"] | {"state": "suppressed"}
    bare = {k: v for k, v in suppressed.items() if k not in ("count", "closed", "delay")}
    assert accepts("incident_summary", bare)
    assert not accepts("incident_summary", bare | {figure: suppressed[figure]})
    assert not accepts("incident_summary", bare | {"state": "shown"})


def test_a_town_may_not_write_a_member_that_is_not_listed() -> None:
    assert not accepts("request", EXAMPLES["request"] | {"email": "x"})


def test_members_that_are_not_known_are_left_aside_and_not_returned() -> None:
    content = encode(EXAMPLES["campaign"] | {"secret": "planted", "more": [1, {"a": None}]})
    record = read_record(content)
    assert record.left == 2
    assert "planted" not in repr(record)
    assert "secret" not in repr(record)


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "planted-kind", "v": 1, "title": "planted"},
        EXAMPLES["campaign"] | {"v": 2},
        {"kind": "request", "v": 0},
    ],
)
def test_a_kind_or_version_that_is_not_known_is_kept_and_never_shown(
    value: dict[str, object],
) -> None:
    record = read_record(encode(value))
    assert (record.kind, record.known, record.fields) == (UNKNOWN, None, ())
    assert "planted" not in repr(record)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", Malformed), (b"[]", Malformed), (b'"x"', Malformed), (b"{}", Malformed),
        (b'{"v":1}', Malformed), (b'{"kind":1,"v":1}', Malformed),
        (b'{"kind":"campaign","v":true}', Malformed), (b'{"kind":"x","v":1.0}', Malformed),
        (b'{"v":1,"kind":"x"}', Malformed), (b'{"kind":"x", "v":1}', Malformed),
        (b'{"kind":"x","kind":"y","v":1}', Malformed), (b'{"kind":"x","v":NaN}', Malformed),
        (b'{"kind":"\\u0078","v":1}', Malformed), (b'{"kind":"\\ud800","v":1}', Malformed),
        (b'{"kind":"\xff","v":1}', Malformed), (b'{"kind":"x","v":1}\n', Malformed),
        (b'{"a":[[[[1]]]],"kind":"x","v":1}', OverLimit),
        (b'{"kind":"' + b"x" * CONTENT_BYTES + b'","v":1}', OverLimit),
    ],
)  # fmt: skip
def test_what_is_not_canonical_json_of_an_object_is_no_record(
    content: bytes, error: type[ProtocolError]
) -> None:
    with pytest.raises(error):
        read_record(content)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(content: bytes) -> None:
    try:
        read_record(content)
    except ProtocolError:
        pass


# ---- the guard ----


@pytest.mark.parametrize("token", [None, object(), "_TOKEN", True])
def test_a_public_record_is_made_by_nobody_else(token: object) -> None:
    with pytest.raises(TypeError):
        PublicRecord("request", b"{}", token=token)


def test_a_public_record_is_not_copied_pickled_or_derived_from() -> None:
    record = PublicRecord("request", b"{}", token=records._TOKEN)
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            attempt(record)
    with pytest.raises(TypeError):
        type("Forged", (PublicRecord,), {})
    with pytest.raises(AttributeError):
        record.content = b"{}"  # type: ignore[misc]
    assert "{}" not in repr(record)


def test_only_two_modules_know_the_token() -> None:
    sources = [*(ROOT / "federation").rglob("*.py"), *(ROOT / "plugin").rglob("*.py")]
    assert len(sources) > 20
    users = {
        path.name
        for path in sources
        if re.search(r"records\._TOKEN|import .*\b_TOKEN\b|PublicRecord\.__new__", path.read_text())
    }
    assert users == {"anonymise.py"}


# ---- bands and periods ----


@pytest.mark.parametrize(
    ("supports", "band"),
    [(0, "0"), (1, "1-9"), (9, "1-9"), (10, "10-49"), (49, "10-49"), (50, "50-199"),
     (199, "50-199"), (200, "200+"), (10**6, "200+")],
)  # fmt: skip
def test_supports_become_a_band(supports: int, band: str) -> None:
    assert support_band(supports) == band


@pytest.mark.parametrize(
    ("days", "band"),
    [(0, "0-7"), (7, "0-7"), (8, "8-30"), (30, "8-30"), (31, "31-90"), (90, "31-90"),
     (91, "91-365"), (365, "91-365"), (366, "366+"), (9_999, "366+")],
)  # fmt: skip
def test_delays_become_a_band(days: int, band: str) -> None:
    assert delay_band(days) == band


@pytest.mark.parametrize(
    ("days", "band"),
    [(0, "under-1d"), (1, "1-7d"), (7, "1-7d"), (8, "8-30d"), (30, "8-30d"), (31, "over-30d")],
)
def test_durations_become_a_band(days: int, band: str) -> None:
    assert duration_band(days) == band


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_band_never_falls_when_the_number_rises(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert SUPPORT_BANDS.index(support_band(low)) <= SUPPORT_BANDS.index(support_band(high))
    assert DELAY_BANDS.index(delay_band(low)) <= DELAY_BANDS.index(delay_band(high))


def test_nothing_is_below_zero() -> None:
    for band in (support_band, delay_band, duration_band):
        with pytest.raises(ValueError, match="below zero"):
            band(-1)


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)))
def test_a_day_lies_in_the_week_and_quarter_it_becomes(day: date) -> None:
    week = iso_week(day)
    assert is_week(week)
    monday = date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    assert monday <= day < monday + timedelta(days=7)
    year, number = quarter(day).split("-Q")
    assert (int(year), (int(number) - 1) * 3 < day.month <= int(number) * 3) == (day.year, True)


def test_week_53_exists_only_in_long_years() -> None:
    assert [year for year in range(2020, 2033) if is_week(f"{year}-W53")] == [2020, 2026, 2032]


# ---- JSON Schema ----


def holds(schema: object, value: object) -> bool:
    """Judge a value by the keywords of JSON Schema 2020-12 that our files use, and no other."""
    if isinstance(schema, bool):
        return schema
    assert isinstance(schema, dict)
    known = {
        "$schema", "title", "description", "type", "properties", "required", "const", "enum", "if",
        "additionalProperties", "then", "else", "pattern", "minLength", "maxLength", "minimum",
        "maximum",
    }  # fmt: skip
    assert schema.keys() <= known
    types = {"object": dict, "string": str, "integer": int}
    if "type" in schema and (
        not isinstance(value, types[schema["type"]]) or isinstance(value, bool)
    ):
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, str) and not (
        schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
        and re.search(schema.get("pattern", "").removesuffix("$") + r"\Z", value)
    ):
        return "pattern" not in schema and "minLength" not in schema and "maxLength" not in schema
    if isinstance(value, int) and not (
        schema.get("minimum", -(10**20)) <= value <= schema.get("maximum", 10**20)
    ):
        return False
    return not isinstance(value, dict) or _object_holds(schema, value)


def _object_holds(schema: dict[str, object], value: dict[str, object]) -> bool:
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    required = schema.get("required", [])
    assert isinstance(required, list)
    if not value.keys() >= set(required):
        return False
    if schema.get("additionalProperties") is False and not value.keys() <= properties.keys():
        return False
    if not all(holds(properties[name], value[name]) for name in value if name in properties):
        return False
    if "if" in schema:
        branch = "then" if holds(schema["if"], value) else "else"
        return holds(schema.get(branch, True), value)
    return True


# JSON Schema has no words for these: normal form, unseen characters, blank texts, long years.
ONLY_PYTHON = {
    "e\u0301tat",
    "turned \u202e round",
    "a\u2028b",
    "tag\U000e0041",
    " \u00a0",
    "2027-W53",
}


@pytest.mark.parametrize(("kind", "name", "wrong"), WRONG)
def test_the_json_schema_refuses_what_the_town_refuses(kind: str, name: str, wrong: object) -> None:
    value = EXAMPLES[kind] | {name: wrong}
    assert holds(json_schema(kind), value) == (wrong in ONLY_PYTHON)


@given(st.data())
def test_the_json_schema_and_the_town_agree_on_which_members_go_together(
    data: st.DataObject,
) -> None:
    kind = data.draw(st.sampled_from(sorted(EXAMPLES)))
    names = data.draw(st.sets(st.sampled_from(sorted(EXAMPLES[kind]))))
    value = {name: EXAMPLES[kind][name] for name in EXAMPLES[kind] if name not in names}
    if kind == "incident_summary" and data.draw(st.booleans()):
        value["state"] = "suppressed"
    if data.draw(st.booleans()):
        value["extra"] = 1
    assert holds(json_schema(kind), value) == accepts(kind, value)


def test_the_committed_json_schemas_are_current(tmp_path: Path) -> None:
    assert main(["--json-schema", str(tmp_path)]) == 0
    committed = ROOT / "docs" / "protocol" / "schemas"
    assert {path.name for path in committed.glob("*.json")} == json_schema_files().keys()
    for path in tmp_path.iterdir():
        assert path.read_text("utf-8") == (committed / path.name).read_text("utf-8"), (
            "write them again: python -m beffroi_federation.records "
            "--json-schema docs/protocol/schemas"
        )
        json.loads(path.read_text("utf-8"))


# ---- the page ----


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_page_on_records_tells_every_member_and_every_code(kind: str) -> None:
    page = (ROOT / "docs" / "protocol" / "records.md").read_text("utf-8")
    section = page.split(f"\n## `{kind}`", 1)[1].split("\n## ", 1)[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    properties = json_schema(kind)["properties"]
    assert isinstance(properties, dict)
    assert list(rows) == list(properties)
    for name, schema in properties.items():
        for code in schema.get("enum", ()):
            assert f"`{code}`" in rows[name]
        if name not in ("ground", "count"):
            assert ("optional" in rows[name]) == (name in OPTIONAL[kind])
