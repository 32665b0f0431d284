# SPDX-License-Identifier: AGPL-3.0-or-later
"""A suspended town appeals in words that its log's key signed; a person answers in public."""

import base64
import hashlib
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from beffroi.feed.commands import appealing
from beffroi.kernel.db import MIGRATIONS
from beffroi.signer.queries import origin_of, signer_for
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATIONAL
from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.towns import service as registry
from beffroi_federation.aggregator.witness import commands as witness
from beffroi_federation.notes import Verifier
from beffroi_federation.signed_requests import request_headers, verify_request
from beffroi_web.clock import FixedClock
from support.browser import served
from support.databases import fresh
from support.demo_run import free_base
from support.nation import Nation
from support.town import NOON, Town, open_town

WORDS = "Une panne de disque : le journal est entier, et rien n’y manque."


def know_and_pull(nation: Nation, url: str) -> str:
    """Have the nation register, approve and pull the town; return its SIREN."""
    row = nation.know_at(url)
    [pulled] = nation.pull().values()
    assert pulled.result not in {"refused", "failed"}, pulled
    return row.siren


def is_refused_without_the_towns_key(nation: Nation, town: Town) -> None:
    """What is not signed by the town, or for other words, is not taken."""
    client, now = nation.client(), int(nation.clock.now().timestamp())
    signer, words = signer_for(town.settings), WORDS.encode()
    place = f"/witness/{hashlib.sha256(origin_of(town.settings).encode()).hexdigest()}/appeal/"
    path, other = (place + hashlib.sha256(one).hexdigest() for one in (words, b"Autre chose."))
    signed = signer.sign_request(path, now)
    ways = (
        (path, {}, 403),
        (path, request_headers(now, bytes(64)), 403),
        (path, request_headers(now - 600, signer.sign_request(path, now - 600)), 403),
        (other, request_headers(now, signed), 403),
        (other, request_headers(now, signer.sign_request(other, now)), 422),
        (f"/witness/{'0' * 64}/appeal/1", request_headers(now, signed), 404),
    )
    for where, headers, status in ways:
        assert client.post(where, data=words, headers=headers).status_code == status, where


def test_a_town_appeals_in_signed_words_and_everybody_can_check_who_said_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_base()
    site, database = f"http://127.0.0.1:{port}", fresh("sqlite", MIGRATIONS, tmp_path)
    national, clock = fresh("sqlite", NATIONAL, tmp_path), FixedClock(NOON)
    words = tmp_path / "appeal.txt"
    with (
        open_town(tmp_path, database, public_url=site) as town,
        served(town.app, port) as url,
        Nation.on(national, tmp_path, clock) as nation,
        served(nation.app) as address,
    ):
        town.release(town.request())
        town.work()
        witness.init(nation.settings.data_dir, nation.settings.public_url)
        siren = know_and_pull(nation, url)
        told: list[tuple[str, str]] = []

        def appeal(text: str) -> tuple[int, str]:
            words.write_text(text, encoding="utf-8")
            settings = replace(town.settings, aggregator_url=address)
            with town.app.app_context():
                code = appealing.run(
                    Namespace(file=str(words)), settings, now=town.now,
                    told=lambda act, on: told.append((act, on)),
                )  # fmt: skip
            said = capsys.readouterr()
            return code, said.out + said.err

        code, said = appeal(WORDS)
        assert (code, "neither in quarantine nor suspended" in said) == (1, True)
        with nation.app.app_context(), unit_of_work():
            registry.suspend(siren, by="Ada", reason="Deux histoires.", now=clock.now())
        is_refused_without_the_towns_key(nation, town)
        code, said = appeal("Écrivez à jeanne.martin@ville.example.")
        assert (code, "leave it out" in said) == (1, True)
        assert appeal(" ")[0] == 2
        assert told == []
        assert appeal(WORDS)[0] == 0
        assert told == [("appeal.send", "")]
        code, said = appeal("Encore.")
        assert (code, "answered first" in said) == (1, True)
        story = nation.page(f"/towns/{siren}")
        assert WORDS in story
        assert "in words that its log" in story
        items = nation.client().get("/api/v1/audit?kind=appealed-signed").json["items"]
        assert [one["siren"] for one in items] == [siren]
        proof = nation.client().get(f"/audit/{items[0]['id']}/evidence").json
        key, at = Verifier.from_text(proof["vkey"]), proof["seconds"]
        signature = base64.b64decode(proof["signature"])
        assert verify_request([key], proof["origin"], proof["path"], at, signature, at) == key
        assert proof["path"].endswith(hashlib.sha256(proof["words"].encode()).hexdigest())
        assert proof["words"] == WORDS
        with nation.app.app_context(), unit_of_work():
            answer = {"granted": True, "answer": "C’est vu.", "by": "Ada"}
            registry.answer_appeal(siren, **answer, now=clock.now())
        assert nation.town(siren).state == "approved"
