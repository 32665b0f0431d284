# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./beffroi demo`: starts the federation, walks the journey, prints what held."""

import argparse
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from demo.federation import Federation
from demo.journey import STEPS, Journey, not_reached
from demo.participation import PATH
from demo.places import Layout, layout

LOGINS = "citizen, citizen2, agent, moderator, administrator, operator"


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the options of `./beffroi demo`."""
    parser = argparse.ArgumentParser(prog="./beffroi demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="run the journey, then stop")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--port-base", type=int, default=8300, metavar="N")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="keep everything here")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="real data, laid out as documented"
    )
    parser.add_argument("--town-count", type=int, default=3, metavar="N")
    found = parser.parse_args(argv)
    if found.data is not None and not found.data.is_dir():
        parser.error(f"--data: {found.data} is not a folder")
    if not 1024 <= found.port_base <= 65000:
        parser.error("--port-base: from 1024 to 65000")
    return found


def tell(words: str) -> None:
    """Say something to whoever watches; standard output stays for the one JSON object."""
    print(words, file=sys.stderr, flush=True)


def _addresses(places: Layout) -> None:
    tell("")
    tell(f"  nation     {places.aggregator}")
    for town in places.towns:
        tell(f"  town       {town.url}   {town.name}")
    tell(f"  frames     {places.provider}{PATH}")
    tell(f"  mail       {places.mail}")
    tell(f"  accounts   {LOGINS} (password: beffroi)")
    tell("")
    tell("Ctrl-C stops all of it.")


def _wait() -> None:
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    stop.wait()


def demonstrate(options: argparse.Namespace, folder: Path) -> int:
    """Run the demonstration in a folder; return the exit status."""
    places = layout(options.port_base, folder, options.town_count)
    federation = Federation(places, options.data, tell)
    walks = options.once or options.json
    ok, owed, journey = True, options.json, list[dict[str, Any]]()
    try:
        federation.prepare()
        tell("starting …")
        federation.start()
        federation.federate()
        if walks:
            tell("the journey:")
            walk = Journey(places, tell, done=journey)
            ok = walk.walk()
            report = federation.report(ok, journey)
            if options.json:
                owed = False
                print(json.dumps(report, ensure_ascii=False), flush=True)
        if not options.once:
            federation.keep_pulling()
            _addresses(places)
            _wait()
    except (Exception, KeyboardInterrupt) as error:
        reason = str(error) or "it was stopped"
        tell(f"the demonstration could not go on: {reason}")
        if owed:
            journey += not_reached(STEPS[len(journey) :])
            failed = {"ok": False, "error": reason, "journey": journey}
            print(json.dumps(failed, ensure_ascii=False), flush=True)
        ok = False
    finally:
        federation.stop()
    return 0 if ok else 1


def _interrupted(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def main(argv: Sequence[str]) -> int:
    """Run `./beffroi demo`."""
    options = arguments(argv)
    signal.signal(signal.SIGTERM, _interrupted)  # so that what was started is stopped then too
    if options.data_dir is not None:
        options.data_dir.mkdir(parents=True, exist_ok=True)
        return demonstrate(options, options.data_dir.resolve())
    with tempfile.TemporaryDirectory(prefix="beffroi-demo-") as folder:
        return demonstrate(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
