# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi import addresses FILE`: the town's own copy of its addresses, a commune at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from beffroi.kernel import bulk
from beffroi.kernel.db import unit_of_work
from beffroi.places import service
from beffroi.places.adapters import ban
from beffroi.places.rules import Address

KIND = "addresses"
BLOCK = 5_000
"""Rows after which progress is told."""
MOST = 2_000_000
"""Addresses of one town, all of which are in memory once; no body has so many."""


@dataclass(slots=True)
class Report:
    """What came of a file: addresses by what became of them, a sentence for each row refused.

    `elsewhere` are rows of other communes, `twice` further positions of an address, `none` the
    communes of the town of which the file has nothing: their older addresses stay.
    """

    added: int = 0
    known: int = 0
    gone: int = 0
    elsewhere: int = 0
    twice: int = 0
    communes: int = 0
    none: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stopped: str = ""

    def sentence(self, dry_run: bool) -> str:
        """Return what changed, or would change, in one sentence."""
        added, gone = ("would be added", "would go") if dry_run else ("added", "gone")
        said = [
            f"addresses of {self.communes} communes", f"{self.added} {added}",
            f"{self.known} known already", f"{self.gone} {gone}",
            f"{self.twice} further positions left out", f"{self.elsewhere} of other communes",
            f"{len(self.refused)} refused",
        ]  # fmt: skip
        none = f"; nothing of {', '.join(self.none[:10])}" if self.none and self.communes else ""
        return ", ".join(said) + none + ("; nothing was written" if dry_run else "")


def import_file(
    path: Path,
    *,
    communes: Sequence[str],
    now: datetime,
    progress: Callable[[int], None],
    dry_run: bool = False,
) -> Report:
    """Put the addresses of a file in the place of older ones; each commune in one transaction.

    Those of communes that are the town's no longer go.

    A file that cannot be read to its end changes nothing. With `dry_run` nothing is written.
    """
    report = Report()
    try:
        kept = _read(path, communes, report, progress)
    except ValueError as error:
        report.stopped = str(error)
        return report
    report.none = [code for code in communes if code not in kept]
    if kept and not dry_run:
        with unit_of_work():
            service.forget_all_but(communes)
    for commune in sorted(kept):
        of = list(kept[commune].values())
        if dry_run:
            done = service.compare(commune, of)
        else:
            with unit_of_work():
                bulk.make_room()
                done = service.replace(commune, of, now=now)
        report.communes += 1
        report.added += done.added
        report.known += done.known
        report.gone += done.gone
    return report


_Kept = dict[str, dict[tuple[str, int, str], Address]]


def _read(
    path: Path, communes: Sequence[str], report: Report, progress: Callable[[int], None]
) -> _Kept:
    """Return the addresses of a file by commune, each at the position nearest to its street."""
    kept: _Kept = {}
    many = 0
    wanted = frozenset(communes)
    for count, one in enumerate(ban.read(path, wanted), 1):
        if count % BLOCK == 0:
            progress(BLOCK)
        if one is None:
            report.elsewhere += 1
        elif isinstance(one, str):
            report.refused.append(one)
        else:
            of = kept.setdefault(one.commune, {})
            key = (one.street, *one.key)
            known = of.get(key)
            report.twice += known is not None
            if known is None or one.rank < known.rank:
                of[key] = one
            many += known is None
            if many > MOST:
                raise ValueError(f"{path.name} has more than {MOST} addresses of ours")
    return {commune: _but_names(of) for commune, of in kept.items()}


def _but_names(of: dict[tuple[str, int, str], Address]) -> dict[tuple[str, int, str], Address]:
    """Return addresses without those that only name a street which has numbers."""
    numbered = {street for street, number, _ in of if number}
    return {key: one for key, one in of.items() if key[1] or key[0] not in numbered}
