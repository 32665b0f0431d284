# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every way in passes the same gate: whoever brings words, what must not be public is not."""

from datetime import timedelta
from pathlib import Path

import pytest

from beffroi.cases import models
from beffroi.cases.adapters import files
from beffroi.data_requests.queries import listed as requests
from beffroi.data_requests.service import ImportedRequest, import_requests
from beffroi.incidents.queries import listed as reports
from beffroi.incidents.service import ImportedReport, import_reports
from beffroi.kernel.errors import Invalid
from beffroi.moderation import service as moderation
from support.town import MODERATOR, Town

PERSONAL = "jean.dupont@courriel.example"
LISTED = "la maison bleue"
BAD = pytest.mark.parametrize("bad", [PERSONAL, "au 06 12 34 56 78", "La  MAISON bleue"])


def list_words(town: Town) -> None:
    with town.change():
        moderation.add_words("deny", LISTED, "Une famille", actor=MODERATOR, now=town.now)


def released(town: Town) -> list[str]:
    return [r.public for r in town.rows("SELECT public FROM case_text WHERE state = 'released'")]


@BAD
def test_no_comment_is_released_with_it(town: Town, bad: str) -> None:
    list_words(town)
    ref = town.request()
    town.comment(ref, f"Voyez {bad}.")
    with pytest.raises(Invalid, match="still holds"):
        town.release(ref, "comment")
    assert released(town) == []


@BAD
def test_no_official_answer_is_given_with_it(town: Town, bad: str) -> None:
    list_words(town)
    request, report = town.request(), town.report()
    with pytest.raises(Invalid, match="still holds"):
        town.answer(request, "refused", f"Voyez {bad}.", ground="privacy")
    with pytest.raises(Invalid, match="still holds"):
        town.close(report, "resolved", f"Voyez {bad}.")
    assert released(town) == []
    assert {r.status for r in town.rows('SELECT status FROM "case"')} == {"open"}


def test_no_address_of_an_answer_holds_it(town: Town) -> None:
    ref = town.request()
    url = "https://donnees.ville.example/?tel=06+12+34+56+78"
    with pytest.raises(Invalid) as refused:
        town.answer(ref, "published", "Voici.", url=url)
    assert "url" in refused.value.errors
    assert town.rows("SELECT id FROM official_answer") == []


@BAD
def test_no_public_reason_holds_it(town: Town, bad: str) -> None:
    list_words(town)
    ref = town.request()
    with pytest.raises(Invalid, match="still holds"):
        town.remove(ref, reason=f"Demandé par {bad}")
    agent = town.signed_in("agent")
    form = {"status": "abandoned", "reason": f"Demandé par {bad}"}
    assert agent.post(f"/desk/cases/{ref}/move", form).status_code == 422
    assert town.one('SELECT status FROM "case"') == "open"


@BAD
def test_an_imported_text_with_it_waits_for_an_agent(town: Town, bad: str) -> None:
    list_words(town)
    at = town.now - timedelta(days=30)
    request = ImportedRequest(
        "s:1", "dataset", f"Un titre avec {bad}", "Un souhait officiel.", at, "fr", official=True,
        status="refused", outcome="refused", decision=f"Voyez {bad}.", closed_on=at.date(),
    )  # fmt: skip
    report = ImportedReport("s:2", "lighting", at, None, f"Lampadaire, voir {bad}")
    with town.change():
        import_requests([request], now=town.now)
        import_reports([report], communes=town.settings.communes, now=town.now)
    assert released(town) == ["Un souhait officiel."]
    waiting = town.rows("SELECT role, verdict FROM case_text WHERE state = 'pending' ORDER BY role")
    assert [r.role for r in waiting] == ["answer", "description", "title"]
    assert {r.verdict for r in waiting} <= {"masked", "review"}
    with town.look():
        for word in ("maison", "dupont", "titre"):
            for kind in (requests, reports):
                assert kind.cards({"q": word})[0].items == []


@BAD
def test_an_agent_is_told_what_of_it_is_left(village: Town, bad: str) -> None:
    list_words(village)
    ref = village.request()
    agent = village.signed_in("agent")
    path = f"/desk/cases/{ref}/texts/{village.texts(ref)['wanted']}/release"
    page = agent.post(path, {"public": f"Voyez {bad}."})
    assert page.status_code == 422
    assert "Reste à masquer" in page.text


def test_a_mask_of_the_deny_list_cannot_be_taken_away_in_the_queue(village: Town) -> None:
    list_words(village)
    ref = village.request(wanted="Les travaux devant la maison bleue.")
    agent = village.signed_in("agent")
    path = f"/desk/texts/{village.texts(ref)['wanted']}"
    page = agent.post(path, {"proposed": "20-35-LISTED", "step": "release"})
    assert page.status_code == 422
    assert released(village) == []


def test_nothing_keeps_the_name_that_a_file_had(tmp_path: Path) -> None:
    """Only a random name is kept, so none can be in a page, a header, an export or an archive."""
    columns = {c.name for c in models.Attachment.__table__.columns if "name" in c.name}
    assert columns <= {"stored_name", "thumb_name"}
    store = files.FolderStore(tmp_path)
    for name in ("IMG_Jean_Dupont.jpg", "../" + "0" * 32, "0" * 31):
        with pytest.raises(FileNotFoundError):
            store.put(name, b"x")
    store.put("0" * 32, b"x")
    assert store.get("0" * 32) == b"x"
