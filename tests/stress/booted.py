# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town from its package on a Debian whose process 1 is systemd: what only that can show.

    deploy/deb/try-booted FOLDER [--in machine|container] [--only kills reboot …]

makes the package, a clean Debian 12 and its disk in FOLDER, then calls this in a network of its
own. The commands are those of docs/how-to/install-from-the-package.md; provider and mail server
are real ones on loopback. Each step says what it saw in one row; exit 0 if nothing was at fault.
"""

import argparse
import asyncio
import re
import sqlite3
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / one) for one in ("federation", "plugin", "tests", "deploy")]

import first_hours as page  # noqa: E402
import load  # noqa: E402

from support import breaking, deployed  # noqa: E402
from support.booting import SERVICES, Trial, in_threads  # noqa: E402
from support.contained import Contained, mount  # noqa: E402
from support.supervising import memory  # noqa: E402
from support.virtual import Machine, filesystem, image  # noqa: E402

NAME, SITE = page.NAME, f"https://{page.NAME}"
PACKAGE = "beffroi_0.1.0_amd64.deb"
CEILING = 1.5
"""systemd's own points of exposure, 0 to 10, live."""
ANSWERS = f"""
body = "37156"
public_url = "{SITE}"
mail_url = "smtp://127.0.0.1:{page.MAIL}"
[providers.mairie]
label = "Compte de la mairie"
issuer = "http://127.0.0.1:{page.PROVIDER}"
client_id = "beffroi"
client_secret = "a-secret-of-the-provider"
staff = true
"""
TOKEN = """
import os, secrets, sys
from beffroi.accounts import service
from beffroi.accounts.rules import REQUESTS_WRITE, TokenWanted
from beffroi.app import create_app
from beffroi.config import from_environ
from beffroi.kernel.db import unit_of_work
from beffroi_web.sign_in.identities import Identity
app = create_app(from_environ(os.environ))
one = app.extensions["beffroi"]
now = one.clock.now()
person = Identity("mairie", "http://127.0.0.1:8301", "try", "Ada", "a@x.example", True,
                  frozenset(), "none")
with app.app_context(), unit_of_work():
    signed = one.sign_in.sign_in(person, token=secrets.token_hex(24), now=now)
    wanted = TokenWanted("Programme", (REQUESTS_WRITE,), 365)
    print(service.make_token(signed.account_id, wanted, now=now, chance=os.urandom))
"""
AS_TOWN = "runuser -u beffroi -- env BEFFROI_CONFIG=/etc/beffroi/town.toml /opt/beffroi/bin/python"


def patience(machine: Machine | Contained) -> None:
    """Let a processor in software take its time: what is given 30 or 90 s is given 15 minutes."""
    serve = "/opt/beffroi/bin/python -P -m gunicorn beffroi.wsgi:app --timeout 900"
    machine.run(
        "cd /etc/systemd/system; mkdir -p ../system.conf.d beffroi-web.service.d\n"
        "printf '[Manager]\\nDefaultTimeoutStartSec=900\\n' >../system.conf.d/slow.conf\n"
        f"printf '[Service]\\nExecStart=\\nExecStart={serve} --bind unix:/run/beffroi/web.sock\\n'"
        " >beffroi-web.service.d/slow.conf; systemctl daemon-reexec\n"
        "systemctl is-enabled -q beffroi-web && systemctl restart --no-block beffroi-web || true"
    )


def install(trial: Trial) -> None:
    """Follow the page to its step 8."""
    machine, begun = trial.machine, time.monotonic()
    machine.run(f"cat >~/answers.toml <<'A'\n{ANSWERS}A\nln -s /debs/{PACKAGE} ~/")
    for block in page.blocks(page.PAGE.read_text("utf-8").partition("\n## 9. ")[0]):
        block = block.replace("install ./", "install -y ./")
        block = block.replace("beffroi init", "beffroi init --answers ~/answers.toml")
        block = re.sub("^certbot.*$", page.CERTIFICATE, block, flags=re.MULTILINE)
        if "beffroi doctor" in block:
            trial.until(lambda: trial.log_size() >= 0, 120)
        machine.run(block, may_fail="doctor" in block)
        if page.CERTIFICATE in block:
            live = f"/etc/letsencrypt/live/{NAME}/fullchain.pem"
            Path(trial.ca).write_text(machine.run(f"cat {live}"))
            first = trial.until(lambda: trial.get("/").status_code == 200, 60)
            trial.say(
                "installed, until the first page over TLS",
                f"{time.monotonic() - begun:.0f} s (after nginx: {first:.1f} s)",
                first > breaking.NEVER,
            )
    found = machine.run("beffroi doctor", may_fail=True)
    faults = [line for line in found.splitlines() if line.startswith(("✗", "!"))]
    trial.say("`beffroi doctor`", "; ".join(faults) or "every line ✓", "✗" in found)
    more = 'submissions_per_hour = 1000000\\npublish = "at-once"'
    machine.run(f"sed -i '1i {more}' /etc/beffroi/town.toml")
    machine.run("systemctl restart beffroi-web beffroi-worker")
    trial.until(lambda: trial.get("/readyz").status_code == 200, 90)
    answered = page.answered(trial.ca, trial.mailbox, page.Step("try"))
    trial.say("a request sent, published, answered, told by mail", answered)


