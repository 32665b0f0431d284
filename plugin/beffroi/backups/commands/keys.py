# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secret keys with which an encrypted backup is opened, and new pairs."""

import os
import sys
from collections.abc import Callable, Sequence
from getpass import getpass
from pathlib import Path

from flask_babel import gettext
from pyrage.x25519 import Identity

from beffroi.backups import rules
from beffroi.backups.adapters import sealed
from beffroi.backups.adapters.sealed import SECRET

Keys = Callable[[], Sequence[Identity]]
"""Asks for secret keys; Invalid where none are given."""


def no_keys() -> Sequence[Identity]:
    """Refuse: nobody gave a key."""
    raise rules.key_needed()


def keys_from(said: str | None) -> Keys:
    """Return who asks for keys: the file that is named, the input (`-`), or the terminal."""

    def ask() -> Sequence[Identity]:
        if said == "-":
            return sealed.keys_in(sys.stdin.read(sealed.MOST_OF_A_KEY_FILE))
        if said is not None:
            with open(said, encoding="utf-8", errors="replace") as file:
                return sealed.keys_in(file.read(sealed.MOST_OF_A_KEY_FILE))
        if not sys.stdin.isatty():
            raise rules.key_needed()
        return sealed.keys_in(getpass(gettext("The secret key (%(begins)s…): ", begins=SECRET)))

    return ask


def show_new_key(where: str) -> int:
    """Draw a pair; write it to a new file for its owner only, or show it once (`-`)."""
    pair = sealed.new_key()
    if where == "-":
        print(sealed.key_file(pair), end="")
    else:
        handle = os.open(Path(where), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(sealed.key_file(pair))
    print(
        gettext(
            "The setting: %(setting)s. The line that begins with %(begins)s opens every backup"
            " made for it, and nothing else does: put it into the safe, on paper and on a stick,"
            " and do not keep it on this machine. It is kept nowhere here.",
            setting=f'backup_recipients = ["{pair.to_public()}"]',
            begins=SECRET,
        ),
        file=sys.stderr,
    )
    return 0
