# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the processes of a town write down while people use it: case numbers, and nobody's words."""

import json
import logging
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import requests
from flask import Flask

from beffroi.kernel.db import MIGRATIONS
from beffroi_web.logs import Lines, case_at, case_in
from beffroi_web.problems import init_problems
from support.databases import fresh
from support.demo_run import free_base
from support.town_processes import TownProcesses, csrf

PERSONAL = {
    "name": "Zqxname",
    "address": "zqxaddress@citizens.example",
    "of a commenter": "zqxcommenter",
    "title": "zqxtitle",
    "wanted": "zqxwanted",
    "comment": "zqxcomment",
    "searched": "zqxsearched",
    "in a path": "zqxpath",
    "token": "zqxtoken" + "0" * 40,
    "description": "zqxdescription",
    "contact": "zqxcontact@citizens.example",
    "telephone": "0612345678",
    "agent": "zqxagent",
    "answer": "zqxanswer",
    "place": "zqxplace",
}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TownProcesses]:
    """A town whose mail server does not answer, so that every message fails again and again."""
    with TownProcesses(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), free_base()) as made:
        made.settings["BEFFROI_MAIL_URL"] = "smtp://127.0.0.1:9"
        yield made


def used(town: TownProcesses) -> list[str]:
    """Let people do what people do, and go wrong in it; return the numbers of the cases."""
    app, url, refs = town.app(), town.url, []
    somebody = town.signed_in(app, PERSONAL["of a commenter"])
    agent = town.signed_in(app, PERSONAL["agent"], "agent")
    stranger = requests.Session()
    stranger.trust_env = False

    def send(browser: requests.Session, path: str, **form: str) -> requests.Response:
        data = {"csrf_token": csrf(browser, url), **form}
        return browser.post(url + path, data=data, allow_redirects=False, timeout=20)

    asked = {
        "object": "dataset",
        "title": f"Les menus {PERSONAL['title']}",
        "wanted": f"Les menus de chaque semaine {PERSONAL['wanted']}",
    }
    sent = send(somebody, "/requests/new", **asked)
    assert sent.status_code == 303, sent.text
    refs.append(sent.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    wrong = send(stranger, "/requests/new", **asked, email=PERSONAL["address"], commune="nowhere")
    assert wrong.status_code == 422
    assert send(stranger, "/requests/new", **asked, email=PERSONAL["address"]).status_code == 303
    reported = send(
        stranger, "/incidents/new", family="street", category="lighting",
        description=f"Il ne s’allume plus {PERSONAL['description']} {PERSONAL['telephone']}",
        place=PERSONAL["place"], email=PERSONAL["contact"],
    )  # fmt: skip
    assert reported.status_code == 303
    refs.append(reported.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    send(somebody, f"/requests/{refs[0]}/comment", comment=PERSONAL["comment"])
    form = {"outcome": "planned", "planned": "2099-Q1", "words": PERSONAL["answer"]}
    assert send(agent, f"/desk/cases/{refs[0]}/answer", **form).status_code == 303
    for path in (f"/requests?q={PERSONAL['searched']}", f"/nowhere/{PERSONAL['in a path']}",
                 f"/follow/{PERSONAL['token']}", f"/requests/{PERSONAL['name']}"):  # fmt: skip
        stranger.get(url + path, timeout=20)
    send(stranger, f"/follow/{PERSONAL['token']}")
    send(stranger, f"/requests/{PERSONAL['name']}/comment", comment=PERSONAL["comment"])
    return refs


@pytest.mark.slow
def test_no_process_writes_down_a_name_or_a_word(town: TownProcesses) -> None:
    town.start_signer()
    town.start_web()
    town.start_worker()
    town.wait()
    refs = used(town)
    said, ends = "", time.monotonic() + 20
    while "a job failed" not in said and time.monotonic() < ends:
        time.sleep(0.2)
        said = (town.folder / "processes.log").read_text()
    town.kill_worker()
    town.kill_web()
    town.kill_signer()
    said = (town.folder / "processes.log").read_text()
    found = [what for what, word in PERSONAL.items() if word.casefold() in said.casefold()]
    assert found == []
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    others = [line for line in said.splitlines() if not line.startswith(("{", "["))]
    assert others == []  # gunicorn's own begin with a bracket
    answers = [line for line in lines if line["said"] == "answered"]
    told = {(line["route"], line["status"], line.get("case")) for line in answers}
    assert ("/requests/new", 303, refs[0]) in told
    assert ("/incidents/new", 303, refs[1]) in told
    assert ("/requests/<ref>/comment", 303, refs[0]) in told
    assert ("/requests/new", 422, None) in told
    assert any(line.get("job") == "send-step" and "ECONNREFUSED" in line["error"] for line in lines)


def test_a_fault_is_written_down_by_its_kind_and_place_and_not_by_its_message() -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    app = Flask("zqx")

    def fails(words: str) -> str:
        raise ValueError(f"invalid literal {words}") from OSError(28, words)

    init_problems(app)
    app.add_url_rule("/fails/<words>", "fails", fails)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    root.addHandler(handler)
    try:
        with app.test_request_context("/fails/zqxwords"):
            try:
                fails("zqxwords")
            except ValueError as error:
                app.log_exception((type(error), error, error.__traceback__))
    finally:
        root.removeHandler(handler)
    [line] = [json.loads(one) for one in stream.getvalue().splitlines()]
    assert line["route"] == "/fails/<words>"
    assert line["error"] == "ValueError < OSError(ENOSPC)"
    assert any(" fails" in place for place in line["trace"])
    assert "zqxwords" not in stream.getvalue()


def test_only_a_case_number_passes_for_one() -> None:
    assert case_in("2027-0001") == case_at("/requests/2027-0001?key=abc") == "2027-0001"
    for other in ("Camille", "2027-0001 Camille", "2027-1", None, "2027-00012345678901"):
        assert case_in(other) == ""
    assert case_at("https://ville.example/account") == ""
