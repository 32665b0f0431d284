# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town and the nation as they are deployed: our units' commands, our nginx sites, TLS."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from beffroi_web.problems import SAID
from support.deployed import (
    DEPLOY,
    NATION,
    Answer,
    Deployment,
    answers,
    children,
    start_shut_in,
    wait_until,
)
from support.photo_carriers import corners, encoded

pytestmark = pytest.mark.slow

NGINX_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
WEB = "beffroi-web.service"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("d")).running() as started:
        yield started


def from_nginx(answer: Answer) -> bool:
    return answer.headers["content-security-policy"] == NGINX_POLICY


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_nginx_finds_nothing_to_say_about_our_files(deployed: Deployment) -> None:
    done = subprocess.run(deployed.nginx("-t", "-q"), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_page_comes_through_tls_with_its_security_headers(deployed: Deployment) -> None:
    page = deployed.ask("GET", "/")
    assert page.status == 200
    assert "Beffroi-sur-Seine" in page.text
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert page.headers["server"] == "nginx"


def test_town_and_nation_share_a_machine(deployed: Deployment) -> None:
    assert "Beffroi, la nation" in deployed.ask("GET", "/", host=NATION).text


def test_absolute_addresses_have_the_public_scheme_and_name(deployed: Deployment) -> None:
    ours = f"https://demandes.ville.example:{deployed.port}"
    assert deployed.ask("GET", "/.well-known/beffroi.json").text.count(f'"{ours}/log"') == 1
    for path in ("/", "/requests", "/how-it-works", "/requests?page=1"):
        addresses = re.findall(r'(?:href|action)="(http[^"]+)"', deployed.ask("GET", path).text)
        assert [one for one in addresses if "ville.example" in one and ours not in one] == []
        assert [one for one in addresses if one.startswith(("http://127", "http://local"))] == []


def test_only_the_proxy_makes_a_request_a_secure_one(deployed: Deployment) -> None:
    assert "strict-transport-security" not in deployed.ask_socket("/").headers
    told = deployed.ask_socket("/", X_Forwarded_Proto="https")
    assert "strict-transport-security" in told.headers


def test_plain_http_leads_to_tls_at_the_sites_own_name(deployed: Deployment) -> None:
    answer = deployed.ask_plainly("/requests?q=lamp")
    assert answer.status == 301
    assert answer.headers["location"] == "https://demandes.ville.example/requests?q=lamp"
    # A program that sends its key in clear is not led on as if nothing were wrong.
    assert deployed.ask_plainly("/api/v1/requests").status == 403


def test_a_report_is_sent_through_everything_and_kept(deployed: Deployment) -> None:
    form = deployed.ask("GET", "/incidents/new?family=street").text
    fields = (
        f"csrf_token={token_in(form)}&family=street&category=lighting&place=quai+de+Seine"
        "&description=The+lamp+in+front+of+the+library+has+been+dark+for+a+week"
    )
    sent = deployed.ask(
        "POST",
        "/incidents/new",
        fields.encode(),
        source="127.0.0.9",
        Content_Type="application/x-www-form-urlencoded",
        Origin=f"https://demandes.ville.example:{deployed.port}",
    )
    assert sent.status == 303, sent.text
    assert deployed.ask("GET", sent.headers["location"]).status == 200


def test_the_application_counts_the_clients_address_and_not_what_it_claims(
    deployed: Deployment,
) -> None:
    def send(source: str, claimed: str) -> Answer:
        return deployed.ask("POST", "/incidents/new", b"", source=source, X_Forwarded_For=claimed)

    # Eight an hour and process; two processes, and which of them answers is chance.
    seen = [send("127.0.0.2", f"203.0.113.{n}") for n in range(18)]
    refused = [answer for answer in seen if answer.status == 429]
    assert len(refused) >= 18 - 2 * 8
    assert not any(from_nginx(answer) for answer in refused)
    assert send("127.0.0.3", "203.0.113.1").status == 400


def test_somewhat_too_much_gets_the_applications_page(deployed: Deployment) -> None:
    answer = deployed.ask("POST", "/requests/new", b"x" * 1_500_000, source="127.0.0.4")
    assert answer.status == 413
    assert not from_nginx(answer)
    assert "Beffroi-sur-Seine" in answer.text


def test_a_report_with_its_photos_passes_where_a_text_of_that_size_does_not(
    deployed: Deployment,
) -> None:
    form = deployed.ask("GET", "/incidents/new?family=street").text
    fields = {
        "csrf_token": token_in(form), "family": "street", "category": "lighting",
        "description": "The lamp in front of the library has been dark for a week",
    }  # fmt: skip
    parts = [f'; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    photo = encoded(corners(), "jpeg") + b"\0" * 3_000_000
    parts.append(b'; name="photos"; filename="a.jpg"\r\n\r\n' + photo)
    body = b"".join(b"--x\r\nContent-Disposition: form-data" + p + b"\r\n" for p in parts)
    how = {
        "Content_Type": "multipart/form-data; boundary=x",
        "Origin": f"https://demandes.ville.example:{deployed.port}",
    }
    sent = deployed.ask("POST", "/incidents/new", body + b"--x--\r\n", source="127.0.0.8", **how)
    assert sent.status == 303, sent.text
    assert deployed.ask("POST", "/requests/new", body, source="127.0.0.8", **how).status == 413


def test_far_too_much_gets_nginxs_page_or_a_problem(deployed: Deployment) -> None:
    size = {"Content_Length": "3000000"}
    page = deployed.ask("POST", "/requests/new", **size)
    assert page.status == 413
    assert from_nginx(page)
    assert SAID[413].title in page.text
    for path, accept in (("/api/v1/requests", "*/*"), ("/requests/new", "application/json")):
        problem = deployed.ask("POST", path, Accept=accept, **size)
        assert problem.status == 413
        assert problem.headers["content-type"] == "application/problem+json"
        assert json.loads(problem.body)["status"] == 413


def test_a_flood_of_sent_forms_is_held_back_and_readers_are_not(deployed: Deployment) -> None:
    flood = [deployed.ask("POST", "/nowhere", b"", source="127.0.0.5") for _ in range(40)]
    assert flood[0].status == 404
    held = flood[-1]
    assert (held.status, held.headers["retry-after"]) == (429, "30")
    assert from_nginx(held)
    assert SAID[429].title in held.text
    assert deployed.ask("GET", "/", source="127.0.0.5").status == 200
    assert deployed.ask("POST", "/nowhere", b"", source="127.0.0.6").status == 404


def test_a_flood_of_pages_is_held_back_and_the_log_may_be_read_fast(deployed: Deployment) -> None:
    def burst(path: str, source: str) -> list[int]:
        seen: list[int] = []

        def reader() -> None:
            seen.extend(deployed.ask("GET", path, source=source).status for _ in range(20))

        readers = [threading.Thread(target=reader) for _ in range(8)]
        for one in readers:
            one.start()
        for one in readers:
            one.join()
        return seen

    pages = burst("/healthz", "127.0.0.7")
    assert set(pages) == {200, 429}
    assert set(burst("/log/tail/0", "127.0.0.8")) == {404}


def test_pages_are_not_compressed_and_files_without_secrets_are(deployed: Deployment) -> None:
    page = deployed.ask("GET", "/", Accept_Encoding="gzip")
    assert "content-encoding" not in page.headers
    sheet = deployed.ask("GET", asset_of(page), Accept_Encoding="gzip")
    assert sheet.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in sheet.headers["vary"]
    assert "immutable" in sheet.headers["cache-control"]


def asset_of(page: Answer) -> str:
    found = re.search(r'href="(/web/static/[^"]+\.css\?v=[^"]+)"', page.text)
    assert found
    return found[1]


def test_figures_for_the_machine_are_for_the_machine(deployed: Deployment) -> None:
    assert deployed.ask("GET", "/metrics", source="127.0.0.2").status == 403


def test_a_reload_keeps_serving(deployed: Deployment) -> None:
    before = children(deployed.web.pid)
    assert len(before) == 2
    deployed.web.send_signal(signal.SIGHUP)
    statuses: list[int] = []

    def renewed() -> bool:
        statuses.append(deployed.ask("GET", "/healthz", source="127.0.0.10").status)
        now = children(deployed.web.pid)
        return len(now) == 2 and not now & before

    wait_until(renewed, "the workers are not renewed", seconds=60)
    assert set(statuses) == {200}


def test_without_the_application_nginx_says_so_and_files_still_come(deployed: Deployment) -> None:
    asset = asset_of(deployed.ask("GET", "/"))
    assert deployed.ask("GET", asset).status == 200
    assert deployed.stop(deployed.web) == 0
    try:
        page = deployed.ask("GET", "/")
        assert (page.status, page.headers["retry-after"]) == (503, "30")
        assert from_nginx(page)
        assert SAID[503].title in page.text
        assert json.loads(deployed.ask("GET", "/api/v1/requests").body)["title"]
        assert deployed.ask("GET", asset).status == 200
    finally:
        deployed.web = deployed.start_web()
    assert deployed.ask("GET", "/").status == 200


def test_repeats_of_the_nations_pages_end_at_nginx_and_the_towns_do_not(
    deployed: Deployment,
) -> None:
    page = deployed.ask("GET", "/towns", host=NATION)
    assert (page.status, page.headers["cache-control"]) == (200, "public, max-age=0, s-maxage=30")
    assert "must-revalidate" in deployed.ask("GET", "/requests").headers["cache-control"]
    assert deployed.stop(deployed.nation) == 0
    try:
        assert deployed.ask("GET", "/towns", host=NATION).text == page.text
        english = deployed.ask("GET", "/towns", host=NATION, Accept_Language="en")
        somebody = deployed.ask("GET", "/towns", host=NATION, Cookie="beffroi_nation=x")
        assert {english.status, somebody.status} == {503}
    finally:
        deployed.nation = deployed.start_web("beffroi-aggregator-web.service")


def test_the_logs_hold_no_address_no_query_and_no_token(deployed: Deployment) -> None:
    for path in ("/follow/secrettoken?x=1", "/requests/confirm/secrettoken", "/?q=secretquery"):
        deployed.ask("GET", path, source="127.0.0.11", User_Agent="secretagent")
    deployed.ask("POST", "/requests/new", Content_Length="3000000", Referer="http://secret/")
    folder = deployed.folder / "log"

    def written() -> bool:
        return '"POST /requests/new" 413' in (folder / "beffroi-town.log").read_text()

    wait_until(written, "nothing is written down")
    lines = (folder / "beffroi-town.log").read_text()
    assert "127.0.0.0 [" in lines
    assert '"GET /follow/-" 404' in lines
    everything = "".join(path.read_text() for path in folder.iterdir())
    assert "secret" not in everything
    assert re.findall(r"127\.0\.0\.(?!0\b)\d+", everything) == []


@pytest.mark.parametrize("web", [WEB, "beffroi-aggregator-web.service"])
def test_the_image_health_check_sees_life_and_death(deployed: Deployment, web: str) -> None:
    check = [sys.executable, DEPLOY / "images/health.py", deployed.socket_of(web)]
    assert subprocess.run(check).returncode == 0
    done = subprocess.run([*check[:2], deployed.folder / "nothing"], capture_output=True)
    assert done.returncode == 1


needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="not run: systemd-analyze is not here"
)


@needs_systemd
def test_shut_in_as_a_unit_the_web_takes_over_systemds_socket_and_says_when_it_is_ready(
    tmp_path: Path,
) -> None:
    deployed = Deployment(tmp_path)
    deployed.initialise(WEB)
    bound = Path(deployed.socket_of(WEB))
    output = tmp_path / "log/web.log"
    with socket.socket(socket.AF_UNIX) as handed, datagrams(tmp_path / "notify") as notify:
        handed.bind(str(bound))
        handed.listen()
        environ = {**deployed.environment(WEB), "NOTIFY_SOCKET": str(tmp_path / "notify")}
        process = start_shut_in(deployed.command(WEB), environ, output, handed)
        try:
            assert notify.recv(4096).startswith(b"READY=1"), output.read_text()
            assert deployed.ask_socket("/readyz").status == 200
            assert deployed.ask_socket("/").status == 200
        finally:
            assert deployed.stop(process) == 0
    assert "not permitted" not in output.read_text()
    assert bound.is_socket(), "it is systemd's and stays"


@needs_systemd
def test_shut_in_as_units_worker_and_signer_work(tmp_path: Path) -> None:
    deployed = Deployment(tmp_path)
    deployed.initialise(WEB)
    worker = "beffroi-worker.service"
    output = tmp_path / "log/worker.log"
    command = [*deployed.command(worker), "--once"]
    unit, heard = "beffroi-signer.service", tmp_path / "log/signer.log"
    signer = start_shut_in(deployed.command(unit), deployed.environment(unit), heard, None)
    try:
        answering = str(tmp_path / "var/lib/beffroi-signer/socket")
        wait_until(lambda: answers(answering), "the signer does not answer", seconds=60)
        process = start_shut_in(command, deployed.environment(worker), output, None)
        assert process.wait(60) == 0, output.read_text()
    finally:
        assert deployed.stop(signer) == 0
    assert "signed a log of 1 entries" in heard.read_text()
    assert "not permitted" not in output.read_text() + heard.read_text()


@needs_systemd
def test_what_is_shut_in_may_not_give_files_away(tmp_path: Path) -> None:
    output = tmp_path / "output"
    code = "import os; os.chown('.', os.getuid(), os.getgid())"
    process = start_shut_in([sys.executable, "-c", code], {}, output, None)
    assert process.wait(60) == 1
    assert "PermissionError" in output.read_text()


def datagrams(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(path))
    listening.settimeout(60)
    return listening


def test_settings_that_are_refused_end_the_unit_for_good(tmp_path: Path) -> None:
    deployed = Deployment(tmp_path)
    (tmp_path / "etc/beffroi/town.toml").write_text('name = "Nobody"\n')
    done = subprocess.run(
        deployed.command(WEB), env=deployed.environment(WEB), capture_output=True, text=True
    )
    assert done.returncode == 2, "the code that RestartPreventExitStatus= names"
    assert "BEFFROI_SIREN is missing" in done.stderr
