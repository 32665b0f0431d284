# SPDX-License-Identifier: AGPL-3.0-or-later
"""The least that a page can cost here: Flask, one route, a few words, nothing looked up."""

from flask import Flask, Response, jsonify

app = Flask("floor", static_folder=None)


@app.get("/")
def page() -> str:
    """Return a small page."""
    return "<!doctype html><title>floor</title><p>The least that a page can cost.</p>"


@app.get("/hello")
def hello() -> Response:
    """Return a small object."""
    return jsonify(ok=True, commune="59350")
