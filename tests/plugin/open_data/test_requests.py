# SPDX-License-Identifier: AGPL-3.0-or-later
"""All public requests as CSV and JSON: what is in them, what is not, and how they are read."""

import csv
import gc
import io
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from beffroi.data_requests.queries import published
from beffroi.kernel.db import db
from beffroi.open_data.rules import INCIDENT_COLUMNS, REQUEST_COLUMNS, Column
from beffroi_web.cells import harmless
from support.town import AGENT, PUBLIC_URL, Town

PAGE = (Path(__file__).parents[3] / "docs/reference/open-data.md").read_text(encoding="utf-8")
COLUMN_NAMES = tuple(column.name for column in REQUEST_COLUMNS)
FILES = ("/data/requests.csv", "/data/requests.json")


def rows(town: Town) -> list[dict[str, str]]:
    body = town.visitor().get("/data/requests.csv").get_data(as_text=True)
    assert body.endswith("\r\n")
    reader = csv.DictReader(io.StringIO(body, newline=""))
    assert tuple(reader.fieldnames or ()) == COLUMN_NAMES
    return list(reader)


def items(town: Town) -> list[dict[str, Any]]:
    document = town.visitor().get("/data/requests.json").get_json()
    assert document["publisher"] == town.settings.name
    assert all(tuple(item) == COLUMN_NAMES for item in document["items"])
    return list(document["items"])


def everything(town: Town) -> str:
    return "\n".join(town.visitor().get(path).get_data(as_text=True) for path in FILES)


@pytest.mark.parametrize(
    ("what", "columns"), [("requests", REQUEST_COLUMNS), ("reports", INCIDENT_COLUMNS)]
)
def test_the_reference_page_has_each_column_with_its_kind_and_codes(
    what: str, columns: tuple[Column, ...]
) -> None:
    table = PAGE.split(f"## The columns of the {what}")[1].split("\n## ")[0]
    found = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", table, re.MULTILINE)
    assert [(name, kind) for name, kind, _ in found] == [(c.name, c.kind) for c in columns]
    for (name, _, words), column in zip(found, columns, strict=True):
        if column.codes:
            assert set(re.findall(r"`(\w+)`", words)) == set(column.codes), name


def test_a_row_holds_released_words_and_the_newest_answer_and_nothing_else(town: Town) -> None:
    first = town.request(
        purpose="Pour mon voisin", area="Le centre", organisation="210000006", title="Les menus"
    )
    town.release(first, "title", "area")
    second = town.request(title="Les menus encore", email="sam@citizens.example")
    town.release(second)
    town.later(days=1)
    town.answer(first, "published", "Voici.", url="https://donnees.ville.example/menus")
    town.answer(second, "duplicate", "Voyez l’autre.", duplicate_of=first)
    one, two = items(town)
    assert one == {
        "ref": first, "url": f"{PUBLIC_URL}/requests/{first}", "object": "dataset", "theme": None,
        "status": "published", "lang": "fr", "commune": "99999", "received_on": "2027-01-12",
        "due_on": "2027-02-12", "closed_on": "2027-01-13", "supports": 0, "title": "Les menus",
        "wanted": None, "area": "Le centre", "period": None, "format": None,
        "software": None, "decision": None,
        "outcome": "published", "answered_on": "2027-01-13", "answer": "Voici.", "ground": None,
        "published_url": "https://donnees.ville.example/menus", "planned": None,
        "duplicate_of": None, "licence": "etalab-2.0", "swhid": None, "redirected_to": None,
        "reuses": 0,
    }  # fmt: skip
    assert (two["ref"], two["duplicate_of"]) == (second, first)
    assert rows(town) == [
        {name: "" if value is None else str(value) for name, value in item.items()}
        for item in (one, two)
    ]
    assert not re.search("voisin|210000006|citizens.example|Alix|" + AGENT.name, everything(town))
    # An answer that is held back takes its address along; its codes stay.
    town.hold(first, "answer")
    held = items(town)[0]
    assert (held["outcome"], held["answer"], held["published_url"]) == ("published", None, None)


def test_what_is_removed_unlisted_or_only_shown_leaves_no_trace(town: Town) -> None:
    kept = town.request(title="Ce qui reste")
    town.release(kept)
    gone = town.request(title="Ce qui part", email="sam@citizens.example")
    town.release(gone)
    town.answer(kept, "duplicate", "Le même.", duplicate_of=gone)
    shown = town.request(title="Montré tout seul", email="lou@citizens.example")
    shown_id = town.id_of(shown)
    with town.change():
        of_shown = "UPDATE case_text SET state = 'shown', public = original WHERE case_id = :id"
        db.session.execute(text(of_shown), {"id": shown_id})
    before = tags(town)
    for category in ("neighbours", "lighting"):
        town.report(category=category, description="Rien de tout cela n’est une demande, ici.")
    assert tags(town) == before  # reports, listed or not, do not move a validator
    town.remove(gone)
    assert gone not in everything(town)
    assert "Montré" not in everything(town)
    assert [item["ref"] for item in items(town)] == [kept, shown]
    assert items(town)[0]["duplicate_of"] is None
    assert tags(town) != before


