# SPDX-License-Identifier: AGPL-3.0-or-later
"""An update in both directions with a FixMyStreet, and a report passed on to it: over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from beffroi.config import SettingsRefused
from beffroi.kernel.db import MIGRATIONS
from beffroi.street.rules import importing
from beffroi.street.schemas import STREET
from beffroi.street.service import configuring
from support.browser import Late, served
from support.databases import fresh
from support.fixmystreet import FixMyStreet, fixmystreet
from support.open311 import key_for
from support.town import Town, open_town, town_settings

SINCE = "2027-01-01T00:00:00Z"


@contextmanager
def neighbours(folder: Path, **changes: Any) -> Iterator[tuple[Town, FixMyStreet]]:
    """A town and a FixMyStreet that reach each other on loopback."""
    late = Late()
    with fixmystreet() as other, served(late) as url:
        if changes.pop("passes_on", False):
            tool: dict[str, Any] = {
                "url": f"{other.url}/v2", "api_key": other.key, "services": {"lighting": "12"},
            }  # fmt: skip
            by_rule = {"only_by_rule": changes.pop("only_by_rule", False)}
            changes["open311_forward"] = {"voirie": {**tool, **by_rule}}
        database = fresh("sqlite", MIGRATIONS, folder)
        with open_town(folder, database, public_url=url, **changes) as town:
            late.app = town.app
            yield town, other


def test_an_update_goes_in_both_directions(tmp_path: Path) -> None:
    with neighbours(tmp_path) as (town, other):
        url, key = town.settings.public_url, key_for(town)
        ref = other.sends(url, key, "Le lampadaire de la place est éteint.")
        other.listens(url, SINCE)
        assert other.comments == {}
        town.release(ref)
        ours = other.says(url, key, ref, "9", "FIXED", "Il s’est rallumé tout seul.")
        assert ours == other.says(url, key, ref, "9", "FIXED", "Il s’est rallumé tout seul.")
        [comment] = [
            t for t in town.rows("SELECT state, original FROM case_text") if "rallumé" in t[1]
        ]
        assert comment[0] == "pending"
        assert town.one('SELECT status FROM "case"') == "open"
        town.later(hours=1)
        town.close(ref, "no_action", "Rien à faire : il s’est rallumé.")
        for _ in range(2):
            other.listens(url, SINCE)
        assert list(other.comments.values()) == [
            (ref, "NO_FURTHER_ACTION", "Rien à faire : il s’est rallumé.")
        ]
        with pytest.raises(requests.HTTPError, match="403"):
            other.says(url, "forged", ref, "10", "OPEN", "Non.")
        with pytest.raises(requests.HTTPError, match="404"):
            other.says(url, key, "2027-9999", "11", "OPEN", "Non.")


def test_a_released_report_is_passed_on_once_and_its_news_come_back(tmp_path: Path) -> None:
    with neighbours(tmp_path, passes_on=True) as (town, other):
        ref = town.report(description="Lampadaire éteint, dit Zoé", place="Devant le 12")
        kept = town.report(category="road")
        town.release(kept)
        town.work()
        assert other.problems == {}  # nothing of it is released, or nobody takes its category
        other.down = True
        town.release(ref, description="Lampadaire éteint", place="Place du marché")
        town.work()
        assert other.problems == {}
        assert "503" in town.one("SELECT fault FROM open311_passed_on")
        admin = town.signed_in("administrator")
        assert "503" in admin.page("/desk/api-keys")
        other.down = False
        town.later(minutes=2)
        town.work()
        [(number, sent)] = other.problems.items()
        assert sent.form["service_code"] == "12"
        assert sent.form["address_string"] == "Place du marché"
        assert sent.description == f"Lampadaire éteint\n\nBeffroi {ref}"
        assert "Zoé" not in str(sent.form)
        town.release(ref, description="Lampadaire éteint !")  # another version: not sent again
        town.later(minutes=31)
        town.work()
        assert len(other.problems) == 1
        sent.state, sent.notes = "closed", "Réparé par Léa <b>"
        town.later(minutes=31)
        town.work()
        page = town.visitor().page(f"/incidents/{ref}")
        assert "Transmis à un autre outil de la collectivité" in page
        assert "Nouvelle d’une autre application\xa0: clos là-bas" in page
        assert "Léa" not in page
        [note] = town.rows("SELECT words FROM internal_note")
        assert "Réparé par Léa" in note[0]
        assert town.one('SELECT status FROM "case" WHERE ref = :ref', ref=ref) == "open"
        town.later(minutes=31)
        town.work()
        assert town.visitor().page(f"/incidents/{ref}").count("clos là-bas") == 1
        town.remove(ref, code="erasure")
        assert town.one("SELECT count(*) FROM open311_passed_on") == 0
        town.later(minutes=31)
        town.work()  # the job that asks finds nothing to ask for, and ends
        town.later(hours=8)
        town.work()
        waiting = "SELECT count(*) FROM job WHERE done_at IS NULL AND name = 'open311-poll'"
        assert town.one(waiting) == 0
        assert number in other.problems


def test_a_tool_that_gives_tokens_first_is_asked_for_the_number(tmp_path: Path) -> None:
    with neighbours(tmp_path, passes_on=True) as (town, other):
        other.tokens = True
        ref = town.report()
        town.release(ref)
        town.work()
        [row] = town.rows("SELECT foreign_id, token FROM open311_passed_on")
        assert tuple(row) == (None, "100")
        town.later(minutes=31)
        town.work()
        [row] = town.rows("SELECT foreign_id, token, status FROM open311_passed_on")
        assert tuple(row) == ("100", None, "open")


def test_a_tool_inside_the_network_is_never_reached(tmp_path: Path) -> None:
    """Loopback is for a town that is there itself; a public town sends to public addresses only."""
    with fixmystreet() as other:
        tool = {"url": f"{other.url}/v2", "api_key": other.key, "services": {"lighting": "12"}}
        database = fresh("sqlite", MIGRATIONS, tmp_path)
        with open_town(tmp_path, database, open311_forward={"voirie": tool}) as town:
            town.release(town.report())
            town.work()
            assert other.problems == {}
            assert "not fetched" in town.one("SELECT fault FROM open311_passed_on")


@pytest.mark.parametrize(
    "tools",
    [
        {"a": {"url": "http://10.0.0.1/v2", "services": {"road": "1"}}},
        {"a": {"url": "https://tool.example/v2", "services": {}}},
        {"A B": {"url": "https://tool.example/v2", "services": {"road": "1"}}},
        {
            "a": {"url": "https://tool.example/v2", "services": {"road": "1"}},
            "b": {"url": "https://other.example/v2", "services": {"road": "1"}},
        },
        {"a": {"url": "https://tool.example/v2", "services": {"road": 1}}},
        {"a": {"url": "https://tool.example/v2", "services": {"road": "1"}, "more": "x"}},
    ],
)
def test_settings_that_name_no_tool_are_refused(tmp_path: Path, tools: Any) -> None:
    with pytest.raises(SettingsRefused, match="OPEN311_FORWARD"):
        town_settings(tmp_path, "sqlite://", open311_forward=tools)


def test_a_report_of_another_body_goes_through_the_tool_that_reaches_it(tmp_path: Path) -> None:
    with neighbours(tmp_path, passes_on=True, only_by_rule=True) as (town, other):
        read = importing.read(
            '[bodies."Le département"]\nkind = "department"\ntool = "voirie"\n'
            '[[rules]]\ncategory = "lighting"\nwords = ["route départementale"]\n'
            'body = "Le département"',
            categories=STREET,
            communes=(),
            known=(),
        )
        with town.change():
            configuring.take_file(read, communes=town.settings.communes)
        ours = town.report(description="Lampadaire éteint rue du Port")
        theirs = town.report(description="Lampadaire éteint sur la route départementale 12")
        page = town.visitor().page(f"/incidents/{theirs}")
        assert "Le département" in page
        for ref in (ours, theirs):
            town.release(ref)
        town.work()
        [sent] = other.problems.values()
        assert theirs in sent.description
        sent.state = "closed"
        town.later(minutes=31)
        town.work()
        page = town.visitor().page(f"/incidents/{theirs}")
        assert "clos là-bas" in page
        assert "Transmis à l’organisme compétent\xa0: Le département" in page
