# SPDX-License-Identifier: AGPL-3.0-or-later
"""The receipt of a request, however it came in; the proof of what was published of it."""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from beffroi.kernel.db import MIGRATIONS
from beffroi_federation.auditor import main as verify
from beffroi_federation.entries import parse_receipt
from support.databases import fresh
from support.town import REQUEST, Person, Town, open_town

Came = tuple[str, Person, str]
"""A request's reference, who may fetch its receipt, and the key that this takes (or nothing)."""


def by_form(town: Town) -> Came:
    author = town.signed_in()
    return author.sends_request(purpose="Pour comparer"), author, ""


def by_api(town: Town) -> Came:
    author = town.signed_in()
    response = author.post_json("/api/v1/requests", {**REQUEST, "purpose": "Pour comparer"})
    assert response.status_code == 201
    return str(response.headers["Location"]).rsplit("/", 1)[1], author, ""


def by_email(town: Town) -> Came:
    author = town.visitor()
    form = {**REQUEST, "purpose": "Pour comparer", "email": "alix@citizens.example"}
    assert author.post("/requests/new", form).status_code == 303
    town.work()
    [mail] = town.mail.to("alix@citizens.example")
    link = re.search(r"/requests/confirm/\w+", mail.get_content())
    assert link is not None
    response = author.post(link[0])
    assert response.status_code == 303
    ref = str(response.headers["Location"]).split("?")[0].rsplit("/", 1)[1]
    town.work()
    received = town.mail.to("alix@citizens.example")[-1].get_content()
    found = re.search(rf"/requests/{ref}/receipt/about\?key=(\w+)", received)
    assert found is not None, received
    return ref, author, found[1]


def by_letter(town: Town) -> Came:
    agent = town.signed_in("agent")
    form = {**REQUEST, "purpose": "Pour comparer", "channel": "letter",
            "received_on": town.today.isoformat(), "name": "Alix Citoyenne",
            "email": "alix@citizens.example"}  # fmt: skip
    response = agent.post("/desk/requests/new", form)
    assert response.status_code == 303, response.get_data(as_text=True)
    return str(response.headers["Location"]).rsplit("/", 1)[1], agent, ""


WAYS: dict[str, Callable[[Town], Came]] = {
    "form": by_form,
    "API": by_api,
    "confirmed e-mail": by_email,
    "desk": by_letter,
}


@pytest.fixture
def weekly(tmp_path: Path) -> Iterator[Town]:
    """A town that publishes by the week, as towns do, on a Monday before its hour."""
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), publish="weekly") as made:
        made.later(days=5, hours=17)
        made.work()
        yield made


def fetch(came: Came, what: str = "receipt") -> str:
    ref, person, key = came
    query = f"?key={key}" if key else ""
    return person.page(f"/requests/{ref}/{what}{query}")


def judged(file: Path, *more: str) -> tuple[int, dict[str, object]]:
    """Ask anyone's auditor about a file that somebody kept."""
    said, aside = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(aside):
        code = verify([str(file), "--json", *more])
    return code, json.loads(said.getvalue() or aside.getvalue())


def keys(town: Town, folder: Path) -> Path:
    identity = json.loads(town.visitor().page("/.well-known/beffroi.json"))
    file = folder / "keys.txt"
    file.write_text("\n".join(identity["vkeys"]) + "\n")
    return file


@pytest.mark.parametrize("way", WAYS)
def test_each_way_in_leads_to_an_entry_and_a_receipt_that_anybody_can_check(
    weekly: Town, tmp_path: Path, way: str
) -> None:
    came = WAYS[way](weekly)
    file = tmp_path / "receipt.json"

    file.write_text(fetch(came))
    young = parse_receipt(file.read_bytes())
    assert (young.index, young.proof) == (None, "")
    assert json.loads(young.content)["received"]["purpose"] == "Pour comparer"
    assert judged(file)[0] == 2  # nothing to check yet, and nothing wrong
    page = fetch(came, "receipt/about")
    assert "La preuve sera ici après le" in page
    assert "18 janvier 2027" in page

    weekly.later(hours=1)
    weekly.work()
    file.write_text(fetch(came))
    code, said = judged(file, "--vkey-file", str(keys(weekly, tmp_path)))
    assert (code, said["entry"], said["key"]) == (0, "rcv", "pinned")
    assert "La preuve y est" in fetch(came, "receipt/about")
    assert weekly.one("SELECT count(*) FROM log_fact WHERE entry = 'rcv'") == 1


def test_a_receipt_that_was_altered_does_not_hold(weekly: Town, tmp_path: Path) -> None:
    came = by_form(weekly)
    weekly.later(hours=1)
    weekly.work()
    file = tmp_path / "receipt.json"
    file.write_text(fetch(came).replace("cantines", "crèches"))
    assert judged(file)[0] == 1


