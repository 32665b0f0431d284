# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything about me: all of one person, nothing of another, for its owner only, for a while."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from beffroi.cases import service as case_service
from beffroi.kernel import jobs
from beffroi.rights.routes.seeing import SMALL
from beffroi.rights.schemas import ArchiveSchema
from support.town import Person, Town

PAGE = Path(__file__).parents[3] / "docs/reference/personal-archive.md"
ALIX, SAM = "zqxalix", "zqxsam"


@pytest.fixture
def town(village: Town) -> Town:
    """On SQLite: that both databases keep and forget alike is for erasures and the drills."""
    return village


def read(answer: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The document of a downloaded archive, and all its members."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(members["data.json"]), members


def two_people(town: Town) -> tuple[Person, Person, str, str]:
    """Two people who wrote on each other's requests; the references of both."""
    alix = town.signed_in(name=f"Alix {ALIX}")
    sam = town.signed_in(name=f"Sam {SAM}")
    mine = alix.sends_request(title=f"Les menus {ALIX}", purpose=f"Pour {ALIX}")
    theirs = sam.sends_request(title=f"Le budget {SAM}", purpose=f"Pour {SAM}")
    for ref in (mine, theirs):
        town.release(ref, title="Un titre relu", wanted="Un souhait relu")
    for person, ref, word in ((alix, theirs, ALIX), (sam, mine, SAM)):
        person.post(f"/requests/{ref}/support")
        person.post(f"/requests/{ref}/follow")
        person.post("/requests/follow", {"theme": "GOVE"})
        town.visitor().post("/requests/follow", {"theme": "ENVI", "email": person.email})
        person.post(f"/requests/{ref}/comment", {"comment": f"Un avis {word}"})
    agent = town.signed_in("agent", name="Camille zqxagent")
    agent.post(f"/desk/cases/{mine}/note", {"note": f"Elle a appelé, voir {SAM}"})
    town.answer(mine, "published", "Voici les menus.", url="https://data.example/menus")
    town.request(email=alix.email, title=f"Avant le compte {ALIX}")
    alix.sends_report(description=f"Un lampadaire {ALIX}", place="Devant la mairie")
    town.work()
    return alix, sam, mine, theirs


def test_all_of_one_person_is_in_it_and_nothing_of_another(town: Town) -> None:
    alix, sam, mine, theirs = two_people(town)
    data, members = read(alix.post("/account/data"))
    assert ArchiveSchema().validate(data) == {}
    assert data["account"]["email"] == alix.email
    assert [p["kind"] for p in data["parties"]] == ["account", "email"]
    assert len(data["cases"]) == 3
    [asked] = [c for c in data["cases"] if c["ref"] == mine]
    texts = {t["role"]: t for t in asked["texts"]}
    assert texts["title"]["original"] == f"Les menus {ALIX}"
    assert texts["title"]["public"] == "Un titre relu"
    assert texts["purpose"]["original"] == f"Pour {ALIX}"
    assert asked["decisions"][0]["words"] == "Voici les menus."
    assert [c["ref"] for c in data["comments"]] == [theirs]
    assert [s["ref"] for s in data["supports"]] == [theirs]
    assert theirs in [f["ref"] for f in data["follows"]]
    assert [s["theme"] for s in data["subscriptions"]] == ["GOVE"]
    assert [w["theme"] for w in data["to_confirm"]] == ["ENVI"]
    assert {m["step"] for m in data["mail"]} == {"received", "answered"}
    assert len(data["sessions"]) == 1
    assert {s["step"] for s in data["timeline"] if s["own"]} == {"received", "commented"}
    everything = b"\n".join(members.values()).decode()
    for word in (SAM, sam.email, "zqxagent", "Camille", "token", "appelé"):
        assert word not in everything, word
    assert f"receipts/receipt-{mine}.json" in members


def test_its_page_reads_in_the_language_of_its_person_and_fetches_nothing(town: Town) -> None:
    alix = town.signed_in(name="Alix <script>alert(1)</script>", lang="en")
    ref = alix.sends_request(title="<script>alert(1)</script> et les menus")
    _, members = read(alix.post("/account/data"))
    page = members["index.html"].decode()
    assert "<h1>Everything about me</h1>" in page
    assert ref in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_each_time_it_is_fetched_stands_in_the_log_of_exports(town: Town) -> None:
    alix = town.signed_in()
    alix.post("/account/data")
    data, _ = read(alix.post("/account/data"))
    assert [e["kind"] for e in data["exports"]] == ["personal_archive"]
    assert town.one("SELECT count(*) FROM export_access") == 2
    assert "Quand il a été téléchargé" in alix.page("/account/data")


def large(town: Town) -> Person:
    """Somebody who sent more than is packed while one waits."""
    alix = town.signed_in(name=f"Alix {ALIX}")
    ref = alix.sends_request(title=f"Les menus {ALIX}")
    with town.change():
        case = case_service.the_case(ref)
        for n in range(SMALL):
            case_service.add_text(
                case, "comment", f"Avis {n}", party_id=case.party_id, voice="citizen", now=town.now
            )
    return alix


def test_a_large_one_is_made_by_the_worker_and_its_link_sent(town: Town) -> None:
    alix = large(town)
    asked = alix.post("/account/data")
    assert asked.status_code == 303
    assert "en préparation" in alix.page(asked.headers["Location"])
    town.work()
    link = re.search(r"(/account/archive/[0-9a-f]{48})", town.mail.messages[-1].get_content())
    assert link is not None
    assert "Votre fichier est prêt" in alix.page(link[1])
    data, _ = read(alix.post(link[1]))
    assert ALIX in str(data)
    page = alix.page("/account/data")
    own = re.search(r'href="(/account/archive/\d+)"', page)
    assert own is not None
    assert alix.post(own[1]).status_code == 200
    assert town.one("SELECT args FROM job WHERE name = 'make-archive'") in ("{}", {})


def test_the_link_is_worth_nothing_to_anybody_else(town: Town) -> None:
    alix = large(town)
    alix.post("/account/data")
    town.work()
    link = re.search(r"(/account/archive/[0-9a-f]{48})", town.mail.messages[-1].get_content())
    assert link is not None
    for path in (link[1], "/account/archive/1", "/account/archive/" + "0" * 48):
        other = town.signed_in()
        assert other.get(path).status_code == 404
        assert other.post(path).status_code == 404
    assert town.visitor().get(link[1]).status_code == 303  # to the sign-in page
    assert town.one("SELECT count(*) FROM export_access") == 0


def test_the_file_is_deleted_when_its_days_are_over(town: Town) -> None:
    alix = large(town)
    alix.post("/account/data")
    town.work()
    folder = town.settings.data_dir / "archives"
    assert len(list(folder.glob("??/*"))) == 1
    link = re.search(r"(/account/archive/[0-9a-f]{48})", town.mail.messages[-1].get_content())
    assert link is not None
    town.later(days=6)
    town.work()
    assert len(list(folder.glob("??/*"))) == 1
    town.later(days=2)
    town.work()
    assert list(folder.glob("??/*")) == []
    assert town.one("SELECT count(*) FROM personal_archive") == 0


def test_making_it_twice_makes_one_file(town: Town) -> None:
    alix = large(town)
    alix.post("/account/data")
    town.work()
    with town.change():
        jobs.enqueue("make-archive", {"archive": 1, "token": "x"}, run_at=town.now)
    town.work()
    assert len(list((town.settings.data_dir / "archives").glob("??/*"))) == 1
    assert len(town.mail.messages) == 2  # the request was received; the file is ready


def test_an_erased_account_leaves_no_file(town: Town) -> None:
    alix = large(town)
    alix.post("/account/data")
    town.work()
    assert alix.post("/account/erase", {"word": "effacer"}).status_code == 200
    assert list((town.settings.data_dir / "archives").glob("??/*")) == []


def test_every_member_of_the_document_is_described_and_nothing_else_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    described = re.findall(r"^\| `([a-z0-9_.]+)` \|", page, re.MULTILINE)
    assert sorted(described) == sorted(members_of(ArchiveSchema()))


def members_of(schema: Schema, above: str = "") -> Iterator[str]:
    """Every member of a document, with the names of those around it."""
    for name, one in schema.fields.items():
        inner = one.inner if isinstance(one, fields.List) else one
        if isinstance(inner, fields.Nested):
            yield from members_of(inner.schema, f"{above}{name}.")
        else:
            yield above + name
