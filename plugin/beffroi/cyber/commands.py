# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does for confidential cases at its moment: delays strike, records are made.

And `beffroi openpgp`: the key with which the town signs what it sends to its CERT.
"""

import argparse
from collections.abc import Callable
from datetime import datetime

from beffroi.config import Settings
from beffroi.cyber import service
from beffroi.cyber.adapters import own_key
from beffroi.cyber.queries import desk
from beffroi.cyber.service import clocks, release
from beffroi.kernel.db import unit_of_work

BLOCK = 100


def strike_clocks(*, now: datetime) -> int:
    """Write which delays are over, and tell those who need to know, once; return how many."""
    struck = 0
    while due := desk.striking(now, BLOCK):
        for clock_id in due:
            with unit_of_work():
                case_id = clocks.strike(clock_id, now=now)
                if case_id is not None:
                    struck += 1
                    service.tell(case_id, "cyber-clock", now=now, key=f"clock-{clock_id}")
    return struck


def make_records(*, band: str, now: datetime) -> int:
    """Hand over the records that nothing hinders any more; return how many.

    What its readers have still to say of a case is looked at each time: such cases are few.
    """
    made = 0
    for case_id in desk.waiting_records(now, BLOCK):
        with unit_of_work():
            made += release.make(case_id, band=band, now=now)
    return made


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi openpgp`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("show", help="print the public key and its fingerprint")
    rotate = verbs.add_parser("rotate", help="put a new key in place of the present one")
    rotate.add_argument(
        "--stolen", action="store_true", help="revoke the present one: it vouches for nothing more"
    )


def run(args: argparse.Namespace, settings: Settings, *, told: Callable[[str, str], None]) -> int:
    """Carry out `beffroi openpgp`; 1 if there is no key to show.

    `told` is called with the act and what it was on, in one transaction.
    """
    vouched = ""
    if args.verb == "rotate":
        vouched = own_key.rotate(settings.data_dir, own_key.owner(settings), stolen=args.stolen)
    key = own_key.own_key(settings.data_dir)
    if key is None:
        print("openpgp: there is no key; `beffroi init` makes one")
        return 1
    if args.verb == "rotate":
        with unit_of_work():
            told("openpgp.rotate", key.fingerprint.upper())
        print("openpgp: a new key signs from now on; tell your CERT its fingerprint by telephone")
    ends = f"{key.ends_at:%Y-%m-%d}" if key.ends_at else "no end"
    print(f"fingerprint: {key.in_groups}\nvalid until: {ends}")
    print(f"address: {settings.public_url}/security/key.asc\n")
    print(vouched or own_key.public_keys(settings.data_dir))
    return 0
