# SPDX-License-Identifier: AGPL-3.0-or-later
"""A short document as the page, the PDF and nothing else show it. Plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Cell:
    """Words in a table, and where they lead."""

    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a text (paragraphs parted by an empty line), or a table with its caption.

    `numbers` names the columns of figures. Words are in the reader's language already.
    """

    kind: Literal["heading", "text", "table"]
    words: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    numbers: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A title, a line below it, who wrote it, the blocks."""

    title: str
    subtitle: str
    author: str
    lang: str
    blocks: Sequence[Block] = field(default=())
