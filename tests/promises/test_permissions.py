# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every address is asked as every role: it opens for those whom the page of the docs names."""

from collections.abc import Sequence

import pytest
from flask.testing import FlaskClient

from support.nation import Nation
from support.permissions import NATION, PAGE, TOWN, Row, declared, filled, written
from support.town import Town

REFUSED = "does not have the role"


def table(name: str, roles: Sequence[str]) -> list[Row]:
    return written(PAGE.read_text(encoding="utf-8"), name, roles)


def is_refused(client: FlaskClient, method: str, address: str, base_url: str) -> bool | None:
    """Say whether an address is closed to somebody without the role; None for not signed in."""
    answer = client.open(
        filled(address), method=method, base_url=base_url, headers={"Accept-Language": "en"}
    )
    assert answer.status_code != 500, (method, address, answer.status_code)
    away = answer.status_code == 303 and "/sign-in?" in answer.headers["Location"]
    if away or answer.status_code == 401:
        return None
    return answer.status_code == 403 and REFUSED in answer.get_data(as_text=True)


def wrong_ones(
    client: FlaskClient, role: str, rows: Sequence[Row], base_url: str
) -> list[tuple[str, str]]:
    """Return what opens for a role although the table says no, or the reverse."""
    found = []
    for address, methods, who, _ in rows:
        opens = who == ("everybody",) or role in who
        if address.startswith(("/sign-out", "/auth/", "/static/")):
            continue  # they end the session that is asked with, or lead to a provider
        for method in methods.split():
            refused = is_refused(client, method, address, base_url)
            if refused is None:  # what is for everybody may still ask a stranger who they are
                refused = who != ("everybody",)
            if refused == opens:
                found.append((method, address))
    return found


def test_the_page_names_every_address_and_the_roles_that_it_declares(
    village: Town, nation: Nation
) -> None:
    write = "python tests/support/permissions.py writes the page anew"
    assert table("town", TOWN) == declared(village.app, TOWN), write
    assert table("nation", NATION) == declared(nation.app, NATION), write


@pytest.mark.parametrize("role", ["nobody", *TOWN])
def test_an_address_of_a_town_opens_for_whom_the_page_says(village: Town, role: str) -> None:
    who = village.visitor() if role == "nobody" else village.signed_in(role)
    rows = table("town", TOWN)
    assert len(rows) > 200
    assert wrong_ones(who.client, role, rows, village.settings.public_url) == []


@pytest.mark.parametrize("role", ["nobody", *NATION])
def test_an_address_of_the_nation_opens_for_whom_the_page_says(nation: Nation, role: str) -> None:
    roles = [role] if role == "operator" else []
    who = nation.client() if role == "nobody" else nation.signed_in(*roles)
    rows = table("nation", NATION)
    assert len(rows) > 50
    assert wrong_ones(who, role, rows, "http://localhost") == []
