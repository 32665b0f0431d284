# SPDX-License-Identifier: AGPL-3.0-or-later
"""One file in three writings: read back by the tools that a CERT uses."""

import io
import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymisp import MISPEvent
from pypdf import PdfReader

from beffroi.cyber.rules import STEPS, TLPS
from beffroi.handover.adapters import stix, writing
from beffroi.handover.rules import TLP, misp, picked, rsit_tag, words
from support.cert import AT, WORDS, dossier
from support.stix_judge import faults_of

CATEGORIES = ("defaced", "fake_page", "phishing", "data_visible", "down", "weakness")


@pytest.mark.parametrize(("tlp", "category"), list(zip(TLPS, CATEGORIES, strict=False)))
def test_the_bundle_passes_the_validator_of_stix(tlp: str, category: str) -> None:
    made = stix.written(dossier(1, tlp=tlp, category=category, rsit=None)).decode()
    assert faults_of(made) == []
    objects = json.loads(made)["objects"]
    kinds = {one["type"] for one in objects}
    assert {"incident", "infrastructure", "note", "marking-definition", "url"} <= kinds
    marked = f"marking-definition--{TLP[tlp]}"
    assert all(o["object_marking_refs"] == [marked] for o in objects if o["id"] != marked)
    assert WORDS in {one.get("content") for one in objects}


def test_a_second_hand_over_names_the_same_things() -> None:
    first, other = dossier(), dossier(ref="S-2027-8")
    ids = [
        {o["id"] for o in json.loads(stix.written(d))["objects"] if "created_by_ref" in o}
        for d in (first, dossier(), other)
    ]
    assert ids[0] == ids[1]
    assert not ids[0] & ids[2]
    assert misp.event(first)["Event"]["uuid"] == misp.event(dossier())["Event"]["uuid"]
    assert stix.written(first) == stix.written(dossier())


def test_misp_reads_the_event_as_it_was_meant() -> None:
    event = MISPEvent()
    event.load(misp.written(dossier(1)).decode())
    assert [tag.name for tag in event.tags] == ["tlp:amber+strict", 'rsit:fraud="phishing"']
    [url] = [a for a in event.attributes if a.type == "url"]
    assert (url.value, url.to_ids) == ("https://vi11e.example/login?a=b", True)
    [picture] = [a for a in event.attributes if a.type == "attachment"]
    assert picture.data.getvalue().startswith(b"\xff\xd8")
    assert not event.published
    assert event.date.isoformat() == "2027-01-11"


def test_a_person_reads_the_pdf_and_can_open_nothing_by_mistake() -> None:
    reader = PdfReader(io.BytesIO(writing.pdf(dossier(1), "Europe/Paris")))
    said = " ".join(page.extract_text() for page in reader.pages)
    for part in (
        "TLP:AMBER+STRICT",
        "hxxps[:]//vi11e[.]example/login?a=b",
        "www[.]ville[.]example",
        "12 janvier 2027 à 12:00 (Europe/Paris)",
        "sans réponse",
        "<b>Médiathèque</b>",
    ):
        assert part in said, part
    assert all(page.extract_text().count("TLP:AMBER+STRICT") >= 2 for page in reader.pages)
    assert sum(len(page.images) for page in reader.pages) == 1


def test_pictures_that_are_too_heavy_are_named_and_stay() -> None:
    heavy = dossier(2)
    light, much = heavy.file.evidence
    file = type(much)(much.name, much.media_type, much.sha256, 99_000_000, much.stored_name)
    left = dossier(1, evidence=(light, file))
    assert picked(left.file) == [light.stored_name]
    kinds = [a["type"] for a in misp.event(left)["Event"]["Attribute"]]
    assert kinds.count("attachment") == kinds.count("sha256") == 1


@pytest.mark.parametrize(
    ("code", "tag"),
    [("fraud:phishing", 'rsit:fraud="phishing"'), ("availability", "rsit:availability"),
     ("intrusions/system-compromise", 'rsit:intrusions="system-compromise"'), (None, None),
     ('x"><script>', None), ("", None)],
)  # fmt: skip
def test_a_class_of_rsit_is_a_machine_tag_or_nothing(code: str | None, tag: str | None) -> None:
    assert rsit_tag(code) == tag


@settings(max_examples=12, deadline=None)
@given(said=st.text(max_size=80), address=st.text(max_size=60), hours=st.integers(0, 9999))
def test_whatever_people_write_makes_a_sound_file(said: str, address: str, hours: int) -> None:
    made = dossier(
        words=said, addresses=(f"http://{address}", address), opened_at=AT - timedelta(hours=hours)
    )
    json.loads(stix.written(made))
    MISPEvent().load(misp.written(made).decode())
    assert writing.pdf(made, "Europe/Paris").startswith(b"%PDF")


def test_every_step_of_a_case_has_its_words_in_the_file() -> None:
    assert set(words.STEPS) == set(STEPS)
