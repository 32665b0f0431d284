# SPDX-License-Identifier: AGPL-3.0-or-later
"""`python -m beffroi_privacy.attack TOWN [--nation URL] [--figures FILE] [--json]`.

Reads everything public of a town, and of the nation if it is named, and tries to compute figures
about the cases that nobody lists. Exit 0: nothing was found. 1: something was, and what is printed.
2: wrong usage, or nobody answers there.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from beffroi_privacy.attack.published import Published, figures_in
from beffroi_privacy.attack.reading import read_nation, read_town, siren_of
from beffroi_privacy.attack.trying import findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the attack; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m beffroi_privacy.attack", description=__doc__)
    parser.add_argument("town", help="public address of a town, such as https://demandes.ville.fr")
    parser.add_argument("--nation", default="", help="address of the aggregator that pulls it")
    parser.add_argument(
        "--figures", type=Path, help="more public figures: JSON objects with period and count"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    found = Published()
    try:
        siren = siren_of(options.town)
        read_town(options.town, found)
        if options.nation:
            read_nation(options.nation, siren, found)
        if options.figures:
            found.told += figures_in(json.loads(options.figures.read_bytes()), str(options.figures))
    except (ValueError, OSError) as error:
        print(f"attack: {error}", file=sys.stderr)
        return 2
    if not siren or not found.read:
        print(f"attack: {options.town} does not answer like a town", file=sys.stderr)
        return 2
    return _say(found, as_json=options.json)


def _say(found: Published, *, as_json: bool) -> int:
    """Print what was read and what was found; return the exit status."""
    result = findings(found)
    shown = sum(1 for told in found.told if told.count is not None)
    read = {"addresses": len(found.read), "listed": len(found.listed), "cells": len(found.told)}
    if as_json:
        told = [asdict(one) for one in result]
        print(json.dumps({"read": {**read, "shown": shown}, "findings": told}, ensure_ascii=False))
    else:
        print(
            f"read {read['addresses']} addresses: {read['listed']} listed cases,"
            f" {read['cells']} cells, {shown} of them with figures"
        )
        for one in result:
            print(f"{one.way}: {one.words}")
        print("something about unlisted cases was found" if result else "nothing was found")
    return 1 if result else 0


if __name__ == "__main__":
    sys.exit(main())
