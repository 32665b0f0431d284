# SPDX-License-Identifier: AGPL-3.0-or-later
"""A database that does not answer is said as that: 503, our page, and when to come back."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from beffroi.app import create_app
from beffroi.config import from_mapping
from beffroi_web.sign_in.routes import cookie_name

URL = "http://127.0.0.1:8302"
SETTINGS = {
    "name": "Beffroi-sur-Exemple",
    "siren": "210000006",
    "kind": "commune",
    "communes": "99999",
    "public_url": URL,
    "secret_key": "a secret of the tests, long enough to be one",
    "database_url": "postgresql+psycopg://postgres@127.0.0.1:1/nobody-listens-there",
    "contact": "beffroi@ville.example",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder: Path = tmp_path_factory.mktemp("away")
    app = create_app(from_mapping({**SETTINGS, "data_dir": str(folder)}))
    made = app.test_client(use_cookies=False)
    made.signed_in = f"{cookie_name(app.extensions['beffroi_web'].site)}={'c' * 48}"  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("path", ["/", "/requests", "/requests/new", "/log/checkpoint"])
def test_a_page_is_503_in_our_own_words(client: FlaskClient, path: str, signed_in: bool) -> None:
    headers = {"Cookie": client.signed_in} if signed_in else {}  # type: ignore[attr-defined]
    answer = client.get(path, base_url=URL, headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "Ce service n’est pas disponible pour le moment" in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "127.0.0.1:1" not in answer.text


def test_a_load_balancer_is_told_in_a_word(client: FlaskClient) -> None:
    answer = client.get("/readyz", base_url=URL)
    assert (answer.status_code, answer.get_json()["ok"]) == (503, False)


def test_a_program_is_told_as_a_problem(client: FlaskClient) -> None:
    answer = client.get("/api/v1/requests", base_url=URL)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.mimetype == "application/problem+json"
    assert json.loads(answer.data)["status"] == 503
