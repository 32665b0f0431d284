# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi signer`: the process that holds the log's key, and what the operator does with the key.

Only this module reads the seed, and neither web nor worker imports it. Words are shown on a
terminal and nowhere else: whatever else reads standard output may keep it.
"""

import argparse
import logging
import secrets
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from beffroi.config import Settings, from_environ
from beffroi.signer.queries import origin_of, signer_for
from beffroi_federation.errors import Malformed, ProtocolError, SignerLocked
from beffroi_federation.policy import Policy, parse_policy
from beffroi_federation.signer import wall_clock
from beffroi_federation.signer_facts import FACTS_NAME
from beffroi_federation.signer_folder import SignerFolder, local_signer
from beffroi_federation.signer_keys import SEED_BYTES
from beffroi_federation.signer_memory import Step, no_step
from beffroi_federation.signer_server import SignerServer, alone
from beffroi_federation.signer_words import seed_from_words, seed_words
from beffroi_web.configuration import SettingsRefused
from beffroi_web.logs import write_lines

COLUMNS = 4
_BEFORE = """
Les 24 mots de la clé du journal. Recopiez-les à la main, et gardez-les dans le coffre de la mairie.
The 24 words of the log’s key. Copy them by hand, and keep them in the town hall’s safe.

  {vkey}
"""
_AFTER = """
Ils ne seront plus montrés. Qui les lit peut signer au nom de la commune ; qui les perd, et perd la
machine, doit recommencer le journal.
They are not shown again. Whoever reads them can sign in the town’s name; whoever loses them, and
the machine, must begin the log anew.
"""
_KEPT = "signer: the key that is there was kept"
_ELSEWHERE = "signer: this log's key is not here; restore it: `beffroi signer words-to-seed`"
_UNSHOWN = (
    "signer: the words of this key were not shown, for this is no terminal; "
    "run `beffroi signer words` at one, once"
)


def signer_folder(settings: Settings) -> SignerFolder:
    """Return the folder of the town's signer."""
    return SignerFolder(settings.signer_folder)


def policy_of(settings: Settings) -> Policy:
    """Return the witnesses that the signer may catch up with: those of the town's policy file.

    A file that is missing or wrong leaves it none, and is said; it goes on signing.
    """
    if settings.witness_policy is None:
        return Policy()
    try:
        return parse_policy(settings.witness_policy.read_bytes())
    except (ProtocolError, OSError) as error:
        logging.error("the signer knows no witness: %s", error)
        return Policy()


def create_signer(settings: Settings, seed: bytes) -> None:
    """Make a new signer from 32 random bytes; FileExistsError if there is a key."""
    signer_folder(settings).create(settings.origin, seed)


def begin_epoch(settings: Settings, origin: str, seed: bytes) -> None:
    """Give the log up for one under the next epoch's origin, with another key and memory."""
    signer_folder(settings).begin_epoch(origin, seed)


def init_signer(
    settings: Settings, *, say: Callable[[str], None] = print, terminal: TextIO | None = None
) -> None:
    """Make the key if there is none, and show its words on `terminal`, if that is given."""
    folder = signer_folder(settings)
    if (settings.signer_folder / FACTS_NAME).exists():
        say(_KEPT if _has_key(folder) else _ELSEWHERE)
        return
    try:
        create_signer(settings, secrets.token_bytes(SEED_BYTES))
    except FileExistsError:
        folder.publish_facts()  # a crash came between the key and them
        say(_KEPT)
        return
    say("signer: a new key was made")
    if terminal is None:
        say(_UNSHOWN)
    else:
        show_words(folder, terminal)


def _has_key(folder: SignerFolder) -> bool:
    """Say whether the key is there, as far as this user may know: others' folders hold one."""
    try:
        return folder.ring.exists()
    except PermissionError:
        return True


