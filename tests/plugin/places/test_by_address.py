# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report by its address, from the form, the desk and other applications; and the file itself."""

from pathlib import Path

import pytest
from sqlalchemy import text

from beffroi.cli import main
from beffroi.incidents import service
from beffroi.incidents.routes.by_address import WORDS
from beffroi.kernel.db import db
from beffroi.places import commands
from support import addresses
from support.addresses import row, street
from support.example import EXAMPLE
from support.open311 import key_for, reported_by
from support.town import PUBLIC_URL, REPORT, Person, Town

CODE = "{0}_0001_00012"
LABEL = "12 Rue des Lilas, 35000 Ville-Exemple"


@pytest.fixture
def held(village: Town, tmp_path: Path) -> Town:
    """A town that has addresses."""
    code = village.settings.communes[0]
    rows = [
        *street(code, "0001", "Rue des Lilas", range(1, 40), start=(48.10, -1.69)),
        *street(code, "0002", "Avenue des Lilas", range(1, 20), start=(48.12, -1.69)),
        *street(
            code, "0003", "Route de Bellegarde", range(1, 60), start=(48.12, -1.69),
            step=(0.0, 0.0005),
        ),
    ]  # fmt: skip
    file = addresses.write(tmp_path / "adresses.csv", rows)
    with village.app.app_context():
        done = commands.import_file(
            file, communes=village.settings.communes, now=village.now, progress=lambda _: None
        )
    assert done.added == len(rows)
    return village


def points(town: Town) -> list[tuple[object, ...]]:
    rows = town.rows("SELECT latitude, reach, address FROM incident_position ORDER BY case_id")
    return [tuple(one) for one in rows]


def asked(person: Person, **more: str) -> str:
    answer = person.post("/incidents/new", {**REPORT, "step": "preview", **more})
    assert answer.status_code in {200, 422}
    return answer.get_data(as_text=True)


def test_words_are_asked_about_and_only_what_is_chosen_becomes_a_point(held: Town) -> None:
    visitor, code = held.visitor(), CODE.format(held.settings.communes[0])
    said = "12 rue des lila"
    page = asked(visitor, place=said, hide_words="mairie", date="2027-01-11")
    assert f'value="{code}"' in page
    assert "checked" not in page
    for kept in (REPORT["description"], "mairie", "2027-01-11"):
        assert f'value="{kept}"' in page
    choice = {"place": said, "found_for": said, "asked": "1"}
    assert "Choisissez l’un de ces endroits" in asked(visitor, **choice)
    assert LABEL in asked(visitor, **choice, found=code)
    assert "Voici ce que tout le monde verra" in asked(visitor, **choice, found=WORDS)
    other = {**choice, "found": code, "place": "3 rue des lilas"}
    assert "Quel est l’endroit" in asked(visitor, **other)  # it was chosen for other words
    gone = visitor.post("/incidents/new", {**REPORT, **choice, "found": "99999_0009_00001"})
    assert "Quel est l’endroit" in gone.get_data(as_text=True)  # the file is another one now
    visitor.sends_report(**choice, found=WORDS)
    visitor.sends_report(**other)
    assert points(held) == []
    visitor.sends_report(**choice, found=code)
    pointed = {"latitude": "48.2", "longitude": "-1.7"}
    visitor.sends_report(**choice, found=code, **pointed)
    assert points(held) == [(48.1, 0, LABEL), (48.2, 0, "")]
    assert "Voici ce que" in asked(visitor, place="Devant l’école")
    cyber = {"family": "cyber", "category": "defaced", "place": said}
    assert "Quel est l’endroit" not in asked(visitor, **cyber)
    assert LABEL not in asked(visitor, **cyber, found_for=said, found=code)


def test_a_choice_that_is_gone_is_asked_about_once_and_not_for_ever(held: Town) -> None:
    visitor, said = held.visitor(), "derrière le kiosque"
    lost = {"place": said, "found_for": said, "found": "99999_0009_00001"}
    page = visitor.post("/incidents/new", {**REPORT, **lost}).get_data(as_text=True)
    assert "Voici ce que tout le monde verra" in page
    assert "99999_0009_00001" not in page
    visitor.sends_report(place=said)
    assert points(held) == []


def test_no_place_is_set_on_a_report_whose_originals_are_gone(held: Town) -> None:
    agent, ref = held.signed_in("agent"), held.signed_in("citizen").sends_report(place="ici")
    held.release(ref)
    held.close(ref, "resolved")
    with held.change():
        db.session.execute(text("UPDATE case_text SET original = ''"))
    code = CODE.format(held.settings.communes[0])
    answer = agent.post(f"/desk/cases/{ref}/place", {"place": "x", "step": "set", "found": code})
    assert answer.status_code == 422
    assert "Les originaux de ce signalement sont détruits" in answer.get_data(as_text=True)
    assert points(held) == []


