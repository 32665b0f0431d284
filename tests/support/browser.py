# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real Chromium for tests, and what every page of ours is asked in it.

from support.browser import browser  # noqa: F401  in a conftest.py: the session's browser

with opened(browser, url, width=390, scheme="dark") as page:
    assert faults(page) == []
    assert sideways(page) == 0
"""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


_started: list[Browser] = []


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the system, started once a session; a missing one is a failure, never a skip.

    The one without a window of its own is a third of the work, where it is installed.

    Each folder that imports this fixture has it for itself, but a process can hold Playwright only
    once: whoever comes later gets the browser that is there. It is closed by the one that started
    it, which pytest ends last.
    """
    if _started:
        yield _started[0]
        return
    found = (shutil.which(name) for name in ("chromium-headless-shell", "chromium"))
    path = next(filter(None, found), "/usr/bin/chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, headless=True, chromium_sandbox=False, args=FLAGS
        )
        _started.append(started)
        yield started
        _started.clear()
        started.close()


class Quiet(WSGIRequestHandler):
    """Serves without a line on standard error for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Late:
    """An application that is made once its address is known."""

    app: Any = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Hand a request over to the application."""
        answer: Iterable[bytes] = self.app(environ, start)
        return answer


@contextmanager
def served(app: Flask | Late, port: int = 0) -> Iterator[str]:
    """Serve an application on loopback, at a free port, while the block runs; gives its address."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def opened(
    browser: Browser,
    url: str,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    language: str = "fr-FR",
    javascript: bool = True,
) -> Iterator[Page]:
    """Open a page in a fresh profile of a given width and colour scheme."""
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 600 else 900},
        color_scheme=scheme,
        locale=language,
        java_script_enabled=javascript,
        reduced_motion="reduce",
    )
    try:
        page = settled(context.new_page())
        page.goto(url)
        yield page
    finally:
        context.close()


def settled(page: Page) -> Page:
    """Return a page on which whoever clicks waits until what comes of it is loaded."""
    click = page.click

    def clicked(*given: Any, **named: Any) -> None:
        click(*given, **named)
        page.wait_for_load_state()

    setattr(page, "click", clicked)  # noqa: B010  (mypy: a method is not assigned)
    return page


def faults(page: Page) -> list[str]:
    """Return what axe finds wrong (WCAG 2.2 AA and good practice), one line an element."""
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    page.wait_for_load_state()
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)  # it takes as long as what it finds
    found = page.evaluate("(o) => axe.run(document, o).then((said) => said.violations)", options)
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found
        for node in rule["nodes"]
    ]


def sideways(page: Page) -> int:
    """Return by how many pixels the page can be scrolled sideways; nought is right."""
    wide: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return max(0, wide)


def small_targets(page: Page, least: int = 44) -> list[str]:
    """Return buttons, fields and stand-alone links that are lower than `least` pixels.

    Links inside running text are exempt, as WCAG 2.5.8 exempts them; so is what a larger label or
    card makes clickable, what is not visible, and the tiles of a map, whose table beside it has the
    same links (2.5.8, "equivalent").
    """
    found: list[str] = page.evaluate(
        """(least) => [...document.querySelectorAll('a, button, input, select, textarea, summary')]
          .filter((one) => !one.closest('p, li, td, dd, .prose') || one.matches('.button, .chip'))
          .filter((one) => !one.matches('.skip, [type=hidden]'))
          .filter((one) => !one.closest('.choice, .tick, .toggle, .tile-map'))
          .map((one) => [one, one.getBoundingClientRect()])
          .filter(([one, box]) => box.width > 0 && box.height < least - 0.5)
          .map(([one, box]) => `${one.outerHTML.slice(0, 80)} is ${box.height} px high`)""",
        least,
    )
    return found
