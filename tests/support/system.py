# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole system, in a container or a machine, that commands are run in as root."""

import subprocess
import sys


class Refused(Exception):
    """What was run failed, or what runs it did not come up."""


class System:
    """Somewhere to run commands; `line` says how one is handed over."""

    def line(self, command: str) -> list[str]:
        """Return the words of this machine's own command that runs one there."""
        raise NotImplementedError

    def run(
        self, command: str, *, may_fail: bool = False, seconds: float = 3600, quiet: bool = False
    ) -> str:
        """Run a command; return what it writes. Raises Refused where it fails and must not."""
        done = subprocess.run(
            self.line(command),
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False,
        )  # fmt: skip
        if not quiet:
            print(f"$ {command}\n{done.stdout[-3000:]}{done.stderr[-2000:]}", file=sys.stderr)
        if done.returncode and not may_fail:
            raise Refused(f"exit {done.returncode}: {command}\n{done.stdout[-800:]}{done.stderr}")
        return done.stdout

    def background(self, command: str) -> subprocess.Popen[str]:
        """Run a command while other things are done; its output is one pipe."""
        return subprocess.Popen(
            self.line(command),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
