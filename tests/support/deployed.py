# SPDX-License-Identifier: AGPL-3.0-or-later
"""A deployment as docs/how-to/install-by-hand.md makes it, in a folder: our units, nginx, TLS.

    deployed = Deployment(folder)      # files and databases; the real commands, the real sites
    with deployed.running():
        answer = deployed.ask("GET", "/")

Commands, environment and settings are those of the files under deploy/; only places are replaced
(`Deployment.places`, and what nginx listens on). Everything that is started is ended by its id.
"""

import contextlib
import datetime
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOWN = "demandes.ville.example"
NATION = "national.example"

TOWN_SETTINGS = """
name = "Beffroi-sur-Seine"
siren = "217500016"
kind = "commune"
communes = ["75056"]
public_url = "https://demandes.ville.example:{port}"
secret_key = "for this test alone, and nowhere else"
data_dir = "{folder}/var/lib/beffroi"
signer_dir = "{folder}/var/lib/beffroi-signer"
submissions_per_hour = 8
behind_proxy = true
"""
NATION_SETTINGS = """
name = "Beffroi, la nation"
public_url = "https://national.example:{port}"
secret_key = "for this test alone, and nowhere else"
data_dir = "{folder}/var/lib/beffroi-aggregator"
behind_proxy = true
"""
MAIN = """
{user}
daemon off;
pid {folder}/run/nginx.pid;
error_log {folder}/log/nginx.error.log warn;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/log/other.log;
    client_body_temp_path {folder}/tmp/body;
    proxy_temp_path {folder}/tmp/proxy;
    fastcgi_temp_path {folder}/tmp/fastcgi;
    uwsgi_temp_path {folder}/tmp/uwsgi;
    scgi_temp_path {folder}/tmp/scgi;
    include {folder}/etc/nginx/conf.d/*.conf;
    include {folder}/etc/nginx/sites/*.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path, *names: str) -> Path:
    """Write `fullchain.pem` and `privkey.pem` for some names, signed by itself; a day long."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    begins = datetime.datetime.fromtimestamp(time.time() - 3600, datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True)
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "fullchain.pem"


def unit_values(unit: str, name: str) -> list[str]:
    """Return all values of one setting in a unit file under deploy/systemd."""
    text = (DEPLOY / "systemd" / unit).read_text()
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait until something holds; RuntimeError names what did not."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise RuntimeError(f"after {seconds} s: {what}")
        time.sleep(0.05)


def children(process_id: int) -> set[int]:
    """Return the process ids of a process's children."""
    text = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return {int(word) for word in text.split()}


