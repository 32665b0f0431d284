# SPDX-License-Identifier: AGPL-3.0-or-later
"""Photos on their way in and out: from a form, cleaned, into the store; from there to a browser.

The bytes as they were sent are read from memory, cleaned and let go; only the clean copy and its
thumbnail are put into the store, before the rows that name them. While a form is looked at before
it is sent, or comes back with a fault, it carries the names of what is stored, signed: nobody has
to choose a photo twice. What is never sent is an orphan, which the worker sweeps.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Response
from flask_babel import gettext
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.datastructures import FileStorage

from beffroi.cases.adapters.files import FolderStore
from beffroi.incidents.rules import MOST_PHOTOS, PHOTO_WORDS, StoredPhoto
from beffroi.kernel.chance import Chance
from beffroi.kernel.errors import NotFound
from beffroi_privacy.photo_refusals import PhotoRefused
from beffroi_privacy.photos import LIMITS, MEDIA_TYPE, MEGABYTE, Photo, clean
from beffroi_web.words import N_

MOST_BODY = MOST_PHOTOS * LIMITS.most_bytes + MEGABYTE
"""Bytes of a report with all its photos, and its words."""
CARRIED_FOR = timedelta(hours=20)
"""How long a form may carry photos; they are swept after a day (`cases.adapters.files`)."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What came with a form: clean photos, and for each that was refused a sentence."""

    photos: tuple[Photo, ...] = ()
    faults: tuple[str, ...] = ()


def read(files: Sequence[FileStorage], *, chance: Chance, most: int = MOST_PHOTOS) -> Brought:
    """Clean the photos of a form, at most so many; sentences are in the reader's language."""
    chosen = [file for file in files if file.filename or file.stream.read(1)]
    if len(chosen) > most:
        said = gettext("%(most)s photos at most; choose again.", most=MOST_PHOTOS)
        return Brought(faults=(said,))
    photos, faults = [], []
    for number, file in enumerate(chosen, 1):
        file.stream.seek(0)
        try:
            photos.append(clean(file.stream.read(LIMITS.most_bytes + 1), chance=chance))
        except PhotoRefused as refused:
            said = gettext(PHOTO_WORDS[refused.code], **refused.values)
            if len(chosen) > 1:
                said = gettext("Photo %(number)s: %(said)s", number=number, said=said)
            faults.append(said)
    return Brought(tuple(photos), tuple(faults))


def keep(folder: Path, photos: Sequence[Photo]) -> tuple[StoredPhoto, ...]:
    """Put photos and thumbnails into the store of a data folder, before any row names them."""
    store = FolderStore(folder / "files")
    for photo in photos:
        for picture in (photo.full, photo.small):
            store.put(picture.name, picture.data)
    return tuple(
        StoredPhoto(
            photo.full.name,
            photo.small.name,
            hashlib.sha256(photo.full.data).hexdigest(),
            photo.full.width,
            photo.full.height,
        )
        for photo in photos
    )


def carry(secret: str, photo: StoredPhoto, *, now: datetime) -> str:
    """Return a stored photo as a form carries it: its facts, signed, and until when they hold."""
    until = int((now + CARRIED_FOR).timestamp())
    return _signed(secret).dumps([until, *astuple(photo)])


def carried(secret: str, tokens: Sequence[str], *, now: datetime) -> tuple[StoredPhoto, ...]:
    """Return the stored photos that a form carries; what is forged or too old is left out."""
    found = []
    for token in dict.fromkeys(tokens):
        try:
            until, *facts = _signed(secret).loads(token)
            if until >= now.timestamp():
                found.append(StoredPhoto(*facts))
        except (BadData, TypeError, ValueError):
            continue
    return tuple(found)


def _signed(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="beffroi.photos")


def answer(folder: Path, name: str) -> Response:
    """Return a stored photo for a browser, or raise NotFound where its bytes are gone.

    A name never gets other bytes, and may be withdrawn at any moment: so there is a tag to ask
    again with, and no cache is told that the answer holds for good.
    """
    try:
        data = FolderStore(folder / "files").get(name)
    except FileNotFoundError as error:
        raise NotFound(N_("There is no such photo.")) from error
    response = Response(data, mimetype=MEDIA_TYPE)
    response.set_etag(name)
    response.headers["Content-Disposition"] = 'inline; filename="photo.jpg"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