def test_nobody_else_gets_the_receipt_nor_learns_whether_there_is_one(village: Town) -> None:
    ref, author, _ = by_form(village)
    answer = author.get(f"/requests/{ref}/receipt")
    assert "no-store" in answer.headers["Cache-Control"]
    assert f"receipt-{ref}.json" in answer.headers["Content-Disposition"]
    for path in (f"/requests/{ref}/receipt", f"/requests/{ref}/receipt/about"):
        assert village.visitor().get(path).status_code in {302, 303, 401}
        assert village.visitor().get(f"{path}?key={'0' * 32}").status_code == 404
        for role in ("citizen", "agent", "moderator", "administrator"):
            assert village.signed_in(role).get(path).status_code == 404, role
    assert author.get("/requests/2027-9999/receipt").status_code == 404


def test_the_key_in_a_mail_opens_this_receipt_and_nothing_else(village: Town) -> None:
    ref, _, key = by_email(village)
    other = village.request()
    stranger = village.visitor()
    assert stranger.get(f"/requests/{ref}/receipt?key={key}").status_code == 200
    assert stranger.get(f"/requests/{other}/receipt?key={key}").status_code == 404
    report = village.report(family="cyber", category="down")
    assert stranger.get(f"/incidents/{report}?key={key}").status_code == 404


def test_only_the_author_is_led_to_the_receipt_by_mail(village: Town) -> None:
    ref, _, _ = by_email(village)
    village.follow(ref, "sam@citizens.example")
    village.answer(ref, "published", url="https://data.example/menus")
    village.work()
    [mail] = village.mail.to("sam@citizens.example")
    assert "receipt" not in mail.get_content()


def test_an_erased_request_has_no_receipt_here_but_the_one_that_was_kept_still_holds(
    weekly: Town, tmp_path: Path
) -> None:
    came = by_email(weekly)
    ref, person, key = came
    weekly.later(hours=1)
    weekly.work()
    file = tmp_path / "receipt.json"
    file.write_text(fetch(came))
    weekly.remove(ref, code="erasure", reason="À la demande de son auteur")
    assert person.get(f"/requests/{ref}/receipt?key={key}").status_code == 404
    assert judged(file, "--vkey-file", str(keys(weekly, tmp_path)))[0] == 0


def test_who_makes_a_request_finds_the_receipt_on_its_page_and_in_the_account(
    village: Town,
) -> None:
    ref, author, _ = by_form(village)
    for page in (f"/requests/{ref}", "/account"):
        assert f"/requests/{ref}/receipt/about" in author.page(page)
    assert "receipt/about" not in village.visitor().page(f"/requests/{ref}")
    desk, agent, _ = by_letter(village)
    assert f"/requests/{desk}/receipt/about" in agent.page(f"/desk/cases/{desk}")
    assert "receipt/about" not in agent.page(f"/desk/cases/{ref}")


def test_where_publication_is_at_once_the_page_says_minutes(village: Town) -> None:
    came = by_form(village)
    assert "d’ici quelques minutes" in fetch(came, "receipt/about")


# ---- the proof of what was published ------------------------------------------------------------


def test_everybody_can_keep_the_proof_of_a_published_request(town: Town, tmp_path: Path) -> None:
    ref = town.request()
    town.release(ref)
    town.publish()
    page = town.visitor().page(f"/requests/{ref}")
    assert "Conserver la preuve" in page
    [path] = re.findall(r'href="(/log/proof/\d+\?[^"]*keep=1[^"]*)"', page)
    answer = town.visitor().get(path.replace("&amp;", "&"))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    name = "beffroi-210000006-2.tlog-proof"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    file = tmp_path / name
    file.write_bytes(answer.get_data())
    code, said = judged(file, "--vkey-file", str(keys(town, tmp_path)))
    assert (code, said["entry"], said["content"], said["index"]) == (0, "rec", True, 2)
    file.write_bytes(file.read_bytes().replace(b"index 2", b"index 1"))
    assert judged(file)[0] == 1


def test_after_a_withdrawal_the_proof_holds_the_entry_alone(town: Town, tmp_path: Path) -> None:
    ref = town.request()
    town.release(ref)
    town.publish()
    town.remove(ref, code="erasure", reason="À la demande de son auteur")
    answer = town.visitor().get("/log/proof/2?keep=1")
    file = tmp_path / "entry.tlog-proof"
    file.write_bytes(answer.get_data())
    code, said = judged(file)
    assert (code, said["content"]) == (0, False)


@pytest.mark.parametrize("place", ["99", "3"])
def test_there_is_no_proof_beyond_the_checkpoint(village: Town, place: str) -> None:
    village.release(village.request())
    village.publish()
    assert village.visitor().get(f"/log/proof/{place}?keep=1").status_code == 404


def test_a_request_of_which_nothing_is_published_has_no_proof_to_keep(village: Town) -> None:
    ref = village.request()
    village.publish()
    assert "keep=1" not in village.visitor().page(f"/requests/{ref}")
