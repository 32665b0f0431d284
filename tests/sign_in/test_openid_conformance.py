# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a site and an OpenID provider owe each other: at a certified provider and at the stand-ins.

The stand-ins are the demonstration's provider and the one of the tests that can lie; where they
differed from the certified one (npm oidc-provider), tests on them would prove nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from beffroi_web.sign_in.settings import ProviderSettings
from support.openid_providers import (
    CLIENT_ID,
    CLIENT_SECRET,
    OpenIDProvider,
    Visit,
    certified,
    demonstration,
    honest,
)
from support.sign_in_site import SignInSite, count_sessions, make_site

PUBLIC_URL = "http://town.example"
PROVIDERS = {"oidc-provider": certified, "demonstration": demonstration, "stand-in": honest}


@pytest.fixture(scope="module", params=PROVIDERS)
def provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenIDProvider]:
    back, out = f"{PUBLIC_URL}/auth/town/callback", f"{PUBLIC_URL}/sign-out"
    with PROVIDERS[request.param](back, out, tmp_path_factory.mktemp("provider")) as running:
        yield running


@dataclass(slots=True)
class Person:
    """Somebody with a browser, at the site and at the provider."""

    made: SignInSite
    there: Visit
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.made.app.test_client()

    def start(self) -> str:
        """Press the button; return the address that it leads to."""
        asked = self.client.get("/auth/town/login?next=/private&lang=en", base_url=PUBLIC_URL)
        assert asked.status_code == 303, asked.text
        return str(asked.headers["Location"])

    def come_back(self, answer: dict[str, str]) -> TestResponse:
        return self.client.get(
            "/auth/town/callback", query_string={**answer, "lang": "en"}, base_url=PUBLIC_URL
        )

    def page(self, path: str) -> str:
        answer = self.client.get(path, base_url=PUBLIC_URL)
        assert answer.status_code == 200
        return " ".join(answer.text.split())

    def leave(self) -> str:
        """Sign out here; return the address that this leads to."""
        token = re.findall(r'name="csrf_token" value="([^"]+)"', self.page("/sign-out"))[0]
        away = self.client.post("/sign-out", data={"csrf_token": token}, base_url=PUBLIC_URL)
        assert away.status_code == 200, away.text
        return str(away.headers["Refresh"].removeprefix("0; url="))

    def refused(self, answer: TestResponse, reason: str) -> None:
        assert answer.status_code in (400, 502), answer.text
        assert f"<code>{reason}</code>" in answer.text
        assert count_sessions(self.made) == 0


def settings_of(provider: OpenIDProvider) -> ProviderSettings:
    return ProviderSettings(
        key="town",
        label="Town hall",
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        scopes=("openid", "profile", "email"),
    )


def somebody(folder: Path, settings: ProviderSettings) -> Iterator[Person]:
    made = make_site(f"sqlite:///{folder}/site.sqlite3", PUBLIC_URL, [settings])
    yield Person(made, Visit(PUBLIC_URL))
    with made.app.app_context():
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture
def person(provider: OpenIDProvider, tmp_path: Path) -> Iterator[Person]:
    yield from somebody(tmp_path, settings_of(provider))


def changed(address: str, **values: str) -> str:
    """Return an address of the provider with some parameters changed on the way there."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | values)).geturl()


def test_somebody_signs_in_and_comes_back_to_the_page(
    person: Person, provider: OpenIDProvider
) -> None:
    answer = person.come_back(person.there.sign_in(person.start()))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/private")
    assert f"{provider.name}: citizen" in person.page("/private")
    assert count_sessions(person.made) == 1


def test_a_code_is_good_once(person: Person) -> None:
    used = person.there.sign_in(person.start())
    assert person.come_back(used).status_code == 303
    person.leave()
    other = dict(parse_qsl(urlsplit(person.start()).query))["state"]
    person.refused(person.come_back(used | {"state": other}), "code-refused")


def test_a_code_is_good_for_the_browser_that_asked_for_it(person: Person) -> None:
    """PKCE: the verifier that the site sends must be the one that was announced."""
    address = changed(person.start(), code_challenge="c" * 43)
    person.refused(person.come_back(person.there.sign_in(address)), "code-refused")


def test_an_answer_to_another_question_is_refused(person: Person) -> None:
    address = changed(person.start(), nonce="0" * 64)
    person.refused(person.come_back(person.there.sign_in(address)), "id-token-nonce")
    answer = person.there.sign_in(changed(person.start(), state="0" * 64))
    assert answer["state"] == "0" * 64
    person.refused(person.come_back(answer), "no-pending")


def test_who_gives_up_there_is_told_so(person: Person, provider: OpenIDProvider) -> None:
    if provider.pages:
        person.refused(person.come_back(person.there.give_up(person.start())), "access-denied")


def test_another_secret_is_said_to_be_the_sites_affair(
    provider: OpenIDProvider, tmp_path: Path
) -> None:
    for person in somebody(tmp_path, replace(settings_of(provider), client_secret="another one")):
        answer = person.come_back(person.there.sign_in(person.start()))
        person.refused(answer, "token-error")


def test_signing_out_ends_both_sessions_and_comes_back_with_its_state(person: Person) -> None:
    person.come_back(person.there.sign_in(person.start()))
    back = person.there.sign_out(person.leave())
    assert len(back["state"]) == 64
    assert count_sessions(person.made) == 0
    ended = "the sign-in service has ended its session too"
    assert ended not in person.page("/sign-out?state=" + "0" * 64)
    assert ended in person.page(f"/sign-out?lang=en&state={back['state']}")
