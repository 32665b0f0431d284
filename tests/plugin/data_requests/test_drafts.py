# SPDX-License-Identifier: AGPL-3.0-or-later
"""An answer before it is given: drafted, read by somebody else, published at its moment, once."""

import re
from pathlib import Path

import pytest

from beffroi.kernel.db import MIGRATIONS
from support.databases import fresh
from support.town import Person, Town, at_once, open_town

FORM = {"outcome": "planned", "words": "Les menus viendront.", "planned": "2027-Q2"}
LATER = {"publish_on": "2027-01-14", "publish_hour": "09:30", "step": "plan"}


def keeps(agent: Person, ref: str, **more: str) -> int:
    return agent.post(f"/desk/cases/{ref}/answer", {**FORM, **more}).status_code


def decides(agent: Person, ref: str, step: str, word: str = "") -> int:
    return agent.post(f"/desk/cases/{ref}/draft", {"step": step, "word": word}).status_code


def state(town: Town) -> list[str]:
    return [row.state for row in town.rows("SELECT state FROM answer_draft")]


def test_a_draft_is_kept_once_a_case_and_is_the_form_next_time(village: Town) -> None:
    ref = village.request()
    agent = village.signed_in("agent", name="Camille Bureau")
    assert keeps(agent, ref, step="draft", words="") == 303  # nothing is owed yet
    assert keeps(agent, ref, step="draft") == 303
    assert state(village) == ["draft"]
    html = agent.page(f"/desk/cases/{ref}")
    assert "Les menus viendront." in html
    assert 'value="2027-Q2"' in html
    assert "réponse : Brouillon" in re.sub(r"\s+", " ", agent.page("/desk?queue=answers"))
    assert village.one("SELECT count(*) FROM official_answer") == 0
    public = village.visitor().page(f"/requests/{ref}")
    assert "viendront" not in public
    assert "Brouillon" not in public
    assert not [
        r for r in village.rows("SELECT * FROM timeline WHERE step LIKE 'draft%' AND public")
    ]
    assert decides(agent, ref, "publish") == 303
    assert state(village) == []
    assert "Les menus viendront." in village.visitor().page(f"/requests/{ref}")


def test_nobody_approves_their_own_answer(village: Town) -> None:
    ref = village.request()
    writer, reader = (village.signed_in("agent") for _ in range(2))
    assert keeps(writer, ref, step="review") == 303
    assert decides(writer, ref, "approve") == 422
    assert decides(writer, ref, "publish") == 422
    assert keeps(writer, ref, step="now") == 422  # a colleague was asked
    assert decides(reader, ref, "send_back") == 422  # without a word
    assert decides(reader, ref, "send_back", "Le trimestre est faux") == 303
    assert "Le trimestre est faux" in writer.page(f"/desk/cases/{ref}")
    assert keeps(writer, ref, step="review", planned="2027-Q3") == 303
    assert "réponse à relire" in reader.page("/desk")
    assert decides(reader, ref, "approve") == 303
    assert decides(writer, ref, "publish") == 303
    assert village.one("SELECT planned FROM official_answer") == "2027-Q3"


def test_changing_an_approved_draft_asks_for_a_new_approval(tmp_path: Path) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, answers_need_review="yes") as town:
        ref = town.request()
        writer, reader = (town.signed_in("agent") for _ in range(2))
        assert keeps(writer, ref, step="now") == 422
        assert keeps(writer, ref, **LATER) == 422
        assert keeps(writer, ref, step="draft") == 303
        assert decides(writer, ref, "publish") == 422
        assert keeps(writer, ref, **{**LATER, "step": "review"}) == 303
        assert decides(reader, ref, "approve") == 303
        assert state(town) == ["scheduled"]
        assert keeps(writer, ref, step="draft", words="Autre chose") == 303
        assert decides(writer, ref, "publish") == 422
        assert town.one("SELECT count(*) FROM official_answer") == 0


