# SPDX-License-Identifier: AGPL-3.0-or-later
"""Readers of others' files: what fits becomes a request, anything else is one sentence."""

import gzip
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from beffroi.data_requests.adapters import alaveteli, ckan, requests_csv, udata
from beffroi.data_requests.adapters.mapping import CODES, COLUMNS, MappingRefused, read_mapping
from beffroi.data_requests.adapters.sources import MOST_CELL, How, Unreadable, open_text
from beffroi.data_requests.service import ImportedRequest

ROOT = Path(__file__).parents[3]

MAPPING = """
[file]
name = "registre"
encoding = "windows-1252"
delimiter = ";"
dates = "%d/%m/%Y"
language = "fr"
words = "institution"

[columns]
id = "N°"
title = "Objet"
wanted = "Demande"
received = "Reçue le"
answered = "Close le"
status = "État"
outcome = "Suite"
object = "Nature"
answer = "Réponse"
url = "Lien"
planned = "Prévue"
authors = ["Nom", "Courriel"]

[values.status]
"En cours" = "under_review"

[values.outcome]
"Acceptée" = "published"
"Rejetée" = "refused"
"Prévue" = "planned"

[values.object]
"Fichier" = "dataset"

[defaults]
object = "document"
"""
HEAD = "N°;Nom;Courriel;Objet;Demande;Reçue le;Close le;État;Suite;Nature;Réponse;Lien;Prévue;Note"
ROW = "2019/{n};Aline Exemple;aline@courriel.example;{title};{wanted};04/03/2019;{rest};à rappeler"


def register(
    folder: Path, *rows: str, head: str = HEAD, mapping: str = MAPPING
) -> tuple[Path, How]:
    """Write a register as a French spreadsheet saves it, and its mapping."""
    (folder / "m.toml").write_text(mapping, encoding="utf-8")
    path = folder / "registre.csv"
    path.write_bytes("\r\n".join((head, *rows)).encode("windows-1252", "surrogateescape"))
    return path, How(folder / "m.toml")


def row(n: int, title: str = "Arbres", wanted: str = "Les arbres.", rest: str = ";;;;;;") -> str:
    return ROW.format(n=n, title=title, wanted=wanted, rest=rest)


def read(reader: Any, path: Path, how: How | None = None) -> list[ImportedRequest | str]:
    return list(reader.read(path, shift=timedelta(), how=how))


def test_a_register_is_read_by_its_mapping_and_its_authors_are_not_kept(tmp_path: Path) -> None:
    path, how = register(
        tmp_path,
        row(1, "Les arbres", '"Bonjour,\nles arbres.\nAline Exemple, aline@courriel.example"'),
        row(2, rest="02/04/2019;;Acceptée;Fichier;Voici.;https://donnees.ville.example/a;"),
        row(3, rest=";En cours;;;;;").replace("aline@courriel.example", "+33(0)612345678"),
        row(4, rest="02/04/2019;;Prévue;;Bientôt.;;2019-Q4"),
        row(5, rest="02/04/2019;;Rejetée;;;;"),
    )
    first, published, at_work, planned, refused = read(requests_csv, path, how)
    assert isinstance(first, ImportedRequest)
    assert (first.source, first.title, first.object) == (
        "csv:registre:2019/1",
        "Les arbres",
        "document",
    )
    assert first.wanted.startswith("Bonjour,\nles arbres.\n")
    assert first.received_at.isoformat() == "2019-03-04T10:00:00+00:00"
    assert first.official
    assert first.lang == "fr"
    assert first.status == "open"
    assert isinstance(published, ImportedRequest)
    assert (published.status, published.outcome, published.object) == (
        "published",
        "published",
        "dataset",
    )
    assert published.closed_on == date(2019, 4, 2)
    assert published.url == "https://donnees.ville.example/a"
    assert isinstance(at_work, ImportedRequest)
    assert (at_work.status, at_work.outcome, at_work.closed_on) == ("under_review", None, None)
    assert isinstance(planned, ImportedRequest)
    assert (planned.status, planned.planned) == ("planned", "2019-Q4")
    assert isinstance(refused, ImportedRequest)
    assert refused.decision.startswith("Cette demande a reçu sa réponse avant")
    everything = repr([first, published, at_work, planned, refused])
    for personal in ("Aline", "Exemple", "aline", "courriel", "rappeler"):
        assert personal not in everything


