# SPDX-License-Identifier: AGPL-3.0-or-later
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from beffroi_federation import anonymise
from beffroi_federation.anonymise import (
    CampaignFact,
    CyberFact,
    IncidentCell,
    RequestFact,
    campaign_record,
    cyber_incident_record,
    incident_summary_record,
    request_record,
)
from beffroi_federation.errors import RecordRefused
from beffroi_federation.records import CONTENT_BYTES, read_record

ID = "c2FsdCBhbmQgcGVwcGVy"
REQUEST = RequestFact(
    lang="fr",
    object="dataset",
    theme="ENVI",
    title="Les arbres de la ville",
    summary="Espèce, hauteur et année de plantation.",
    received=date(2026, 12, 31),
    status="published",
    clock="in_time",
    supports=12,
)
ANSWERED = replace(
    REQUEST,
    commune="75056",
    outcome="published",
    answer="Le jeu de données est en ligne.",
    answered=date(2027, 1, 14),
    planned=date(2027, 2, 1),
    published_url="https://data.ville.example/arbres",
    campaign=ID,
)
CYBER = CyberFact("fraud", "impersonation", "minor", date(2026, 8, 1), date(2026, 8, 4))
CAMPAIGN = CampaignFact(date(2026, 9, 1), "call", 31, 0)


def members(fact: RequestFact) -> dict[str, object]:
    record = read_record(request_record(fact, record_id=ID).content)
    assert record.known is not None
    return dict(record.known)


def test_dates_become_weeks_and_quarters_and_numbers_become_bands() -> None:
    assert members(ANSWERED) == {
        "v": 1,
        "kind": "request",
        "id": ID,
        "lang": "fr",
        "object": "dataset",
        "theme": "ENVI",
        "title": "Les arbres de la ville",
        "summary": "Espèce, hauteur et année de plantation.",
        "commune": "75056",
        "period": "2026-W53",
        "status": "published",
        "outcome": "published",
        "answer": "Le jeu de données est en ligne.",
        "answered": "2027-W02",
        "planned": "2027-Q1",
        "published_url": "https://data.ville.example/arbres",
        "supports": "10-49",
        "campaign": ID,
        "clock": "in_time",
    }


def test_what_is_not_there_is_left_out() -> None:
    assert members(REQUEST).keys().isdisjoint({"commune", "outcome", "answer", "planned"})


def test_the_same_fact_is_the_same_bytes() -> None:
    one = request_record(ANSWERED, record_id=ID)
    assert one.content == request_record(ANSWERED, record_id=ID).content
    assert one.kind == "request"


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 6))
def test_no_exact_date_leaves_the_town(day: date, later: int) -> None:
    monday = date.fromisocalendar(*day.isocalendar()[:2], 1)
    same_week = date.fromordinal(monday.toordinal() + later)
    one = request_record(replace(REQUEST, received=day), record_id=ID)
    other = request_record(replace(REQUEST, received=same_week), record_id=ID)
    assert one.content == other.content
    assert day.isoformat().encode() not in one.content


IDENTIFIERS = {
    "EMAIL": "jeanne.martin@courriel.example.org",
    "PHONE": "06 12 34 56 78",
    "PLATE": "AB-123-CD",
    "ADDRESS": "12 rue des Lilas",
}


@pytest.mark.parametrize("field", ["title", "summary", "answer"])
@pytest.mark.parametrize(("label", "planted"), IDENTIFIERS.items())
def test_a_strong_identifier_stops_a_record_and_is_not_repeated(
    field: str, label: str, planted: str
) -> None:
    fact = replace(ANSWERED, **{field: f"Écrire à {planted} avant midi."})  # type: ignore[arg-type]
    with pytest.raises(RecordRefused) as caught:
        request_record(fact, record_id=ID)
    assert caught.value.reasons == (f"{field}: holds what looks like {label}",)
    assert planted not in str(caught.value)


def test_an_address_of_a_page_is_looked_at_too() -> None:
    fact = replace(ANSWERED, published_url="https://ville.example/?de=jeanne@courriel.example.org")
    with pytest.raises(RecordRefused) as caught:
        request_record(fact, record_id=ID)
    assert caught.value.reasons == ("published_url: holds what looks like EMAIL",)


def test_all_reasons_are_told_at_once() -> None:
    fact = replace(ANSWERED, title="x" * 201, theme="CATS", answer="appelez le 06 12 34 56 78")
    with pytest.raises(RecordRefused) as caught:
        request_record(fact, record_id="42")
    assert [reason.split(":")[0] for reason in caught.value.reasons] == [
        "id",
        "theme",
        "title",
        "answer",
    ]
    assert "201 characters, at most 200" in str(caught.value)


def test_a_detector_that_fails_stops_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(text: str) -> list[object]:
        raise ZeroDivisionError(text)

    monkeypatch.setattr(anonymise, "find_strong", die)
    with pytest.raises(RecordRefused) as caught:
        request_record(REQUEST, record_id=ID)
    assert "arbres" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("field", ["title", "summary", "answer"])
