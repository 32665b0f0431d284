# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's own copy of its addresses, as they are looked up. None of it is about a person."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


def _exact(length: int) -> String:
    """Return a text whose order is that of its characters on both databases."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class PlaceFile(Model):
    """The newest set of addresses of a commune: how many, when it was read, what it was."""

    __tablename__ = "place_file"

    commune: Mapped[str] = mapped_column(String(5), primary_key=True)
    addresses: Mapped[int] = mapped_column(Integer)
    streets: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlaceStreet(Model):
    """A street or a place name: its middle in degrees (WGS 84), and the metres to its ends.

    `folded` are the words of its name as they are compared; `also` is what else may be said of it:
    an older commune, place names.
    """

    __tablename__ = "place_street"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    commune: Mapped[str] = mapped_column(String(5), index=True)
    name: Mapped[str] = mapped_column(String(200))
    folded: Mapped[str] = mapped_column(_exact(250), index=True)
    town: Mapped[str] = mapped_column(String(100))
    postcode: Mapped[str] = mapped_column(String(5))
    older: Mapped[str] = mapped_column(String(100))
    also: Mapped[str] = mapped_column(String(400))
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))
    reach: Mapped[int] = mapped_column(Integer)
    numbers: Mapped[int] = mapped_column(Integer)


class PlaceNumber(Model):
    """An address on a street: its number, what stands behind that, its point in degrees."""

    __tablename__ = "place_number"

    street_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("place_street.id"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    suffix: Mapped[str] = mapped_column(String(12), primary_key=True)
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))


class PlaceWord(Model):
    """A word of the name of a street."""

    __tablename__ = "place_word"
    __table_args__ = (Index("ix_place_word_street_id", "street_id"),)

    word: Mapped[str] = mapped_column(_exact(40), primary_key=True)
    street_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("place_street.id"), primary_key=True, autoincrement=False
    )


class PlaceSpelling(Model):
    """A word of some street, and what is left of it when a letter is taken out."""

    __tablename__ = "place_spelling"
    __table_args__ = (Index("ix_place_spelling_word", "word"),)

    form: Mapped[str] = mapped_column(_exact(40), primary_key=True)
    word: Mapped[str] = mapped_column(_exact(40), primary_key=True)