@pytest.mark.parametrize(
    "more",
    [
        {"publish_on": ""},
        {"publish_on": "2027-01-12", "publish_hour": "11:59"},  # it is noon
        {"publish_hour": "midi"},
        {"outcome": "refused"},
        {"words": "Voir jean.dupont@courriel.example"},
    ],
)
def test_a_moment_and_an_answer_that_do_not_hold_are_not_planned(
    village: Town, more: dict[str, str]
) -> None:
    ref = village.request()
    agent = village.signed_in("agent")
    assert keeps(agent, ref, **{**LATER, **more}) == 422
    assert state(village) == []


def test_the_worker_publishes_at_the_moment_and_not_before(town: Town) -> None:
    ref = town.request()
    assert keeps(town.signed_in("agent"), ref, **LATER) == 303
    assert town.one("SELECT publish_at FROM answer_draft") is not None
    town.later(hours=45, minutes=29)  # 08:29 UTC is 09:29 in the town
    town.work()
    assert state(town) == ["scheduled"]
    town.later(minutes=1)
    town.work()
    assert state(town) == []
    assert "Les menus viendront." in town.visitor().page(f"/requests/{ref}")
    steps = [row.step for row in town.rows("SELECT step FROM timeline WHERE public ORDER BY id")]
    assert steps == ["received", "answered"]
    assert "réponse officielle" in str(town.mail.messages[-1]["Subject"]).lower()


def test_after_a_month_off_two_workers_publish_once(town: Town) -> None:
    ref = town.request(object="api")  # no clock strikes meanwhile
    assert keeps(town.signed_in("agent"), ref, **LATER) == 303
    town.later(days=31)

    def turn() -> None:
        with town.app.app_context():
            town.worker().answer()

    assert at_once([turn, turn]) == [None, None]
    assert town.one("SELECT count(*) FROM official_answer") == 1
    assert town.one("SELECT count(*) FROM timeline WHERE step = 'answered'") == 1


def test_what_no_longer_holds_at_its_moment_goes_back_to_the_desk_with_the_reason(
    village: Town,
) -> None:
    target, ref, gone, secret = (
        village.request(email=f"p{n}@x.example", title=f"Les comptes {n}") for n in range(4)
    )
    for one in (target, ref, gone, secret):
        village.release(one)
    agent = village.signed_in("agent")
    assert keeps(agent, ref, outcome="duplicate", duplicate_of=target, **LATER) == 303
    assert keeps(agent, gone, **LATER) == 303
    assert keeps(agent, secret, words="Voyez la maison bleue.", **LATER) == 303
    village.remove(target)
    village.remove(gone)
    words = {"kind": "deny", "words": "maison bleue", "reason": "Une famille"}
    assert village.signed_in("moderator").post("/desk/lists", words).status_code == 303
    village.later(days=3)
    village.work()
    assert state(village) == ["returned"] * 3
    assert village.one("SELECT count(*) FROM official_answer") == 0
    agent = village.signed_in("agent")
    assert "Indiquez le dossier que celui-ci répète." in agent.page(f"/desk/cases/{ref}")
    assert "personnel" in agent.page(f"/desk/cases/{secret}")
    village.later(days=3)
    village.work()  # once is enough
    assert village.one("SELECT count(*) FROM timeline WHERE step = 'draft_returned'") == 3


def test_an_erased_case_keeps_no_draft_and_an_erased_agent_no_name(village: Town) -> None:
    first, second = village.request(), village.request(email="b@x.example")
    agent = village.signed_in("agent")
    for ref in (first, second):
        assert keeps(agent, ref, step="draft") == 303
    village.remove(first, code="erasure")
    assert state(village) == ["draft"]
    store = village.app.extensions["beffroi"].sign_in
    with village.change():
        store.revoke("tests", "agent", subject="person-1")
    again = village.signed_in()
    with village.change():
        from beffroi.data_requests.service import drafts

        drafts.forget_acts(agent.account_id or 0)
    assert village.rows("SELECT written_by FROM answer_draft")[0].written_by is None
    assert again.get("/desk").status_code == 403
