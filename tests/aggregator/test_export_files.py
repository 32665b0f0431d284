# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files of the whole: the rows of the API in CSV and Parquet, sums, ranges, nothing withdrawn."""

import csv
import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from beffroi_federation.aggregator.exports import commands, rules
from beffroi_federation.aggregator.exports.adapters import writing
from beffroi_federation.aggregator.exports.rules import Column
from beffroi_web.cells import harmless
from beffroi_web.clock import FixedClock
from support.nation import (
    NamedTown,
    Nation,
    cell_content,
    cyber_content,
    make_town,
    request_content,
)
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]
SPOKEN = "=Le titre qui sera retiré"


@pytest.fixture
def town(nation: Nation, serve: Serve) -> NamedTown:
    made = make_town()
    made.record(request_content(1, title=SPOKEN, period="2025-W52", commune="99999"))
    made.record(request_content(2, summary="Sur deux lignes,\n“citées” ; =1+1"))
    made.record(cell_content(closed=5, delay="8-30"))
    made.record(cell_content(category="noise", state="suppressed", count=None, period="2025"))
    made.record(cyber_content(1))
    made.publish()
    serve(made)
    nation.know(made)
    nation.pull()
    return made


def make(nation: Nation, **options: Any) -> int:
    with nation.app.app_context():
        return commands.make(now=nation.clock.now(), **options)


def fetched(nation: Nation, path: str, **headers: str) -> TestResponse:
    """Ask for something, and read it to its end."""
    answer = nation.client().get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer.get_data()
    answer.close()
    return answer


def read(nation: Nation, name: str) -> bytes:
    answer = fetched(nation, f"/data/{name}")
    assert answer.status_code == 200, name
    return answer.data


def api(nation: Nation, kind: str) -> list[dict[str, Any]]:
    answer = nation.client().get(f"/api/v1/records?kind={kind}&limit=200").json
    assert answer is not None
    items: list[dict[str, Any]] = answer["items"]
    return items


def test_both_forms_hold_the_rows_of_the_api_each_year_its_own(
    nation: Nation, town: NamedTown
) -> None:
    assert nation.client().get("/data/requests.csv").status_code == 404
    assert "made the next night" in nation.page("/data/")
    assert make(nation) == 2 * (3 + 3 + 2 + 1 + 1 + 1)
    for name, kind in (("requests", "request"), ("incidents", "incident_summary"),
                       ("cyber", "cyber_incident"), ("campaigns", "campaign")):  # fmt: skip
        table = pyarrow.parquet.read_table(io.BytesIO(read(nation, f"{name}.parquet"))).to_pylist()
        expected = {one["ref"]: one for one in api(nation, kind)}
        assert {row["ref"] for row in table} == expected.keys()
        for row in table:
            wanted = expected[row["ref"]]
            for column, value in row.items():
                if column != "department":
                    assert value == {**wanted["record"], **wanted}.get(column), column
        rows = list(csv.DictReader(io.StringIO(read(nation, f"{name}.csv").decode())))
        said = [{k: "" if v is None else str(v) for k, v in row.items()} for row in table]
        texts = {c.name for c in rules.DATA[name].columns if c.kind in {"text", "address"}}
        assert rows == [
            {k: harmless(v) if k in texts else v for k, v in one.items()} for one in said
        ]
    assert "'=Le titre" in read(nation, "requests-2025.csv").decode()
    assert "titre" not in read(nation, "requests-2026.csv").decode()
    [one] = csv.DictReader(io.StringIO(read(nation, "towns.csv").decode()))
    assert (one["siren"], one["communes"]) == (town.siren, "99999")
    assert pyarrow.parquet.read_table(io.BytesIO(read(nation, "topics.parquet"))).num_rows >= 1


