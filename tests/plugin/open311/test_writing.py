# SPDX-License-Identifier: AGPL-3.0-or-later
"""What other applications send: taken at once or refused with everything that is wrong."""

import io

import pytest

from support.everything import everything_in
from support.open311 import REPORT, ask, faults, key_for, send
from support.open311 import reported_by as reported
from support.photo_carriers import corners, encoded
from support.town import Town

PERSON = {
    "first_name": "Zoézqx", "last_name": "Exemplezqx", "email": "zqx@citizens.example",
    "phone": "0612345678zqx", "device_id": "device-zqx", "account_id": "account-zqx",
}  # fmt: skip
UPDATE = {"update_id": "42", "updated_datetime": "2027-01-12T12:00:00+01:00"}


def test_a_report_has_its_number_at_once_and_waits_for_an_agent(town: Town) -> None:
    answer = send(town, "requests", {**REPORT, "api_key": key_for(town)})
    assert answer.status_code == 201
    [one] = answer.get_json()
    assert set(one) == {"service_request_id", "service_notice", "account_id"}
    ref = one["service_request_id"]
    assert answer.headers["Location"].endswith(f"/incidents/{ref}")
    assert "Set-Cookie" not in answer.headers
    page = town.visitor().page(f"/incidents/{ref}")
    assert REPORT["description"] not in page
    [row] = town.rows(
        'SELECT c.channel, p.kind, i.category FROM "case" c JOIN party p ON p.id = c.party_id'
        " JOIN incident i ON i.case_id = c.id"
    )
    assert tuple(row) == ("open311", "api", "lighting")
    town.release(ref)
    assert ask(town, f"requests/{ref}").get_json()[0]["description"] == REPORT["description"]


def test_nothing_that_says_who_it_was_is_kept(town: Town) -> None:
    form = {
        **PERSON,
        "description": "Le lampadaire est éteint. Zoézqx",
        "attribute[contact]": "attr-zqx",
    }
    ref = reported(town, key_for(town), **form)
    [hidden] = town.rows("SELECT hidden FROM case_text WHERE role = 'description'")
    assert hidden[0] == "Zoézqx"  # it stands in the words, so it is marked for the agent there
    kept = everything_in(town, but=("case_text",))
    assert "zqx" not in kept
    texts = str(town.rows("SELECT original, public, hidden FROM case_text"))
    for name, said in PERSON.items():
        assert (said in texts) == (name == "first_name"), name
    town.release(ref, description="Le lampadaire est éteint.")
    for ending in ("xml", "json"):
        said = ask(town, f"requests/{ref}", "?extensions=true", ending).get_data(as_text=True)
        assert "zqx" not in said
        assert "email" not in said


@pytest.mark.parametrize("ending", ["xml", "json"])
def test_every_fault_is_said_at_once(village: Town, ending: str) -> None:
    key = key_for(village)
    for form, status, said in (
        ({}, 403, [(403, "api_key was not provided")]),
        ({**REPORT, "api_key": "x"}, 403, [(403, "Invalid api_key")]),
        (
            {"api_key": key},
            400,
            [
                (400, "service_code was not provided"),
                (400, "lat and long, address_string or address_id was not provided"),
            ],
        ),
        (
            {**REPORT, "api_key": key, "service_code": "nothing"},
            404,
            [(404, "service_code or jurisdiction_id was not found")],
        ),
        (
            {**REPORT, "api_key": key, "service_code": "neighbours"},
            404,
            [(404, "service_code or jurisdiction_id was not found")],
        ),
        (
            {**REPORT, "api_key": key, "jurisdiction_id": "other.example"},
            404,
            [(404, "jurisdiction_id provided was not found")],
        ),
        (
            {
                **REPORT,
                "api_key": key,
                "description": "<script>alert(1)</script>",
                "lat": "0",
                "long": "0",
                "media_url": "javascript:alert(1)",
            },
            400,
            [
                (400, "lat and long are both 0: that is no place of ours"),
                (400, "description is plain text: HTML was found in it"),
                (400, "media_url is an address that begins with https://"),
            ],
        ),
        (
            {**REPORT, "api_key": key, "description": "x" * 4001, "attribute[date]": "2027-02-01"},
            400,
            [
                (400, "description has at most 4000 characters"),
                (400, "attribute[date] has not come yet"),
            ],
        ),
    ):
        answer = send(village, "requests", form, ending)
        assert (answer.status_code, faults(answer)) == (status, said)
    assert village.one('SELECT count(*) FROM "case"') == 0


def test_photos_come_cleaned_and_a_link_is_words_for_agents(village: Town) -> None:
    key = key_for(village)
    picture = encoded(corners(), "jpeg")
    ref = reported(
        village, key, media=(io.BytesIO(picture), "a.jpg"), media_url="https://img.example/zqx.jpg"
    )
    assert village.one("SELECT count(*) FROM attachment WHERE state = 'pending'") == 1
    [note] = village.rows("SELECT words FROM internal_note")
    assert "https[:]//img.example/zqx.jpg" in note[0]
    assert "FixMyStreet" in note[0]
    assert ask(village, f"requests/{ref}").get_json()[0]["media_url"] is None
    village.release(ref)
    village.release_photos(ref)
    [one] = ask(village, f"requests/{ref}", "?extensions=true").get_json()
    path = one["media_url"].removeprefix(village.settings.public_url)
    assert village.visitor().get(path).status_code == 200
    assert [p["url"] for p in one["extended_attributes"]["photos"]] == [one["media_url"]]
    assert "zqx" not in str(one)
    bad = {**REPORT, "api_key": key, "media": (io.BytesIO(b"<svg/>"), "a.jpg")}
    answer = send(village, "requests", bad)
    assert answer.status_code == 400
    assert faults(answer)[0][1].startswith("media: ")