def tags(town: Town) -> list[str]:
    return [town.visitor().get(path).headers["ETag"] for path in FILES]


def test_blocks_hold_everything_once_and_what_is_removed_meanwhile_does_not_follow(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "BLOCK", 2)
    refs = [town.request(email=f"p{n}@citizens.example") for n in range(7)]  # at one moment
    town.later(minutes=1)
    refs += [town.request(email="later@citizens.example")]
    assert [row["ref"] for row in rows(town)] == refs
    with town.app.app_context():
        read = published.blocks()
        first = next(read)
        assert [row.ref for row in first] == refs[:2]
        town.remove(refs[2])  # a writer is not kept out by a reader that stands still
        assert [row.ref for block in read for row in block] == refs[3:]


def test_the_files_are_streamed_and_read_nothing_when_they_are_known(
    village: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    village.request()
    village.later(seconds=10)
    visitor = village.visitor()
    for path in FILES:
        first = visitor.get(path)
        assert (first.status_code, first.headers.get("Content-Length")) == (200, None)
        assert "must-revalidate" in first.headers["Cache-Control"]
        known = {"If-None-Match": first.headers["ETag"]}
        since = {"If-Modified-Since": first.headers["Last-Modified"]}
        with monkeypatch.context() as patched:
            patched.setattr(published, "_published", lambda rows: pytest.fail("it was read"))
            for headers in (known, since):
                again = visitor.get(path, headers=headers)
                assert (again.status_code, again.get_data()) == (304, b"")
            head = visitor.client.head(path, base_url=PUBLIC_URL)
            assert (head.status_code, head.headers["ETag"]) == (200, first.headers["ETag"])
            assert "Content-Length" not in head.headers


def test_every_public_change_renews_the_files_by_tag_and_by_date(village: Town) -> None:
    ref, other = village.request(), village.request(email="sam@citizens.example")
    village.release(other)
    steps = (
        lambda: village.release(ref),
        lambda: village.hold(ref, "title"),
        lambda: village.answer(ref, "refused", "Non.", ground="privacy"),
        lambda: village.remove(other),
        lambda: village.remove(ref),
    )
    for step in steps:
        village.later(minutes=1)
        known = [village.visitor().get(path).headers for path in FILES]
        step()
        village.later(seconds=1)
        fresh = [village.visitor().get(path).headers for path in FILES]
        assert all("Last-Modified" not in one for one in fresh)  # its second may hold another
        village.later(minutes=1)
        for path, headers in zip(FILES, known, strict=True):
            for condition in (
                {"If-None-Match": headers["ETag"]},
                {"If-Modified-Since": headers["Last-Modified"]},
            ):
                assert village.visitor().get(path, headers=condition).status_code == 200


def test_no_cell_is_a_formula_whatever_parts_the_cells(village: Town) -> None:
    bad = '=HYPERLINK("https://x.example";"ici");=1+1\n-2+3\n\t@SUM(A1)\n＝1'
    ref = village.request(title="+33 ; =cmd|' /C calc'!A0", wanted=bad)
    village.release(ref, title="+33 ; =cmd|' /C calc'!A0", wanted=bad)
    [row], [item] = rows(village), items(village)
    assert item["wanted"] == bad
    for cell in row.values():
        for piece in re.split(r"[;\t\n\r]", cell):
            assert not re.match(r"\s*[=+\-@＝＋－＠]", piece), cell
    assert row["wanted"].replace("'", "") == bad
    assert harmless("deux - trois = 5, a@b.example") == "deux - trois = 5, a@b.example"


def test_a_large_town_takes_no_more_memory_than_a_block(village: Town) -> None:
    """No more rows are alive than two blocks have, however many there are."""
    village.request()
    names = [row[1] for row in village.rows('PRAGMA table_info("case")')]
    same = ", ".join(name for name in names if name not in {"id", "ref", "received_at"})
    numbers = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1701) "
    with village.change():
        db.session.execute(
            text(
                f'INSERT INTO "case" (id, ref, received_at, {same}) {numbers} '
                f"SELECT i, '2027-' || i, strftime('%Y-%m-%d %H:%M:%S.000000', received_at, "
                f"'+' || (i / 3) || ' seconds'), {same} FROM \"case\", n WHERE id = 1"
            )
        )
        codes = f"INSERT INTO data_request (case_id, object) {numbers} SELECT i, 'api' FROM n"
        db.session.execute(text(codes))
    most = found = 0
    with village.app.app_context():
        for block in published.blocks():
            found += len(block)
            alive = sum(isinstance(one, published.PublishedRequest) for one in gc.get_objects())
            most = max(most, alive)
    assert found == 1701
    assert most <= 2 * published.BLOCK