@pytest.mark.parametrize(
    ("line", "instead", "fault"),
    [
        ("[file]", "[fil]", "“fil” is not known"),
        ('name = "registre"', 'name = "Mon registre"', "“name”"),
        ('"windows-1252"', '"utf-7"', "“encoding”: one of utf-8"),
        ('delimiter = ";"', 'delimiter = "x"', "“delimiter”"),
        ('"%d/%m/%Y"', '"jj/mm"', "“dates”"),
        ('language = "fr"', "", "“language”"),
        ('words = "institution"', "", "“words”: say whose words"),
        ('id = "N°"', "", "“id” is missing"),
        ('id = "N°"', 'author = "Nom"', "“author” is not known"),
        ('id = "N°"', 'id = "Nom"', "“Nom” is an author's"),
        ('id = "N°"', "id = 3", "“id”: a text was expected"),
        ('status = "État"', "", "[values.status]: [columns] does not say"),
        ('"En cours" = "under_review"', '"En cours" = "doing"', "“doing” is no status; open"),
        ('object = "document"', 'object = "thing"', "[defaults]: “thing” is no object"),
        ("[file]", "[file", "not TOML"),
    ],
)
def test_the_first_fault_of_a_mapping_is_named(
    tmp_path: Path, line: str, instead: str, fault: str
) -> None:
    assert MAPPING.count(line)
    path = tmp_path / "m.toml"
    path.write_text(MAPPING.replace(line, instead, 1), encoding="utf-8")
    with pytest.raises(MappingRefused) as refused:
        read_mapping(path)
    assert fault in str(refused.value)
    assert str(refused.value).startswith("m.toml: ")


def test_the_mapping_of_the_documentation_is_one_and_has_every_field(tmp_path: Path) -> None:
    page = (ROOT / "docs/how-to/bring-old-requests-in.md").read_text(encoding="utf-8")
    path = tmp_path / "m.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    mapping = read_mapping(path)
    assert set(mapping.columns) == set(COLUMNS)
    assert mapping.authors == ("Nom", "Courriel")
    words = page.split("| field | our words |")[1].split("\n\n")[0]
    written = {}
    for line in words.splitlines()[2:]:
        field, *codes = re.findall("`([A-Za-z_]+)`", line)
        written[field] = set(codes)
    assert written == {field: set(codes) - {"duplicate"} for field, codes in CODES.items() if codes}


HOSTILE = {
    "wanted: 2000000 characters": row(1, wanted="x" * 2_000_000),
    "title: a control character": row(1, "a\0b"),
    "wanted: bytes that are not of the file's encoding": row(1, wanted="a\udc81b"),
    "title: it begins like a formula": row(1, "=HYPERLINK(A1)"),
    "wanted: it begins like a formula": row(1, wanted="-2+3+cmd|' /C calc'!A0"),
    "3 cells where the head has 14": "a;b;c",
    "title: it is empty": row(1, " ", " "),
    "id: letters, figures": row(1).replace("2019/1", "aline@courriel.example"),
    "id: it is empty": row(1).replace("2019/1", " "),
    "received: not a day": row(1).replace("04/03/2019", "2019-03-04"),
    "received: an impossible year": row(1).replace("04/03/2019", "04/03/1019"),
    "status: a word that the mapping does not translate": row(1, rest=";Perdue;;;;;"),
    "outcome: what a duplicate repeats": row(1, rest="02/04/2019;duplicate;;;;;"),
    "status and outcome: they do not": row(1, rest="02/04/2019;refused;Acceptée;;;;"),
    "answered: it is closed or planned": row(1, rest=";;Acceptée;;;;"),
    "answered: a day before": row(1, rest="02/04/2018;;Acceptée;;;;"),
    "planned: a quarter is owed": row(1, rest="02/04/2019;;Prévue;;;;demain"),
    "url: it starts with https": row(1, rest="02/04/2019;;Acceptée;;Voici.;http://a.example;"),
    "url: it holds a personal detail": row(
        1, rest="02/04/2019;;Acceptée;;Voici.;https://a.example/?tel=0612345678;"
    ),
}


def test_a_hostile_row_is_refused_with_its_sentence_and_the_next_is_read(tmp_path: Path) -> None:
    path, how = register(tmp_path, *HOSTILE.values(), row(2, "- Une liste"))
    *refused, last = read(requests_csv, path, how)
    assert isinstance(last, ImportedRequest)
    for place, (sentence, found) in enumerate(zip(HOSTILE, refused, strict=True)):
        assert isinstance(found, str)
        assert found.startswith(f"line {place + 2}: {sentence}")
        assert len(found) < 200


def unread(reader: Any, path: Path, how: How | None = None) -> tuple[int, str]:
    """Read a file that ends early; return how many rows came before, and the sentence."""
    came = 0
    try:
        for _ in reader.read(path, shift=timedelta(), how=how):
            came += 1
    except Unreadable as error:
        return came, str(error)
    raise AssertionError("it was read to its end")


