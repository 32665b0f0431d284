# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town as an operator runs it: `beffroi init`, `signer`, `serve`, `worker`, and their deaths.

    with TownProcesses(folder, database_url, port) as town:
        town.start_signer(); town.start_web(); town.start_worker()
        town.kill_web()                      # SIGKILL to gunicorn's master and workers at once
        town.start_web(); town.wait()

Only processes that were started here are ever signalled, each group by its own id.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import requests
from flask import Flask

from beffroi.app import create_app
from beffroi.config import from_environ
from beffroi.kernel.db import db, unit_of_work
from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.routes import cookie_name

BIN = Path(sys.executable).parent
SECONDS = 60
ISSUER = "https://sign-in.example"
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class TownProcesses:
    """One town's web and worker, and what it takes to start, kill and ask them."""

    def __init__(self, folder: Path, database_url: str, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.bind = f"127.0.0.1:{port}"
        self.log = (folder / "processes.log").open("ab")
        self.web: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        self.signer: subprocess.Popen[bytes] | None = None
        self.deaths: list[str] = []
        self.settings = {
            "BEFFROI_NAME": "Beffroi-sur-Exemple",
            "BEFFROI_SIREN": "210000006",
            "BEFFROI_KIND": "commune",
            "BEFFROI_COMMUNES": "99999",
            "BEFFROI_PUBLIC_URL": self.url,
            "BEFFROI_SECRET_KEY": "a secret of the tests, long enough to be one",
            "BEFFROI_DATA_DIR": str(folder / "town"),
            "BEFFROI_DATABASE_URL": database_url,
            "BEFFROI_MAIL_URL": f"file:{folder / 'mail'}",
            "BEFFROI_CONTACT": "beffroi@ville.example",
            "BEFFROI_PUBLISH": "at-once",
            "BEFFROI_SUBMISSIONS_PER_HOUR": "100000",
            "BEFFROI_PROVIDERS": json.dumps(
                {
                    "tests": {
                        "label": "Sign-in of the tests",
                        "issuer": ISSUER,
                        "client_id": "town",
                        "client_secret": "not a secret",
                    }
                }
            ),
        }

    def __enter__(self) -> Self:
        """Make keys and tables."""
        done = self.run("init")
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is still running."""
        for process in (self.web, self.worker, self.signer):
            if process is not None:
                _kill_group(process)
        self.log.close()

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the town's commands."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("BEFFROI_")}
        return {**kept, **self.settings}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of the town's commands to its end."""
        return subprocess.run(
            [str(BIN / "beffroi"), *command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )

    def app(self) -> Flask:
        """Return the town's application in this process, on the same database."""
        return create_app(from_environ(self.settings))

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(BIN / "beffroi"), *command],
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def start_signer(self) -> None:
        """Start the signer."""
        self.signer = self._start("signer")

    def kill_signer(self) -> None:
        """Kill the signer."""
        assert self.signer is not None
        self.deaths.append("signer")
        _kill_group(self.signer)

    def start_web(self) -> None:
        """Start gunicorn with two workers."""
        serve = ("serve", "--bind", self.bind, "--workers", "2", "--threads", "4")
        self.web = self._start(*serve)

    def start_worker(self) -> None:
        """Start the worker."""
        self.worker = self._start("worker", "--every", "0.1")

    def kill_web(self) -> None:
        """Kill gunicorn, master and workers at once."""
        assert self.web is not None
        self.deaths.append("web")
        _kill_group(self.web)

    def kill_web_child(self) -> None:
        """Kill one of gunicorn's workers; the master starts another."""
        assert self.web is not None
        children = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children").read_text().split()
        if children:
            self.deaths.append("web child")
            with suppress(ProcessLookupError):
                os.kill(int(children[0]), signal.SIGKILL)

    def kill_worker(self) -> None:
        """Kill the worker."""
        assert self.worker is not None
        self.deaths.append("worker")
        _kill_group(self.worker)

    def wait(self) -> None:
        """Wait until the web answers."""
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            try:
                if requests.get(f"{self.url}/healthz", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise AssertionError(f"no answer after {SECONDS} s: {self.said()}")

    def said(self) -> str:
        """Return the last words of the processes."""
        return (self.folder / "processes.log").read_text(errors="replace")[-3000:]

    def signed_in(self, app: Flask, name: str, *roles: str) -> requests.Session:
        """Return the browser of somebody who is signed in at the town."""
        extension = app.extensions["beffroi"]
        now, token = extension.clock.now(), name.ljust(48, "x")
        with app.app_context():
            with unit_of_work():
                for role in roles:
                    extension.sign_in.grant("tests", role, subject=name, now=now)
                email = f"{name}@citizens.example"
                person = Identity("tests", ISSUER, name, name, email, True, frozenset(), "none")
                extension.sign_in.sign_in(person, token=token, now=now)
            db.session.remove()
        browser = requests.Session()
        browser.trust_env = False
        browser.cookies.set(cookie_name(app.extensions["beffroi_web"].site), token)
        return browser


def csrf(browser: requests.Session, url: str) -> str:
    """Return the token that the forms of a site carry for a browser."""
    answer = browser.get(f"{url}/incidents/new", timeout=10)
    found = _CSRF.search(answer.text)
    if found is None:
        raise requests.RequestException(f"no form at {url}: {answer.status_code}")
    return found[1]


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