class Deployment:
    """A town and the nation behind nginx, in one folder, on two ports of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.plain_port = free_port()
        for name in ("run", "log", "tmp", "cache", "acme", "etc/nginx/sites"):
            (folder / name).mkdir(parents=True)
        self.places = {
            "/opt/beffroi/bin/": f"{ROOT}/.venv/bin/",
            "/run/beffroi": f"{folder}/run/beffroi",
            "/etc/beffroi/gunicorn.conf.py": f"{DEPLOY}/gunicorn.conf.py",
            "/etc/beffroi/": f"{folder}/etc/beffroi/",
            "/etc/letsencrypt/live/": f"{folder}/etc/letsencrypt/live/",
            "/usr/share/beffroi/errors/": f"{DEPLOY}/nginx/errors/",
            "/var/log/nginx/": f"{folder}/log/",
            "/var/cache/nginx/": f"{folder}/cache/",
            "/var/www/html": f"{folder}/acme",
            "snippets/": f"{folder}/etc/nginx/snippets/",
        }
        """What stands in the files under deploy/, and where it is here."""
        self._write()
        self._processes: list[subprocess.Popen[bytes]] = []

    def _write(self) -> None:
        for name in ("beffroi", "beffroi-aggregator"):
            (self.folder / "run" / name).mkdir()
        etc = self.folder / "etc"
        (etc / "beffroi").mkdir()
        for name, text in (("town", TOWN_SETTINGS), ("aggregator", NATION_SETTINGS)):
            given = text.format(port=self.port, folder=self.folder)
            (etc / "beffroi" / f"{name}.toml").write_text(given)
        self.trusted = certificate(etc / "letsencrypt/live" / TOWN, TOWN, NATION)
        shutil.copytree(self.trusted.parent, etc / "letsencrypt/live" / NATION)
        for name in ("conf.d", "snippets", "sites"):
            for source in sorted((DEPLOY / "nginx" / name).glob("*.conf")):
                target = etc / "nginx" / name / source.name
                target.parent.mkdir(exist_ok=True)
                target.write_text(self.placed(source.read_text()))
        user = "user root;" if os.geteuid() == 0 else ""
        (etc / "nginx/nginx.conf").write_text(MAIN.format(folder=self.folder, user=user))

    def placed(self, text: str) -> str:
        """Return a file's text with the places of this folder."""
        text = re.sub(r"^ *listen +\[::\].*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"(listen +)443 ", rf"\g<1>127.0.0.1:{self.port} ", text)
        text = re.sub(r"(listen +)80;", rf"\g<1>127.0.0.1:{self.plain_port};", text)
        for there, here in self.places.items():
            text = re.sub(rf"(?<![\w.]){re.escape(there)}", here, text)
        return text

    # ---- commands --------------------------------------------------------------------------

    def environment(self, unit: str) -> dict[str, str]:
        """Return the environment that a unit gives to its command, and PATH."""
        given = dict(one.split("=", 1) for one in unit_values(unit, "Environment"))
        return {"PATH": os.environ["PATH"], **{k: self.placed(v) for k, v in given.items()}}

    def command(self, unit: str) -> list[str]:
        """Return what a unit starts."""
        return shlex.split(self.placed(unit_values(unit, "ExecStart")[0]))

    def initialise(self, unit: str) -> str:
        """Run `… init` as the unit's user would; return what it said."""
        done = subprocess.run(
            [self.command(unit)[0], "init"],
            env=self.environment(unit), capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def start(self, command: list[str], log: str, **more: str) -> subprocess.Popen[bytes]:
        """Start a command with its output in a file of `log/`; it is ended with the deployment."""
        with (self.folder / "log" / log).open("ab") as output:
            process = subprocess.Popen(
                command, env=more or None, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self._processes.append(process)
        return process

    def start_web(self, unit: str = "beffroi-web.service") -> subprocess.Popen[bytes]:
        """Start a web application as its unit does, and wait for it to answer."""
        process = self.start(self.command(unit), f"{unit}.log", **self.environment(unit))
        path = self.socket_of(unit)
        wait_until(lambda: answers(path) or process.poll() is not None, f"no answer on {path}")
        if process.poll() is not None:
            raise RuntimeError((self.folder / "log" / f"{unit}.log").read_text())
        return process

    def socket_of(self, unit: str) -> str:
        """Return the path of the socket that a unit's command binds."""
        return self.command(unit)[-1].removeprefix("unix:")

    def nginx(self, *options: str) -> list[str]:
        """Return the command that runs nginx on our files."""
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        conf = self.folder / "etc/nginx/nginx.conf"
        return [program, "-e", str(self.folder / "log/start.log"), "-c", str(conf), *options]

    def stop(self, process: subprocess.Popen[bytes], seconds: float = 30) -> int:
        """End a process that was started here, by its id; return its exit code."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    @contextlib.contextmanager
    def running(self) -> Iterator["Deployment"]:
        """Initialise both, start both and nginx; end everything that was started."""
        try:
            for unit in ("beffroi-web.service", "beffroi-aggregator-web.service"):
                self.initialise(unit)
            self.web = self.start_web()
            self.nation = self.start_web("beffroi-aggregator-web.service")
            self.start(self.nginx(), "nginx.log")
            wait_until(lambda: reachable(self.port), "nginx does not listen")
            yield self
        finally:
            for process in reversed(self._processes):
                self.stop(process)

    # ---- asking ----------------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        host: str = TOWN,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """Ask through TLS, from a loopback address of choice; `_` in a header's name is `-`."""
        trust = ssl.create_default_context(cafile=self.trusted)
        with socket.create_connection(
            ("127.0.0.1", self.port), timeout=30, source_address=(str(ip_address(source)), 0)
        ) as line:
            with trust.wrap_socket(line, server_hostname=host) as secured:
                return converse(secured, method, path, body, {"Host": host, **headers})

    def ask_plainly(self, path: str) -> Answer:
        """Ask without TLS."""
        with socket.create_connection(("127.0.0.1", self.plain_port), timeout=30) as line:
            return converse(line, "GET", path, None, {"Host": TOWN})

    def ask_socket(self, path: str, **headers: str) -> Answer:
        """Ask the town's gunicorn itself, without nginx."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.socket_of("beffroi-web.service"))
            return converse(line, "GET", path, None, {"Host": "localhost", **headers})


def converse(
    line: socket.socket, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> Answer:
    """Send one request on a connection and read its answer."""
    talk = http.client.HTTPConnection("unused")
    talk.sock = line
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    talk.request(method, path, body, {"Connection": "close", **named})
    answer = talk.getresponse()
    return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


def answers(path: str) -> bool:
    """Say whether something accepts connections on a unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def reachable(port: int) -> bool:
    """Say whether something accepts connections on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


SHUT_IN = """
import ctypes, json, os, sys
handed, calls, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
os.umask(0o077)
if handed >= 0:
    os.dup2(handed, 3)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
libc.prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, from Linux 6.3 on; older ones say no, which is no harm
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
rules = ctypes.c_void_p(seccomp.seccomp_init(0x00050001))  # anything else: EPERM
for name in calls:
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:  # it exists on this machine
        assert seccomp.seccomp_rule_add(rules, 0x7FFF0000, number, 0) == 0, name
assert seccomp.seccomp_load(rules) == 0
os.execv(command[0], command)
"""


def calls_of(group: str) -> set[str]:
    """Return the system calls of one of systemd's groups, as this machine's systemd lists them."""
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
    )
    calls: set[str] = set()
    for line in listed.stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            calls |= calls_of(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def calls_allowed(filters: list[str]) -> set[str]:
    """Return the system calls that the lines `SystemCallFilter=` of a unit leave."""
    allowed: set[str] = set()
    for line in filters:
        named = set().union(*(calls_of(group) for group in line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def start_shut_in(
    command: list[str], environ: Mapping[str, str], output: Path, handed: socket.socket | None
) -> subprocess.Popen[bytes]:
    """Start a command as systemd does for our units, as far as can be done without being it.

    The process may gain no rights and no executable memory, and only makes the system calls that
    the units' filter leaves; it gets a listening socket as descriptor 3, if there is one.
    """
    filters = unit_values("beffroi-.service.d/10-shut-in.conf", "SystemCallFilter")
    calls = json.dumps(sorted(calls_allowed(filters)))
    number = handed.fileno() if handed else -1
    with output.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", SHUT_IN, str(number), calls, *command],
            env=environ, pass_fds=[number] if handed else [], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