def show_words(folder: SignerFolder, terminal: TextIO) -> int:
    """Show the words of every key that were never shown; return of how many keys."""
    keys = folder.unshown()
    for vkey, seed in keys:
        numbered = [f"{n:2}. {word:<12}" for n, word in enumerate(seed_words(seed), 1)]
        rows = ["".join(numbered[n::6]).rstrip() for n in range(6)]
        terminal.write(_BEFORE.format(vkey=vkey) + "\n  " + "\n  ".join(rows) + "\n" + _AFTER)
    terminal.flush()
    folder.mark_shown()
    return len(keys)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options; without a further word it serves."""
    acts = parser.add_subparsers(dest="act")
    acts.add_parser("init", help="make the key, as the signer's own user")
    acts.add_parser("words", help="show the 24 words of a key that were not shown yet")
    acts.add_parser("words-to-seed", help="restore the key from its words on standard input")
    rotate = acts.add_parser("rotate", help="make a new key, which takes over 30 days later")
    rotate.add_argument(
        "--again", action="store_true", help="another new key, for the words of the last were lost"
    )
    acts.add_parser("state", help="say where the running signer stands")


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `beffroi signer …`; 0 done, 1 it could not be done and why is said, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="beffroi signer", description="Hold the log's key.")
    arguments(parser)
    args = parser.parse_args(argv)
    try:
        return run(args, from_environ(environ))
    except SettingsRefused as error:
        print(f"beffroi: {error}", file=sys.stderr)
        return 2
    except (ProtocolError, OSError) as error:
        print(f"beffroi: {error}", file=sys.stderr)
        return 1


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Do what the operator asks; return the exit code."""
    terminal = sys.stdout if sys.stdout.isatty() else None
    if args.act == "init":
        init_signer(settings, terminal=terminal)
    elif args.act == "words":
        return _words(settings, terminal)
    elif args.act == "words-to-seed":
        return _restore(settings, sys.stdin)
    elif args.act == "rotate":
        return _rotate(settings, terminal, again=args.again)
    elif args.act == "state":
        return _state(settings)
    else:
        write_lines()
        serve(settings)
    return 0


def _words(settings: Settings, terminal: TextIO | None) -> int:
    if terminal is None:
        raise Malformed("The words are shown on a terminal only")
    if not show_words(signer_folder(settings), terminal):
        raise Malformed("The words were shown already; if they are lost, `beffroi signer rotate`")
    return 0


def _restore(settings: Settings, typed: TextIO) -> int:
    if typed.isatty():
        print("Type the 24 words, on as many lines as you like; an empty line ends them.")
    lines: list[str] = []
    while line := typed.readline(4_096).strip():
        lines.append(line)
        if len(lines) > 100:
            break
    seed = seed_from_words(" ".join(lines))
    folder, origin = signer_folder(settings), origin_of(settings)
    try:
        folder.restore(origin, seed)
    except FileExistsError:
        raise SignerLocked(
            "Another key is there that has signed: move the signer's folder away first"
        ) from None
    print(f"signer: the key was restored: {folder.ring.keys().vkeys()[0]}")
    print(f"signer: {local_signer(folder).state().sentence()}")
    return 0


def _rotate(settings: Settings, terminal: TextIO | None, *, again: bool) -> int:
    folder = signer_folder(settings)
    folder.rotate(secrets.token_bytes(SEED_BYTES), again=again)
    print("signer: a new key was made; it begins to sign beside the present one")
    if terminal is None:
        print(_UNSHOWN)
    else:
        show_words(folder, terminal)
    print("It enters the log with the next batch, or now with `beffroi publish`; 30 days after")
    print("that the old key is destroyed and the new one signs alone.")
    return 0


def _state(settings: Settings) -> int:
    standing = signer_for(settings).state()
    print(standing.sentence())
    for number, vkey in enumerate(standing.vkeys):
        print(f"{'successor' if number else 'current'}: {vkey}")
    if standing.announce:
        print("The successor is not in the log yet: `beffroi publish`.")
    elif standing.retires is not None:
        day = datetime.fromtimestamp(standing.retires, UTC).date().isoformat()
        print(f"The successor signs alone from {day} on.")
    return 1 if standing.locked else 0


def make_server(
    settings: Settings, *, now: Callable[[], int] = wall_clock, at: Step = no_step
) -> SignerServer:
    """Return the server of a town's signer, listening; the caller holds `alone`."""
    folder = signer_folder(settings)
    folder.ring.sweep()
    folder.publish_facts()
    signer = local_signer(folder, policy=policy_of(settings), now=now, at=at)
    told = [signer.vkeys()]

    def changed() -> None:
        if (vkeys := signer.vkeys()) != told[0]:
            folder.publish_facts()
            told[0] = vkeys

    return SignerServer(signer, settings.signer_address, changed=changed)


def serve(settings: Settings) -> None:
    """Answer until SIGTERM or SIGINT."""
    folder = signer_folder(settings)
    if not folder.ring.exists():
        raise SignerLocked("The log has no key yet: run `beffroi init`")
    with alone(lock_path(settings)):
        server = make_server(settings)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: server.stop())
        logging.info("the signer answers at %s", settings.signer_address)
        try:
            server.serve()
        finally:
            server.close()


def lock_path(settings: Settings) -> Path:
    """Return the file that the one running signer holds locked."""
    return signer_folder(settings).keys / "lock"
