# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sites for the pull benches: what each peer publishes as files, and what gunicorn serves.

gunicorn pull_sites:open311()    with BENCH_OPEN311, a database made by `write_open311`
gunicorn pull_sites:town()       with BENCH_TOWN, a database made by `write_town`
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from generated import Written
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

HERE = Path(__file__).resolve().parent
A_PAGE = 500


def members_of(written: Sequence[Written]) -> list[dict[str, Any]]:
    """Return the records of a log."""
    return [json.loads(one.content) for one in written if one.content]


# ---- files -----------------------------------------------------------------------------------


def write_atom(folder: Path, records: Sequence[dict[str, Any]]) -> None:
    """Write an Atom feed by pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for at in range(0, len(records), A_PAGE):
        number = at // A_PAGE
        following = f"{number + 1}.xml" if at + A_PAGE < len(records) else ""
        (folder / f"{number}.xml").write_text(atom_page(records[at : at + A_PAGE], following))


def atom_page(records: Sequence[dict[str, Any]], following: str = "") -> str:
    """Return one page of an Atom feed."""
    link = f'<link rel="next" href="{following}"/>' if following else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<id>urn:town</id><title>Demandes</title><updated>2026-10-05T08:00:00Z</updated>"
        f"{link}{''.join(map(_atom_entry, records))}</feed>"
    )


def _atom_entry(one: dict[str, Any]) -> str:
    answer = f"<content>{escape(one['answer'])}</content>" if "answer" in one else ""
    tags = "".join(
        f"<category scheme={quoteattr(name)} term={quoteattr(one[name])}/>"
        for name in ("theme", "status", "period")
    )
    return (
        f"<entry><id>urn:{one['id']}</id><title>{escape(one['title'])}</title>"
        f"<updated>2026-10-05T08:00:00Z</updated>{tags}"
        f"<summary>{escape(one['summary'])}</summary>{answer}</entry>"
    )


def write_turtle(path: Path, records: Sequence[dict[str, Any]]) -> None:
    """Write one DCAT catalogue, a dataset a record."""
    text = [
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
    ]
    for one in records:
        title, summary = (
            json.dumps(one[name], ensure_ascii=False) for name in ("title", "summary")
        )
        text.append(
            f'<https://town.example/d/{one["id"]}> a dcat:Dataset ; dct:identifier "{one["id"]}" ;'
            f' dct:title {title}@fr ; dct:description {summary}@fr ; dct:issued "{one["period"]}" ;'
            f' dcat:theme <urn:theme:{one["theme"]}> ; dcat:keyword "{one["status"]}" .\n'
        )
    path.write_text("".join(text))


# ---- Open311 ---------------------------------------------------------------------------------


class Open311Base(DeclarativeBase):
    """The Open311 server's tables."""


class ServiceRequest(Open311Base):
    """A request as GeoReport v2 has it."""

    __tablename__ = "service_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_request_id: Mapped[str]
    status: Mapped[str]
    status_notes: Mapped[str]
    service_name: Mapped[str]
    service_code: Mapped[str]
    description: Mapped[str]
    agency_responsible: Mapped[str]
    service_notice: Mapped[str]
    requested_datetime: Mapped[str] = mapped_column(index=True)
    updated_datetime: Mapped[str]


OPEN311_COLUMNS = [one.name for one in ServiceRequest.__table__.columns if one.name != "id"]


def open311_row(number: int, one: dict[str, Any]) -> dict[str, Any]:
    """Return a record as GeoReport v2 has it; its moment is its number."""
    return {
        "id": number + 1,
        "service_request_id": one["id"],
        "status": "closed" if "answer" in one else "open",
        "status_notes": one["status"],
        "service_name": one["title"],
        "service_code": one["theme"],
        "description": one["summary"],
        "agency_responsible": "210000006",
        "service_notice": one.get("answer", ""),
        "requested_datetime": open311_moment(number),
        "updated_datetime": open311_moment(number),
    }


def open311_moment(number: int) -> str:
    """Return when a request was made, for the filter of the incremental pull."""
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)).isoformat()


