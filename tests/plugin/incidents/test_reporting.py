# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a report: a place by words or a point, bad input in words, what is nearby already."""

import io
import json
import os
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from beffroi.incidents.rules import nearness
from beffroi.kernel.db import MIGRATIONS
from support.databases import fresh
from support.photo_carriers import corners, encoded
from support.town import REPORT, Person, Town, open_town

RING = [[-1.75, 48.05], [-1.6, 48.05], [-1.6, 48.15], [-1.75, 48.15], [-1.75, 48.05]]
POINT = {"latitude": "48,1147", "longitude": "-1,6794"}
FLOOD = int(os.environ.get("BEFFROI_TEST_FLOOD", "400"))
"""How many reports come from one address; two thousand were tried as well."""
WORDS = "Lampadaire éteint depuis plusieurs soirs"


@pytest.fixture
def edged(tmp_path: Path) -> Iterator[Town]:
    """A town whose outline is known."""
    file = tmp_path / "outline.geojson"
    file.write_text(json.dumps({"type": "Polygon", "coordinates": [RING]}))
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, outline_file=file, submissions_per_hour=60) as town:
        yield town


@pytest.mark.parametrize(
    ("latitude", "longitude", "field", "said"),
    [
        ("0", "0", "latitude", "en mer"),
        ("-1.6794", "48.1147", "latitude", "inversées"),
        ("48.6", "-2.5", "latitude", "hors de notre territoire"),
        ("-21.1", "55.5", "latitude", "hors de notre territoire"),
        ("48.1147", "", "longitude", "il en manque une"),
        ("nord", "-1.6794", "latitude", "degrés décimaux"),
        ("nan", "-1.6794", "latitude", "degrés décimaux"),
        ("1e400", "-1.6794", "latitude", "degrés décimaux"),
    ],
)
def test_a_point_that_cannot_be_meant_is_asked_again_with_the_form_kept(
    edged: Town, latitude: str, longitude: str, field: str, said: str
) -> None:
    visitor = edged.visitor()
    given = {**REPORT, "latitude": latitude, "longitude": longitude, "place": "rue zqx"}
    for step in ("preview", "send"):
        answer = visitor.post("/incidents/new", {**given, "step": step})
        assert answer.status_code == 422
        assert said in answer.text
        assert f'id="e-{field}"' in answer.text
        assert REPORT["description"] in answer.text
        assert 'value="rue zqx"' in answer.text
    body = {**REPORT, "latitude": latitude or None, "longitude": longitude or None}
    body = {name: value for name, value in body.items() if value is not None}
    assert visitor.post_json("/api/v1/incidents", body).status_code == 422
    assert edged.one('SELECT count(*) FROM "case"') == 0


def test_a_point_is_kept_for_the_institution_and_words_alone_do_as_well(edged: Town) -> None:
    visitor = edged.visitor()
    visitor.sends_report(**POINT)
    visitor.sends_report(place="Devant la mairie")
    rows = edged.rows("SELECT case_id, latitude, longitude FROM incident_position")
    assert [tuple(row) for row in rows] == [(1, 48.1147, -1.6794)]


def test_pointing_at_the_picture_brings_the_form_back_nearer(edged: Town) -> None:
    visitor = edged.visitor()
    photo = (io.BytesIO(encoded(corners(), "jpeg")), "a.jpg")
    given = {**REPORT, "at.x": "144", "at.y": "108", "photos": [photo]}
    answer = visitor.post("/incidents/new", given)
    assert answer.status_code == 200
    assert REPORT["description"] in answer.text
    assert 'name="photo_kept"' in answer.text
    values = dict(
        re.findall(r'name="(latitude|longitude|window)"[^>]*value="([^"]+)"', answer.text)
    )
    assert abs(float(values["latitude"]) - 48.1) < 0.001
    again = visitor.post("/incidents/new", {**REPORT, **values, "step": "farther"})
    assert again.status_code == 200
    assert f'value="{values["latitude"]}"' in again.text
    by_key = visitor.post("/incidents/new", {**REPORT, "at.x": "0", "at.y": "0"})
    assert by_key.status_code == 422
    assert "Montrez l’endroit sur la carte" in by_key.text
    assert edged.one('SELECT count(*) FROM "case"') == 0


