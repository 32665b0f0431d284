# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door for gunicorn: `gunicorn beffroi.wsgi:app` with the settings in the environment."""

import os

from beffroi_web.loading import loading

with loading():
    from beffroi.app import create_app
    from beffroi.config import from_environ
    from beffroi_web.logs import write_lines

    write_lines()
    app = create_app(from_environ(os.environ))
