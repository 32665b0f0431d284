# SPDX-License-Identifier: AGPL-3.0-or-later
"""One person, one page, from nothing to the first answered request: how long, and what is wrong.

    python tests/stress/first_hours.py DEB ROOT        as root, on Debian 12, about three minutes

ROOT is a clean Debian 12 (debootstrap --variant=minbase --include=procps,systemd,openssl bookworm
ROOT, then `apt-get -f install` in it), with what the package recommends fetched into its
/var/cache/apt/archives. All is done in a layer over it, in a network of its own. The commands are
those of docs/how-to/install-from-the-package.md, taken from it in their order; the questions of
`beffroi init` are answered at a terminal; provider and mail server are real ones on loopback.

What cannot be here is said: no systemd (what the units start is started by hand, as their users),
no certbot (a certificate that vouches for itself). A person reads 200 words a minute, types 150
characters a minute and pastes a block in 20 seconds; the machine's time is measured.
Exit 0 if the request was answered and the doctor has nothing against it.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
PARTS = [str(ROOT / one) for one in ("federation", "plugin", "tests", "deploy")]
sys.path[:0] = PARTS

PAGE = ROOT / "docs/how-to/install-from-the-package.md"
OTHERS = {  # the parts of other pages that each step sends to, by their headings
    "1": (),
    "2": (("sign-in-provider.md", "## 1. Register"), ("sign-in-provider.md", "### Keycloak")),
    "3": (("keep-the-key.md", "## The words in the safe"),),
    "4": (("back-up-and-restore.md", "## Each night"),),
    "6": (),
    "8": (("sign-in-provider.md", "## 3. Give roles"), ("answer-a-request.md", "# Answer")),
}
READ, TYPED, PASTE = 200, 150, 20
"""Words a minute, characters a minute, seconds to copy, paste and look at a block."""
NAME = "demandes.montlouis.example"
MAIL, PROVIDER = 2525, 8301
OURS = ("agent@demo.example", "citizen@demo.example")
ANSWERS = (  # what init asks, by words of the question, and what is answered
    ("Quelle commune", "37156"), ("Adresse publique", f"https://{NAME}"),
    ("Serveur de messagerie", f"smtp://127.0.0.1:{MAIL}"),
    ("Comment on se connecte", "5"), ("Mots sur le bouton", "Compte de la mairie"),
    ("Son émetteur", f"http://127.0.0.1:{PROVIDER}"), ("Identifiant de client", "beffroi"),
    ("Secret de client", "a-secret-of-the-provider"), ("Seuls les agents", "oui"),
)  # fmt: skip


@dataclass
class Step:
    """One step of the page: seconds of reading, of hands, of the machine."""

    name: str
    read: float = 0.0
    hands: float = 0.0
    machine: float = 0.0
    fixed: list[str] = field(default_factory=list)


@contextlib.contextmanager
def timed(step: Step) -> Iterator[None]:
    """Count what is done in the block as the machine's."""
    begun = time.monotonic()
    yield
    step.machine += time.monotonic() - begun


def section(page: Path, heading: str) -> str:
    """Return a part of a page, from a heading to the next of its rank or higher."""
    text = page.read_text(encoding="utf-8")
    begin = text.index(heading)
    rank = heading.split(" ", 1)[0]
    after = re.search(rf"^#{{1,{len(rank)}}} ", text[begin + len(heading) :], re.MULTILINE)
    return text[begin : begin + len(heading) + after.start()] if after else text[begin:]


def words(text: str) -> int:
    """Return how many words a person reads in a part of a page; blocks are pasted, not read."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return len(re.findall(r"[A-Za-zÀ-ÿ0-9’'_.@/-]+", re.sub(r"\]\([^)]*\)", "]", plain)))


def blocks(text: str) -> list[str]:
    """Return the shell blocks of a part of the page, with this town's names in them."""
    found = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    named = [one.replace("YOUR.NAME", NAME) for one in found]
    return [one.replace("you@ville.example", "agent@demo.example") for one in named]