def test_tiles_of_another_server_are_let_in_on_the_form_alone(tmp_path: Path) -> None:
    file = tmp_path / "outline.geojson"
    file.write_text(json.dumps({"type": "Polygon", "coordinates": [RING]}))
    tiles = "https://tiles.ville.example/{z}/{x}/{y}.png"
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(
        tmp_path, url, outline_file=file, tiles_url=tiles, tiles_credit="© <b>Ville</b>"
    ) as town:
        form, listing = (town.visitor().get(path) for path in ("/incidents/new", "/incidents"))
        policy = "img-src 'self' data: https://tiles.ville.example;"
        assert policy in form.headers["Content-Security-Policy"]
        assert "default-src 'self'" in form.headers["Content-Security-Policy"]
        assert "tiles" not in listing.headers["Content-Security-Policy"]
        assert f'data-tiles="{tiles}"' in form.text
        assert "© &lt;b&gt;Ville" in form.text


def test_files_that_are_no_photos_are_refused_in_words_and_the_rest_is_kept(edged: Town) -> None:
    jpeg = bytearray(encoded(corners(), "jpeg"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 10_000, 20_000)  # 200 megapixels
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros", b"\0" * 5_000_000)
    files = {
        "trop de pixels": bytes(jpeg),
        "dessin (SVG)": b'<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>',
        "quoi que dise son nom": packed.getvalue(),
        "image GIF": b"GIF89a/*\x01\x00\x01\x00*/=1;alert(1)//;",  # a picture that is a script too
    }
    for said, data in files.items():
        upload = [(io.BytesIO(data), "IMG_1.jpg")]
        answer = edged.visitor().post("/incidents/new", {**REPORT, **POINT, "photos": upload})
        assert answer.status_code == 422, said
        assert said in answer.text
        assert 'id="e-photos"' in answer.text
        assert REPORT["description"] in answer.text
        assert 'value="48,1147"' in answer.text
    assert edged.one('SELECT count(*) FROM "case"') == 0


def test_a_flood_of_reports_from_one_address_is_limited_and_others_are_not(edged: Town) -> None:
    flood = edged.app.test_client()
    token = edged.visitor().csrf()
    body = {**REPORT, "csrf_token": token}
    codes = []
    for number in range(FLOOD):
        path = "/incidents/new" if number % 2 else "/api/v1/incidents"
        answer = flood.post(
            path, base_url=edged.settings.public_url, environ_base={"REMOTE_ADDR": "192.0.2.66"},
            **({"data": body} if number % 2 else {"json": {}}),
        )  # fmt: skip
        codes.append(answer.status_code)
    assert codes.count(429) >= FLOOD - 2 * 60
    assert set(codes[-FLOOD // 2 :]) == {429}
    assert edged.one('SELECT count(*) FROM "case"') <= 60
    assert edged.visitor().post("/incidents/new", REPORT).status_code == 303


def test_a_report_about_a_person_is_held_until_an_agent_has_read_it(tmp_path: Path) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, clean_texts_appear=True) as town:
        named = town.report(
            description="M. Gontran Zqxdupont du 14 rue des Lilas vole les vélos", **_float(POINT)
        )
        town.report(description="Il boit, mon voisin du troisième, 06 12 34 56 78")
        for _ in range(6):
            town.later(days=7)
            town.work()
        visitor = town.visitor()
        for path in ("/incidents", f"/incidents/{named}", "/api/v1/incidents", "/?lang=fr"):
            assert "Zqxdupont" not in visitor.get(path).text
        assert town.one("SELECT count(*) FROM case_text WHERE state = 'shown'") == 0
        assert town.one("SELECT count(*) FROM incident_spot") == 0
        preview = visitor.post(
            "/incidents/new",
            {**REPORT, "description": "vélos volés rue des Lilas", "step": "preview"},
        )
        assert named not in preview.text


def _float(point: dict[str, str]) -> dict[str, float]:
    return {name: float(said.replace(",", ".")) for name, said in point.items()}


# ---- nearby -------------------------------------------------------------------------------------


def near(person: Person, **fields: str) -> str:
    """The panel of what is nearby, after "continue"."""
    answer = person.post("/incidents/new", {**REPORT, "step": "preview", **fields})
    assert answer.status_code == 200
    found = re.search(r'<section class="similar near".*?</section>', answer.text, re.S)
    return found[0] if found else ""


def test_what_is_reported_nearby_is_shown_with_photo_and_state_and_joined_in_one_click(
    town: Town,
) -> None:
    photo = (io.BytesIO(encoded(corners(), "jpeg")), "a.jpg")
    refs = {
        "here": town.signed_in().sends_report(**POINT, description=WORDS, photos=[photo]),
        "in words": town.report(description=WORDS, place="rue des Lilas, devant l’école"),
        "far": town.report(description=WORDS, latitude=48.2, longitude=-1.4),
        "other place": town.report(description=WORDS, place="rue du Port"),
        "other matter": town.report(
            description="Un tas de cartons mouillés", category="waste", **_float(POINT)
        ),
        "held": town.report(description=WORDS, **_float(POINT)),
    }
    for name, ref in refs.items():
        town.release(ref)
        if name == "held":
            town.hold(ref, "description")
    town.release_photos(refs["here"], alt="Un lampadaire")
    unread = town.report(description=WORDS, **_float(POINT))
    hidden = town.report(description=WORDS, category="neighbours", **_float(POINT))
    town.release(hidden)

    citizen = town.signed_in()
    shown = near(citizen, **POINT, description="Le lampadaire ne marche plus le soir")
    assert refs["here"] in shown
    assert "à moins de 250 m" in shown
    assert "Nouveau" in shown
    assert 'alt="Un lampadaire"' in shown
    for other in ("far", "other matter", "held"):
        assert refs[other] not in shown, other
    assert unread not in shown
    assert hidden not in shown
    by_words = near(citizen, place="rue des Lilas", description=WORDS)
    assert refs["in words"] in by_words
    assert refs["other place"] not in by_words
    assert near(citizen, category="neighbours", **POINT, description=WORDS) == ""

    [path] = re.findall(rf'action="(/incidents/{refs["here"]}/join)"', shown)
    assert citizen.post(path).status_code == 303
    assert citizen.post(path).status_code == 303
    rows = town.rows(
        "SELECT s.party_id FROM support s JOIN follower f ON f.party_id = s.party_id"
        " AND f.case_id = s.case_id WHERE s.case_id = :id",
        id=town.id_of(refs["here"]),
    )
    assert len(rows) == 1
    assert citizen.post(f"/incidents/{hidden}/join").status_code == 404
    assert "Se connecter pour le soutenir" in near(town.visitor(), **POINT, description=WORDS)


def test_asking_from_many_places_tells_no_more_than_the_cell(village: Town) -> None:
    ref = village.report(description=WORDS, latitude=48.11450, longitude=-1.67950)
    village.release(ref)
    visitor = village.visitor()
    said = {
        near(
            visitor, latitude=f"{48.1141 + n / 10_000:.4f}", longitude="-1.6780", description=WORDS
        )
        for n in range(8)
    }
    assert len({ref in one for one in said}) == 1
    assert len(set(re.findall(r"moins de [\d\s]+ m", " ".join(said)))) == 1


def test_what_weighs_how_much() -> None:
    def one(number: int, **more: object) -> nearness.Candidate:
        plain = {"same_category": True, "cells": None, "place": None, "words": 0.0, "open": True}
        return nearness.Candidate(number, **{**plain, **more})  # type: ignore[arg-type]

    same_cell = one(1, cells=0)
    beside = one(2, cells=1)
    alike = one(3, cells=1, words=0.8)
    closed_beside = one(4, cells=1, open=False)
    far = one(5, cells=2, words=1.0)
    other = one(6, same_category=False, cells=0, words=0.1)
    found = nearness.likely([same_cell, beside, alike, closed_beside, far, other], 9)
    assert [c.id for c in found] == [3, 1, 2]
    assert nearness.place_stems("12 rue des Lilas") == nearness.place_stems("12, avenue Lilas")
