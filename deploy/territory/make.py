# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes the list of communes and intercommunal bodies anew, once a year when INSEE publishes it.

    npm pack @etalab/decoupage-administratif && tar xzf etalab-decoupage-administratif-*.tgz
    python deploy/territory/make.py package/data 2026

Codes, SIREN numbers, names and inhabitants are facts of the Code officiel géographique (INSEE) and
of the base of EPCI (DGCL), both under Licence Ouverte; the package brings them in JSON.
"""

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "plugin" / "beffroi" / "legal" / "territory"


def main(folder: Path, year: str) -> None:
    """Write `communes.tsv` and `epci.tsv`."""
    communes = json.loads((folder / "communes.json").read_text(encoding="utf-8"))
    rows = sorted(
        (one["code"], one.get("siren", ""), str(one.get("population", "")), one["nom"])
        for one in communes
        if one["type"] == "commune-actuelle"
    )
    _write("communes.tsv", f"# COG {year}: INSEE code, SIREN, inhabitants, name", rows)
    bodies = json.loads((folder / "epci.json").read_text(encoding="utf-8"))
    rows = sorted(
        (
            one["code"],
            str(one["populationMunicipale"]),
            " ".join(sorted(member["code"] for member in one["membres"])),
            one["nom"],
        )
        for one in bodies
    )
    _write("epci.tsv", f"# EPCI {year}: SIREN, inhabitants, communes, name", rows)


def _write(name: str, head: str, rows: list[tuple[str, ...]]) -> None:
    lines = [head, *("\t".join(row) for row in rows)]
    (TARGET / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
