# SPDX-License-Identifier: AGPL-3.0-or-later
"""Photos of a report: cleaned on arrival, seen by agents, public only when everything is."""

import io
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from flask_babel import force_locale, gettext
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from beffroi.cases import queries as cases
from beffroi.cases.adapters.files import FolderStore
from beffroi.incidents import queries
from beffroi.incidents.adapters.photos import MOST_BODY
from beffroi.incidents.rules import MOST_PHOTOS, PHOTO_WORDS
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi.moderation import service as moderation
from beffroi_privacy.photo_refusals import SENTENCES
from beffroi_privacy.photos import LIMITS
from support.photo_carriers import JPEG, MARKERS, PNG, corners, encoded, needles, readable, words
from support.photos import assert_upright
from support.town import AGENT, PUBLIC_URL, REPORT, Person, Town

PHOTO = JPEG["EXIF author"](JPEG["trailing bytes"](encoded(corners(), "jpeg"), words()), words())
TYPED = {**REPORT, "description": "x" * 1_100_000}
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64


def upload(*files: bytes, name: str = "IMG_Jean_Dupont.jpg") -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(data), name) for data in files]


def posted(town: Town, *files: bytes, typed: Mapping[str, str] = REPORT) -> TestResponse:
    """Send the form with large files; the client of the tests would spool them to a disk."""
    visitor = town.visitor()
    form = MultiDict({**typed, "csrf_token": visitor.csrf()})
    for data in files:
        form.add("photos", FileStorage(io.BytesIO(data), "a.jpg"))
    boundary, body = encode_multipart(form)
    kind = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post("/incidents/new", base_url=PUBLIC_URL, data=body, content_type=kind)


def names(town: Town, ref: str) -> list[tuple[str, str]]:
    with town.look():
        return [(p.name, p.thumb) for p in queries.photos(town.id_of(ref))]


def status(person: Person, ref: str, name: str) -> int:
    return person.get(f"/incidents/{ref}/photos/{name}").status_code


def stored(town: Town) -> list[Path]:
    return sorted((town.settings.data_dir / "files").glob("??/*"))


def test_only_the_clean_copy_and_its_thumbnail_are_stored(town: Town) -> None:
    ref = town.visitor().sends_report(
        photos=upload(PHOTO, PNG["zTXt"](encoded(corners(), "png"), words()))
    )
    rows = town.rows("SELECT kind, state, stored_name, thumb_name, width, height FROM attachment")
    assert [(r.kind, r.state, r.width, r.height) for r in rows] == [
        ("photo", "pending", 96, 64)
    ] * 2
    assert {p.name for p in stored(town)} == {
        n for r in rows for n in (r.stored_name, r.thumb_name)
    }
    for path in stored(town):
        data = path.read_bytes()
        assert not [n for n in needles() if n in readable(data)]
        assert_upright(data)
    for table in ("attachment", "timeline", '"case"', "case_text"):
        assert not any(m in str(town.rows(f"SELECT * FROM {table}")) for m in MARKERS)
    assert town.one('SELECT party_id FROM "case"') is None
    assert len(names(town, ref)) == 2


