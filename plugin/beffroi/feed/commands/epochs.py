# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi restore --new-epoch`: the log begins anew, under another origin and another key.

The order of effects: first the tables (the new log is staged, the old one's contents are gone),
then the key. A crash between the two leaves a log that no key signs, and the same command goes on
there.
"""

from datetime import date, datetime
from typing import TextIO

from flask_babel import gettext

from beffroi.config import Settings
from beffroi.feed import queries
from beffroi.feed.commands import publishing
from beffroi.feed.rules import iso_week
from beffroi.feed.service import epochs
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db, unit_of_work
from beffroi.signer import commands as keeping
from beffroi.signer.queries import log_facts, signer_for
from beffroi_federation.errors import Inconsistent, ProtocolError
from beffroi_federation.signer_keys import SEED_BYTES
from beffroi_federation.signing import SignerStanding


def begin_epoch(
    settings: Settings, *, now: datetime, today: date, chance: Chance, terminal: TextIO | None
) -> list[str]:
    """Begin the next epoch; return what was done, in plain sentences of the present language.

    The words of the new key are shown on `terminal`, if that is given. Raises SignerLocked without
    a key, Inconsistent where the key and the tables are not of one epoch or of two in a row.
    """
    facts = log_facts(settings)
    current = queries.current_log()
    db.session.rollback()
    said: list[str] = []
    if facts.epoch not in (current, current - 1):
        sentence = "The key and the database are of different epochs of the log"
        raise Inconsistent(sentence, key=facts.epoch, database=current)
    if facts.epoch == current:
        with unit_of_work():
            begun = epochs.begin(
                facts.origin, _standing(settings), period=iso_week(today), chance=chance
            )
        said.append(
            gettext(
                "Epoch %(epoch)d begins. The old log ended with %(size)d entries. %(records)d"
                " records and %(receptions)d receptions are published again; the old contents"
                " are deleted.",
                epoch=begun.log_id,
                size=begun.old_size,
                records=begun.records,
                receptions=begun.receptions,
            )
        )
    origin = f"{facts.origin.rpartition('/')[0]}/{facts.epoch + 1}"
    keeping.begin_epoch(settings, origin, chance(SEED_BYTES))
    folder = keeping.signer_folder(settings)
    if terminal is not None:
        keeping.show_words(folder, terminal)
    else:
        said.append(gettext("The words of the new key: run `beffroi signer words` at a terminal."))
    said.append(gettext("The log is now %(origin)s.", origin=origin))
    said.append(_signed(settings))
    said.append(
        gettext(
            "Tell whoever runs the aggregator: they approve the new epoch and its key, and mark"
            " the old one as ended."
        )
    )
    return said


def _standing(settings: Settings) -> SignerStanding | None:
    """Return where the old signer stands, if it answers."""
    try:
        return signer_for(settings).state()
    except ProtocolError:
        return None


def _signed(settings: Settings) -> str:
    """Have the new log signed if the signer is there; say what is left to do otherwise."""
    try:
        publishing.sign_staged(signer_for(settings))
    except ProtocolError as error:
        db.session.rollback()
        why = gettext(error.sentence)
        return str(
            gettext("It is not signed yet (%(why)s). Start the signer and the worker.", why=why)
        )
    return str(gettext("It is signed and served."))
