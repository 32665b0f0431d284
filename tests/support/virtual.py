# SPDX-License-Identifier: AGPL-3.0-or-later
"""A virtual machine with a Debian of its own, on which systemd is process 1.

    image(clean, folder)                       # a disk made from a debootstrapped system
    with Machine(folder, disks) as machine:    # booted, and reached by ssh
        machine.run("systemctl is-system-running")
        machine.reboot(); machine.cut(); machine.start()

It reaches nothing but what this machine hands to it: its ports 22 and 443 are reached at port 2222
of the loopback and 443 of every address, so call it in a network of its own. `back` names ports of
this machine that it sees as its own. With /dev/kvm it runs on the processor, without in software,
many times slower.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from support.system import Refused, System

CORES, MEMORY = 2, 4096
"""The server of a small town; MB."""
SSH, SITE = 2222, 443
NETWORK = "[Match]\nName=en*\n[Network]\nDHCP=ipv4\n"


def image(clean: Path, folder: Path, name: str) -> Path:
    """Make a disk of 8 GB of a debootstrapped system that knows our key; return the file."""
    key = folder / "key"
    if not key.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    files = {
        "root/.ssh/authorized_keys": key.with_suffix(".pub").read_text(),
        "etc/hostname": f"{name.split('.')[0]}\n",
        "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {name} {name.split('.')[0]}\n",
        "etc/fstab": "/dev/vda / ext4 defaults 0 1\n/dev/vdb /debs ext4 ro,nofail 0 0\n",
        "etc/systemd/network/10-all.network": NETWORK,
        "etc/ssh/sshd_config.d/try.conf": "PermitRootLogin prohibit-password\nUseDNS no\n",
        "var/log/journal/.keep": "",
        "debs/.keep": "",
    }
    for path, words in files.items():
        (clean / path).parent.mkdir(parents=True, exist_ok=True)
        (clean / path).write_text(words)
    (clean / "root/.ssh").chmod(0o700)
    wanted = clean / "etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
    wanted.unlink(missing_ok=True)
    wanted.symlink_to("/lib/systemd/system/systemd-networkd.service")
    for kind in ("vmlinuz", "initrd.img"):
        shutil.copy(max(clean.glob(f"boot/{kind}-*")), folder / kind)
    return filesystem(clean, folder / "system.img", "8G")


def filesystem(tree: Path, file: Path, size: str) -> Path:
    """Write a folder into a file as an ext4 file system, without mounting anything."""
    file.unlink(missing_ok=True)
    subprocess.run(["mkfs.ext4", "-q", "-d", tree, file, size], check=True)
    return file


class Machine(System):
    """A virtual machine of a folder that has key, kernel and the disks."""

    def __init__(self, folder: Path, disks: Sequence[Path], back: Sequence[int] = ()) -> None:
        self.folder, self.disks, self.back = folder, list(disks), list(back)
        self.process: subprocess.Popen[bytes] | None = None
        self.tunnel: subprocess.Popen[bytes] | None = None
        self.booted_in = 0.0
        self.accelerated: bool | None = None

    def __enter__(self) -> Self:
        """Boot."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing running."""
        self.cut()

    def start(self) -> None:
        """Switch on, and wait until it can be entered."""
        begun = time.monotonic()
        if self.accelerated is not False and os.access("/dev/kvm", os.W_OK):
            self._power("-accel", "kvm", "-cpu", "host")
            self.accelerated = self.accelerated or self._alive()
            if not self.accelerated:
                print("/dev/kvm starts no kernel here: in software", file=sys.stderr)
                self.cut()
                begun = time.monotonic()
        if not self.accelerated:
            self.accelerated = False
            self._power("-accel", "tcg,thread=multi,tb-size=1024", "-cpu", "max,la57=off")
        self.booted_in = self._entered(begun)

    def _alive(self) -> bool:
        """Say whether a kernel says a word on the console."""
        until = time.monotonic() + 10
        console = self.folder / "console.log"
        while time.monotonic() < until and b"Linux version" not in console.read_bytes():
            time.sleep(0.2)
        return time.monotonic() < until

    def _power(self, *accelerator: str) -> None:
        disks: list[str] = []
        for disk in self.disks:
            disks += ["-drive", f"file={disk},if=virtio,format=raw,cache=writeback"]
        forwards = f"hostfwd=tcp:127.0.0.1:{SSH}-:22,hostfwd=tcp::{SITE}-:443"
        (self.folder / "console.log").write_bytes(b"")
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", *accelerator, "-smp", str(CORES), "-m", str(MEMORY),
             "-display", "none", "-monitor", "none",
             "-kernel", self.folder / "vmlinuz", "-initrd", self.folder / "initrd.img",
             "-append", "root=/dev/vda rw console=ttyS0 panic=5",
             "-serial", f"file:{self.folder / 'console.log'}",
             "-nic", f"user,model=virtio-net-pci,restrict=on,{forwards}", *disks],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def _entered(self, begun: float) -> float:
        self._untunnel()
        while time.monotonic() < begun + (400 if self.accelerated else 1800):
            with suppress(Refused, subprocess.TimeoutExpired):
                self.run("true", seconds=20)
                break
            time.sleep(0.3)
        else:
            raise Refused("the machine cannot be entered; see console.log")
        took = time.monotonic() - begun
        if self.back:
            ports = [word for p in self.back for word in ("-R", f"127.0.0.1:{p}:127.0.0.1:{p}")]
            self.tunnel = subprocess.Popen([*self._ssh(), *ports, "-N"], stdin=subprocess.DEVNULL)
        return took

    def _untunnel(self) -> None:
        if self.tunnel:
            self.tunnel.kill()
            self.tunnel.wait()
            self.tunnel = None

    def _ssh(self) -> list[str]:
        options = (
            "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR",
            "ConnectTimeout=60", "ServerAliveInterval=60",
        )  # fmt: skip
        said = [word for one in options for word in ("-o", one)]
        return ["ssh", "-i", str(self.folder / "key"), "-p", str(SSH), *said, "root@127.0.0.1"]

    def line(self, command: str) -> list[str]:
        """Return what runs a command as root, in a login shell as a person has."""
        return [*self._ssh(), "sh -lec " + quoted(command)]

    def terminal(self, command: str) -> list[str]:
        """Return the command that runs another in the machine, at a terminal."""
        return [*self._ssh()[:-1], "-tt", "root@127.0.0.1", command]

    def reboot(self) -> float:
        """Restart it as its administrator would; seconds until it can be entered again."""
        before = self.run("cat /proc/sys/kernel/random/boot_id")
        begun = time.monotonic()
        self.run("systemctl reboot", may_fail=True, seconds=30)
        while time.monotonic() < begun + 180:
            time.sleep(1)
            with suppress(Refused, subprocess.TimeoutExpired):
                if self.run("cat /proc/sys/kernel/random/boot_id", seconds=10) != before:
                    break
        return self._entered(begun)

    def cut(self) -> None:
        """Take the power away: what its kernel had not written is gone."""
        self._untunnel()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None


def quoted(words: str) -> str:
    """Return words as one word of a shell."""
    return "'" + words.replace("'", "'\\''") + "'"