def test_a_photo_is_public_only_when_it_its_text_and_its_case_are(town: Town) -> None:
    ref = town.visitor().sends_report(photos=upload(PHOTO))
    [(full, thumb)] = names(town, ref)
    stranger, agent = town.visitor(), town.signed_in("agent")

    def seen() -> set[int]:
        page = stranger.page(f"/incidents/{ref}")
        shown = {status(stranger, ref, full), status(stranger, ref, thumb)}
        assert (thumb in page) == (full in page) == (shown == {200})
        return shown

    [photo_id] = [p for (p,) in town.rows("SELECT id FROM attachment")]
    assert seen() == {404}
    answer = agent.post(
        f"/desk/cases/{ref}/photos/{photo_id}/release", {"alt": "Un réverbère éteint"}
    )
    assert answer.headers["Location"].endswith(f"/desk/cases/{ref}#photos")
    assert seen() == {404}, "its text is not released yet"
    town.release(ref)
    assert seen() == {200}
    assert 'alt="Un réverbère éteint"' in stranger.page(f"/incidents/{ref}")
    assert "Photo publiée" in stranger.page(f"/incidents/{ref}")
    town.hold(ref, "description")
    assert seen() == {404}
    town.release(ref)
    reason = {"reason": "On reconnaît quelqu’un"}
    assert agent.post(f"/desk/cases/{ref}/photos/{photo_id}/hold", reason).status_code == 303
    assert seen() == {404}
    assert "On reconnaît" not in stranger.page(f"/incidents/{ref}")
    assert "On reconnaît" in agent.page(f"/desk/cases/{ref}")
    town.release_photos(ref)
    assert seen() == {200}
    town.remove(ref)
    assert (status(stranger, ref, full), status(stranger, ref, thumb)) == (404, 404)
    assert agent.get(f"/desk/cases/{ref}/photos/{full}").status_code == 200
    steps = [r.step for r in town.rows("SELECT step FROM timeline ORDER BY id")]
    assert [s for s in steps if "photo" in s] == ["photo_released", "photo_held", "photo_released"]


def test_how_a_public_photo_is_served(village: Town) -> None:
    ref = village.visitor().sends_report(photos=upload(PHOTO))
    village.release(ref)
    village.release_photos(ref)
    [(full, thumb)] = names(village, ref)
    for name in (full, thumb):
        path = f"/incidents/{ref}/photos/{name}"
        answer = village.visitor().get(path)
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert "Set-Cookie" not in answer.headers
        assert_upright(answer.get_data())
        again = village.visitor().get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.get_data()) == (304, b"")
    other = village.report()
    village.release(other)
    for path in (
        f"/incidents/{other}/photos/{full}",
        f"/incidents/{ref}/photos/{'0' * 32}",
        f"/incidents/{ref}/photos/..%2f{full}",
        f"/requests/{ref}/photos/{full}",
    ):
        assert village.visitor().get(path).status_code == 404, path


def test_photos_of_what_is_not_listed_are_for_agents_only(village: Town) -> None:
    author = village.signed_in()
    ref = author.sends_report(photos=upload(PHOTO), category="neighbours")
    village.release(ref)
    [(full, thumb)] = names(village, ref)
    with pytest.raises(Conflict):
        village.release_photos(ref)
    assert {status(p, ref, n) for p in (author, village.visitor()) for n in (full, thumb)} == {404}
    agent = village.signed_in("agent")
    page = agent.page(f"/desk/cases/{ref}")
    assert f"/desk/cases/{ref}/photos/{thumb}" in page
    assert "Publier cette photo" not in page
    assert agent.get(f"/desk/cases/{ref}/photos/{thumb}").status_code == 200
    with village.look():
        assert cases.desk_counts(village.today)["review"] == 0


def test_who_may_see_and_judge_photos(village: Town) -> None:
    ref = village.visitor().sends_report(photos=upload(PHOTO))
    [(full, _)] = names(village, ref)
    desk = f"/desk/cases/{ref}/photos"
    citizen = village.signed_in()
    assert village.visitor().get(f"{desk}/{full}").status_code == 303
    assert citizen.get(f"{desk}/{full}").status_code == 403
    for verb in ("release", "hold"):
        assert citizen.post(f"{desk}/1/{verb}", {"reason": "x"}).status_code == 403
        assert village.visitor().post(f"{desk}/1/{verb}", {"reason": "x"}).status_code == 401
    for role in ("agent", "moderator"):
        answer = village.signed_in(role).get(f"{desk}/{full}")
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert village.one("SELECT state FROM attachment") == "pending"


def test_a_new_photo_waits_in_the_queue_of_what_is_to_be_looked_at(town: Town) -> None:
    ref = town.visitor().sends_report(photos=upload(PHOTO))
    town.release(ref)
    agent = town.signed_in("agent")
    assert ref in agent.page("/desk?queue=review")
    with town.look():
        assert cases.desk_counts(town.today)["review"] == 1
    town.release_photos(ref)
    assert ref not in agent.page("/desk?queue=review")
    with town.look():
        assert cases.desk_counts(town.today)["review"] == 0


