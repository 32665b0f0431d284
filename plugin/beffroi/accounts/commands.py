# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi agents`: give, take and list roles. The only way to become an administrator."""

import argparse
from collections.abc import Callable
from datetime import datetime

from beffroi.accounts.rules import ROLES
from beffroi.kernel.db import unit_of_work
from beffroi_web.sign_in.store import SignInStore


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi agents`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("add", "remove"):
        one = verbs.add_parser(verb)
        one.add_argument("role", choices=ROLES)
        one.add_argument("--provider", required=True, help="key of the sign-in provider")
        who = one.add_mutually_exclusive_group(required=True)
        who.add_argument("--subject", help="the person's `sub` at that provider")
        who.add_argument("--email", help="address, at a provider marked staff only")
    verbs.add_parser("list")


def run(
    args: argparse.Namespace, store: SignInStore, *, told: Callable[[str, str], None], now: datetime
) -> int:
    """Carry out `beffroi agents`; print what there is afterwards.

    `told` is called with the act and what it was on, in the same transaction.
    """
    if args.verb == "add":
        with unit_of_work():
            store.grant(args.provider, args.role, subject=args.subject, email=args.email, now=now)
            told("agents.add", f"{args.role} · {args.provider}")
    elif args.verb == "remove":
        with unit_of_work():
            gone = store.revoke(args.provider, args.role, subject=args.subject, email=args.email)
            told("agents.remove", f"{args.role} · {args.provider}")
        print(f"{gone} grant(s) taken away")
    for grant in store.grants():
        print(f"{grant.role}\t{grant.provider}\t{grant.subject or grant.email}\t{grant.source}")
    return 0