def state(trial: Trial) -> None:
    """Look at the units as systemd sees them."""
    machine = trial.machine
    failed, units = breaking.failed(trial), breaking.active(trial)
    trial.say("units", f"failed: {failed}; {units}", failed != "none" or set(units) != {"active"})
    for unit in (*SERVICES, "backup"):
        said = machine.run(f"systemd-analyze security --no-pager beffroi-{unit} | tail -1")
        points = float(re.findall(r": ([\d.]+) ", said)[0])
        trial.say(f"exposure of {unit}, live", f"{points}", points > CEILING)
    journal = "journalctl --no-pager -o cat"
    units_say = machine.run(f"{journal} -p warning -u 'beffroi-*' | sort | uniq -c").strip()
    trial.say("warnings in the journal of the units", units_say or "none", bool(units_say))
    refused = f"{journal} -k | grep -iE 'type=1326|segfault|out of memory|killed process'"
    kernel = machine.run(refused, may_fail=True).strip()
    trial.say("what the kernel refused", kernel or "nothing", bool(kernel))


def token_of(trial: Trial) -> None:
    """Make the token of somebody's program."""
    said = trial.machine.run(f"cat >/run/token.py <<'PY'\n{TOKEN}PY\n{AS_TOWN} -P /run/token.py")
    trial.token = said.split()[-1]
    trial.until(lambda: trial.send("Demande d’essai") == 201, 60)


def timers(trial: Trial) -> None:
    """Start what the timer starts; where the clock is the machine's own, let the night come."""
    machine = trial.machine
    trial.say(
        "timers", " ".join(machine.run("systemctl list-timers beffroi-* --no-pager").split()[6:])
    )
    machine.run("systemctl start beffroi-backup.service", may_fail=True)
    result = breaking.shown(trial, "beffroi-backup.service", "Result", "ExecMainStatus")
    words = machine.run(
        "journalctl -u beffroi-backup -o cat --no-pager | grep -v systemd | tail -4"
    )
    trial.say("`systemctl start beffroi-backup`", f"{result}; {' / '.join(words.splitlines())}",
              result != {"Result": "success", "ExecMainStatus": "0"})  # fmt: skip
    if isinstance(machine, Machine):
        before = machine.run("ls /var/backups/beffroi").split()
        machine.run("date -s \"$(date -d 'tomorrow 04:09:50' '+%F %T')\"")
        took = trial.until(lambda: machine.run("ls /var/backups/beffroi").split() != before, 3600)
        new = set(machine.run("ls /var/backups/beffroi").split()) - set(before)
        trial.say("clock set to four at night", f"after {took:.0f} s {new}", not new)
        trial.judge("after the night")


def weighed(trial: Trial) -> dict[str, float]:
    """Return the memory of each service in MB: as its cgroup counts it, else its share (PSS)."""
    found = {}
    for name in SERVICES:
        group = trial.machine.run(
            f"systemctl show -P ControlGroup beffroi-{name}", quiet=True
        ).strip()
        if isinstance(trial.machine, Machine):
            for what in ("current", "peak"):
                said = trial.machine.run(f"cat /sys/fs/cgroup{group}/memory.{what}", quiet=True)
                found[f"{name} {what}"] = int(said) / 1e6
            said = trial.machine.run(f"grep -E '^(anon|file) ' /sys/fs/cgroup{group}/memory.stat",
                                     quiet=True).split()  # fmt: skip
            found[f"{name} anon"] = int(said[1]) / 1e6
        else:
            pid = trial.machine.run(f"systemctl show -P MainPID beffroi-{name}", quiet=True).strip()
            found[name] = memory(trial.machine.outside(int(pid)))
    return found


class Town(load.Load):
    """A town in a container, as the burst wants it."""

    def database(self) -> sqlite3.Connection:
        """Open the town's database."""
        system = self.town.system  # type: ignore[attr-defined]
        return sqlite3.connect(f"file:{system}/var/lib/beffroi/town.sqlite3?mode=ro", uri=True)


