# SPDX-License-Identifier: AGPL-3.0-or-later
"""Translations read straight from `.po` files when the application starts.

No compiled catalogue is kept and no build step is needed: a translator edits a text file and the
next start speaks it. A catalogue folder looks like `fr/LC_MESSAGES/messages.po`; several folders
are laid over each other, later ones winning, so an installation can bring its own words or a
language.
"""

import io
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

_HERE = Path(__file__).parent
OWN_FOLDERS = (_HERE / "translations", _HERE / "sign_in" / "translations")
"""The catalogues of what both applications share."""

_METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
]
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "N_": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def read_catalogues(folders: Sequence[Path], languages: Sequence[str]) -> dict[str, Translations]:
    """Return the translations of each language, the folders laid over each other in order.

    A language without a file speaks English, the language of the message ids.
    """
    return {language: _read(tuple(folders), language) for language in languages}


@lru_cache(maxsize=64)  # the files do not change under a running process; tests make many of those
def _read(folders: tuple[Path, ...], language: str) -> Translations:
    whole = Translations()
    for folder in folders:
        path = folder / language / "LC_MESSAGES" / "messages.po"
        if not path.is_file():
            continue
        compiled = io.BytesIO()
        with path.open("rb") as source:
            write_mo(compiled, read_po(source, locale=language))
        compiled.seek(0)
        part = Translations(compiled)
        whole.merge(part)
        whole.plural = part.plural  # merge() leaves the plural rule behind
    return whole


def message_ids(package_dir: Path) -> list[tuple[str | tuple[str, ...], str | None]]:
    """Return every message id in the code and templates below a folder, with its context.

    A message with a plural is a pair of ids. Sorted, each once.
    """
    found = set(_extracted(package_dir))
    return sorted(found, key=lambda one: (str(one[0]), one[1] or ""))


def missing(package_dir: Path, po_path: Path, *others: Path) -> list[str]:
    """Return the message ids below a folder that no given catalogue translates.

    A fuzzy or empty translation counts as none; so does a plural with a form left empty.
    `others` are further catalogues in which a message may stand (the shared one).
    """
    catalogues = []
    for path in (po_path, *others):
        with path.open("rb") as source:
            catalogues.append(read_po(source))
    return [
        ids if isinstance(ids, str) else ids[0]
        for ids, context in message_ids(package_dir)
        if not any(_translated(catalogue, ids, context) for catalogue in catalogues)
    ]


def _extracted(package_dir: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    for _file, _line, ids, _comments, context in extract_from_dir(
        package_dir, _METHODS, {"**/templates/**": {"silent": "false"}}, keywords=_KEYWORDS
    ):
        if ids:
            yield (ids if isinstance(ids, str) else tuple(ids)), context


def _translated(catalogue: Catalog, ids: str | tuple[str, ...], context: str | None) -> bool:
    message: Message | None = catalogue.get(ids if isinstance(ids, str) else ids[0], context)
    if message is None or message.fuzzy:
        return False
    said = message.string
    return all(said) if isinstance(said, (tuple, list)) else bool(said)