def write_open311(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write the server's database."""
    import sqlalchemy as sa

    engine = sa.create_engine(f"sqlite:///{path}")
    Open311Base.metadata.create_all(engine)
    rows = (open311_row(n, one) for n, one in enumerate(records))
    with engine.begin() as connection:
        while part := list(islice(rows, 20_000)):
            connection.execute(sa.insert(ServiceRequest), part)


def open311() -> Any:
    """Return the Open311 server: Flask, rows through the ORM, pages by OFFSET as is usual."""
    import sqlalchemy as sa
    from flask import Flask, jsonify, request

    app = Flask(__name__)
    engine = sa.create_engine("sqlite:///" + os.environ["BENCH_OPEN311"])

    @app.get("/requests.json")
    def requests() -> Any:
        size = min(int(request.args.get("page_size", "100")), 1_000)
        query = sa.select(ServiceRequest).order_by(ServiceRequest.id)
        if start := request.args.get("start_date"):
            query = query.where(ServiceRequest.requested_datetime > start)
        query = query.offset((int(request.args.get("page", "1")) - 1) * size).limit(size)
        with Session(engine) as session:
            return jsonify(
                [
                    {name: getattr(one, name) for name in OPEN311_COLUMNS}
                    for one in session.scalars(query)
                ]
            )

    return app


# ---- TAXII -----------------------------------------------------------------------------------


def write_taxii(folder: Path, records: Sequence[dict[str, Any]]) -> Path:
    """Write opentaxii's database and settings; return the settings."""
    folder.mkdir(parents=True, exist_ok=True)
    data, auth = folder / "taxii.db", folder / "auth.db"
    settings = folder / "opentaxii.yml"
    settings.write_text(
        "domain: localhost\nsupport_basic_auth: no\n"
        "auth_api:\n  class: opentaxii.auth.sqldb.SQLDatabaseAPI\n  parameters:\n"
        f"    db_connection: sqlite:///{auth}\n    create_tables: yes\n    secret: bench\n"
        "    token_ttl_secs: 3600\ntaxii1:\ntaxii2:\n  contact: c@example.org\n  description: d\n"
        "  title: t\n  max_content_length: 9999999\n  public_discovery: true\n"
        "  allow_custom_properties: true\n  persistence_api:\n"
        "    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI\n    parameters:\n"
        f"      db_connection: sqlite:///{data}\n      create_tables: yes\n"
        "logging:\n  opentaxii: warning\n  root: warning\n"
    )
    script = HERE / "pull_taxii.py"
    lines = folder / "objects.ndjson"
    lines.write_text("".join(json.dumps(one) + "\n" for one in records))
    subprocess.run(
        [sys.executable, str(script), str(data), str(lines)],
        env={**os.environ, "OPENTAXII_CONFIG": str(settings)},
        check=True,
        capture_output=True,
    )
    return settings


# ---- a town ----------------------------------------------------------------------------------


def write_town(folder: Path, written: Sequence[Written]) -> str:
    """Write a town's own database with this log; return its address."""
    from generated import ORIGIN

    from beffroi.feed.models import LogContent
    from beffroi.feed.queries import SqlLogStore
    from beffroi.kernel.db import MIGRATIONS, db, unit_of_work
    from beffroi_federation import log
    from beffroi_federation.signer import memory_signer
    from support.databases import fresh
    from support.town import open_town

    folder.mkdir(parents=True, exist_ok=True)
    url = fresh("sqlite", MIGRATIONS, folder)
    with open_town(folder, url) as opened, opened.look():
        store = SqlLogStore()
        for at in range(0, len(written), 4_096):
            part = written[at : at + 4_096]
            with unit_of_work():
                log.append(store, [one.leaf for one in part])
                rows = [
                    {"log_id": store.log_id, "position": n, "salt": one.salt,
                     "content": one.content}
                    for n, one in enumerate(part, at)
                    if one.content
                ]  # fmt: skip
                db.session.execute(db.insert(LogContent), rows)
        with unit_of_work():
            log.publish(store, memory_signer(ORIGIN, bytes(range(32))))
    return url


def town() -> Any:
    """Return the town's application on that database."""
    from support.town import open_town

    folder = Path(os.environ["BENCH_TOWN_FOLDER"]) / "served"
    folder.mkdir()
    opening = open_town(folder, os.environ["BENCH_TOWN"])
    app = opening.__enter__().app
    app.extensions["bench"] = opening  # kept, so that it stays open
    return app


# ---- processes -------------------------------------------------------------------------------

_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process and its children that live."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0.0
    for one in [pid, *map(int, children)]:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


class Site:
    """A server in a process group of its own, at `address`."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process = process
        self.address = f"http://127.0.0.1:{port}"

    def cpu(self) -> float:
        """Return its CPU seconds so far."""
        return cpu_of(self.process.pid)


def _answers(port: int) -> bool:
    """Say whether a server answers yet, whatever it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


@contextmanager
def running(command: Sequence[str], port: int, **environment: str) -> Iterator[Site]:
    """Run a server until the block ends."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        cwd=HERE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} did not start")
            time.sleep(0.1)
        yield Site(process, port)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def nginx(folder: Path, root: Path) -> Iterator[Site]:
    """Serve files by nginx, one worker."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = " ".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;\n"
        "events { worker_connections 1024; }\n"
        "http { access_log off; keepalive_requests 10000000; sendfile on; tcp_nopush on;"
        f" default_type application/octet-stream; {temporary}\n"
        f"server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n"
    )
    with running(["nginx", "-c", str(settings)], port) as site:
        yield site


@contextmanager
def gunicorn(application: str, *, threads: int = 4, **environment: str) -> Iterator[Site]:
    """Serve a WSGI application by one gunicorn worker."""
    port = free_port()
    program = Path(sys.executable).with_name("gunicorn")
    command = [str(program), "-b", f"127.0.0.1:{port}", "-w", "1", "-k", "gthread",
               "--threads", str(threads), "--timeout", "0", "--graceful-timeout", "1",
               application]  # fmt: skip
    with running(command, port, **environment) as site:
        yield site
