# SPDX-License-Identifier: AGPL-3.0-or-later
"""The journey of one real case: from a citizen's form to the national dashboard, and back out.

Every step is done over HTTP as a browser would, or with the commands an operator would use; mail is
read from the .eml files. A step that does not hold stops the journey and says what was wrong.
"""

import base64
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from demo.browser import Person, Unexpected
from demo.places import Layout, Town
from demo.processes import nation
from demo.settings import aggregator_environment
from demo.tampering import detect_tampering

STEPS = (
    "sign-in",
    "request-submitted",
    "incident-submitted",
    "triaged",
    "answered",
    "followers-notified",
    "released",
    "logged",
    "pulled",
    "verified",
    "on-national-dashboard",
    "withdrawn",
    "withdrawal-honoured",
    "tampering-detected",
)
PATIENCE_SECONDS = 40
TITLE = "Budget participatif : votes par bureau et par projet"
WANTED = "Le nombre de voix de chaque projet, bureau par bureau, depuis la première édition."
ANSWER = "Les résultats sont publiés par bureau. (Réponse fictive, pour la démonstration.)"


@dataclass(slots=True)
class Checkpoint:
    """A town's signed head as anyone can read it."""

    size: int
    root: str


def checkpoint(url: str) -> Checkpoint:
    """Return the head that a town serves now."""
    lines = requests.get(f"{url}/log/checkpoint", timeout=10).text.split("\n")
    return Checkpoint(int(lines[1]), lines[2])


def is_verified(town: dict[str, Any]) -> bool:
    """Say whether the nation's register shows a town as pulled and found sound."""
    return bool(town["state"] == "approved" and town["verified_at"] and not town["refused"])


