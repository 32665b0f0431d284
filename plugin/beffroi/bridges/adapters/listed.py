# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sources that are one document: Decidim's open data (zip), any table (CSV), any feed (Atom).

All of a document is read at once and one answer holds all pages. What a table or a zip does not
name any more is gone; a feed names only its newest entries, so nothing follows from its silence.
"""

import csv
import io
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import urlsplit
from xml.etree import ElementTree

from beffroi.bridges.adapters.graphql import moment
from beffroi.bridges.adapters.talking import Talk
from beffroi.bridges.rules import (
    BadSource,
    ExternalComment,
    ExternalItem,
    GivenAnswer,
    Gone,
    Page,
    Receipt,
    SourceInfo,
    digest,
    mapped,
)
from beffroi.bridges.rules.words import one_line, plain
from beffroi_web.fetching import NotFetched
from beffroi_web.words import N_

MOST_UNPACKED = 200 * 1024 * 1024
MOST_RATIO = 100
ATOM = "{http://www.w3.org/2005/Atom}"
_XML_KINDS = ("application/atom+xml", "application/xml", "text/xml")
_CSV_KINDS = ("text/csv", "text/plain", "application/csv", "application/octet-stream")
_CELL = 200_000


class Listed(ABC):
    """A source whose items are all in one document; `read` yields them from its bytes."""

    capabilities: frozenset[str] = frozenset({"list", "get", "complete", "link_back"})
    kinds: tuple[str, ...] = ()

    def __init__(self, address: str, talk: Talk, *, lang: str, component: str = "") -> None:
        self.address = address
        self._talk = talk
        self.lang = lang
        self.component = component
        self._items: dict[str, ExternalItem] | None = None
        self._warnings: list[str] = []

    @property
    def requests(self) -> int:
        """How often the site was asked."""
        return self._talk.requests

    @abstractmethod
    def read(self, body: bytes) -> Iterator[ExternalItem]:
        """Yield the items of a document; BadSource where it is none of its kind."""

    def _all(self) -> dict[str, ExternalItem]:
        if self._items is None:
            answer = self._talk.ask(self.address, {"Accept": ", ".join(self.kinds)})
            if answer.kind not in self.kinds:
                raise BadSource(f"{self.kinds[0]} was expected, and {answer.kind} came")
            self._items = {item.external_id: item for item in self.read(answer.body)}
        return self._items

    def probe(self) -> SourceInfo:
        """Say that the document can be read."""
        self._all()
        return SourceInfo(urlsplit(self.address).netloc)

    def list_items(
        self, *, published_since: date | None = None, cursor: str | None = None, light: bool = False
    ) -> Page:
        """Return everything at once."""
        return Page(tuple(self._all().values()), warnings=tuple(self._warnings[:20]))

    def get_item(self, external_id: str) -> ExternalItem | Gone:
        """Return one item of the document."""
        return self._all().get(external_id) or Gone(external_id)

    def comments(self, external_id: str) -> Iterator[ExternalComment]:
        """Yield nothing: comments stay there."""
        yield from ()

    def publish_answer(self, external_id: str, answer: GivenAnswer, key: str) -> Receipt:
        """Refuse: a document takes no answer."""
        raise BadSource(N_("This source can only be read"))

    def permalink(self, external_id: str) -> str:
        """Return the address of an item, or of the source."""
        item = (self._items or {}).get(external_id)
        return item.url if item else self.address

    def url(self, given: str) -> str:
        """Return an address that is fit to be shown, or that of the site."""
        fit = re.fullmatch(r"https://[^\s@<>\"]{1,490}", given.strip())
        parts = urlsplit(self.address)
        return given.strip() if fit else f"{parts.scheme}://{parts.netloc}"


def _name(given: str) -> str:
    """Return an id as it is if it is short and plain, else a mark of it."""
    given = given.strip()
    return given if re.fullmatch(r"[\w.-]{1,40}", given) else digest(given)


def _count(cell: str) -> int | None:
    return int(cell) if re.fullmatch(r"[0-9]{1,9}", cell.strip()) else None


def _rows(lines: io.TextIOBase, delimiter: str) -> Iterator[dict[str, str]]:
    csv.field_size_limit(_CELL)
    try:
        for row in csv.DictReader(lines, delimiter=delimiter):
            yield {str(k or ""): _bare(v) if isinstance(v, str) else "" for k, v in row.items()}
    except (csv.Error, UnicodeDecodeError) as fault:
        raise BadSource(f"The table cannot be read: {fault}") from None


def _bare(cell: str) -> str:
    """Return a cell without the one apostrophe that guards it from being read as a formula."""
    return cell[1:] if re.match(r"'[=+\-@]", cell) else cell


def _texts(row: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the columns `name/LOCALE` of a row that are not empty."""
    found = {k.partition("/")[2]: v for k, v in row.items() if k.startswith(f"{name}/")}
    return {lang[:8]: said for lang, said in found.items() if said.strip()}


