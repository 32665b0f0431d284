# SPDX-License-Identifier: AGPL-3.0-or-later
"""Loading a program quickly: thousands of objects that stay, and hardly a cycle among them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
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
