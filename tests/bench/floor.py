# SPDX-License-Identifier: AGPL-3.0-or-later
"""The least that a page can cost here: Flask, one route, a few words, nothing looked up."""

from flask import Flask

app = Flask("floor", static_folder=None)


@app.get("/")
def page() -> str:
    """Return a small page."""
    return "<!doctype html><title>floor</title><p>The least that a page can cost.</p>"