def test_what_comes_after_a_fault_in_the_quotes_is_never_taken_for_rows(tmp_path: Path) -> None:
    never = [row(2, wanted='"Jamais fermé'), row(3), row(4)]
    came, why = unread(requests_csv, *register(tmp_path, row(1), *never))
    assert came == 1
    assert "this is not CSV" in why
    assert "can no longer be told apart" in why


def test_a_file_ends_where_it_is_too_large_or_not_what_was_said(tmp_path: Path) -> None:
    path, how = register(tmp_path, row(1), "x" * (MOST_CELL + 2))
    assert unread(requests_csv, path, how) == (
        1, f"a line has more than {MOST_CELL} characters: nothing more was read"
    )  # fmt: skip
    path.write_bytes(gzip.compress(path.read_bytes())[:-200])
    assert "gzip file is damaged" in unread(requests_csv, path, how)[1]
    path.write_bytes(gzip.compress(b"\n" * 2**20 * 3))
    with pytest.raises(Unreadable, match="more than 2 MiB"), open_text(path, most=2**21) as file:
        file.read()
    path, how = register(tmp_path, head=HEAD.replace("Note", "Objet"))
    assert unread(requests_csv, path, how)[1] == "line 1: two columns are called “Objet”"
    path, how = register(tmp_path, mapping=MAPPING.replace("windows-1252", "utf-8"))
    assert "there is no column “" in unread(requests_csv, path, how)[1]


def test_without_a_mapping_columns_are_called_as_ours_and_words_are_a_citizens(
    tmp_path: Path,
) -> None:
    path = tmp_path / "Registre 2020.csv"
    path.write_text(
        "id,title,received,email\n7,Les budgets,2020-05-06T23:30:00+02:00,a@b.example\n"
    )
    [found] = read(requests_csv, path)
    assert isinstance(found, ImportedRequest)
    assert found.source == "csv:registre-2020:7"
    assert found.wanted == found.title == "Les budgets"
    assert found.received_at.isoformat() == "2020-05-06T21:30:00+00:00"
    assert not found.official
    assert "b.example" not in repr(found)


CKAN: dict[str, Any] = {
    "id": "5d0c1f0e-0000-4000-8000-000000000001",
    "title": "Pistes cyclables",
    "description": "Le tracé des pistes.\nMerci, Aline Exemple",
    "open_time": "2019-03-04 08:15:00.123456",
    "closed": False,
    "user": {"display_name": "Aline Exemple", "email": "aline@courriel.example", "name": "aline"},
}
CLOSED = {**CKAN, "closed": True, "close_time": "2019-05-06 09:00:00"}


@pytest.mark.parametrize(
    ("more", "came"),
    [
        ({}, ("open", None, "")),
        ({"status": "Processing"}, ("under_review", None, "")),
        ({**CLOSED, "accepted_dataset": {"title": "Pistes"}},
         ("published", "published", "Jeu de données : Pistes")),
        ({**CLOSED, "close_circumstance": "Not suitable for release as open data"},
         ("refused", "refused", "Not suitable for release as open data")),
        ({**CLOSED, "approx_publishing_date": "2019-08-01 00:00:00",
          "close_circumstance": "To be released as open data at a later date|nominate"},
         ("planned", "planned", "To be released as open data at a later date")),
        ({**CLOSED, "close_circumstance": "Requestor initiated closure"}, ("abandoned", None, "")),
        (CLOSED, "request 1: closed: without a dataset nobody knows"),
        ({**CLOSED, "close_circumstance": "Because"}, "request 1: close_circumstance: not one"),
        ({"closed": None}, "request 1: closed: true or false"),
        ({"title": ["x"]}, "request 1: title: a text was expected"),
        ({"title": "a\ud800"}, "request 1: title: bytes that are not"),
        ({"open_time": None}, "request 1: open_time: not a day"),
    ],
)  # fmt: skip
def test_a_ckan_request_is_what_came_of_it_or_a_sentence(
    tmp_path: Path, more: dict[str, Any], came: tuple[str, str | None, str] | str
) -> None:
    path = tmp_path / "ckan.json"
    path.write_text(json.dumps({"success": True, "result": {"result": [{**CKAN, **more}]}}))
    [found] = read(ckan, path)
    if isinstance(came, str):
        assert isinstance(found, str)
        assert found.startswith(came)
    else:
        assert isinstance(found, ImportedRequest)
        assert (found.status, found.outcome, found.decision) == came
        assert "Aline" not in repr(found)
        assert "courriel" not in repr(found)
        assert not found.official
        assert found.planned == ("2019-Q3" if found.outcome == "planned" else "")


