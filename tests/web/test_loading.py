# SPDX-License-Identifier: AGPL-3.0-or-later
"""A program is loaded without looking for cycles, and looked for they are afterwards."""

import gc

from beffroi_web.loading import loading


def test_nothing_is_looked_for_while_loading_and_all_that_comes_later_is() -> None:
    try:
        with loading():
            watched = gc.isenabled()
        assert not watched
        assert gc.isenabled()
        assert gc.get_freeze_count() > 1_000
    finally:
        gc.unfreeze()
