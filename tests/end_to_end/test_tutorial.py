# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tutorial, followed to the letter: commands in a shell, what a browser does by HTTP."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import requests

from demo.browser import Person
from support.demo_run import FIRST_SECONDS, ROOT, free_base

pytestmark = pytest.mark.slow

TUTORIAL = ROOT / "docs" / "tutorial" / "a-town-in-ten-minutes.md"
TITLE = "Les horaires de la piscine, bassin par bassin"
FETCH = f"""
curl() {{
  [ "$1" = -s ] && {sys.executable} -c 'import sys, urllib.request as u
site = u.build_opener(u.ProxyHandler({{}}))
sys.stdout.buffer.write(site.open(sys.argv[1], timeout=30).read())' "$2"
}}
"""
"""For machines without curl: the same, as far as the tutorial uses it."""


def commands() -> dict[int, list[str]]:
    """Return the shell blocks of the tutorial by the number of their section."""
    found: dict[int, list[str]] = {}
    for section in re.split(r"^## ", TUTORIAL.read_text(), flags=re.MULTILINE)[1:]:
        number = int(section.split(".")[0]) if section[0].isdigit() else 0
        found[number] = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return found


@dataclass
class Reader:
    """Somebody who follows the tutorial, on other ports and in another folder."""

    base: int
    folder: Path
    blocks: dict[int, list[str]] = field(default_factory=commands)
    done: list[str] = field(default_factory=list)

    def here(self, words: str) -> str:
        """Return words of the tutorial with this run's ports and folder in them."""
        words = re.sub(r"\b83(0\d)\b", lambda m: str(self.base + int(m[1])), words)
        return words.replace("demo-data", str(self.folder))

    def types(self, section: int) -> list[str]:
        """Type the commands of a section, one block after the other; return what each printed."""
        said = []
        for block in self.blocks[section]:
            self.done.append(block)
            shim = "" if shutil.which("curl") else FETCH
            done = subprocess.run(
                ["sh", "-euc", shim + self.here(block)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert done.returncode == 0, (block, done.stdout, done.stderr)
            said.append(done.stdout)
        return said

    @property
    def town(self) -> str:
        """The first town."""
        return f"http://127.0.0.1:{self.base + 2}"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader who has done section 1: the demonstration is up."""
    reader = Reader(free_base(), tmp_path / "kept")
    [start] = reader.blocks[1]
    reader.done.append(start)
    command = [*reader.here(start).split(), "--port-base", str(reader.base)]
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        try:
            ends = time.monotonic() + FIRST_SECONDS
            while "Ctrl-C stops all of it." not in Path(said.name).read_text():
                assert process.poll() is None, Path(said.name).read_text()
                assert time.monotonic() < ends, Path(said.name).read_text()
                time.sleep(0.2)
            yield reader
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    assert process.returncode == 0


def until(what: str, seconds: float = 40) -> Iterator[None]:
    """Give attempts until the time is over; AssertionError then."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds} s")


def asks(reader: Reader) -> tuple[Person, str]:
    """Do section 3 as a citizen; return the browser and the page of the case."""
    citizen = Person()
    citizen.sign_in(reader.town, "citizen")
    citizen.open(f"{reader.town}/requests/new")
    citizen.send("/requests/new", object="dataset", title=TITLE, wanted="Pour chaque bassin.")
    citizen.expect(TITLE)
    stranger = Person()
    stranger.open(citizen.url)
    assert TITLE not in stranger.page
    return citizen, citizen.url


def answers(reader: Reader, page: str) -> None:
    """Do section 4 as an agent, a refusal without its ground included."""
    ref = page.rsplit("/", 1)[1]
    agent = Person()
    agent.sign_in(reader.town, "agent")
    agent.open(f"{reader.town}/desk/cases/{ref}")
    ids = re.findall(r'name="text-(\d+)"', agent.page)
    agent.send("/triage", step="stay")  # the texts stand beside the form, so they come one by one
    for text_id in ids:
        agent.send(f"/texts/{text_id}/release")
    agent.send("/answer", outcome="refused", words="Non.")
    agent.expect(status=422)
    agent.send(
        "/answer", outcome="published", words="Les voici.", ground="",
        licence="etalab-2.0", url="https://donnees.demo.example/piscine",
    )  # fmt: skip
    agent.expect(status=200)
    stranger = Person()
    stranger.open(page)
    stranger.expect(TITLE, "Les voici.")


def mail_about(reader: Reader, ref: str) -> list[str]:
    """Return the words of the messages about a case."""
    messages = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (reader.folder / "mail").glob("*.eml")
    ]
    return [str(m.get_content()) for m in messages if ref in str(m["Subject"])]


def removes(reader: Reader, page: str) -> None:
    """Do section 8 as a moderator."""
    moderator = Person()
    moderator.sign_in(reader.town, "moderator")
    moderator.open(page.replace("/requests/", "/desk/cases/"))
    moderator.send("/remove", code="erasure", reason="À la demande de la personne.")
    stranger = Person()
    stranger.open(page)
    stranger.expect("À la demande de la personne.", status=410)


def test_the_tutorial_holds_from_its_first_command_to_its_last(reader: Reader) -> None:
    [listed] = reader.types(2)
    assert '"items"' in listed

    _, page = asks(reader)
    ref = page.rsplit("/", 1)[1]
    answers(reader, page)
    for _ in until("the mail about the answer"):
        if any("Les voici." in words for words in mail_about(reader, ref)):
            break
    [names] = reader.types(4)
    assert ".eml" in names

    for _ in until("the record in the log"):
        contents = requests.get(f"{reader.town}/log/tail/0", timeout=10).text
        if TITLE in contents:
            break
    head, _ = reader.types(5)
    assert head.split("\n")[0].startswith("127.0.0.1-")
    assert len(head.split("\n")) >= 6

    [national] = reader.types(6)
    assert '"items"' in national
    assert "Beffroi-sur-Seine" in national

    first, second, third = reader.types(7)
    assert "is sound" in first
    assert "Key not pinned" in first
    assert "Key pinned" in second
    assert "FAULT" in third

    removes(reader, page)
    for _ in until("the content gone from the log"):
        if TITLE not in requests.get(f"{reader.town}/log/tail/0", timeout=10).text:
            break
    [still] = reader.types(8)
    assert "is sound" in still

    every = [block for blocks in reader.blocks.values() for block in blocks]
    assert reader.done == every, "a command of the tutorial was left out"