def listed(rows: list[str]) -> str:
    return "[" + ",\n".join(rows) + "]"


@pytest.mark.parametrize("together", [listed, "\n".join])
def test_a_hostile_record_is_refused_alone_in_a_list_and_in_lines(
    tmp_path: Path, together: Callable[[list[str]], str]
) -> None:
    good = json.dumps(CKAN)
    deep = json.dumps({**CKAN, "extra": json.loads("[" * 40 + "]" * 40)})
    twice = good[:-1] + ', "title": "Autre"}'
    below = good[:-1] + ', "extra": [{"a": {"b": 1, "b": 2}}]}'
    path = tmp_path / "ckan.json"
    path.write_text(together([good, deep, twice, below, "{}", json.dumps({**CKAN, "id": 12})]))
    first, *refused, last = read(ckan, path)
    assert isinstance(first, ImportedRequest)
    assert isinstance(last, ImportedRequest)
    assert last.source == "ckan:12"
    assert refused[:3] == [
        "request 2: nested 41 deep, at most 12 are read",
        "request 3: the key “title” stands twice in one object",
        "request 4: the key “b” stands twice in one object",
    ]
    assert str(refused[3]).startswith("request 5: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 200_000, "nested too deep"),
        ('{"a": ', "not JSON: Expecting value, line 1"),
        ("", "not JSON"),
    ],
)
def test_a_document_that_is_none_is_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "ckan.json"
    path.write_text(text)
    came, said = unread(ckan, path)
    assert came == 0
    assert said.startswith(why)


def test_the_three_shapes_of_alaveteli_are_read_and_what_it_hides_is_not(tmp_path: Path) -> None:
    page = {
        "id": 31, "title": "Délibérations", "created_at": "2020-01-02T10:00:00.000+01:00",
        "updated_at": "2021-01-01T00:00:00Z", "described_state": "partially_successful",
        "prominence": "normal", "user": {"name": "Aline Exemple", "url_name": "aline_exemple"},
        "info_request_events": [
            {"event_type": "sent", "created_at": "2020-01-02T10:00:00.000+01:00"},
            {"event_type": "response", "created_at": "2020-02-03T10:00:00.000+01:00"},
        ],
    }  # fmt: skip
    of_authority = {
        "id": 32, "title": "Marchés", "created_at": "2020-01-02T10:00:00Z", "status": "rejected",
        "updated_at": "2020-03-04T10:00:00Z", "request_text": "Les marchés publics.",
    }  # fmt: skip
    message = {
        "request_id": 33, "event_type": "sent", "created_at": "2020-01-02T10:00:00Z",
        "title": "Subventions", "body": "La liste.\nAline Exemple", "user_name": "Aline Exemple",
    }  # fmt: skip
    follow_up = {**message, "event_type": "followup_sent", "body": "Et alors ?"}
    hidden = {**page, "prominence": "requester_only"}
    trouble = {**page, "described_state": "attention_requested"}
    path = tmp_path / "alaveteli.json"
    path.write_text(json.dumps([page, of_authority, message, follow_up, hidden, trouble]))
    one, two, three, not_shown, unclear = read(alaveteli, path)
    assert isinstance(one, ImportedRequest)
    assert (one.source, one.outcome, one.closed_on) == ("alaveteli:31", "partly", date(2020, 2, 3))
    assert one.wanted == one.title
    assert one.object == "document"
    assert isinstance(two, ImportedRequest)
    assert (two.status, two.wanted, two.closed_on) == (
        "refused",
        "Les marchés publics.",
        date(2020, 3, 4),
    )
    assert isinstance(three, ImportedRequest)
    assert three.wanted.startswith("La liste.")
    assert "Aline" not in repr(three)
    assert str(not_shown).startswith("request 5: prominence")
    assert str(unclear).startswith("request 6: described_state")


def test_the_first_message_of_a_discussion_is_a_request_without_its_author(tmp_path: Path) -> None:
    path = tmp_path / "udata.csv"
    path.write_text(
        "id_discussion,title_discussion,message,created_discussion,user\n"
        'd1,Parcelles,"Où sont-elles ? Aline Exemple",08/09/2021,Aline Exemple\n'
        "d1,Parcelles,Réponse,08/09/2021,Un agent\n"
        "d2,,Sans titre,08/09/2021,Aline Exemple\n"
    )
    one, refused = read(udata, path)
    assert isinstance(one, ImportedRequest)
    assert one.source == "udata:d1"
    assert "Aline" not in repr(one)
    assert refused == "line 4: title: it is empty"
