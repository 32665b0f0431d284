# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers of GeoReport v2 are brought in: our own, real ones, and those with quirks or worse."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from beffroi.incidents.adapters import open311
from beffroi.incidents.adapters.georeport import NotReadable, rows
from beffroi.incidents.commands import fetched, import_file
from beffroi.incidents.service import ImportedReport
from beffroi_web.fetching import NotFetched
from support.browser import Late, served
from support.open311 import ask
from support.town import Town

CHECKOUT = Path(__file__).parents[3]
ONE = {
    "service_request_id": "12",
    "status": "open",
    "service_code": "road",
    "requested_datetime": "2027-01-02T10:00:00+01:00",
}


def read(path: Path) -> list[ImportedReport | str]:
    return list(open311.read(path, commune="99999", shift=timedelta()))


def bring(town: Town, path: Path, *, dry_run: bool = False) -> tuple[int, int, list[str]]:
    with town.app.app_context():
        return import_file(
            "open311",
            path,
            communes=("99999",),
            shift=timedelta(),
            now=town.now,
            progress=lambda _: None,
            dry_run=dry_run,
        )


def saved(folder: Path, said: Any, name: str = "answer.json") -> Path:
    path = folder / name
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    path.write_bytes(body)
    return path


@pytest.mark.parametrize("ending", ["xml", "json"])
def test_our_own_answer_is_read_back_once(town: Town, tmp_path: Path, ending: str) -> None:
    first, second = town.report(), town.report(category="road")
    town.release(first, description="Un lampadaire <éteint> & froid")
    town.close(second, "resolved")
    path = saved(tmp_path, ask(town, "requests", "", ending).get_data(), f"autre-ville.{ending}")
    assert bring(town, path, dry_run=True) == (2, 0, [])
    assert town.one("SELECT count(*) FROM incident WHERE source IS NOT NULL") == 0
    assert bring(town, path) == (2, 0, [])
    assert bring(town, path, dry_run=True) == (0, 2, [])
    assert bring(town, path) == (0, 2, [])
    found = town.rows(
        'SELECT i.source, i.category, c.status FROM incident i JOIN "case" c ON c.id = i.case_id'
        " WHERE i.source IS NOT NULL ORDER BY i.source"
    )
    assert [tuple(row) for row in found] == [
        (f"open311:autre-ville:{first}", "lighting", "open"),
        (f"open311:autre-ville:{second}", "road", "resolved"),
    ]
    words = "SELECT state FROM case_text WHERE original = 'Un lampadaire <éteint> & froid'"
    assert [row.state for row in town.rows(words)] == ["pending"]  # a citizen’s words, read anew


def test_an_address_is_fetched_and_rows_are_known_by_its_host(village: Town) -> None:
    late = Late()
    with served(late) as url:
        late.app = village.app
        village.report()
        address = f"{url}/open311/v2/requests.xml"
        with fetched(address, public_url=url) as path:
            assert bring(village, path) == (1, 0, [])
            assert not isinstance(read(path)[0], str)
        assert not path.exists()
        [row] = village.rows("SELECT source FROM incident WHERE source IS NOT NULL")
        assert row.source.startswith("open311:127.0.0.1-")
        with (
            pytest.raises(NotFetched),
            fetched(address, public_url="https://public.example"),
        ):
            pass


def real() -> Path:
    given = os.environ.get("BEFFROI_REAL_DATA")
    folder = (Path(given) if given else CHECKOUT.parent / "shared/data") / "open311"
    if not folder.is_dir():
        pytest.skip("not run: the real answers of Open311 are not here (BEFFROI_REAL_DATA)")
    return folder


