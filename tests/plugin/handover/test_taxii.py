# SPDX-License-Identifier: AGPL-3.0-or-later
"""Objects are added to a real TAXII server on loopback, behind a token that a strict one gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from beffroi.config import SettingsRefused
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.clock import FixedClock
from support.cert import cyber_case
from support.cert_server import CLIENT, COLLECTION, CertServer, cert_server
from support.databases import fresh
from support.town import Person, Town, open_town

LOOPBACK = "http://127.0.0.1:8301"


@contextmanager
def handing(folder: Path, **changes: Any) -> Iterator[tuple[Town, CertServer, Person, str]]:
    key = ECKey.generate_key("P-256")
    path = folder / "town.pem"
    path.write_bytes(key.as_pem(private=True))
    clocks: list[FixedClock] = []
    with cert_server(key, lambda: int(clocks[0].now().timestamp())) as server:
        said = {
            "api_root": f"{server.url}/api1/", "collection": COLLECTION, "client_id": CLIENT,
            "token_url": f"{server.url}/token", "issuer": server.issuer, "key": str(path),
            **changes,
        }  # fmt: skip
        database = fresh("sqlite", MIGRATIONS, folder)
        with open_town(folder, database, public_url=LOOPBACK, cert_taxii=said) as town:
            clocks.append(town.clock)
            agent = town.signed_in("agent")
            domain = "demandes.ville.example"
            [cookie] = agent.client._cookies.values()
            agent.client.set_cookie(cookie.key, cookie.value, domain=domain)
            ref, _ = cyber_case(town, agent)
            yield town, server, agent, ref


def send(town: Town, agent: Person, ref: str) -> None:
    answer = agent.post(f"/desk/cyber/{ref}/cert", {"channel": "taxii"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    town.work()


def state(town: Town) -> Any:
    return town.rows("SELECT sent_at, received_at, refused_at, fault FROM handover")[-1]


def test_objects_are_added_once_the_server_is_there_and_polled_until_taken(tmp_path: Path) -> None:
    with handing(tmp_path) as (town, server, agent, ref):
        server.down, server.pending = 1, 2
        send(town, agent, ref)
        assert "503" in (state(town).fault or ""), state(town)
        assert "Médiathèque" not in str(town.rows("SELECT * FROM job"))
        town.later(minutes=1)
        town.work()
        assert (state(town).sent_at is None, state(town).fault) == (False, None)
        kinds = {one["type"] for one in server.objects.values()}
        assert {"incident", "infrastructure", "note", "marking-definition"} <= kinds
        for _ in range(3):
            town.later(minutes=6)
            town.work()
        assert state(town).received_at is not None
        assert server.refusals == []


def test_a_token_is_kept_until_its_end_and_asked_anew_when_taken_back(tmp_path: Path) -> None:
    with handing(tmp_path) as (town, server, agent, ref):
        for expected in (1, 1):
            send(town, agent, ref)
            assert len(server.tokens) == expected
        town.later(seconds=280)
        send(town, agent, ref)
        assert len(server.tokens) == 2
        server.dead.add(server.tokens[-1])
        send(town, agent, ref)
        assert len(server.tokens) == 3
        assert state(town).received_at is not None


def test_a_server_that_sends_elsewhere_is_not_followed(tmp_path: Path) -> None:
    with handing(tmp_path) as (town, server, agent, ref):
        server.elsewhere = f"{server.url}/api1/other/"
        send(town, agent, ref)
        assert "sends on" in state(town).fault
        assert server.objects == {}


def test_objects_that_the_server_refuses_are_told(tmp_path: Path) -> None:
    with handing(tmp_path) as (town, server, agent, ref):
        server.failures = 2
        send(town, agent, ref)
        assert "Refusé par le serveur du CERT" in agent.page(f"/desk/cyber/{ref}/cert")


@pytest.mark.parametrize("wrong", ["issuer", "client_id", "key"])
def test_no_token_no_objects(tmp_path: Path, wrong: str) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    value = str(other) if wrong == "key" else "https://somebody.example"
    with handing(tmp_path, **{wrong: value}) as (town, server, agent, ref):
        send(town, agent, ref)
        assert server.objects == {}
        assert len(server.refusals) == 1
        assert "401" in state(town).fault


@pytest.mark.parametrize(
    "change",
    [{"api_root": "https://10.0.0.8/api1/"}, {"api_root": "file:///etc/passwd"}, {"alg": "none"},
     {"token_url": "https://localhost/token"}, {"collection": ""}, {"more": "x"}],
    ids=str,
)  # fmt: skip
def test_a_server_that_may_not_be_asked_is_refused_with_the_settings(
    tmp_path: Path, change: dict[str, str]
) -> None:
    with pytest.raises(SettingsRefused, match="CERT_TAXII"), handing(tmp_path, **change):
        pass
