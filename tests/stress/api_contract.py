# SPDX-License-Identifier: AGPL-3.0-or-later
"""Schemathesis against a running town for as long as one likes; prints its figures as JSON.

    python tests/stress/api_contract.py [--seconds 600] [--examples 300] [--seed 1]

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
    from support.live_town import live_town

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, live_town(Path(name)) as live:
        verdict = judge(
            live.url, live.token, Path(name), seconds=given.seconds, examples=given.examples,
            refs=live.refs, seed=given.seed,
        )  # fmt: skip
    if not verdict.ok:
        print(verdict.said, file=sys.stderr)
    print(written(verdict))
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
