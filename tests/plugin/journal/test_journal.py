# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done for the institution is written down with it, once, and never a word of anybody."""

import csv
import io
from argparse import Namespace
from datetime import timedelta
from functools import partial

from beffroi.accounts import commands as agents
from beffroi.journal import rules, service
from beffroi.kernel.actors import INSTITUTION_ROLES
from beffroi.worker import Worker
from beffroi_web.csrf import SAFE_METHODS
from beffroi_web.guards import guard_of
from support.tokens import Program, token_for
from support.town import PROVIDER, Town


def kept(town: Town) -> list[tuple[str, str, str]]:
    rows = town.rows('SELECT way, act, "on" FROM journal_act ORDER BY id')
    return [(row[0], row[1], row[2]) for row in rows]


def test_every_act_of_the_institution_has_words(village: Town) -> None:
    acts = {
        rule.endpoint
        for rule in village.app.url_map.iter_rules()
        if (rule.methods or set()) - SAFE_METHODS
        and (guard_of(village.app, rule.endpoint) or {""}) <= INSTITUTION_ROLES
    }
    commands = {"appeal.send", "agents.add", "agents.remove", "openpgp.rotate", "secret.reseal"}
    assert acts - rules.UNWRITTEN | commands == set(rules.ACTS)
    assert acts >= rules.UNWRITTEN


def test_an_act_is_written_down_with_what_it_changed_or_not_at_all(village: Town) -> None:
    ref = village.request()
    agent = village.signed_in("agent")
    text_id = village.texts(ref)["title"]
    path = f"/desk/cases/{ref}/texts/{text_id}/release"
    assert agent.post(path, {"public": "Écrire à a.b@ville.example"}).status_code == 422
    assert kept(village) == []
    assert agent.post(path, {"public": "Les menus"}).status_code == 303
    assert kept(village) == [("page", "dashboards.release", f"{ref} · text_id {text_id}")]
    alix = village.signed_in()
    alix.sends_request()
    assert alix.post(path, {"public": "Les menus"}).status_code == 403
    assert len(kept(village)) == 1
    token = token_for(village.signed_in("agent"), "desk:write")
    moved = Program(village, token).post(
        f"/api/v1/desk/cases/{ref}/status", {"status": "under_review"}
    )
    assert moved.status_code == 200, moved.text
    assert kept(village)[1:] == [("token", "dashboards.api_move", ref)]


def test_administrators_alone_read_it(village: Town) -> None:
    boss = village.signed_in("administrator")
    officer = village.signed_in("cyber_officer")
    form = {"host": "portail.ville.example", "name": "Le portail", "ours": "1"}
    assert officer.post("/desk/cyber/sites", form).status_code == 303
    asked = Namespace(verb="add", role="agent", provider=PROVIDER, subject="person-9", email=None)
    with village.app.app_context():
        store = village.app.extensions["beffroi"].sign_in
        told = partial(service.write_command, now=village.now)
        agents.run(asked, store, told=told, now=village.now)
    page = boss.page("/desk/journal")
    assert "a déclaré un site public" in page
    assert "a donné un rôle" in page
    assert "portail" not in page
    assert officer.get("/desk/journal").status_code == 403
    answer = boss.get("/desk/journal.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [(row["way"], row["act"], row["on"]) for row in rows] == [
        ("command", "agents.add", f"agent · {PROVIDER}"),
        ("page", "cyber.declare", ""),
    ]


def test_a_line_ends_after_a_year_and_not_with_its_account(village: Town) -> None:
    agent = village.signed_in("agent")
    agent.post("/desk/departments", {"name": "Voirie"})
    number = village.one("SELECT count(*) FROM journal_act")
    village.later(days=364)
    worker = Worker(village.app, village.settings, village.clock)
    with village.app.app_context():
        worker.tidy()
    assert village.one("SELECT count(*) FROM journal_act") == number
    village.later(days=2)
    with village.app.app_context():
        worker.tidy()
    assert village.one("SELECT count(*) FROM journal_act") == 0


def test_no_text_and_no_key_of_a_link_is_kept() -> None:
    form = {"step": "resume", "note": "Madame X", "say": "Écrire à Madame X", "verb": "a" * 21}
    assert rules.done_on({"webhook_id": 3}, form) == "webhook_id 3 · resume"
    assert timedelta(days=180) <= rules.KEPT <= timedelta(days=366)
