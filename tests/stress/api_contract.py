# SPDX-License-Identifier: AGPL-3.0-or-later
"""Schemathesis against a running town, or nation, for as long as one likes; its figures as JSON.

    python tests/stress/api_contract.py [--seconds 600] [--examples 300] [--seed 1] [--nation]

Exit 0 if everything that was answered is what the OpenAPI document says, else 1 with the report.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy")]


def main() -> int:
    """Run it."""
    from support.contract import judge, written
    from support.live_nation import live_nation
    from support.live_town import live_town

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nation", action="store_true")
    given = parser.parse_args()
    how = {"seconds": given.seconds, "examples": given.examples, "seed": given.seed}
    with tempfile.TemporaryDirectory() as name:
        if given.nation:
            with live_nation(Path(name)) as nation:
                verdict = judge(
                    nation.url, None, Path(name), refs={"": nation.topic}, named="slug", **how
                )
        else:
            with live_town(Path(name)) as town:
                verdict = judge(town.url, town.token, Path(name), refs=town.refs, **how)
    if not verdict.ok:
        print(verdict.said, file=sys.stderr)
    print(written(verdict))
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