@pytest.mark.real_data
def test_real_answers_are_read_and_lists_of_other_things_are_refused_row_by_row(
    village: Town,
) -> None:
    folder = real()
    for name, twice in (("koeln-2023-requests", 1), ("chicago-2014-pothole-requests", 0)):
        path = folder / f"{name}.json"
        assert bring(village, path, dry_run=True) == (50 - twice, twice, [])
        assert bring(village, path) == (50 - twice, twice, [])
        assert bring(village, path) == (0, 50, [])
    for name, count in (("koeln-services", 9), ("endpoints", 69)):
        added, known, refused = bring(village, folder / f"{name}.json")
        assert (added, known, len(refused)) == (0, 0, count)
        assert "no service_request_id" in refused[0]


@pytest.mark.parametrize(
    "body",
    [
        [ONE],
        ONE,  # one object where a list should stand
        {"service_requests": [ONE]},
        {"service_requests": {"request": [ONE]}},
        b'[{"service_request_id": 12, "status": null, "service_code": 006,'
        b' "requested_datetime": "2027-01-02T09:00:00Z"}]',  # as the specification's own samples
        b'\xef\xbb\xbf [\n{"service_request_id":"12","requested_datetime":"2027-01-02 10:00:00"}]',
        b'<?xml version="1.0"?><service_requests xmlns="http://wiki.open311.org/GeoReport_v2">'
        b"<request><service_request_id>12</service_request_id><status/>"
        b"<requested_datetime>2027-01-02T10:00:00+01:00</requested_datetime>"
        b"<notes><note><description>x</description></note></notes></request></service_requests>",
    ],
)
def test_quirks_are_borne_with(tmp_path: Path, body: Any) -> None:
    [one] = read(saved(tmp_path, body))
    assert not isinstance(one, str), one
    assert one.source == "open311:answer:12"
    assert one.closed_on is None


def test_a_bad_row_is_said_and_the_others_come(tmp_path: Path) -> None:
    bad: list[Any] = [
        {**ONE, "service_request_id": None}, {**ONE, "service_request_id": "x" * 61},
        {**ONE, "requested_datetime": "soon"}, "no object", {}, ONE,
    ]  # fmt: skip
    found = read(saved(tmp_path, bad))
    assert [isinstance(one, str) for one in found] == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "neither JSON nor XML"),
        (b"hello", "neither JSON nor XML"),
        (b'[{"a": 1}, {"b"', "breaks off"),
        (b"[\xff\xfe]", "not UTF-8"),
        ("<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"), "not UTF-8"),
        (b"<requests><request>", "not well-formed"),
        (
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><request><b>&x;</b></request></a>',
            "document type",
        ),
        (b"<a><request><b>&lol;</b></request></a>", "not well-formed"),
    ],
)
def test_what_is_no_answer_is_refused_in_a_sentence(tmp_path: Path, body: bytes, said: str) -> None:
    *_, last = read(saved(tmp_path, body))
    assert isinstance(last, str)
    assert said in last


def test_a_document_type_is_found_wherever_the_pieces_are_cut() -> None:
    body = b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]><a/>"
    for at in range(1, len(body)):
        with pytest.raises(NotReadable):
            list(rows([body[:at], body[at:]]))


def test_a_large_answer_is_read_piece_by_piece() -> None:
    def pieces(xml: bool) -> Iterator[bytes]:
        one = json.dumps(ONE).encode()
        if xml:
            inner = "".join(f"<{k}>{v}</{k}>" for k, v in ONE.items())
            one = f"<request>{inner}</request>".encode()
        yield b"<service_requests>" if xml else b"["
        for n in range(3000):
            body = one + (b"" if xml or n == 2999 else b",")
            yield body[:17]
            yield body[17:]
        yield b"</service_requests>" if xml else b"]"

    for xml in (True, False):
        found = list(rows(pieces(xml)))
        assert len(found) == 3000
        assert found[0] == found[-1] == ONE
    endless = (b'{"service_request_id": "' if n == 1 else b"[" if n == 0 else b"x" * 65_536
               for n in range(1000))  # fmt: skip
    with pytest.raises(NotReadable, match="too large"):
        list(rows(endless))