def test_holding_needs_a_reason_and_words_pass_the_gate(village: Town) -> None:
    ref = village.visitor().sends_report(photos=upload(PHOTO))
    agent = village.signed_in("agent")
    desk = f"/desk/cases/{ref}/photos/1"
    assert agent.post(f"{desk}/hold", {"reason": " "}).status_code == 422
    again = agent.post(f"{desk}/release", {"alt": "Appeler le 06 39 98 12 34"})
    assert again.status_code == 422
    assert "Appeler le 06 39 98 12 34" in again.text
    assert 'id="f-alt"' in again.text
    assert agent.post(f"{desk}/release", {"alt": "x" * 201}).status_code == 422
    assert village.one("SELECT state FROM attachment") == "pending"
    with pytest.raises(Invalid):
        village.release_photos(ref, "jean.dupont@courriel.example")
    other = village.report()
    with village.change(), pytest.raises(NotFound):
        moderation.hold_photo(other, 1, reason="x", actor=AGENT, now=village.now)
    assert agent.post(f"/desk/cases/{ref}/photos/9/hold", {"reason": "x"}).status_code == 404


def test_a_refused_file_is_said_at_the_field_and_what_was_typed_is_kept(village: Town) -> None:
    visitor = village.visitor()
    answer = visitor.post("/incidents/new", {**REPORT, "photos": upload(HEIC)})
    assert answer.status_code == 422
    assert "Le plus compatible" in answer.text
    assert REPORT["description"] in answer.text
    assert 'href="#f-photos"' in answer.text
    assert 'id="e-photos"' in answer.text
    many = visitor.post("/incidents/new", {**REPORT, "photos": upload(*[PHOTO] * 4)})
    assert "3 photos au plus" in many.text
    assert stored(village) == []
    both = visitor.post("/incidents/new?lang=en", {**REPORT, "photos": upload(PHOTO, PHOTO[:900])})
    assert "Photo 2: This photo is damaged" in both.text
    assert len(carried(both)) == 1
    assert village.one('SELECT count(*) FROM "case"') == 0


def carried(answer: TestResponse) -> list[str]:
    """Return the photos that a page carries."""
    return re.findall(r'name="photo_kept" value="([^"]+)"', answer.text)


@pytest.mark.parametrize(
    "wrong", [{"description": ""}, {"date": "2031-01-01"}, {"step": "preview"}, {"step": "edit"}]
)
def test_a_form_that_is_not_sent_yet_carries_its_photos(
    village: Town, wrong: Mapping[str, str]
) -> None:
    visitor = village.visitor()
    answer = visitor.post("/incidents/new", {**REPORT, **wrong, "photos": upload(PHOTO, PHOTO)})
    assert answer.status_code == (200 if "step" in wrong else 422)
    kept = carried(answer)
    assert len(kept) == 2
    assert village.one("SELECT count(*) FROM attachment") == 0
    again = {**REPORT, "photo_kept": kept, "photos": upload(PHOTO)}
    sent = visitor.post("/incidents/new", again)
    assert sent.status_code == 303
    assert village.one("SELECT count(*) FROM attachment") == 3
    assert len(stored(village)) == 6
    twice = visitor.post("/incidents/new", {**REPORT, "photo_kept": kept})
    assert twice.status_code == 303
    assert village.one("SELECT count(*) FROM attachment") == 3


def test_a_form_carries_no_more_photos_than_a_report_has(village: Town) -> None:
    visitor = village.visitor()
    kept = carried(
        visitor.post("/incidents/new", {**REPORT, "step": "edit", "photos": upload(*[PHOTO] * 3)})
    )
    answer = visitor.post("/incidents/new", {**REPORT, "photo_kept": kept, "photos": upload(PHOTO)})
    assert answer.status_code == 422
    assert carried(answer) != []
    assert village.one('SELECT count(*) FROM "case"') == 0


