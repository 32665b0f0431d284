# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a language model sees in a text, in the shape in which spaCy gives it."""

from dataclasses import dataclass


@dataclass
class Entity:
    """A part of a text and its label."""

    start_char: int
    end_char: int
    label_: str


@dataclass
class Document:
    """A text that was read."""

    ents: list[Entity]
