# SPDX-License-Identifier: AGPL-3.0-or-later
"""Loading a program quickly: thousands of objects that stay, and hardly a cycle among them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
