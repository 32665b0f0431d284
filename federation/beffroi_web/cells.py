# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cells of a CSV file that no spreadsheet runs."""

import re

_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@＝＋－＠])")


def harmless(cell: str) -> str:
    """Return a CSV cell that no spreadsheet runs: an apostrophe goes before what opens a formula.

    Citizens write these texts. Excel and LibreOffice take a cell that begins with one of these
    signs for a formula, which can fetch addresses and start programs. French ones part cells at
    semicolons and then read our quotes wrongly, so what follows one, or a line end, counts too.
    """
    return _FORMULA.sub(r"\1\2'", cell)
