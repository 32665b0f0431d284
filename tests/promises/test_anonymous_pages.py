# SPDX-License-Identifier: AGPL-3.0-or-later
"""A public page is the same for every stranger: no cookie, one body a language, kept by an ETag."""

import pytest

from support.town import PUBLIC_URL, Town

CACHED = (
    "/", "/requests", "/requests?status=any_open&sort=oldest", "/requests?q=menus",
    "/requests/{request}", "/incidents", "/incidents/{report}", "/how-it-works", "/accessibility",
    "/privacy", "/requests/sent", "/sign-in", "/api/v1/requests", "/api/v1/requests/{request}",
    "/api/v1/incidents", "/api/v1/incidents/{report}", "/api/openapi.json", "/log/checkpoint",
    "/log/content/000", "/log/tail/0", "/log/tile/0/000.p/3", "/log/tile/entries/000.p/3",
    "/log/proof/1", "/.well-known/beffroi.json", "/data/", "/data/requests.csv",
    "/data/requests.json", "/data/catalog.ttl", "/data/catalog.rdf", "/data/catalog.jsonld",
    "/statistics", "/data/statistics.csv", "/api/v1/statistics?table=town&lang=en",
    "/feeds/requests.atom", "/feeds/requests.atom?status=open&lang=en", "/open311/discovery.xml",
    "/open311/v2/services.json", "/open311/v2/services/road.xml",
    "/open311/v2/requests.xml?extensions=true&start_date=2027-01-01T00:00:00Z&end_date=2027-01-12",
    "/open311/v2/requests.json", "/open311/v2/requests/{report}.json",
    "/open311/v2/servicerequestupdates.xml", "/embed/board", "/embed/request/{request}",
    "/embed/report", "/embed/counter", f"/oembed?url={PUBLIC_URL}/requests/{{request}}",
)  # fmt: skip
NOT_KEPT = ("/requests/new", "/incidents/new", "/requests/confirm/x")
"""Forms: a token in them ends, and what a link filled in is its reader's."""


@pytest.fixture
def places(village: Town) -> dict[str, str]:
    """References of a public request and a public report, in a published town."""
    request, report = village.request(), village.report()
    village.release(request)
    village.release(report)
    village.publish()
    return {"request": request, "report": report}


def test_no_page_sets_a_cookie_for_a_stranger(village: Town, places: dict[str, str]) -> None:
    client = village.app.test_client()
    for path in (*CACHED, *NOT_KEPT, "/nothing", "/desk", "/account"):
        response = client.get(path.format(**places), base_url=PUBLIC_URL)
        assert response.status_code in {200, 303, 404}, path
        assert "Set-Cookie" not in response.headers, path


def test_every_public_page_has_an_etag_that_gives_304(
    village: Town, places: dict[str, str]
) -> None:
    client = village.app.test_client()
    for path in CACHED:
        path = path.format(**places)
        first = client.get(path, base_url=PUBLIC_URL)
        assert first.status_code == 200, path
        etag = first.headers.get("ETag", "")
        assert etag, path
        assert "no-store" not in first.headers["Cache-Control"], path
        village.later(seconds=30)
        second = client.get(path, base_url=PUBLIC_URL, headers={"If-None-Match": etag})
        assert (second.status_code, second.get_data()) == (304, b""), path


def test_the_etag_changes_with_the_page(village: Town, places: dict[str, str]) -> None:
    client = village.app.test_client()
    for path in ("/", "/requests", "/requests/{request}", "/api/v1/requests"):
        path = path.format(**places)
        etag = client.get(path, base_url=PUBLIC_URL).headers["ETag"]
        village.release(places["request"], title=f"Menus après {path}")
        response = client.get(path, base_url=PUBLIC_URL, headers={"If-None-Match": etag})
        assert response.status_code == 200, path


def test_a_form_is_kept_by_nobody(village: Town) -> None:
    for path in NOT_KEPT:
        response = village.visitor().get(path)
        assert response.status_code == 200
        assert "no-store" in response.headers["Cache-Control"], path


def test_a_page_has_one_body_a_language_whatever_the_browser(
    village: Town, places: dict[str, str]
) -> None:
    for path in CACHED:
        path = path.format(**places)
        bodies: dict[str, set[bytes]] = {"fr": set(), "en": set()}
        for lang, headers in (
            ("fr", {}),
            ("fr", {"Accept-Language": "fr-CA,fr;q=0.8"}),
            ("fr", {"Accept-Language": "br", "User-Agent": "Robot/1"}),
            ("en", {"Accept-Language": "en-GB"}),
            ("en", {"Accept-Language": "en,fr;q=0.5", "X-Forwarded-For": "203.0.113.7"}),
        ):
            response = village.app.test_client().get(path, base_url=PUBLIC_URL, headers=headers)
            bodies[lang].add(response.get_data())
            if response.mimetype == "text/html":
                assert response.headers["Content-Language"] == lang, path
                assert "Accept-Language" in response.headers["Vary"], path
        assert [len(b) for b in bodies.values()] == [1, 1], path


def test_the_language_of_the_address_wins_and_is_carried_on(village: Town) -> None:
    response = village.app.test_client().get(
        "/requests?lang=en", base_url=PUBLIC_URL, headers={"Accept-Language": "fr"}
    )
    assert response.headers["Content-Language"] == "en"
    assert "Accept-Language" not in response.headers.get("Vary", "")
    assert "/requests/new?lang=en" in response.get_data(as_text=True)


def test_what_somebody_signed_in_sees_is_kept_by_nobody(
    village: Town, places: dict[str, str]
) -> None:
    citizen = village.signed_in()
    for path in ("/", "/requests", "/requests/{request}", "/account"):
        response = citizen.get(path.format(**places))
        assert "no-store" in response.headers["Cache-Control"], path
        assert "ETag" not in response.headers, path
