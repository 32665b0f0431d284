# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one would pull the same records with otherwise. None of these verifies anything.

All of them store a record as one row of one table: a text key, town, number, theme, status, title,
period, and the whole as JSON, with a unique constraint and an index. `requests` fetches.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import requests
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

NET = {"requests": 0, "bytes": 0}
Row = tuple[Any, ...]
Store = Callable[[Sequence[Row]], None]
TOWN = "210000006"
A_COMMIT = 2_560


class Base(DeclarativeBase):
    """The peers' tables."""


class Stored(Base):
    """One record."""

    __tablename__ = "stored"
    __table_args__ = (
        sa.UniqueConstraint("town", "number"),
        sa.Index("ix_stored_theme_period", "theme", "period"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    town: Mapped[str]
    number: Mapped[int]
    theme: Mapped[str]
    status: Mapped[str]
    title: Mapped[str]
    period: Mapped[str]
    body: Mapped[str]


NAMES = [column.name for column in Stored.__table__.columns]


def session() -> requests.Session:
    """Return a session that counts what it fetches."""
    made = requests.Session()

    def count(answer: requests.Response, *_: object, **__: object) -> None:
        NET["requests"] += 1
        NET["bytes"] += len(answer.content)

    made.hooks["response"].append(count)
    return made


def row(number: int, members: dict[str, Any], body: str) -> Row:
    """Return the row of a record."""
    columns = (members[name] for name in ("theme", "status", "title", "period"))
    return members["id"], TOWN, number, *columns, body


def in_parts(rows: Iterator[Row], store: Store) -> int:
    """Store rows in commits of a few thousand; return how many there were."""
    part: list[Row] = []
    count = 0
    for one in rows:
        part.append(one)
        count += 1
        if len(part) == A_COMMIT:
            store(part)
            part = []
    if part:
        store(part)
    return count


def ndjson(site: str, store: Store) -> int:
    """Fetch one file of records, a line each; read them by orjson."""
    import orjson

    lines = session().get(f"{site}/dump.ndjson", timeout=600).content.splitlines()
    rows = (row(n, orjson.loads(line), line.decode()) for n, line in enumerate(lines))
    return in_parts(rows, store)


def atom(site: str, store: Store) -> int:
    """Follow an Atom feed (RFC 4287, RFC 5005) of 500 entries a page; read it by feedparser."""
    import feedparser

    asked, count = session(), 0
    page: str | None = "0.xml"
    while page:
        feed = feedparser.parse(asked.get(f"{site}/atom/{page}", timeout=600).content)
        rows = []
        for entry in feed.entries:
            tags = {tag.get("scheme"): tag.term for tag in entry.tags}
            members = {
                "id": entry.id.removeprefix("urn:"),
                "theme": tags["theme"],
                "status": tags["status"],
                "title": entry.title,
                "period": tags["period"],
                "summary": entry.summary,
                "answer": entry.content[0].value if "content" in entry else "",
            }
            rows.append(row(count + len(rows), members, json.dumps(members, ensure_ascii=False)))
        store(rows)
        count += len(rows)
        found = [one.href for one in feed.feed.get("links", ()) if one.rel == "next"]
        page = found[0] if found else None
    return count


def open311(page_size: int) -> Callable[[str, Store], int]:
    """Return a pull of GeoReport v2 JSON, by pages of a server that reads them through an ORM."""

    def pull(site: str, store: Store) -> int:
        asked, count, page = session(), 0, 1
        while True:
            address = f"{site}/requests.json?page={page}&page_size={page_size}"
            found = asked.get(address, timeout=600).json()
            store(
                [
                    row(
                        count + n,
                        {
                            "id": one["service_request_id"],
                            "theme": one["service_code"],
                            "status": one["status_notes"],
                            "title": one["service_name"],
                            "period": one["requested_datetime"],
                        },
                        json.dumps(one, ensure_ascii=False),
                    )
                    for n, one in enumerate(found)
                ]
            )
            count += len(found)
            page += 1
            if len(found) < page_size:
                return count

    return pull


def turtle(site: str, store: Store) -> int:
    """Fetch one DCAT catalogue in Turtle and read it by rdflib."""
    from rdflib import DCAT, DCTERMS, RDF, Graph

    graph = Graph()
    graph.parse(data=session().get(f"{site}/catalog.ttl", timeout=600).content, format="turtle")

    def rows() -> Iterator[Row]:
        for number, one in enumerate(graph.subjects(RDF.type, DCAT.Dataset)):
            members = {
                "id": str(graph.value(one, DCTERMS.identifier)),
                "theme": str(graph.value(one, DCAT.theme)),
                "status": str(graph.value(one, DCAT.keyword)),
                "title": str(graph.value(one, DCTERMS.title)),
                "period": str(graph.value(one, DCTERMS.issued)),
                "summary": str(graph.value(one, DCTERMS.description)),
            }
            yield row(number, members, json.dumps(members, ensure_ascii=False))

    return in_parts(rows(), store)


def taxii(site: str, store: Store) -> int:
    """Read a TAXII 2.1 collection of opentaxii by taxii2-client, 1,000 objects a page."""
    from taxii2client.common import _HTTPConnection
    from taxii2client.v21 import Collection, as_pages

    connection = _HTTPConnection(verify=True, version="2.1")

    def count_answer(answer: requests.Response, *_: object, **__: object) -> None:
        NET["requests"] += 1
        NET["bytes"] += len(answer.content)

    connection.session.hooks["response"].append(count_answer)
    about = {"id": TAXII_COLLECTION, "title": "c", "can_read": True, "can_write": False}
    address = f"{site}/taxii2/{TAXII_ROOT}/collections/{TAXII_COLLECTION}/"
    collection = Collection(address, conn=connection, collection_info=about)
    count = 0
    for page in as_pages(collection.get_objects, per_request=1_000):
        objects = page.get("objects", [])
        store(
            [
                row(
                    count + n,
                    {
                        "id": one["id"],
                        **{
                            name: one[f"x_{name}"]
                            for name in ("theme", "status", "title", "period")
                        },
                    },
                    json.dumps(one, ensure_ascii=False),
                )
                for n, one in enumerate(objects)
            ]
        )
        count += len(objects)
    return count


TAXII_ROOT = "00000000-0000-4000-8000-000000000001"
TAXII_COLLECTION = "00000000-0000-4000-8000-000000000002"

PEERS: dict[str, tuple[Callable[[str, Store], int], str]] = {
    "ndjson": (ndjson, "core"),
    "atom": (atom, "core"),
    "open311-1000": (open311(1_000), "orm"),
    "open311-100": (open311(100), "orm"),
    "turtle": (turtle, "core"),
    "taxii": (taxii, "core"),
}


def prepared(case: str, url: str) -> tuple[Store, Callable[[str, Store], int], int | None]:
    """Return how a peer stores, how it pulls, and its database's process; its table is made."""
    pull, how = PEERS[case]
    engine = sa.create_engine(url)
    if url.startswith("sqlite"):

        @sa.event.listens_for(engine, "connect")
        def _tuned(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

    Base.metadata.create_all(engine)
    dialect: Any = sqlite if url.startswith("sqlite") else postgresql
    fresh = dialect.insert(Stored.__table__)
    upsert = fresh.on_conflict_do_update(
        index_elements=["id"],
        set_={"status": fresh.excluded.status, "body": fresh.excluded.body},
    )

    def core(rows: Sequence[Row]) -> None:
        with engine.begin() as connection:
            connection.execute(upsert, [dict(zip(NAMES, one, strict=True)) for one in rows])

    def orm(rows: Sequence[Row]) -> None:
        with Session(engine) as opened:
            opened.add_all([Stored(**dict(zip(NAMES, one, strict=True))) for one in rows])
            opened.commit()

    backend = None
    if url.startswith("postgresql"):
        with engine.connect() as connection:
            backend = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    return (core if how == "core" else orm), pull, backend
