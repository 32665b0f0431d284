# SPDX-License-Identifier: AGPL-3.0-or-later
"""A confidential case from a citizen's words to its record: delays, the thread, the embargo."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from beffroi.cases import service as case_service
from beffroi.cyber import queries, service
from beffroi.cyber.commands import make_records, strike_clocks
from beffroi.cyber.service import clocks, declaring, release
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from support.databases import database_fixture, fresh
from support.everything import everything_in
from support.town import Person, Town, open_town

REPORT = {
    "category": "defaced",
    "site": "www.ville.example",
    "description": "La page d’accueil a été remplacée cette nuit.",
}
CSIRT = {
    "cyber_csirt_name": "CSIRT de la région",
    "cyber_csirt_email": "alerte@csirt.example",
    "cyber_csirt_phone": "01 99 00 12 34",
}
big_url = database_fixture(MIGRATIONS)


@pytest.fixture
def big(big_url: str, tmp_path: Path) -> Iterator[Town]:
    """A town of more than 10,000 inhabitants on both databases, covered by NIS 2."""
    more = {"population_band": "10000-49999", "cyber_nis2": True, **CSIRT}
    with open_town(tmp_path, big_url, **more) as made:
        yield made


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Town]:
    """The same on SQLite, for pages."""
    more = {"population_band": "10000-49999", **CSIRT}
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), **more) as made:
        yield made


def sends(person: Person, **fields: Any) -> str:
    """Send the form; return the path of the exchange."""
    response = person.post("/incidents/new/public-site", {**REPORT, **fields})
    assert response.status_code == 303, response.text
    return str(response.headers["Location"])


def ref_of(town: Town) -> str:
    return str(town.one("SELECT ref FROM \"case\" WHERE kind = 'cyber' ORDER BY id DESC LIMIT 1"))


def acting(town: Town) -> Actor:
    officer = town.signed_in("cyber_officer", "agent")
    return Actor(officer.account_id, "Officier", frozenset({"cyber_officer", "agent"}))


def terms(town: Town) -> service.Terms:
    return service.terms_of(town.settings)


def rules_of(town: Town) -> dict[str, Any]:
    found = town.rows("SELECT rule, due_at, struck_at, met_at, dropped_at FROM cyber_clock")
    return {row.rule: row for row in found}


def records_of(town: Town) -> list[dict[str, Any]]:
    """The records of cyber cases whose content the log holds now."""
    found = town.rows("SELECT content FROM log_content")
    return [one for (c,) in found if (one := json.loads(bytes(c)))["kind"] == "cyber_incident"]


CLEAR = service.Classification(
    "information-content-security:unauthorised-information-modification",
    "minor", "website", "CLEAR", False,
)  # fmt: skip


def test_delays_begin_are_met_dropped_and_strike_once(big: Town) -> None:
    actor = acting(big)
    ref = big.report(family="cyber", category="data_visible", place="www.ville.example")
    case_id = big.id_of(ref)
    assert set(rules_of(big)) == {"gdpr_33", "gdpr_34"}
    with big.change():
        found = service.Classification(
            "intrusions:system-compromise", "major", "website", "RED", True
        )
        service.classify(case_id, found, terms(big), actor=actor, now=big.now)
    running = rules_of(big)
    assert set(running) == {
        "gdpr_33", "gdpr_34", "complaint", "nis2_warning", "nis2_notification",
    }  # fmt: skip
    with big.change():
        clocks.meet(case_id, "nis2_notification", terms(big), actor=actor, now=big.now)
        clocks.drop(case_id, "complaint", actor=actor, now=big.now)
    assert "nis2_report" in rules_of(big)
    with big.change(), pytest.raises(Conflict):
        clocks.meet(case_id, "nis2_notification", terms(big), actor=actor, now=big.now)
    with big.app.app_context():
        assert strike_clocks(now=big.now + timedelta(hours=24) - timedelta(seconds=1)) == 0
        assert strike_clocks(now=big.now + timedelta(hours=24)) == 1
        assert strike_clocks(now=big.now + timedelta(hours=73)) == 1  # gdpr_33; complaint dropped
        assert strike_clocks(now=big.now + timedelta(hours=73)) == 0
    over = big.rows("SELECT rule FROM cyber_step WHERE code = 'over' ORDER BY id")
    assert [row.rule for row in over] == ["nis2_warning", "gdpr_33"]
    with big.change():
        found = service.Classification("availability:outage", "none", "website", "RED", False)
        service.classify(case_id, found, terms(big), actor=actor, now=big.now)
    dropped = {code for code, row in rules_of(big).items() if row.dropped_at}
    assert dropped == {"gdpr_33", "gdpr_34", "complaint", "nis2_warning"}


def test_the_record_appears_only_after_closure_embargo_and_permission(big: Town) -> None:
    actor = acting(big)
    ref = big.report(family="cyber", category="defaced", place="www.ville.example")
    case_id = big.id_of(ref)

    def change(act: Any, **more: Any) -> None:
        with big.change():
            act(case_service.the_case(ref), actor=actor, now=big.now, **more)

    def records() -> list[dict[str, Any]]:
        big.work()
        return records_of(big)

    change(service.take_up, today=big.today)
    change(release.allow, band=big.settings.population_band, chance=big.chance)
    assert records() == []
    with big.change():
        service.classify(case_id, CLEAR, terms(big), actor=actor, now=big.now)
    big.later(days=2)
    change(release.close, outcome="resolved", words="La page est rétablie.", today=big.today)
    assert records() == []
    until = big.now + timedelta(days=10)
    with big.change():
        service.set_embargo(case_id, until, "Europe/Paris", actor=actor, now=big.now)
    big.clock.move(timedelta(days=10) - timedelta(seconds=1))
    assert records() == []
    big.later(seconds=1)
    [record] = records()
    assert {name: record[name] for name in ("class", "surface", "impact", "duration", "tlp")} == {
        "class": "information-content-security", "surface": "website", "impact": "minor",
        "duration": "1-7d", "tlp": "CLEAR",
    }  # fmt: skip
    assert record["period"] == "2027-Q1"
    assert set(record) == {
        "v", "kind", "id", "class", "surface", "impact", "duration", "period", "tlp",
    }  # fmt: skip
    assert records() == [record]
    for act in (service.set_embargo, service.classify):
        more = {"until": None, "zone": "UTC"} if act is service.set_embargo else {
            "found": CLEAR, "terms": terms(big)
        }  # fmt: skip
        with big.change(), pytest.raises(Conflict):
            act(case_id, actor=actor, now=big.now, **more)  # type: ignore[operator]
    with pytest.raises(Conflict):
        change(release.reopen, reason="Encore une fois", today=big.today)
    with pytest.raises(Invalid):
        change(release.forbid, reason=" ")
    change(release.forbid, reason="Publié par erreur")
    assert records_of(big) == []
    assert records() == []
    assert big.one("SELECT count(*) FROM log_fact WHERE entry = 'wdr'") == 1
    with pytest.raises(Conflict):
        change(release.allow, band="10000-49999", chance=big.chance)


def test_erasing_a_case_destroys_what_was_written_and_withdraws_its_record(city: Town) -> None:
    citizen = city.signed_in()
    sends(citizen, site="zqxsite.ville.example", addresses="https://zqxbad.example/a",
          description="Ma page zqxwords a changé")  # fmt: skip
    ref, actor = ref_of(city), acting(city)
    case_id = city.id_of(ref)
    with city.change():
        case = case_service.the_case(ref)
        service.take_up(case, actor=actor, now=city.now, today=city.today)
        service.note(case_id, "Vu zqxnote", actor=actor, now=city.now)
        service.add_task(case_id, "Appeler zqxtask", None)
        service.add_contact(case_id, "host", "Hébergeur zqxhost", "a@zqx.example")
        service.write(case, "Bonjour zqxmine", party_id=None, actor=actor, now=city.now)
        service.classify(case_id, CLEAR, terms(city), actor=actor, now=city.now)
        service.set_embargo(case_id, None, "UTC", actor=actor, now=city.now)
        release.close(case, "resolved", "C’est réparé.", actor=actor, now=city.now,
                      today=city.today)  # fmt: skip
        release.allow(case, band="10000-49999", actor=actor, now=city.now, chance=city.chance)
    city.work()
    assert len(records_of(city)) == 1
    citizen.post(f"/incidents/{ref}/exchange", {"message": "Merci zqxyours"})
    assert citizen.post(f"/incidents/{ref}/withdraw", {"sure": "1"}).status_code == 200
    assert city.one('SELECT visibility FROM "case" WHERE ref = :ref', ref=ref) == "removed"
    city.work()
    assert records_of(city) == []
    left = everything_in(city, but={"kept_apart"})
    for word in ("site", "bad", "words", "note", "task", "host", "mine", "yours"):
        assert f"zqx{word}" not in left, word
    with city.app.app_context():
        assert strike_clocks(now=city.now + timedelta(days=200)) == 0


def test_a_small_town_publishes_none(village: Town) -> None:
    actor = acting(village)
    ref = village.report(family="cyber", category="defaced")
    with village.change(), pytest.raises(Conflict):
        release.allow(
            case_service.the_case(ref), band=village.settings.population_band, actor=actor,
            now=village.now, chance=village.chance,
        )  # fmt: skip
    with village.change():
        db.session.execute(
            text("UPDATE cyber_case SET allowed_at = opened_at, record_id = 'x', tlp = 'CLEAR'")
        )
    with village.app.app_context():
        assert make_records(band="2000-9999", now=village.now + timedelta(days=400)) == 0


def test_a_site_of_another_body_is_told_to_it_and_the_csirt_and_so_is_the_citizen(
    city: Town,
) -> None:
    boss = city.signed_in("administrator")
    site = {"host": "www.agglo.example", "name": "L’agglomération", "contact": "rssi@agglo.example"}
    assert boss.post("/desk/cyber/sites", site).status_code == 303
    assert boss.post("/desk/cyber/sites", site).status_code == 422
    visitor = city.visitor()
    link = sends(visitor, site="https://demarches.agglo.example/", description="Zqxmot visible")
    page = visitor.page(link)
    assert "L’agglomération" in page
    assert "CSIRT de la région" in page
    assert "17cyber.gouv.fr" in page
    assert "3018" in page
    assert "Zqxmot" not in page  # the link shows the exchange, never the report
    city.work()
    for address in ("rssi@agglo.example", "alerte@csirt.example"):
        [mail] = city.mail.to(address)
        body = mail.get_content()
        assert "agglo.example" in body
        assert "Zqxmot" not in body
    assert rules_of(city) == {}  # the delays are that body's
    ref = ref_of(city)
    for wrong in (link + "x", link.split("?")[0]):
        assert city.visitor().get(wrong).status_code == 404
    other = sends(city.visitor(), site="www.ville.example")
    key = link.split("key=")[1]
    assert city.visitor().get(other.split("?")[0] + f"?key={key}").status_code == 404
    assert city.visitor().get(f"/incidents/{ref}?key={key}").status_code == 404
    with city.look():
        told = queries.file_of(city.id_of(ref))
    assert told is not None
    assert [(c.role, c.told_at is not None) for c in told.contacts] == [
        ("body", True), ("csirt", True),
    ]  # fmt: skip


def test_reporter_and_readers_write_to_each_other_and_each_is_told(city: Town) -> None:
    officer = city.signed_in("cyber_officer", name="Olive Officière")
    citizen = city.signed_in(name="Alix Citoyenne")
    sends(citizen)
    ref = ref_of(city)
    city.work()
    assert [m["To"] for m in city.mail.messages] == [officer.email, citizen.email] or {
        m["To"] for m in city.mail.messages
    } == {officer.email, citizen.email}
    officer.post(f"/desk/cyber/{ref}/take")
    officer.post(f"/desk/cyber/{ref}/messages", {"message": "Voir https://piege.example ?"})
    page = citizen.page(f"/incidents/{ref}/exchange")
    assert "Voir https://piege.example ?" in page
    assert "Olive" not in page
    assert citizen.post(f"/incidents/{ref}/exchange", {"message": " "}).status_code == 422
    citizen.post(f"/incidents/{ref}/exchange", {"message": "Oui, http://piege.example"})
    desk = officer.page(f"/desk/cyber/{ref}")
    assert "hxxp[:]//piege[.]example" in desk
    assert "http://piege.example" not in desk
    city.work()
    letters = [m["Subject"] for m in city.mail.to(citizen.email)]
    assert any("nous vous avons écrit" in subject for subject in letters)
    assert any("a écrit" in m["Subject"] for m in city.mail.to(officer.email))
    assert "piege" not in "".join(m.as_string() for m in city.mail.messages)
    assert city.signed_in().get(f"/incidents/{ref}/exchange").status_code == 404


def test_a_wrong_form_is_shown_again_with_what_was_typed(city: Town) -> None:
    visitor = city.visitor()
    typed = {**REPORT, "addresses": "x\n" * 11, "category": "defaced", "date": "2030-01-01"}
    response = visitor.post("/incidents/new/public-site", typed)
    assert response.status_code == 422
    assert REPORT["description"] in response.text
    assert "Dix au plus" in response.text
    response = visitor.post("/incidents/new/public-site", {"site": "x"})
    assert response.status_code == 422
    assert response.text.count('class="error"') == 3
    assert city.one('SELECT count(*) FROM "case"') == 0
    officer = city.signed_in("cyber_officer")
    sends(visitor)
    page = f"/desk/cyber/{ref_of(city)}"
    officer.post(f"{page}/take")
    for verb, wrong in (
        ("embargo", {"embargo_day": "2027-03-28", "embargo_hour": "02:30",
                     "embargo_zone": "Europe/Paris"}),
        ("classify", {"rsit": "test:test", "tlp": "RED"}),
        ("tasks", {"task": ""}),
        ("contacts", {"contact_role": "host"}),
        ("messages", {"message": ""}),
        ("notes", {"note": ""}),
        ("close", {"outcome": "resolved"}),
        ("close", {"outcome": "resolved", "words": "Appelez le 06 39 98 12 34"}),
        ("readers", {"reader": "x"}),
    ):  # fmt: skip
        answer = officer.post(f"{page}/{verb}", wrong)
        assert answer.status_code == 422, verb
        assert "error-summary" in answer.text, verb
    assert officer.post(f"{page}/nothing").status_code == 404
    assert officer.post(f"{page}/tasks-tick", {"id": "9"}).status_code == 404


def test_no_case_names_another(village: Town) -> None:
    actor = acting(village)
    mine, other = (village.report(family="cyber", category="down") for _ in range(2))
    with village.change():
        case = case_service.the_case(mine)
        how = {"actor": actor, "now": village.now, "today": village.today}
        with pytest.raises(Invalid):
            release.close(case, "duplicate", "Déjà connu.", **how)  # type: ignore[arg-type]
    asked = village.request()
    for unknown in (other, "2027-999999999"):
        with pytest.raises(NotFound):
            village.answer(asked, "duplicate", duplicate_of=unknown)


def test_the_list_of_sites_is_read_below_each_name(village: Town) -> None:
    with village.change():
        assert declaring.declare("https://www.Ville.example/x", "La ville", ours=True) == (
            "ville.example"
        )
        with pytest.raises(Invalid):
            declaring.declare("la ville", "x", ours=True)
    sends(village.visitor(), site="regie.ville.example")
    assert village.one("SELECT owner FROM cyber_case") == "ours"
    boss = village.signed_in("administrator")
    assert "ville.example" in boss.page("/desk/cyber/sites")
    boss.post("/desk/cyber/sites/1/remove")
    assert village.one("SELECT count(*) FROM cyber_site") == 0


def test_security_txt_says_what_rfc_9116_asks_and_nothing_past_its_day(village: Town) -> None:
    response = village.visitor().get("/.well-known/security.txt")
    assert response.content_type == "text/plain; charset=utf-8"
    lines = [line.partition(": ") for line in response.text.splitlines()]
    fields = {name: value for name, _, value in lines}
    assert {"Contact", "Expires", "Policy", "Preferred-Languages", "Canonical"} == set(fields)
    expires = datetime.fromisoformat(fields["Expires"])
    assert timedelta(days=150) < expires - village.now < timedelta(days=365)
    assert expires.tzinfo == UTC
    assert fields["Preferred-Languages"] == "fr, en"
    assert "Set-Cookie" not in response.headers
    policy = village.visitor().page(fields["Policy"].removeprefix(village.settings.public_url))
    for named in ("L. 2321-4", "ANSSI", "article 40", "immunité", "323-1"):
        assert named in policy
