# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fixtures of the shared web layer's tests: a fresh style guide, and the session's browser."""

import pytest
from flask.testing import FlaskClient

from beffroi_web.clock import FixedClock
from support.browser import browser
from support.style_guide import Door, make_app

__all__ = ["browser"]


@pytest.fixture
def guide() -> tuple[FlaskClient, Door, FixedClock]:
    """A client that keeps cookies, who is at the door, and the clock."""
    app, door, clock = make_app()
    return app.test_client(), door, clock