def test_a_key_is_kept_as_a_hash_can_be_revoked_and_has_its_hour(village: Town) -> None:
    key = key_for(village)
    assert key not in everything_in(village)
    reported(village, key)
    assert village.one("SELECT used_on FROM api_key") == village.today.isoformat()
    admin = village.signed_in("administrator")
    made = admin.post("/desk/api-keys", {"name": "Un autre <outil>"})
    assert made.status_code == 201
    assert "no-store" in made.headers["Cache-Control"]
    assert "Un autre &lt;outil&gt;" in made.get_data(as_text=True)
    assert admin.post("/desk/api-keys", {"name": " "}).status_code == 422
    assert key not in admin.page("/desk/api-keys")
    assert admin.post("/desk/api-keys/1/revoke").status_code == 303
    answer = send(village, "requests", {**REPORT, "api_key": key})
    assert faults(answer) == [(403, "Invalid api_key")]
    agent = village.signed_in("agent")
    assert agent.get("/desk/api-keys").status_code == 403
    for _ in range(70):
        answer = send(village, "requests", {"api_key": "guess"})
    assert (answer.status_code, faults(answer)[0][0]) == (429, 429)
    assert int(answer.headers["Retry-After"]) > 0


def test_an_update_waits_for_review_moves_nothing_and_is_taken_once(town: Town) -> None:
    key = key_for(town)
    ref = reported(town, key)
    form = {
        **UPDATE, **PERSON, "api_key": key, "service_request_id": ref, "status": "FIXED",
        "description": "Il s’allume, dit Zoézqx",
    }  # fmt: skip
    first = send(town, "servicerequestupdates", form)
    assert first.status_code == 200
    again = send(town, "servicerequestupdates", form)
    assert again.get_json() == first.get_json()
    assert len(first.get_json()) == 1
    assert town.one("SELECT count(*) FROM case_text WHERE role = 'comment'") == 1
    assert town.one('SELECT status FROM "case"') == "open"
    page = town.visitor().page(f"/incidents/{ref}")
    assert "Nouvelle d’une autre application\xa0: réparé" in page
    assert "Il s’allume" not in page
    assert ask(town, "servicerequestupdates").get_json() == []  # not told to whoever told it
    other = key_for(town, "Another")
    assert send(town, "servicerequestupdates", {**form, "api_key": other}).status_code == 200
    assert town.one("SELECT count(*) FROM case_text WHERE role = 'comment'") == 2
    assert "zqx@" not in everything_in(town)


def test_a_forged_update_is_refused_with_its_list(village: Town) -> None:
    key = key_for(village)
    ref, hidden = reported(village, key), village.report(category="persons")
    good = {**UPDATE, "api_key": key, "service_request_id": ref, "status": "OPEN"}
    for change, status, said in (
        ({"api_key": ""}, 403, [(403, "api_key was not provided")]),
        ({"api_key": "forged"}, 403, [(403, "Invalid api_key")]),
        ({"service_request_id": "2027-9999"}, 404, [(404, "service_request_id was not found")]),
        ({"service_request_id": hidden}, 404, [(404, "service_request_id was not found")]),
        ({"update_id": ""}, 400, [(400, "update_id was not provided")]),
        ({"status": ""}, 400, [(400, "status or description was not provided")]),
        (
            {"updated_datetime": "", "description": "<i>x</i>"},
            400,
            [
                (400, "updated_datetime was not provided"),
                (400, "description is plain text: HTML was found in it"),
            ],
        ),
    ):
        answer = send(village, "servicerequestupdates", {**good, **change})
        assert (answer.status_code, faults(answer)) == (status, said), change
    answer = send(village, "servicerequestupdates", {**good, "status": "HACKED"})
    assert faults(answer)[0][1].startswith("status is one of OPEN, ")
    assert village.one("SELECT count(*) FROM open311_update") == 0


def test_reports_of_one_application_count_as_of_unknown_persons(town: Town) -> None:
    key = key_for(town)
    for _ in range(6):
        reported(town, key)
    with town.look():
        from beffroi.incidents import queries

        found = list(queries.counted(town.today, town.today))
    assert [one.party_id for one in found] == [None] * 6


def test_what_is_erased_is_erased_of_the_exchange_too(town: Town) -> None:
    key = key_for(town)
    ref = reported(town, key, lat="48.8566", long="2.3522")
    form = {**UPDATE, "api_key": key, "service_request_id": ref, "status": "OPEN"}
    assert send(town, "servicerequestupdates", form).status_code == 200
    assert town.one("SELECT count(*) FROM incident_position") == 1
    town.remove(ref, code="erasure")
    for table in ("incident_position", "open311_update"):
        assert town.one(f"SELECT count(*) FROM {table}") == 0
    assert ask(town, f"requests/{ref}").status_code == 404
    assert reported(town, key)  # the application itself goes on


def test_a_place_is_kept_no_longer_than_the_words(town: Town) -> None:
    ref = reported(town, key_for(town), lat="48.8566", long="2.3522")
    town.release(ref)
    town.close(ref, "resolved")
    town.later(days=town.settings.keep_originals_days + 2)
    town.work()
    assert town.one("SELECT count(*) FROM incident_position") == 0
