# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers in addresses: those that a database can hold, and no others."""

from typing import Final

from werkzeug.routing import IntegerConverter, Map

LARGEST: Final = 2**63 - 1
"""Of a BIGINT. A larger number names nothing; asked of a database, it would be a fault of ours."""


class Number(IntegerConverter):
    """What `<int:…>` stands for in an address: 0 to `LARGEST`."""

    def __init__(self, map: Map, fixed_digits: int = 0, max: int = LARGEST) -> None:
        super().__init__(map, fixed_digits=fixed_digits, max=max)
