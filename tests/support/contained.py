# SPDX-License-Identifier: AGPL-3.0-or-later
"""A Debian of its own whose process 1 is systemd, in a container: no kernel of its own, but quick.

    with Contained(clean, debs, folder) as machine:
        machine.run("systemctl is-system-running")

The same words as `support.virtual.Machine`. It shares this process's network, so call it in
one of its own (`unshare --net`); what it writes lies in memory. What a container cannot show: a
kernel that starts, a disk without power, a clock of its own, and memory as cgroup 2 counts it.
"""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from support.system import Refused, System

DISK = "6G"
REBOOT = 133
"""What nspawn says when it is told to restart what it runs, and another is to do it."""


def mount(kind: str, where: Path, options: str) -> None:
    """Mount a file system that needs no device."""
    subprocess.run(["mount", "-t", kind, "-o", options, "none", where], check=True)


class Contained(System):
    """A container of systemd-nspawn, over a debootstrapped system that stays as it is."""

    def __init__(self, clean: Path, debs: Path, folder: Path, again: bool = False) -> None:
        self.debs, self.layers = debs, folder / "layers"
        self.system = self.layers / "system"
        self.console = folder / "console.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.booted_in = 0.0
        self.accelerated = True
        self.port = 443
        self.kept = folder / "kept"
        self.layers.mkdir(exist_ok=True)
        mount("tmpfs", self.layers, f"size={DISK}")
        up, scratch = self.layers / "up", self.layers / "scratch"
        for one in (scratch, self.system):
            one.mkdir()
        if again and self.kept.exists():
            subprocess.run(["cp", "-a", self.kept, up], check=True)
        up.mkdir(exist_ok=True)
        layer = f"lowerdir={clean},upperdir={up},workdir={scratch}"
        mount("overlay", self.system, layer)

    def __enter__(self) -> Self:
        """Boot."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing running and nothing mounted; what was written is kept beside."""
        self.cut()
        subprocess.run(["rm", "-rf", self.kept], check=True)
        subprocess.run(["cp", "-a", self.layers / "up", self.kept], check=False)
        for one in (self.system, self.layers):
            subprocess.run(["umount", "-l", one], check=False)

    def start(self) -> None:
        """Switch on, and wait until its systemd answers."""
        begun = time.monotonic()
        with self.console.open("ab") as console:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "-D", self.system,
                 "-M", "town", "--capability=CAP_NET_ADMIN", f"--bind-ro={self.debs}:/debs",
                 "--bind-ro=/etc/hosts", "--resolv-conf=off", "--console=pipe", "--boot"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )  # fmt: skip
        self.booted_in = self._entered(begun)

    def _entered(self, begun: float) -> float:
        while time.monotonic() < begun + 90:
            with suppress(Refused, subprocess.TimeoutExpired, OSError):
                self.run("systemctl is-active -q multi-user.target", seconds=10, quiet=True)
                return time.monotonic() - begun
            time.sleep(0.1)
        raise Refused("the container does not come up; see console.log")

    def _leader(self) -> int:
        """Return the number of its process 1: what nspawn started that is the first of its own."""
        found = [self.process.pid] if self.process else []
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for child in children:
                status = Path(f"/proc/{child}/status").read_text()
                if status.partition("NSpid:")[2].split("\n")[0].split()[-1:] == ["1"]:
                    return int(child)
                found.append(int(child))
        raise Refused("the container is not there")

    def outside(self, pid: int) -> int:
        """Return the number that a process of the container has out here."""
        for found in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                numbers = found.read_text().partition("NSpid:")[2].split("\n")[0].split()
                if len(numbers) > 1 and numbers[-1] == str(pid):
                    return int(numbers[0])
        raise Refused(f"no process {pid} in the container")

    def _entry(self) -> list[str]:
        at = ["nsenter", "-t", str(self._leader()), "-m", "-u", "-i", "-p", "-C"]
        environment = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return [*at, "-w", "env", "-i", environment, "HOME=/root", "LC_ALL=C.UTF-8", "sh", "-ec"]

    def line(self, command: str) -> list[str]:
        """Return what runs a command as root."""
        return [*self._entry(), f"cd ~\n{command}"]

    def reboot(self) -> float:
        """Restart it as its administrator would; seconds until it answers again."""
        begun = time.monotonic()
        self.run("systemctl reboot", may_fail=True, seconds=30)
        if self.process and self.process.wait(timeout=150) != REBOOT:
            raise Refused("it did not go down to come up again")
        self.start()
        return time.monotonic() - begun

    def cut(self) -> None:
        """End all of its processes at once."""
        if self.process and self.process.poll() is None:
            with suppress(Refused, OSError):
                os.kill(self._leader(), 9)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=20)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self.process = None
