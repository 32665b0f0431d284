# SPDX-License-Identifier: AGPL-3.0-or-later
"""Breaks what a town stands on, one thing at a time: what people see, and whether it heals.

    python tests/stress/faults.py [--only database mail provider clock disk] [--outage 60]

Full and read-only disk need the right to mount a small tmpfs; without it they are said to be left
out. Each wait is bounded by `--patience`. Exit 0 if everything healed by itself, else 1.
"""

import argparse
import html
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy")]

from beffroi.kernel.db import db  # noqa: E402
from beffroi_federation import notes  # noqa: E402
from beffroi_federation.checkpoint import parse  # noqa: E402
from demo.provider import make_provider_server  # noqa: E402
from demo.provider_state import DemoClient  # noqa: E402
from support.bad_mail_server import BadMailServer  # noqa: E402
from support.deployed import free_port  # noqa: E402
from support.own_postgres import NAME as POSTGRES  # noqa: E402
from support.own_postgres import OwnPostgres  # noqa: E402
from support.storm import submission  # noqa: E402
from support.supervising import Supervisor, until  # noqa: E402
from support.town_processes import BIN, ISSUER, TownProcesses, csrf  # noqa: E402

_TAGS = re.compile(r"<[^>]+>")


@dataclass(slots=True)
class Report:
    """The rows of the table, and what did not heal."""

    patience: float
    rows: list[str] = field(default_factory=list)
    sick: list[str] = field(default_factory=list)

    def add(self, fault: str, seen: list[str], healed: Callable[[], bool], note: str = "") -> None:
        """Wait until it is healed, and write the row."""
        try:
            took = f"{until(healed, fault, self.patience):.1f} s"
        except TimeoutError:
            took = f"not within {self.patience:.0f} s"
            self.sick.append(fault)
        self.rows.append(f"| {fault} | {'<br>'.join(seen)} | {took} | {note} |")
        print(self.rows[-1], file=sys.stderr, flush=True)


@dataclass(slots=True)
class Scene:
    """A town that runs, and somebody who is signed in there."""

    kept: Supervisor
    town: TownProcesses
    browser: requests.Session
    token: str = ""
    number: int = 0

    def sign_in(self, name: str) -> None:
        """Be somebody who has just signed in."""
        app = self.town.app()
        self.browser = self.town.signed_in(app, name)
        with app.app_context():  # it must hold no file open on a disk that is to be read-only
            db.engine.dispose()
        self.token = csrf(self.browser, self.town.url)

    def ask(self, path: str, form: Mapping[str, str] | None = None) -> str:
        """Ask; return method, path, status, the seconds it took, and what a person reads."""
        begun, method = time.monotonic(), "GET" if form is None else "POST"
        try:
            answer = self.browser.request(
                method, self.town.url + path, data=form, allow_redirects=False, timeout=90
            )
            said, status = _sentence(answer), str(answer.status_code)
        except requests.RequestException as error:
            said, status = "", type(error).__name__
        return f"{method} {path}: {status} in {time.monotonic() - begun:.1f} s {said}".strip()

    def send(self, kind: int = 1) -> str:
        """Send a request (1) or a report (2); say what came back."""
        self.number += 1
        path, form = submission(self.number, kind)
        return self.ask(path, {**form, "csrf_token": self.token})

    def takes(self) -> bool:
        """Say whether a request that is sent now is acknowledged."""
        return ": 303 " in self.send()

    def size(self) -> int:
        """Return the size of the log that is shown now; -1 if none is."""
        try:
            answer = requests.get(f"{self.town.url}/log/checkpoint", timeout=20)
            return parse(notes.parse(answer.content).text).size if answer.ok else -1
        except requests.RequestException:
            return -1

    def grows(self) -> Callable[[], bool]:
        """Send something; return whether the log has grown since, to be asked again and again."""
        base = self.size()
        return lambda: self.size() > max(base, 0) or (self.takes() and False)

    def whole(self) -> Callable[[], bool]:
        """Return what says that people can send again and that the log grows again."""
        return lambda: self.takes() and _soon(self.grows(), 40)

    def around(self) -> list[str]:
        """Ask what people ask most."""
        return [self.ask("/"), self.ask("/requests"), self.send(), self.ask("/readyz")]


def _soon(holds: Callable[[], bool], seconds: float) -> bool:
    try:
        until(holds, "soon", seconds)
    except TimeoutError:
        return False
    return True