class Machine:
    """The clean system in its layer."""

    def __init__(self, system: Path) -> None:
        self.system = system
        self.started: list[subprocess.Popen[bytes]] = []
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
        }  # fmt: skip

    def run(self, command: str, *, may_fail: bool = False) -> str:
        """Type a command as root; return what it says."""
        done = subprocess.run(
            ["chroot", self.system, "sh", "-ec", "cd /debs\n" + command],
            env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            timeout=600, check=False,
        )  # fmt: skip
        print(f"$ {command.strip()}\n{done.stdout[-2500:]}{done.stderr[-1500:]}", file=sys.stderr)
        if done.returncode and not may_fail:
            raise SystemExit(f"exit {done.returncode}: {command}")
        return done.stdout

    def in_background(self, command: str) -> None:
        """Start what a unit would start."""
        log = (self.system / "run" / f"{len(self.started)}.log").open("wb")
        self.started.append(
            subprocess.Popen(
                ["chroot", self.system, "sh", "-c", f"cd / && exec {command}"],
                env=self.environment | {"BEFFROI_CONFIG": "/etc/beffroi/town.toml"},
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )
        )  # fmt: skip

    def asked(self, command: str, step: Step) -> str:
        """Run a command at a terminal and answer its questions; count what was typed."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["chroot", self.system, *command.split()], env=self.environment,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        shown, seen = "", 0
        left = list(ANSWERS)
        for _ in range(400):
            ready, _, _ = select.select([ours], [], [], 30)
            try:
                got = os.read(ours, 65536) if ready else b""
            except OSError:
                break
            if not got:
                break
            shown += got.decode(errors="replace")
            new = shown[seen:]
            if re.search(r"(\] |: ?|\? ?)$", new.replace("\xa0", " ")) and "\n" != new[-1:]:
                seen = len(shown)
                said = next((one for one in left if one[0] in new), None)
                if said:
                    left.remove(said)
                answer = said[1] if said else ""
                step.hands += 3 + len(answer) / TYPED * 60
                os.write(ours, f"{answer}\n".encode())
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        step.read += words(shown) / READ * 60
        print(f"$ {command}\n{shown}", file=sys.stderr)
        if process.returncode:
            raise SystemExit(f"exit {process.returncode}: {command}")
        return shown


def layered(root: Path, debs: Path, work: Path) -> Path:
    """Lay a layer over the clean system, with devices, and a network of its own."""
    mount = lambda *said: subprocess.run(["mount", *map(str, said)], check=True)  # noqa: E731
    mount("-t", "tmpfs", "none", work)
    system, up, scratch = (work / one for one in ("system", "up", "scratch"))
    for one in (system, up, scratch):
        one.mkdir()
    layer = f"lowerdir={root},upperdir={up},workdir={scratch}"
    mount("-t", "overlay", "none", system, "-o", layer)
    mount("-t", "proc", "none", system / "proc")
    mount("-t", "tmpfs", "none", system / "dev")
    for name in ("shm", "pts"):
        (system / "dev" / name).mkdir()
        (system / "dev" / name).chmod(0o1777)
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "none", system / "dev/pts")
    (system / "dev/ptmx").symlink_to("pts/ptmx")
    (system / "dev/fd").symlink_to("/proc/self/fd")
    for name in ("null", "zero", "random", "urandom", "tty"):
        (system / "dev" / name).touch()
        mount("--bind", f"/dev/{name}", system / "dev" / name)
    mount("-t", "tmpfs", "none", system / "run")
    (system / "debs").mkdir()
    mount("--bind", debs, system / "debs")
    hosts = work / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {NAME}\n")
    mount("--bind", hosts, "/etc/hosts")
    shutil.copy(hosts, system / "etc/hosts")
    flags = struct.pack("16sH14s", b"lo", 0x1 | 0x40, b"")
    fcntl.ioctl(socket.socket(), 0x8914, flags)  # loopback is up
    return system


def surroundings(folder: Path) -> object:
    """Start the demonstration's provider and a mail server; return the mailbox."""
    from aiosmtpd.controller import Controller

    from demo.provider import make_provider_server
    from demo.provider_state import DemoClient
    from support.mailbox import Mailbox

    client = DemoClient(
        "beffroi", "a-secret-of-the-provider",
        (f"https://{NAME}/auth/mairie/callback",), (f"https://{NAME}/sign-out",),
    )  # fmt: skip
    server, _ = make_provider_server(PROVIDER, [client], folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mailbox = Mailbox()
    Controller(mailbox, hostname="127.0.0.1", port=MAIL).start()  # type: ignore[no-untyped-call]
    return mailbox


SERVICES = (
    "runuser -u beffroi-signer -- /opt/beffroi/bin/beffroi signer",
    "env GUNICORN_CMD_ARGS=--config=/etc/beffroi/gunicorn.conf.py setpriv --reuid beffroi"
    " --regid www-data --groups beffroi,beffroi-signer"
    " /opt/beffroi/bin/beffroi serve --bind unix:/run/beffroi/web.sock",
    "runuser -u beffroi -- /opt/beffroi/bin/beffroi worker",
)
"""What the units start, with `systemctl`."""
CERTIFICATE = f"""
mkdir -p /etc/letsencrypt/live/{NAME} && cd /etc/letsencrypt/live/{NAME}
openssl req -x509 -newkey rsa:2048 -nodes -days 60 -subj /CN={NAME} \\
  -addext subjectAltName=DNS:{NAME} -keyout privkey.pem -out fullchain.pem 2>/dev/null
cp fullchain.pem chain.pem
cp fullchain.pem /usr/local/share/ca-certificates/try.crt
(update-ca-certificates || true) >/dev/null
"""


def typed(machine: Machine, step: Step, block: str) -> None:
    """Paste a block of the page; what cannot be here is done in another way."""
    step.hands += PASTE
    if "beffroi init" in block:
        return
    if "systemctl start beffroi-signer" in block:
        with timed(step):
            machine.run("install -d -o beffroi -g www-data -m 0750 /run/beffroi")
            for service in SERVICES:
                machine.in_background(service)
            socket_file = machine.system / "run/beffroi/web.sock"
            until = time.monotonic() + 30
            while not socket_file.exists():
                if time.monotonic() > until:
                    logs = sorted((machine.system / "run").glob("*.log"))
                    raise SystemExit("\n".join(one.read_text()[-600:] for one in logs))
                time.sleep(0.1)
            machine.run("runuser -u beffroi -- env BEFFROI_CONFIG=/etc/beffroi/town.toml"
                        " /opt/beffroi/bin/beffroi backup --verify")  # fmt: skip
        return
    lines = block.replace("install ./", "install -y ./").splitlines()
    for line in lines:
        if "apt-get update" in line:
            continue
        with timed(step):
            if line.startswith("certbot"):
                machine.run(CERTIFICATE)
                step.hands += 60
            elif "systemctl reload nginx" in line:
                machine.run("nginx -t && nginx")
            else:
                machine.run(line, may_fail=line == "beffroi doctor")


def answered(ca: str, mailbox: object, step: Step) -> str:
    """Send a request as a citizen, answer it as the agent, read the mail; return its address."""
    from demo.browser import Person

    citizen, agent, stranger = Person(), Person(), Person()
    for one in (citizen, agent, stranger):
        one.session.verify = ca
    site, to = f"https://{NAME}", OURS[1]
    title, wanted = (
        "Arceaux à vélos",
        "La liste des arceaux à vélos de la ville, avec leur adresse.",
    )

    def mail(part: str) -> str:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for one in mailbox.to(to):  # type: ignore[attr-defined]
                if part in one.words:
                    return str(one.words)
            time.sleep(0.2)
        raise SystemExit(f"no mail with {part!r}")

    with timed(step):
        citizen.open(f"{site}/requests/new")
        citizen.send("/requests/new", object="dataset", title=title, wanted=wanted, email=to)
        step.hands += 30 + (len(title) + len(wanted) + len(to)) / TYPED * 60
        found = re.search(rf"{site}/requests/confirm/\S+", mail("/requests/confirm/"))
        assert found is not None
        citizen.open(found[0])
        citizen.send("/requests/confirm")
        citizen.expect()
        ref = urlsplit(citizen.url).path.rsplit("/", 1)[-1]
        step.hands += 60
        agent.open(f"{site}/auth/mairie/login?next=/desk")
        agent.send("", login="agent", password="beffroi")
        agent.expect(ref)
        step.hands += 30
        agent.open(f"{site}/desk/cases/{ref}")
        agent.send("/triage", object="dataset", theme="TRAN", step="stay")
        for text in re.findall(rf"/desk/cases/{ref}/texts/(\d+)/release", agent.page):
            agent.send(f"/texts/{text}/release")
            agent.expect()
        step.hands += 120
        agent.open(f"{site}/desk/cases/{ref}")
        reply = "La liste est publiée, mise à jour chaque année."
        agent.send(
            "/answer", outcome="published", words=reply, url="https://donnees.example/arceaux",
            licence="etalab-2.0",
        )  # fmt: skip
        agent.expect()
        step.hands += 90 + len(reply) / TYPED * 60
        stranger.open(f"{site}/requests/{ref}")
        stranger.expect(title, reply)
        mail(reply)
        step.hands += 30
    print(f"answered: {site}/requests/{ref}", file=sys.stderr)
    return f"{site}/requests/{ref}"


def follow(machine: Machine, mailbox: object) -> list[Step]:
    """Go through the page, step by step; return what each took."""
    text = PAGE.read_text(encoding="utf-8")
    parts = re.split(r"^## (?=\d\. |What to have|Upgrading)", text, flags=re.MULTILINE)
    steps = []
    for part in parts[:-1]:
        title = part.splitlines()[0]
        number = title[0] if title[:1].isdigit() else ""
        step = Step("What it is" if title.startswith("<!--") else title)
        step.read = words(part) / READ * 60
        for page, heading in OTHERS.get(number, ()):
            step.read += words(section(PAGE.with_name(page), heading)) / READ * 60
        if number == "2":
            step.hands += 8 * 60
            step.fixed.append("8 minutes at the provider's console, by estimate")
        for block in blocks(part):
            typed(machine, step, block)
        if number == "3":
            with timed(step):
                machine.asked("beffroi init", step)
            step.hands += 24 * 10
            step.fixed.append("24 words by hand and read back, ten seconds each")
        if number == "4":
            step.hands += 3 * 60
            step.fixed.append("74 characters on paper and a stick, 3 minutes, by estimate")
        if number == "8":
            ca = machine.system / f"etc/letsencrypt/live/{NAME}/fullchain.pem"
            answered(str(ca), mailbox, step)
        steps.append(step)
    return steps


def main(deb: Path, root: Path) -> int:
    """Follow the page and print the table."""
    if os.environ.get("BEFFROI_INSIDE") != "yes":
        with tempfile.TemporaryDirectory() as work:
            apart = "--mount --net --pid --fork --kill-child --mount-proc --propagation private"
            inner = ["unshare", *apart.split(), sys.executable, *sys.argv]
            told = os.environ | {"BEFFROI_INSIDE": "yes", "WORK": work}
            return subprocess.run(inner, env=told, check=False).returncode
    work = Path(os.environ["WORK"])
    machine = Machine(layered(root, deb.parent, work))
    mailbox = surroundings(work / "provider")
    steps = follow(machine, mailbox)
    found = machine.run("beffroi doctor", may_fail=True)
    print("\n| step | reading | hands | machine | minutes |\n|---|---|---|---|---|")
    for one in steps:
        total = one.read + one.hands + one.machine
        figures = " | ".join(f"{v / 60:.1f}" for v in (one.read, one.hands, one.machine, total))
        print(f"| {one.name} | {figures} |")
    print(f"in all {sum(s.read + s.hands + s.machine for s in steps) / 60:.0f} minutes\n\n{found}")
    for process in machine.started:
        process.terminate()
    return int("✗" in found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
