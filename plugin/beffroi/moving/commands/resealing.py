# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi reseal`: what lies sealed in the database, sealed anew under a new secret.

All of it in one transaction, and as often as one likes: what is sealed under the new secret already
stays as it is. With web and worker stopped, for they open with the new secret alone.
"""

import sys
from collections.abc import Callable
from datetime import datetime

from beffroi.bridges.service import secrets as bridges
from beffroi.config import Settings
from beffroi.kernel.db import unit_of_work
from beffroi.webhooks import service as webhooks
from beffroi_web.sign_in.store import SignInStore


def run(
    settings: Settings, store: SignInStore, *, told: Callable[[str, str], None], now: datetime
) -> int:
    """Carry out `beffroi reseal`; 1 if something is sealed under neither secret, 2 without an old.

    `told` is called with the act and what it was on, in the same transaction.
    """
    old, new = settings.secret_key_old, settings.secret_key
    if not old:
        print("beffroi: BEFFROI_SECRET_KEY_OLD names no secret of before", file=sys.stderr)
        return 2
    with unit_of_work():
        sums = {
            "credentials and secrets of bridges": bridges.seal_anew(old, new, now),
            "secrets of webhooks": webhooks.seal_anew(old, new, now),
            "open sessions": store.seal_anew(old, now),
        }
        told("secret.reseal", str(sum(done for done, _ in sums.values())))
    for name, (done, lost) in sums.items():
        print(f"{name}: {done} sealed under the present secret, {lost} under neither")
    if any(lost for _, lost in sums.values()):
        print("Enter again, or make anew, what neither secret opens.")
        return 1
    return 0