def test_what_is_typed_is_looked_up_in_a_body_and_leaves_no_trace(held: Town) -> None:
    visitor = held.visitor()
    before = [held.rows(f"SELECT count(*) FROM {t}") for t in ("case_text", "place_street", "job")]
    answer = visitor.post("/incidents/new/places", {"q": "12 rue des li"})
    [first, *_] = answer.get_json()["items"]
    assert first["label"] == LABEL
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert visitor.get("/incidents/new/places?q=lilas").status_code in {404, 405}
    short = visitor.post("/incidents/new/places", {"q": "1"})
    assert short.get_json() == {"items": [], "more": False}
    after = [held.rows(f"SELECT count(*) FROM {t}") for t in ("case_text", "place_street", "job")]
    assert before == after


def test_an_agent_sets_a_place_and_it_goes_with_the_rest_of_a_case(held: Town) -> None:
    citizen, agent = held.signed_in("citizen"), held.signed_in("agent")
    ref = citizen.sends_report(place="près du 12 rue des Lilas")
    long = citizen.sends_report(place="sur la route")
    for one in (ref, long):
        held.release(one, "description", place="Rue des Lilas")
    code = CODE.format(held.settings.communes[0])
    page = agent.page(f"/desk/cases/{ref}/place")
    assert f'value="{code}"' in page
    assert agent.post(f"/desk/cases/{ref}/place", {"place": "x", "step": "set"}).status_code == 422
    looked = agent.post(f"/desk/cases/{long}/place", {"place": "rte Bellegarde", "step": "look"})
    assert "Route de Bellegarde" in looked.get_data(as_text=True)
    assert points(held) == []
    for one, found in ((ref, code), (long, code.split("_")[0] + "_0003")):
        answer = agent.post(f"/desk/cases/{one}/place", {"step": "set", "found": found})
        assert answer.status_code == 303
    assert [one[2] for one in points(held)] == [LABEL, "Route de Bellegarde, 35000 Ville-Exemple"]
    assert held.one("SELECT count(*) FROM incident_spot") == 1  # a long street is no place to show
    assert LABEL in agent.page(f"/desk/cases/{ref}")
    assert LABEL not in held.visitor().page(f"/incidents/{ref}")
    assert citizen.get(f"/desk/cases/{ref}/place").status_code == 403
    vague = {"step": "set", "found": code.split("_")[0] + "_0003"}
    assert agent.post(f"/desk/cases/{ref}/place", vague).status_code == 303
    assert held.one("SELECT count(*) FROM incident_spot") == 0  # where it was shown was wrong
    with held.change():
        service.forget_positions([held.id_of(ref), held.id_of(long)])
    assert points(held) == []


def test_an_application_that_gives_one_address_with_its_number_gives_its_point(
    held: Town,
) -> None:
    key = key_for(held)
    for said in ("12 rue des lilas", "rue des lilas", "12 lilas", "Devant la mairie"):
        reported_by(held, key, address_string=said)
    assert points(held) == [(48.1, 0, LABEL)]


def test_a_file_is_tried_out_read_and_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {
        **EXAMPLE, "BEFFROI_PUBLIC_URL": PUBLIC_URL, "BEFFROI_DATA_DIR": str(tmp_path / "town"),
        "BEFFROI_PROVIDERS": '{"x": {"label": "X", "issuer": "https://x.example",'
        ' "client_id": "x", "client_secret": "y", "staff": true}}',
    }  # fmt: skip
    assert main(["init"], environ) == 0
    code = EXAMPLE["BEFFROI_COMMUNES"].split(",")[0]
    good = row(code, "0001", 3, "Rue Haute")
    rows = [
        good,
        row(code, "0001", 3, "Rue Haute", at=(48.2, -1.6), position="segment"),
        row("99111", "0001", 3, "Rue Haute"),
        row(code, "0001", 4, "Rue Haute", at=(95, -1.6)),
        row(code, "0001", 5, ""),
        good.replace("0001_", "x_y;"),
        "kaputt",
    ]
    file = addresses.write(tmp_path / "a.csv.gz", rows)
    report = tmp_path / "report.csv"
    assert main(["import", "addresses", str(file), "--dry-run"], environ) == 0
    assert "1 would be added" in capsys.readouterr().out
    assert main(["import", "addresses", str(file), "--report", str(report)], environ) == 0
    said = capsys.readouterr().out
    assert "1 added, 0 known already, 0 gone, 1 further positions left out, 2 of other" in said
    assert "line 5: its point is none on earth" in report.read_text()
    assert main(["import", "addresses", str(file)], environ) == 0
    assert "0 added, 1 known already" in capsys.readouterr().out
    for broken in (file.read_bytes()[:60], b"a,b\n1,2\n"):
        file.write_bytes(broken)
        assert main(["import", "addresses", str(file)], environ) == 1
        assert "stopped" in capsys.readouterr().out
    main(["doctor", "addresses"], environ)
    assert "1 addresses of 1 communes, read 0 days ago" in capsys.readouterr().out