def test_nothing_is_cut_off(field: str) -> None:
    fact = replace(ANSWERED, **{field: "mot " * 3_000})  # type: ignore[arg-type]
    with pytest.raises(RecordRefused, match="characters, at most"):
        request_record(fact, record_id=ID)


def test_a_record_that_would_be_too_long_in_bytes_is_refused() -> None:
    fact = replace(REQUEST, summary="“" * 2_000, answer="“" * 8_000)
    with pytest.raises(RecordRefused, match=f"at most {CONTENT_BYTES}"):
        request_record(fact, record_id=ID)


def test_texts_are_brought_to_one_spelling_and_lines_to_line_feeds() -> None:
    fact = replace(REQUEST, title=" e\u0301tat civil ", summary="un\r\ndeux\rtrois\n")
    assert members(fact)["title"] == "état civil"
    assert members(fact)["summary"] == "un\ndeux\ntrois"


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_leaves_as_it_is_read_or_not_at_all(title: str, summary: str) -> None:
    try:
        known = members(replace(REQUEST, title=title, summary=summary))
    except RecordRefused:
        return
    assert known["title"] == unicodedata.normalize("NFC", title).strip()


def test_a_refusal_without_its_ground_is_refused() -> None:
    fact = replace(ANSWERED, status="refused", outcome="refused", published_url=None)
    with pytest.raises(RecordRefused, match="ground"):
        request_record(fact, record_id=ID)
    assert members(replace(fact, ground="crpa-L311-6"))["ground"] == "crpa-L311-6"


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(RecordRefused, match="supports: cannot be below zero"):
        request_record(replace(REQUEST, supports=-1), record_id=ID)
    with pytest.raises(RecordRefused, match="duration"):
        cyber_incident_record(replace(CYBER, ended=date(2026, 7, 1)), record_id=ID)


# ---- counts ----


def cell(record: IncidentCell) -> dict[str, object]:
    known = read_record(incident_summary_record(record).content).known
    assert known is not None
    return dict(known)


def test_a_shown_cell_tells_its_figures_and_a_suppressed_one_none() -> None:
    shown = IncidentCell("street", "lighting", "75056", "2027-01", 12, 7, 9)
    assert cell(shown) | {"v": 1, "kind": "incident_summary"} == {
        "v": 1,
        "kind": "incident_summary",
        "family": "street",
        "category": "lighting",
        "area": "75056",
        "period": "2027-01",
        "state": "shown",
        "count": 12,
        "closed": 7,
        "delay": "8-30",
    }
    hidden = cell(IncidentCell("street", "lighting", "75056", "2027-01"))
    assert hidden["state"] == "suppressed"
    assert hidden.keys().isdisjoint({"count", "closed", "delay"})


@given(st.integers(-3, 40), st.one_of(st.none(), st.integers(-3, 40)))
def test_no_count_below_five_leaves_the_town(count: int, closed: int | None) -> None:
    fact = IncidentCell("street", "lighting", "75056", "2027-01", count, closed)
    try:
        known = cell(fact)
    except RecordRefused:
        assert count < 5 or (closed is not None and closed < 5)
    else:
        assert min(known[name] for name in ("count", "closed") if name in known) >= 5  # type: ignore[type-var]


def test_figures_without_a_count_are_refused() -> None:
    hidden = IncidentCell("street", "lighting", "75056", "2027-01", None, 7, None)
    with pytest.raises(RecordRefused, match="closed: stands in a suppressed cell"):
        incident_summary_record(hidden)


# ---- the other kinds ----


def test_a_cyber_incident_tells_codes_bands_and_a_quarter() -> None:
    known = read_record(cyber_incident_record(CYBER, record_id=ID).content).known
    assert known == {
        "v": 1,
        "kind": "cyber_incident",
        "id": ID,
        "class": "fraud",
        "surface": "impersonation",
        "impact": "minor",
        "duration": "1-7d",
        "period": "2026-Q3",
        "tlp": "CLEAR",
    }


def test_a_campaign_tells_how_much_came_of_it() -> None:
    record = campaign_record(replace(CAMPAIGN, note_url="https://v.example/n"), record_id=ID)
    assert read_record(record.content).known == {
        "v": 1,
        "kind": "campaign",
        "id": ID,
        "period": "2026-Q3",
        "phase": "call",
        "requests": 31,
        "published": 0,
        "note_url": "https://v.example/n",
    }


@given(st.sampled_from(["http://", "https://user@", "https://"]), st.text(max_size=30))
def test_no_address_leaves_with_user_information(scheme: str, rest: str) -> None:
    assume(scheme != "https://" or "@" in rest.split("/")[0])
    with pytest.raises(RecordRefused):
        campaign_record(replace(CAMPAIGN, note_url=f"{scheme}{rest}"), record_id=ID)
