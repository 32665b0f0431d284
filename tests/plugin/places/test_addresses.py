# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's addresses: what is read of a file, what words find, on both databases."""

import gzip
from contextlib import suppress
from pathlib import Path

from beffroi.kernel import clock
from beffroi.places import commands, queries
from beffroi.places.adapters import ban
from beffroi.places.rules import CROSSING, NUMBER, STREET
from support import addresses
from support.addresses import row, street
from support.town import Town

OURS = ("35238", "35051")
ROWS = [
    *street("35238", "0001", "Rue des Lilas", range(1, 40), start=(48.10, -1.69)),
    row("35238", "0001", 12, "Rue des Lilas", suffix="bis", at=(48.1001, -1.688)),
    *street("35238", "0002", "Rue du 8 Mai 1945", range(2, 30, 2), start=(48.11, -1.70)),
    *street("35238", "0003", "Avenue du Général Hardouin", range(1, 60), start=(48.105, -1.69)),
    *street("35238", "0004", "Rue Jeanne Lemercier", range(1, 9), start=(48.09, -1.69)),
    *street(
        "35238", "0005", "Place de l’Écluse", range(1, 5), start=(48.1001, -1.6898),
        step=(0.0002, 0.0),
    ),
    *street("35238", "0006", "Grande Rue", range(1, 7), start=(48.12, -1.66)),
    *street("35238", "0007", "Impasse Saint-Aubert", range(1, 7), start=(48.12, -1.65)),
    *street(
        "35051", "0001", "Rue des Lilas", range(1, 20), start=(48.12, -1.60),
        postcode="35510", town="Autre-Ville",
    ),
    *street(
        "35051", "0008", "Rue de l’Église", range(1, 5), start=(48.13, -1.61),
        postcode="35510", town="Autre-Ville", older="Ancien-Bourg",
    ),
    *street(
        "35051", "0009", "Rue de l’Église", range(1, 5), start=(48.14, -1.62),
        postcode="35510", town="Autre-Ville", older="Vieux-Hameau",
    ),
    *street("99999", "0001", "Rue des Lilas", range(1, 4), start=(48.2, -1.5)),
]  # fmt: skip


def bring(town: Town, path: Path, rows: list[str], **more: bool) -> commands.Report:
    file = addresses.write(path, rows)
    with town.app.app_context():
        return commands.import_file(
            file, communes=OURS, now=clock.now(), progress=lambda _: None, **more
        )


def found(town: Town, said: str, **more: str) -> list[str]:
    with town.app.app_context():
        return [one.label for one in queries.find(said, **more).places]


LILAS = "Rue des Lilas, 35000 Ville-Exemple"


def test_a_damaged_file_is_refused_in_words_wherever_it_is_damaged(tmp_path: Path) -> None:
    whole = gzip.compress(addresses.write(tmp_path / "a.csv", ROWS).read_bytes())
    path = tmp_path / "a.csv.gz"
    for at in range(12, 60, 4):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with suppress(ValueError):
            list(ban.read(path, frozenset({"99999"})))


def test_words_find_the_address_that_they_mean_and_a_file_replaces_the_older_one(
    town: Town, tmp_path: Path
) -> None:
    report = bring(town, tmp_path / "adresses-35.csv.gz", ROWS)
    assert (report.added, report.elsewhere, report.refused) == (len(ROWS) - 3, 3, [])
    first = f"12 {LILAS}"
    for said in (
        "12 rue des lilas", "12, r. des Lilas 35000", "12 rue des lila ville-exemple",
        "rue des LILAS 12", "lilas rue 12", "devant le 12 rue des Lillas, à côté de la boulangerie",
    ):  # fmt: skip
        assert found(town, said)[0] == first, said
    assert found(town, "12bis rue des lilas")[0] == f"12 bis {LILAS}"
    assert found(town, "12 b rue des lilas")[0] == f"12 bis {LILAS}"
    assert found(town, "12 rue des lilas autre ville")[0] == "12 Rue des Lilas, 35510 Autre-Ville"
    assert found(town, "12 rue des lilas", commune="35051") == [
        "12 Rue des Lilas, 35510 Autre-Ville"
    ]
    assert found(town, "8 rue du 8 mai 1945")[0].startswith("8 Rue du 8 Mai 1945")
    assert found(town, "rue du huit mai")[0].startswith("Rue du 8 Mai 1945")
    assert found(town, "24 av gal hardouin")[0].startswith("24 Avenue du Général Hardouin")
    assert found(town, "3 rue j. lemercier")[0].startswith("3 Rue Jeanne Lemercier")
    assert found(town, "2 imp. st aubert")[0].startswith("2 Impasse Saint-Aubert")
    assert found(town, "grande rue")[0].startswith("Grande Rue")
    assert found(town, "12 rue de l’hôpital") == []
    assert found(town, "") == found(town, "?!") == found(town, "12") == []
    with town.app.app_context():
        no_number = queries.find("rue des lilas 35000").places[0]
        missing = queries.find("400 rue des lilas 35000").places[0]
        corner = queries.find("angle rue des Lilas / place de l’écluse").places[0]
        twins = queries.find("rue de l’église").places
        begun = queries.find("12 rue des lil", typing=True).places[0]
        for place in (no_number, corner, begun, *twins):
            again = queries.place(place.code)
            assert again is not None
            assert (again.label, again.point) == (place.label, place.point)
        assert queries.place("35238_0001_00400") is None
        assert queries.place("35238_0001_00012_x") is None
        assert queries.place("1") is queries.place("35238_0001\x00") is queries.place("+") is None
    assert (no_number.kind, no_number.missing) == (STREET, "")
    assert 250 < no_number.reach < 320
    assert (missing.kind, missing.missing, missing.label) == (STREET, "400", LILAS)
    assert (corner.kind, corner.reach < 40) == (CROSSING, True)
    assert begun.kind == NUMBER
    assert [one.label for one in twins] == [
        "Rue de l’Église, Ancien-Bourg, 35510 Autre-Ville",
        "Rue de l’Église, Vieux-Hameau, 35510 Autre-Ville",
    ]
    again = bring(town, tmp_path / "adresses-35.csv.gz", ROWS)
    assert (again.added, again.known, again.gone) == (0, len(ROWS) - 3, 0)
    fewer = [one for one in ROWS if "Lemercier" not in one]
    trial = bring(town, tmp_path / "fewer.csv", fewer, dry_run=True)
    assert (trial.added, trial.gone) == (0, 8)
    assert found(town, "3 rue lemercier")
    bring(town, tmp_path / "fewer.csv", fewer)
    assert found(town, "3 rue lemercier") == found(town, "3 rue lemercie") == []
    assert found(town, "12 rue des lilas")[0] == first
