# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a booted town is put through: kills, restarts, power cuts, a full disk, upgrades."""

import time
from collections import Counter

from support.booting import SERVICES, UNITS, Trial

APT = "DEBIAN_FRONTEND=noninteractive apt-get install -y -o Dpkg::Options::=--force-confold"
NEVER = 1e9


def active(trial: Trial) -> dict[str, int]:
    """Count the units by their state."""
    said = trial.machine.run(
        f"systemctl is-active {' '.join(UNITS)} beffroi-backup.timer", may_fail=True
    )
    return dict(Counter(said.split()))


def failed(trial: Trial) -> str:
    """Name the units that failed."""
    said = trial.machine.run("systemctl --failed --no-legend --plain", may_fail=True)
    return " ".join(said.split()) or "none"


def shown(trial: Trial, unit: str, *names: str) -> dict[str, str]:
    """Return properties of a unit."""
    asked = " ".join(f"-p {one}" for one in names)
    said = trial.machine.run(f"systemctl show {asked} {unit}", quiet=True)
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def kills(trial: Trial, times: int = 5) -> None:
    """Kill each service, all of its processes, and see how soon it works again."""
    for name in SERVICES:
        unit, took = f"beffroi-{name}.service", []
        for _ in range(times):
            old = trial.machine.run(f"systemctl show -P MainPID {unit}", quiet=True)

            def back(unit: str = unit, old: str = old) -> bool:
                said = shown(trial, unit, "MainPID", "ActiveState")
                return said["MainPID"] not in {"0", old.strip()} and said["ActiveState"] == "active"

            trial.machine.run(f"systemctl kill -s KILL --kill-whom=all {unit}", quiet=True)
            begun = time.monotonic()
            trial.until(back, 60)
            if name == "web":
                trial.until(lambda: trial.get("/requests").status_code == 200, 60)
            took.append(time.monotonic() - begun)
        grew = trial.grows(f"Demande après {name}")
        healed = " ".join(f"{one:.1f}" for one in sorted(took))
        trial.say(
            f"`kill -9` of {name}, {times} times",
            f"healed in {healed} s; a request sent then was in the log after {grew:.1f} s",
            max(took) > 60 * trial.slow or grew > NEVER,
        )
    trial.judge("after the kills")


def back_after(trial: Trial, begun: float) -> str:
    """Wait until pages are answered, and the log grows."""
    first = trial.until(lambda: trial.get("/readyz").status_code == 200, 180)
    first = time.monotonic() - begun if first < NEVER else first
    grew = trial.grows(f"Demande après {begun}")
    wrong = " **at fault**" if failed(trial) != "none" or max(first, grew) > NEVER else ""
    return (
        f"first page {first:.1f} s, a request sent then in the log after {grew:.1f} s; "
        f"failed units: {failed(trial)}{wrong}"
    )


def reboot(trial: Trial) -> None:
    """Restart the machine."""
    begun = time.monotonic()
    entered = trial.machine.reboot()
    seen = back_after(trial, begun)
    trial.say("restarted", f"entered in {entered:.1f} s, {seen}", "at fault" in seen)
    trial.judge("after the restart")


def power(trial: Trial, times: int = 2) -> None:
    """Take the power away while people send."""
    for turn in range(times):
        with trial.busy() as told:
            time.sleep(15 * trial.slow)
            trial.machine.cut()
        begun = time.monotonic()
        trial.machine.start()
        seen = back_after(trial, begun)
        trial.say(f"power cut {turn + 1} while people send", f"{dict(told)}; {seen}",
                  "at fault" in seen)  # fmt: skip
        trial.judge(f"after power cut {turn + 1}")


def settings(trial: Trial) -> None:
    """Restart with settings that are refused, while people come; mend them, restart again."""
    file, restart = "/etc/beffroi/town.toml", "systemctl restart beffroi-web beffroi-worker"
    trial.machine.run(f"sed -i 's/^mail_from/mail_form/' {file}; {restart}", may_fail=True)
    with trial.busy(0.5) as told:
        time.sleep(20 * trial.slow)
        starts = shown(trial, "beffroi-web.service", "NRestarts", "Result")
        units = active(trial)
        tried = trial.machine.run(
            "journalctl -u beffroi-web -o cat --no-pager | grep -c 'is not a setting\\|mail_form'",
            may_fail=True,
        )
    trial.machine.run(f"sed -i 's/^mail_form/mail_from/' {file}; {restart}", may_fail=True)
    first = trial.until(lambda: trial.get("/requests").status_code == 200, 60)
    grew, after = trial.grows("Demande après les réglages"), active(trial)
    trial.say(
        "settings that are refused",
        f"{dict(told)}; units {units}, {starts}, said {tried.strip()} times; mended and restarted: "
        f"a page after {first:.1f} s, the log after {grew:.1f} s, units {after}",
        max(first, grew) > NEVER or set(after) != {"active"},
    )


def disk(trial: Trial) -> None:
    """Fill the disk while people send, then make room."""
    machine = trial.machine
    machine.run(
        "fallocate -l $(($(df --output=avail -B1 / | tail -1) - 65536)) /var/tmp/full\n"
        "head -c 20M /dev/zero >/var/tmp/rest 2>/dev/null || true; df / | tail -1"
    )
    codes: Counter[int] = Counter()
    while (
        codes.total() - codes[201] < 5 and codes.total() < 400
    ):  # until the log of changes is full
        codes[trial.send(f"Demande sans place {codes.total()}")] += 1
    status, units = trial.get("/requests").status_code, active(trial)
    machine.run("rm -f /var/tmp/full /var/tmp/rest")
    grew = trial.grows("Demande après le disque plein")
    trial.say(
        "disk full",
        f"sends {dict(codes)}, a page {status}, units {units}; with room again a request was in "
        f"the log after {grew:.1f} s",
        status != 200 or grew > NEVER,
    )
    trial.judge("after the full disk")


def upgrade(trial: Trial) -> None:
    """Upgrade while people read and send; then to a version whose migration fails, and back."""
    for file, what in (("two", "upgraded"), ("three", "migration fails"), ("two", "brought back")):
        begun, more = time.monotonic(), " --allow-downgrades" * (what == "brought back")
        with trial.busy() as told:
            time.sleep(2)
            trial.machine.run(f"{APT}{more} /debs/{file}.deb", may_fail=file == "three")
            took = time.monotonic() - begun
            time.sleep(5 * trial.slow)
        state = trial.machine.run("dpkg-query -W -f '${db:Status-Status} ${Version}' beffroi")
        units, grew = active(trial), trial.grows(f"Demande après {what}")
        wanted = "half-configured 100.0" if file == "three" else "installed 99.0"
        missed = [key for key in told if key.split()[1] not in {"200", "201", "longest"}]
        trial.say(
            f"{what}, while people read and send",
            f"{took:.0f} s; {dict(told)}; {state}; units {units}; a request sent then in the log "
            f"after {grew:.1f} s",
            state != wanted or set(units) != {"active"} or grew > NEVER or bool(missed),
        )
        trial.judge(f"after: {what}")
