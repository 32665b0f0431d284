# SPDX-License-Identifier: AGPL-3.0-or-later
"""Says whether gunicorn answers on its socket: `health.py [SOCKET]`; exit code 0 or 1.

It asks /healthz, the process, and not /readyz: an aggregator that refused a town is not ready, but
killing its container would cure nothing.
"""

import http.client
import socket
import sys

path = sys.argv[1] if len(sys.argv) > 1 else "/run/beffroi/web.sock"
try:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(4)
        line.connect(path)
        talk = http.client.HTTPConnection("localhost")
        talk.sock = line
        talk.request("GET", "/healthz")
        status = talk.getresponse().status
except (OSError, http.client.HTTPException) as fault:
    sys.exit(f"{path}: {fault}")
sys.exit(0 if status == 200 else f"{path}: answered {status}")