def _sentence(answer: requests.Response) -> str:
    """Return the heading of a page with what stands below it, or the title of a problem."""
    if answer.status_code < 400:
        return ""
    if "json" in answer.headers.get("Content-Type", ""):
        return f"“{answer.json().get('title', answer.text[:80])}”"
    found = re.search(r"<h1[^>]*>(.*?)</h1>\s*(<p[^>]*>.*?</p>)?", answer.text, re.S)
    words = _TAGS.sub(" ", " ".join(part or "" for part in found.groups())) if found else ""
    return f"“{' '.join(html.unescape(words).split())}”"


@contextmanager
def scene(
    kept: Supervisor, folder: Path, database: str, jumping: bool = False, **more: str
) -> Iterator[Scene]:
    """Run a town; `jumping` gives it a clock that a file moves."""
    folder.mkdir(parents=True, exist_ok=True)
    town = TownProcesses(folder, database, free_port())
    town.settings.update(more)
    with town:
        names = ("signer", "web", "worker")
        gunicorn = [sys.executable, "-m", "gunicorn", "support.jumping:app", "--bind", town.bind]
        commands = {
            "signer": [str(BIN / "beffroi"), "signer"],
            "web": [*gunicorn, "--workers", "2", "--threads", "4", "--no-control-socket"]
            if jumping
            else [str(BIN / "beffroi"), "serve", "--bind", town.bind],
            "worker": [sys.executable, str(ROOT / "tests/support/jumping.py")]
            if jumping
            else [str(BIN / "beffroi"), "worker", "--every", "0.3"],
        }
        paths = f"{ROOT / 'tests'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        environment = {**town.environment, "PYTHONPATH": paths}
        environment["CLOCK_FILE"] = str(folder / "clock")
        for name in names:
            kept.add(name, commands[name], environment)
        town.wait()
        made = Scene(kept, town, requests.Session())
        made.sign_in("citizen")
        until(made.whole(), "the town works", 120)
        yield made
        for name in reversed(names):
            kept.stop(name)


def database_gone(report: Report, here: Scene, outage: float) -> None:
    """Stop PostgreSQL for a while."""
    here.kept.stop(POSTGRES)
    begun = time.monotonic()
    seen = [*here.around(), here.ask("/healthz")]
    time.sleep(max(0.0, outage - (time.monotonic() - begun)))
    here.kept.again(POSTGRES)
    took = _took(here.takes, report.patience)
    note = f"a request is taken {took} after the database is back; the time is the log’s"
    report.add(f"database gone for {outage:.0f} s", seen, here.grows(), note)


def _took(holds: Callable[[], bool], patience: float) -> str:
    try:
        return f"{until(holds, '', patience):.1f} s"
    except TimeoutError:
        return "never"


def mail_server(report: Report, here: Scene, server: BadMailServer) -> None:
    """Let the mail server misbehave in each way while an address waits to be confirmed."""
    words = {
        "slow": f"mail server slow ({server.slow:.0f} s)",
        "later": "mail server says 451",
        "closes": "mail server hangs up",
        "drops": "mail server lies: accepts and drops",
    }
    anyone = requests.Session()
    token = csrf(anyone, here.town.url)
    for mode, name in words.items():
        server.mode, asked = mode, server.asked
        person = Scene(here.kept, here.town, anyone, token)
        _, form = submission(0, 1)
        form = {**form, "email": f"{mode}@citizens.example", "csrf_token": token}
        seen = [person.ask("/requests/new", form), person.ask("/")]
        until(lambda before=asked: server.asked > before, "the server is asked", 60)
        seen.append(here.send(2))
        time.sleep(3)
        server.mode = "good"
        lost = mode == "drops"
        come = (lambda: True) if lost else (lambda who=form["email"]: server.has(who))
        note = "that message is lost: nobody can know" if lost else "the message comes later"
        report.add(name, seen, come, note)
    ids = server.ids()
    report.rows.append(f"| | | | {len(ids)} messages kept, {len(set(ids))} different |")


