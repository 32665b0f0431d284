# SPDX-License-Identifier: AGPL-3.0-or-later
from dataclasses import replace

import pytest

from beffroi_web.headers import headers_of_unchanged
from support.style_guide import AGENT

EVERYWHERE = ["/", "/form", "/nowhere", "/refuse/500", "/refuse/429", "/api/wishes/1", "/desk"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_forbids_foreign_and_inline_content(guide, path):
    client, _, _ = guide
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_transport_security_is_promised_over_https_only(guide):
    client, _, _ = guide
    assert "Strict-Transport-Security" not in client.get("/").headers
    over_tls = client.get("/", base_url="https://localhost").headers
    assert over_tls["Strict-Transport-Security"] == "max-age=31536000"


def test_names_below_are_promised_too_where_the_site_says_so(guide):
    client, _, _ = guide
    held = client.application.extensions["beffroi_web"]
    below = replace(held, site=replace(held.site, hsts_subdomains=True))
    client.application.extensions["beffroi_web"] = below
    over_tls = client.get("/", base_url="https://localhost").headers
    assert over_tls["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    said = dict(headers_of_unchanged(spoken=False, secure=True, shared=0, below=True))
    assert said["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_an_embedded_page_may_be_framed_by_the_named_site_only(guide):
    client, _, _ = guide
    headers = client.get("/embed").headers
    assert "frame-ancestors https://participer.example" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers


def test_forms_lead_nowhere_else(guide):
    client, _, _ = guide
    assert "form-action 'self';" in client.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/form"])
def test_a_public_page_is_the_same_for_every_anonymous_reader(guide, path):
    client, _, _ = guide
    first, second = client.get(path), client.get(path)
    assert "Set-Cookie" not in first.headers
    assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert first.data == second.data
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_the_etag_differs_between_languages(guide):
    client, _, _ = guide
    french, english = client.get("/form?lang=fr"), client.get("/form?lang=en")
    assert french.headers["ETag"] != english.headers["ETag"]


def test_what_a_signed_in_person_sees_is_kept_by_nobody(guide):
    client, door, _ = guide
    door.visitor = AGENT
    for path in ("/", "/signed-in", "/desk"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in headers


@pytest.mark.parametrize("path", ["/nowhere", "/refuse/404", "/refuse/500", "/signed-in"])
def test_errors_and_detours_are_kept_by_nobody(guide, path):
    client, _, _ = guide
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_files_are_kept_for_ever_under_the_address_that_names_their_content(guide):
    client, _, _ = guide
    page = client.get("/").text
    for start in ("/web/static/web.css?v=", "/web/theme.css?v=", "/web/static/web.js?v="):
        address = start + page.split(start)[1].split('"')[0]
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        stale = client.get(start + "000000000000")
        assert "immutable" not in stale.headers["Cache-Control"]


def test_a_slash_too_many_is_answered_by_an_error_page_with_its_headers(guide):
    client, _, _ = guide
    answer = client.get("/form/")
    assert answer.status_code == 404
    assert "Content-Security-Policy" in answer.headers