def weight(trial: Trial) -> None:
    """Weigh the services at rest after a restart, and in a burst of submissions."""
    trial.machine.run("systemctl restart beffroi-web beffroi-worker beffroi-signer")
    trial.grows("Demande avant la pesée")
    for _ in range(20):
        trial.get("/requests")
    rest = weighed(trial)
    trial.say("memory at rest, MB", load.told(rest))
    if isinstance(trial.machine, Machine):
        with trial.busy(0.0) as told:
            time.sleep(60)
        trial.say(
            "memory after a minute of four people without a pause",
            f"{load.told(weighed(trial))}; {dict(told)}",
        )
        return
    deployed.TOWN = NAME
    trial.machine.port = 443
    trust = ssl.create_default_context(cafile=trial.ca)
    town = Town(trial.machine, {}, trust, token=trial.token)  # type: ignore[arg-type]
    stop, seen = threading.Event(), []

    def look() -> None:
        while not stop.wait(1.5):
            seen.append(weighed(trial))

    [watcher] = in_threads(look)
    given = argparse.Namespace(rate=trial.rate, seconds=60, answer_seconds=75)
    asyncio.run(load.burst(town, given))
    stop.set()
    watcher.join()
    most = max(seen, key=lambda one: sum(one.values()))
    trial.say(*town.rows[0].strip("| ").split(" | ", 1))
    trial.faults += town.faults
    trial.say("memory in the burst, the highest sum, MB", load.told(most), sum(most.values()) > 400)
    trial.say("memory afterwards, MB", load.told(weighed(trial)))


def purge(trial: Trial) -> None:
    """Remove, then purge."""
    machine = trial.machine
    machine.run("apt-get remove -y beffroi")
    left = machine.run(
        "ls /etc/beffroi/town.toml /var/lib/beffroi/town.sqlite3\n"
        "systemctl list-units --all --no-legend 'beffroi*'; ls /opt",
        may_fail=True,
    )
    trial.say("removed", " ".join(left.split()), ".service" in left or "beffroi\n" in left)
    machine.run("DEBIAN_FRONTEND=noninteractive apt-get purge -y beffroi")
    kept = machine.run(
        "ls -d /etc/beffroi /etc/nginx/*/*beffroi* /var/lib/beffroi* /var/backups/beffroi /opt/*"
        " /etc/systemd/system/*/*beffroi* 2>/dev/null || true; nginx -t 2>&1 | tail -1",
        may_fail=True,
    )
    bad = "/etc" in kept.partition("nginx:")[0] or "/var/lib/beffroi-signer" not in kept
    trial.say("purged, with nobody asked", " ".join(kept.split()), bad or "successful" not in kept)


STEPS: dict[str, Callable[[Trial], None]] = {
    "install": install,
    "state": state,
    "kills": breaking.kills,
    "reboot": breaking.reboot,
    "power": breaking.power,
    "timers": timers,
    "settings": breaking.settings,
    "disk": breaking.disk,
    "upgrade": breaking.upgrade,
    "weight": weight,
    "purge": purge,
}


def whole(clean: Path, folder: Path) -> Path:
    """Return the clean system with what was installed in the container, for a disk."""
    tree, scratch = folder / "whole", folder / "scratch"
    for one in (tree, scratch):
        one.mkdir(exist_ok=True)
    mount("overlay", tree, f"lowerdir={clean},upperdir={folder / 'kept'},workdir={scratch}")
    return tree


def main() -> int:
    """Go through the steps; print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--in", dest="place", choices=("machine", "container"), default="machine")
    parser.add_argument("--only", nargs="*", choices=STEPS, default=list(STEPS))
    parser.add_argument(
        "--stay", action="store_true", help="wait at the end until a key is pressed"
    )
    parser.add_argument("--rate", type=int, default=200, help="submissions a second in the burst")
    given = parser.parse_args()
    folder = given.folder.resolve()
    clean, debs = folder / "clean", folder / "debs"
    mailbox = page.surroundings(folder / "provider")
    if given.place == "machine":
        disks = [folder / "system.img", folder / "debs.img"]
        if "install" in given.only or (folder / "kept").exists():
            tree = clean if "install" in given.only else whole(clean, folder)
            image(tree, folder, NAME)
        if {"install", "upgrade"} & set(given.only):
            filesystem(debs, disks[1], "2G")
        machine: Machine | Contained = Machine(
            folder, [one for one in disks if one.exists()], back=(page.MAIL, page.PROVIDER)
        )
    else:
        machine = Contained(clean, debs, folder, again="install" not in given.only)
    with machine:
        slow = 1 if machine.accelerated else 20
        trial = Trial(machine, folder, SITE, mailbox, slow=slow, rate=given.rate)
        trial.say(
            "booted", f"{machine.booted_in:.1f} s" + " in software" * (not machine.accelerated)
        )
        if not machine.accelerated:
            patience(machine)
        try:
            for name in given.only:
                if name != "install" and not trial.token:
                    token_of(trial)
                STEPS[name](trial)
        finally:
            print("| what | seen |\n|---|---|")
            print("\n".join(trial.rows), flush=True)
            if given.stay:
                while not (folder / "go-on").exists():
                    time.sleep(1)
    print("\n".join(trial.faults) or "nothing was at fault")
    return 1 if trial.faults else 0


if __name__ == "__main__":
    sys.exit(main())