class DecidimCsv(Listed):
    """The proposals of `HOST/open-data/download`, of one component or of all."""

    kinds = ("application/zip", "application/octet-stream", "application/x-zip-compressed")
    capabilities = Listed.capabilities | {"official_answer.read"}

    def _all(self) -> dict[str, ExternalItem]:
        try:
            return super()._all()
        except NotFetched as fault:
            if "sends on" in str(fault):
                raise BadSource(
                    N_("The file is not there (yet): Decidim sends on to a page")
                ) from None
            raise

    def read(self, body: bytes) -> Iterator[ExternalItem]:
        """Yield the proposals of the zip (Decidim 0.30's columns, separator `;`)."""
        if not body.startswith(b"PK"):
            raise BadSource(N_("What came is no zip: Decidim may be making it; try again later"))
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as packed:
                names = [n for n in packed.namelist() if n.endswith("-open-data-proposals.csv")]
                if not names:
                    raise BadSource(N_("The zip holds no table of proposals"))
                info = packed.getinfo(names[0])
                if info.file_size > min(MOST_UNPACKED, MOST_RATIO * max(info.compress_size, 1)):
                    raise BadSource(N_("The table is larger than is taken"))
                with packed.open(info) as file:
                    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
                    yield from self._of_rows(_rows(text, ";"))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
            raise BadSource(f"The zip cannot be read: {fault}") from None

    def _of_rows(self, rows: Iterator[dict[str, str]]) -> Iterator[ExternalItem]:
        for row in rows:
            if not row.get("id", "").strip():
                continue
            if self.component and row.get("component/id", "").strip() != self.component:
                continue
            if row.get("is_amend", "").strip().lower() == "true":
                continue  # an amendment is no proposal of its own
            yield self._item(row)

    def _item(self, row: Mapping[str, str]) -> ExternalItem:
        published = row.get("state_published_at", "x").strip()  # older files lack the column
        state = row.get("state", "").strip() if published else ""
        shown = state not in {"", "not_answered"}
        answer = (
            {lang: plain(said) for lang, said in _texts(row, "answer").items()} if shown else {}
        )
        withdrawn = row.get("withdrawn", "").strip().lower() == "true"
        return ExternalItem(
            _name(row["id"]),
            title={lang: one_line(said) for lang, said in _texts(row, "title").items()},
            body={lang: plain(said) for lang, said in _texts(row, "body").items()},
            url=self.url(row.get("url", "")),
            author_names=tuple(filter(None, row.get("author/name", "").split(", "))),
            published_at=moment(row.get("published_at")) or moment(row.get("created_at")),
            status_raw=state[:60],
            status_mapped=mapped(state, withdrawn=withdrawn, answered=bool(answer)),
            answer=answer,
            answered_at=moment(row.get("answered_at")) if shown else None,
            supports=_count(row.get("votes", "")),
            comments=_count(row.get("comments", "")),
            light=digest(*sorted(row.items())),
        )


class Table(Listed):
    """Any table: columns `id`, `title`, and if they are there `body url date supports author`."""

    kinds = _CSV_KINDS

    def read(self, body: bytes) -> Iterator[ExternalItem]:
        """Yield the rows that have an id and a title."""
        head = body[:2000].decode("utf-8-sig", "replace").split("\n")[0]
        text = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8-sig", newline="")
        for number, row in enumerate(_rows(text, ";" if ";" in head else ","), 1):
            if number == 1 and not {"id", "title"} <= set(row):
                raise BadSource(N_("The table needs the columns id and title"))
            if not row["id"].strip() or not row["title"].strip():
                self._warnings.append(f"row {number}: id or title is empty")
                continue
            yield ExternalItem(
                _name(row["id"]),
                title={self.lang: one_line(row["title"])},
                body={self.lang: plain(row.get("body", ""))},
                url=self.url(row.get("url", "")),
                author_names=tuple(filter(None, (row.get("author", "").strip(),))),
                published_at=moment(row.get("date", "")),
                supports=_count(row.get("supports", "")),
                light=digest(*sorted(row.items())),
            )


class Atom(Listed):
    """The entries of an Atom feed (RFC 4287): title, summary or content, link, published."""

    kinds = _XML_KINDS
    capabilities = frozenset({"list", "link_back"})

    def read(self, body: bytes) -> Iterator[ExternalItem]:
        """Yield the entries; a document with a DOCTYPE is refused (entities, XML bombs)."""
        if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
            raise BadSource(N_("The feed declares a document type, which no feed needs"))
        try:
            root = ElementTree.fromstring(body)  # noqa: S314 - no entity can be declared
        except ElementTree.ParseError as fault:
            raise BadSource(f"The feed cannot be read: {fault}") from None
        if root.tag != f"{ATOM}feed":
            raise BadSource(N_("This is no Atom feed"))
        for entry in root.iter(f"{ATOM}entry"):
            given = entry.findtext(f"{ATOM}id", "")
            title = one_line("".join(_inside(entry, "title")))
            if not given or not title:
                self._warnings.append("an entry has no id or no title")
                continue
            yield self._item(entry, given, title)

    def _item(self, entry: ElementTree.Element, given: str, title: str) -> ExternalItem:
        body = plain("".join(_inside(entry, "content")) or "".join(_inside(entry, "summary")))
        links = [
            link.get("href", "")
            for link in entry.findall(f"{ATOM}link")
            if link.get("rel", "alternate") == "alternate"
        ]
        said = entry.findtext(f"{ATOM}published") or entry.findtext(f"{ATOM}updated")
        names = (one.text or "" for one in entry.iter(f"{ATOM}name"))
        return ExternalItem(
            _name(given),
            title={self.lang: title},
            body={self.lang: body},
            url=self.url(links[0] if links else ""),
            author_names=tuple(filter(None, names)),
            published_at=moment(said),
            light=digest(title, body, *links),
        )


def _inside(entry: ElementTree.Element, name: str) -> Iterator[str]:
    found = entry.find(f"{ATOM}{name}")
    return iter(()) if found is None else found.itertext()
