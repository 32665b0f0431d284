# SPDX-License-Identifier: AGPL-3.0-or-later
"""Loading a program quickly: thousands of objects that stay, and hardly a cycle among them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module


@contextmanager
def loading() -> Iterator[None]:
    """Keep the collector of cycles away from what is loaded in the block, then and later.

    Looking through all of it again and again is a sixth of a start's CPU time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def share(application: str) -> None:
    """Load the program of `package.wsgi:app` in the process whose workers part after this.

    They then share its memory. Settings are read and connections opened by each of them.
    """
    package = application.partition(":")[0].rpartition(".")[0]
    with loading():
        program = import_module(f"{package}.app")
        warm = getattr(program, "warm", None)
        if warm is not None:
            warm()
        _know_languages_and_tables()


def _know_languages_and_tables() -> None:
    """Have read what Babel and SQLAlchemy read at the first page, and keep in modules of theirs."""
    from babel.dates import format_date
    from babel.numbers import format_decimal
    from sqlalchemy.orm import configure_mappers

    configure_mappers()
    for language in ("fr", "en"):
        format_date(date(2000, 1, 1), locale=language)
        format_decimal(1, locale=language)