def test_sums_ranges_and_descriptions_fit(nation: Nation, town: NamedTown) -> None:
    make(nation)
    client = nation.client()
    whole = fetched(nation, "/data/requests.csv")
    digest = hashlib.sha256(whole.data).hexdigest()
    assert client.get("/data/requests.csv.sha256").text == f"{digest}  requests.csv\n"
    assert whole.headers["ETag"] == f'"{digest}"'
    assert "must-revalidate" in whole.headers["Cache-Control"]
    assert "Set-Cookie" not in whole.headers
    part = fetched(nation, "/data/requests.csv", Range="bytes=3-6")
    assert (part.status_code, part.data) == (206, whole.data[3:7])
    known = fetched(nation, "/data/requests.csv", If_None_Match=whole.headers["ETag"])
    assert known.status_code == 304
    package = client.get("/data/datapackage.json").json
    assert package["licenses"][0]["name"] == "etalab-2.0"
    for one in package["resources"]:
        body = fetched(nation, one["path"].removeprefix("http://127.0.0.1:8300")).data
        assert (len(body), f"sha256:{hashlib.sha256(body).hexdigest()}") == (
            one["bytes"], one["hash"],
        )  # fmt: skip
        if "schema" in one:
            header = next(csv.reader(io.StringIO(body.decode())))
            assert header == [field["name"] for field in one["schema"]["fields"]]
    assert client.get("/data/requests.schema.json").json["fields"][0]["name"] == "ref"
    page = nation.page("/data/", "fr")
    assert "requests-2025.parquet" in page
    for wrong in ("nothing.csv", "requests.csv.gz", "requests-2024.csv", "..%2fx", "x.schema.json"):
        assert client.get(f"/data/{wrong}").status_code == 404, wrong


def test_what_was_withdrawn_is_in_no_file_and_no_file_outlives_a_dead_worker(
    nation: Nation, town: NamedTown, clock: FixedClock
) -> None:
    make(nation)
    folder = Path(nation.settings.data_dir) / "exports"
    with nation.app.app_context():
        assert not commands.is_due(clock.now())
    clock.move(timedelta(hours=7))
    town.withdraw(0)
    town.publish()
    nation.pull()
    with nation.app.app_context():
        assert commands.is_due(clock.now())
    assert SPOKEN in read(nation, "requests.csv").decode()  # for the minutes until it is made anew
    clock.move(rules.OVERDUE + timedelta(minutes=1))
    for name in ("requests.csv", "requests-2025.parquet", "topics.parquet"):
        late = nation.client().get(f"/data/{name}")
        assert (late.status_code, late.headers["Retry-After"]) == (503, "600"), name
    assert read(nation, "incidents.csv")
    assert read(nation, "requests-2026.csv")
    (folder / "requests.1.csv.part").write_text(SPOKEN)  # left by a process that died
    assert make(nation) == 2 * (2 + 1)
    assert nation.client().get("/data/requests-2025.csv").status_code == 404
    for path in folder.iterdir():
        held = path.read_bytes()
        if path.suffix == ".parquet":
            held = str(pyarrow.parquet.read_table(path).to_pylist()).encode()
        assert SPOKEN.encode() not in held, path
    assert SPOKEN not in read(nation, "requests.csv").decode()
    with nation.app.app_context():
        assert not commands.is_due(clock.now())
    clock.move(timedelta(days=1))
    with nation.app.app_context():
        assert commands.is_due(clock.now())


def test_files_that_began_earlier_never_take_the_place_of_newer_ones(
    small_nation: Nation, clock: FixedClock
) -> None:
    make(small_nation)
    clock.moment -= timedelta(minutes=5)
    assert make(small_nation, everything=True) == 0


def test_pulling_never_loads_what_writes_parquet() -> None:
    code = (
        "import sys; import beffroi_federation.aggregator.operating, "
        "beffroi_federation.aggregator.app; print('pyarrow' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert said.stdout.strip() == "False"


@given(
    st.lists(
        st.text(st.sampled_from("=+-@＝ \t\r\n\x0b\x1c\x85;\u00a0\u2028a'"), max_size=8), max_size=6
    )
)
def test_whole_columns_are_made_as_harmless_as_single_cells(cells: list[str]) -> None:
    batch = pyarrow.record_batch([pyarrow.array(cells, type=pyarrow.string())], names=["a"])
    made = writing._harmless(batch, [0]).column(0).to_pylist()
    assert made == [harmless(one) for one in cells]


def test_row_groups_bound_what_is_held(tmp_path: Path) -> None:
    def blocks() -> Iterator[list[list[Any]]]:
        for number in range(40):
            yield [["x" * 4_000] * 1_000, [f"20{20 + number % 2}-W01"] * 1_000]

    columns = [Column("words", "text", ""), Column("period", "code", "")]
    made = writing.write(tmp_path, "things", columns, blocks(), year_at=1)
    assert {one.name: one.rows for one in made if one.name.endswith("csv")} == {
        "things.csv": 40_000, "things-2020.csv": 20_000, "things-2021.csv": 20_000,
    }  # fmt: skip
    [whole] = [one for one in made if one.name == "things.parquet"]
    file = pyarrow.parquet.ParquetFile(tmp_path / f"{whole.sha256}.parquet")
    assert file.num_row_groups >= 2
    assert all(file.metadata.row_group(at).num_rows <= 20_000 for at in range(file.num_row_groups))