def until(what: str, holds: Callable[[], Any]) -> Any:
    """Wait until something holds and return it; raise Unexpected when patience ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    raise Unexpected(f"{what}: not within {PATIENCE_SECONDS} seconds")


def not_reached(steps: Sequence[str]) -> list[dict[str, Any]]:
    """Return the entries of steps that were never begun."""
    return [{"step": name, "ok": False, "ms": 0, "error": "not reached"} for name in steps]


@dataclass(slots=True)
class Journey:
    """One walk through all the steps; `done` collects what each one showed."""

    layout: Layout
    tell: Callable[[str], None]
    done: list[dict[str, Any]] = field(default_factory=list)
    citizen: Person = field(default_factory=Person)
    neighbour: Person = field(default_factory=Person)
    agent: Person = field(default_factory=Person)
    moderator: Person = field(default_factory=Person)
    ref: str = ""
    incident: str = ""
    index: int = -1
    before: int = 0

    @property
    def town(self) -> Town:
        """The town in which the case lives."""
        return self.layout.towns[0]

    def walk(self) -> bool:
        """Do every step in order; return whether all of them held."""
        for name in STEPS:
            started = time.monotonic()
            entry: dict[str, Any] = {"step": name, "ok": False, "ms": 0}
            try:
                entry.update(getattr(self, "_" + name.replace("-", "_"))())
                entry["ok"] = True
            except Exception as error:
                entry["error"] = f"{type(error).__name__}: {error}"[:1000]
            entry["ms"] = round((time.monotonic() - started) * 1000)
            self.done.append(entry)
            self.tell(f"  {'✓' if entry['ok'] else '✗'} {name} ({entry['ms']} ms)")
            if not entry["ok"]:
                self.tell(f"    {entry['error']}")
                self.done += not_reached(STEPS[STEPS.index(name) + 1 :])
                return False
        return True

    @property
    def page(self) -> str:
        """The case's public page."""
        return f"{self.town.url}/requests/{self.ref}"

    def _sign_in(self) -> dict[str, Any]:
        self.citizen.sign_in(self.town.url, "citizen")
        self.citizen.expect("Camille")
        return {"url": self.citizen.url}

    def _request_submitted(self) -> dict[str, Any]:
        self.citizen.open(f"{self.town.url}/requests/new")
        self.citizen.send("/requests/new", object="dataset", title=TITLE, wanted=WANTED)
        self.citizen.expect()
        self.ref = urlsplit(self.citizen.url).path.rsplit("/", 1)[-1]
        if not re.fullmatch(r"\d{4}-\d{4,}", self.ref):
            raise Unexpected(f"the form led to {self.citizen.url}")
        stranger = Person()
        stranger.open(self.page)
        if TITLE in stranger.page:
            raise Unexpected("a text that nobody has released is shown to strangers")
        return {"ref": self.ref, "url": self.page}

    def _incident_submitted(self) -> dict[str, Any]:
        stranger = Person()
        stranger.open(f"{self.town.url}/incidents/new")
        stranger.send(
            "/incidents/new",
            family="street",
            category="lighting",
            description="Lampadaire éteint devant l’école depuis lundi",
            place="rue des Lilas",
        )
        stranger.expect()
        self.incident = urlsplit(stranger.url).path.rsplit("/", 1)[-1]
        return {"ref": self.incident, "url": stranger.url}

    def _triaged(self) -> dict[str, Any]:
        self.neighbour.sign_in(self.town.url, "citizen2")
        self.neighbour.open(self.page)
        self.neighbour.send(f"/requests/{self.ref}/follow")
        self.agent.sign_in(self.town.url, "agent")
        self.agent.open(f"{self.town.url}/desk?queue=new&kind=data_request&q={self.ref}")
        self.agent.expect(self.ref)
        self.agent.open(f"{self.town.url}/desk/cases/{self.ref}")
        self.agent.send("/triage", object="dataset", theme="GOVE", step="stay")
        self.agent.expect()
        return {"ref": self.ref, "url": self.agent.url}

    def _answered(self) -> dict[str, Any]:
        self.agent.send(
            "/answer",
            outcome="published",
            words=ANSWER,
            url="https://donnees.demo.example/budget-participatif",
            licence="etalab-2.0",
        )
        self.agent.expect()
        stranger = Person()
        stranger.open(self.page)
        stranger.expect("Les résultats sont publiés par bureau.")
        return {"ref": self.ref, "url": self.page}

    def _followers_notified(self) -> dict[str, Any]:
        def told() -> list[str]:
            found = []
            for login in ("citizen", "citizen2"):
                mine = [p for p in self._mail_to(f"{login}@demo.example") if ANSWER[:30] in p[1]]
                if not mine:
                    return []
                found.append(str(mine[0][0]))
            return found

        mail: list[str] = until("word of the answer to author and follower", told)
        return {"ref": self.ref, "mail": mail}

    def _mail_to(self, address: str) -> list[tuple[Path, str]]:
        found = []
        for path in sorted(self.layout.mail.glob("*.eml")):
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            body = message.get_body(("plain",))
            if str(message["To"]) == address and self.ref in str(message["Subject"]):
                found.append((path, body.get_content() if body else ""))
        return found

    def _released(self) -> dict[str, Any]:
        self.before = checkpoint(self.town.url).size
        self.agent.open(f"{self.town.url}/desk/cases/{self.ref}")
        for text_id in re.findall(rf"/desk/cases/{self.ref}/texts/(\d+)/release", self.agent.page):
            self.agent.send(f"/texts/{text_id}/release")
            self.agent.expect()
        stranger = Person()
        stranger.open(self.page)
        stranger.expect(TITLE, WANTED)
        return {"ref": self.ref, "url": self.page}

    def _contents(self) -> dict[int, dict[str, Any]]:
        size = checkpoint(self.town.url).size
        found: dict[int, dict[str, Any]] = {}
        for number in range((size - 1) // 256, -1, -1):
            name = f"{number % 1000:03d}"
            while number >= 1000:
                number //= 1000
                name = f"x{number % 1000:03d}/{name}"
            body = requests.get(f"{self.town.url}/log/content/{name}", timeout=30).content
            for line in body.splitlines():
                one = json.loads(line)
                found[one["i"]] = json.loads(one["d"])
            if any(content.get("title") == TITLE for content in found.values()):
                break
        return found

    def _logged(self) -> dict[str, Any]:
        def entered() -> int | None:
            if checkpoint(self.town.url).size <= self.before:
                return None
            ours = [i for i, c in self._contents().items() if c.get("title") == TITLE]
            return max(ours) if ours else None

        self.index = until("the record in the log", entered)
        head = checkpoint(self.town.url)
        proof = requests.get(f"{self.town.url}/log/proof/{self.index}", timeout=10)
        if not proof.text.startswith("c2sp.org/tlog-proof@v1\n"):
            raise Unexpected("there is no proof for the record")
        base64.b64decode(head.root, validate=True)
        return {"index": self.index, "size": head.size, "root": head.root, "url": proof.url}

    def _pull(self) -> None:
        nation(["pull", "--once"], aggregator_environment(self.layout))

    def _pulled(self) -> dict[str, Any]:
        self._pull()
        return {"url": f"{self.layout.aggregator}/towns/{self.town.siren}"}

    def _verified(self) -> dict[str, Any]:
        ready = requests.get(f"{self.layout.aggregator}/readyz", timeout=30)
        if ready.status_code != 200:
            raise Unexpected(f"the aggregator is not ready: {ready.text[:300]}")
        items = requests.get(f"{self.layout.aggregator}/api/v1/towns?limit=200", timeout=30).json()
        ours = [t for t in items["items"] if t["siren"] == self.town.siren]
        if not ours or not is_verified(ours[0]):
            raise Unexpected(f"the nation says of the town: {ours}")
        head = checkpoint(self.town.url)
        return {"size": head.size, "root": head.root, "url": ready.url}

    def _on_national_dashboard(self) -> dict[str, Any]:
        reader = Person()
        reader.open(f"{self.layout.aggregator}/requests?q=budget+participatif+bureau")
        reader.expect(TITLE)
        return {"url": reader.url}

    def _withdrawn(self) -> dict[str, Any]:
        before = checkpoint(self.town.url).size
        before = checkpoint(self.town.url).size
        self.moderator.sign_in(self.town.url, "moderator")
        self.moderator.open(f"{self.town.url}/desk/cases/{self.ref}")
        self.moderator.send(
            "/remove", code="erasure", reason="L’auteur a demandé l’effacement de sa demande."
        )
        stranger = Person()
        stranger.open(self.page)
        stranger.expect("L’auteur a demandé", status=410)
        until("the content gone from the feed", lambda: self.index not in self._contents())
        until("the withdrawal in the log", lambda: checkpoint(self.town.url).size > before)
        until("the withdrawal in the log", lambda: checkpoint(self.town.url).size > before)
        return {"ref": self.ref, "url": self.page, "index": self.index}

    def _withdrawal_honoured(self) -> dict[str, Any]:
        self._pull()
        reader = Person()
        reader.open(f"{self.layout.aggregator}/requests?q=budget+participatif+bureau")
        if TITLE in reader.page:
            raise Unexpected("the nation still shows a record that was withdrawn")
        records = requests.get(
            f"{self.layout.aggregator}/api/v1/records?kind=request&limit=200&q=participatif",
            timeout=30,
        )
        if TITLE in records.text:
            raise Unexpected("the nation's API still gives a record that was withdrawn")
        return {"url": reader.url}

    def _tampering_detected(self) -> dict[str, Any]:
        return detect_tampering(self.layout, self.layout.towns[2])