def test_photos_that_are_forged_or_too_old_are_not_taken(village: Town) -> None:
    visitor = village.visitor()
    preview = {**REPORT, "step": "preview", "photos": upload(PHOTO)}
    (token,) = carried(visitor.post("/incidents/new", preview))
    for wrong in (token[:-2], "x", token + "AA"):
        answer = visitor.post("/incidents/new", {**REPORT, "photo_kept": [wrong]})
        assert answer.status_code == 422
        assert "a attendu trop longtemps" in answer.text
    village.clock.move(timedelta(hours=21))
    late = visitor.post("/incidents/new", {**REPORT, "photo_kept": [token]})
    assert late.status_code == 422
    assert REPORT["description"] in late.text
    assert village.one('SELECT count(*) FROM "case"') == 0


def test_a_field_without_a_file_is_no_photo(village: Town) -> None:
    assert village.visitor().sends_report(photos=upload(b"", name="")) == "2027-0001"
    assert village.one("SELECT count(*) FROM attachment") == 0


def test_the_form_takes_large_photos_and_no_other_form_does(village: Town) -> None:
    large = PHOTO + b"\0" * (LIMITS.most_bytes - len(PHOTO))
    assert posted(village, *[large] * MOST_PHOTOS).status_code == 303
    assert "trop lourde" in posted(village, large + b"\0").text
    assert posted(village, b"\0" * MOST_BODY).status_code == 413
    for path, typed in (("/requests/new", {"title": "x" * 2_000_000}), ("/incidents/new", TYPED)):
        assert village.visitor().post(path, typed).status_code == 413
    assert posted(village, PHOTO, typed=TYPED).status_code == 413


def test_its_author_is_told_that_photos_came_and_sees_no_address_of_them(village: Town) -> None:
    visitor = village.visitor()
    link = visitor.post("/incidents/new", {**REPORT, "photos": upload(PHOTO)}).headers["Location"]
    page = village.visitor().page(link)
    assert "Une photo a été envoyée" in page
    assert "/photos/" not in page
    assert "photo a été envoyée" not in village.visitor().page(link.split("?")[0])


def test_bytes_are_there_before_their_row_and_without_one_they_are_swept(town: Town) -> None:
    ref = town.visitor().sends_report(photos=upload(PHOTO))
    store = FolderStore(town.settings.data_dir / "files")
    store.put("0" * 32, b"of a form that failed")
    for path in stored(town):
        at = (town.now - timedelta(days=2)).timestamp()
        os.utime(path, (at, at))
    with town.app.app_context():
        town.worker().tidy()
    assert {p.name for p in stored(town)} == set(names(town, ref)[0])
    town.release(ref)
    town.release_photos(ref)
    town.remove(ref, code="erasure")
    assert town.one("SELECT count(*) FROM attachment") == 0
    with town.app.app_context():
        town.worker().tidy()
    assert stored(town) == []


def test_a_photo_whose_bytes_are_gone_is_not_found(village: Town) -> None:
    ref = village.visitor().sends_report(photos=upload(PHOTO))
    village.release(ref)
    village.release_photos(ref)
    for path in stored(village):
        path.unlink()
    assert status(village.visitor(), ref, names(village, ref)[0][0]) == 404


def test_the_town_says_each_refusal_in_the_words_of_the_library(village: Town) -> None:
    assert set(PHOTO_WORDS) == set(SENTENCES)
    with village.app.test_request_context():
        for code, said in SENTENCES.items():
            assert PHOTO_WORDS[code] == said["en"]
            with force_locale("fr"):
                assert gettext(PHOTO_WORDS[code], most=15) == said["fr"] % {"most": 15}


def test_the_form_asks_for_photos_in_both_languages_and_works_without_a_script(
    village: Town,
) -> None:
    for lang, label in (("fr", "Trois au plus"), ("en", "Up to three")):
        page = village.visitor().page(f"/incidents/new?lang={lang}")
        assert label in page
        field = re.search(r"<input id=\"f-photos\"[^>]*>", page)
        assert field is not None
        assert 'accept="image/jpeg,image/png,image/webp" multiple' in field[0]
        assert "value=" not in field[0]
        assert "required" not in field[0]
        assert 'enctype="multipart/form-data"' in page
