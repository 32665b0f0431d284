# SPDX-License-Identifier: AGPL-3.0-or-later
"""gunicorn for a town or for the aggregator, behind nginx on the same machine.

The units and the images name this file in GUNICORN_CMD_ARGS; `beffroi serve` adds its own command
line, which wins and says the same (a test compares). Alone: `gunicorn -c FILE beffroi.wsgi:app`.
"""

from typing import Any

bind = "unix:/run/beffroi/web.sock"
"""Ignored when systemd hands over a socket, which is how the units work."""

worker_class = "gthread"
workers = 2
threads = 4
"""Eight requests at once: SQLite has one writer, and pages are short."""

worker_connections = 32
backlog = 64
"""How many a worker takes in, and how many wait before it. Longer queues would still be worked
through after those who asked were told 503 or went away, and who sends again has two cases; a
socket of systemd has its own `Backlog`."""

timeout = 30
"""Seconds without a sign of life before a worker is replaced; not the length of a request."""
graceful_timeout = 20
"""Seconds that a stop or a reload leaves to what is being answered; nginx waits longer."""
keepalive = 2

max_requests = 20_000
max_requests_jitter = 2_000
"""A worker is renewed now and then, never both at once: a leak stays small."""


def on_starting(server: Any) -> None:
    """Load the program once, so that both workers share its memory; each reads the settings."""
    from beffroi_web.loading import share

    share(server.app.app_uri)


umask = 0o007
"""Files for the service's own user and group; nobody else reads a database."""
worker_tmp_dir = "/dev/shm"  # noqa: S108  gunicorn's sign of life must never wait for a disk
control_socket_disable = True
"""It would lie in the user's home: hidden by the units, shared by two services of one user."""

forwarded_allow_ips = "127.0.0.1,::1"
"""Whose X-Forwarded-Proto counts; a peer on a unix socket, which only nginx can open, always does.
The client's address is taken over by the application, if BEFFROI_BEHIND_PROXY says so."""
forwarder_headers = ""
"""No header may rewrite the path."""

accesslog = None
"""nginx keeps the access log, with shortened addresses and without query strings; a second one
here would hold the personal data that the first leaves out."""
errorlog = "-"
loglevel = "info"