def provider_down(report: Report, here: Scene, port: int, client: DemoClient, folder: Path) -> None:
    """Ask to sign in while nothing listens, while something listens and says nothing, and after."""
    anyone = Scene(here.kept, here.town, requests.Session())
    asks = ("/auth/demo/login", "/sign-in", "/")
    seen = [*(anyone.ask(path) for path in asks), here.send()]
    with socket.create_server(("127.0.0.1", port), backlog=64):
        silent = [*(anyone.ask(path) for path in asks), here.send()]
    server, _ = make_provider_server(port, [client], folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:

        def heals() -> bool:
            return ": 30" in anyone.ask(asks[0])

        report.add("sign-in provider down", seen, heals)
        report.add("sign-in provider silent", silent, heals)
    finally:
        server.shutdown()


def clock_jumps(report: Report, here: Scene, clock: Path) -> None:
    """Move the clock by a day, forth and back."""
    for name, seconds in (("a day ahead", 86400), ("a day back", -86400)):
        clock.write_text(str(seconds))
        seen = [*here.around()[:3], here.ask("/account")]
        clock.write_text("0")
        here.sign_in(f"after-{seconds}")  # a session that a day went by over has ended
        report.add(f"clock {name}", seen, here.whole())
    verify = [str(BIN / "beffroi-verify"), here.town.url, "--json"]
    done = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        report.sick.append(f"beffroi-verify: {done.stdout}")
    report.rows.append(f"| | | | beffroi-verify afterwards: exit {done.returncode} |")


def disk(report: Report, here: Scene, place: Path) -> None:
    """Fill the disk; then, after a restart, have it read-only."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    time.sleep(2)
    seen = here.around()
    filler.unlink()
    report.add("disk full", seen, here.whole())
    names = ("web", "worker", "signer")
    for name in names:
        here.kept.stop(name)
    _mount("-o", "remount,ro", str(place))
    for name in reversed(names):
        here.kept.again(name)
    time.sleep(12)
    seen = here.around()
    _mount("-o", "remount,rw", str(place))
    starts = {name: len(here.kept.parts[name].ended) for name in names}
    report.add("data folder read-only, after a restart", seen, here.whole(), f"ended: {starts}")


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)


def with_disk(report: Report, kept: Supervisor, folder: Path) -> None:
    """Give a town on SQLite a small disk of its own."""
    place = folder / "small"
    place.mkdir()
    try:
        _mount("-t", "tmpfs", "-o", "size=48m", "none", str(place))
    except (subprocess.CalledProcessError, FileNotFoundError):
        report.rows.append("| disk full, disk read-only | left out: no right to mount | | |")
        return
    try:
        url = f"sqlite:///{place / 'town' / 'town.sqlite3'}"
        (place / "town").mkdir()
        data = {"BEFFROI_DATA_DIR": str(place / "town")}
        with scene(kept, folder / "disk", url, **data) as here:
            disk(report, here, place)
    finally:
        for name in list(kept.parts):
            kept.stop(name)
        subprocess.run(["umount", "-l", str(place)], check=False)


def with_database(
    report: Report, kept: Supervisor, folder: Path, given: argparse.Namespace
) -> None:
    """Run what needs a town on PostgreSQL."""
    database, server, port = OwnPostgres(kept), BadMailServer(given.slow), free_port()
    try:
        one = {"label": "Demo", "client_id": "town", "client_secret": "not a secret"}
        issuers = {"demo": f"http://127.0.0.1:{port}", "tests": ISSUER}
        providers = {key: {**one, "issuer": issuer} for key, issuer in issuers.items()}
        more = {"BEFFROI_MAIL_URL": server.url, "BEFFROI_PROVIDERS": json.dumps(providers)}
        with scene(kept, folder / "town", database.url, **more) as here:
            if "provider" in given.only:
                client = DemoClient(
                    "town", "not a secret", (f"{here.town.url}/auth/demo/callback",)
                )
                provider_down(report, here, port, client, folder / "provider")
            if "mail" in given.only:
                mail_server(report, here, server)
            if "database" in given.only:
                database_gone(report, here, given.outage)
    finally:
        server.shutdown()
        kept.stop(POSTGRES)
        database.discard()


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    every = ["provider", "mail", "database", "clock", "disk"]
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--outage", type=float, default=60, help="seconds without a database")
    parser.add_argument("--slow", type=float, default=45, help="seconds of a slow mail server")
    parser.add_argument("--patience", type=float, default=180, help="longest wait for one healing")
    given = parser.parse_args()
    report = Report(given.patience)
    with (
        tempfile.TemporaryDirectory(prefix="beffroi-faults-") as name,
        Supervisor(Path(name)) as kept,
    ):
        folder = Path(name)
        if "disk" in given.only:
            with_disk(report, kept, folder)
        if "clock" in given.only:
            (folder / "clock").mkdir()
            (folder / "clock" / "clock").write_text("0")
            url = f"sqlite:///{folder / 'clock' / 'town.sqlite3'}"
            with scene(kept, folder / "clock", url, jumping=True) as here:
                clock_jumps(report, here, folder / "clock" / "clock")
        if {"provider", "mail", "database"} & set(given.only):
            with_database(report, kept, folder, given)
    print("| fault | what people see meanwhile | healed in | |\n|---|---|---|---|")
    print("\n".join(report.rows))
    print("\n".join(report.sick) or "everything healed by itself")
    return 1 if report.sick else 0


if __name__ == "__main__":
    sys.exit(main())
