# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTML that somebody wrote elsewhere becomes plain text: no element, no script, no address of one.

Decidim does not escape titles, bodies and answers. What is kept here is text alone, which every
page escapes; an address is kept beside its words only if it begins with https:// or http://.
"""

import re
from html.parser import HTMLParser

_SILENT = frozenset({"script", "style", "iframe", "object", "template", "svg", "noscript"})
_BLOCKS = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "tr", "table", "blockquote", "pre", "section", "article",
     "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
)  # fmt: skip
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
MOST_HTML = 200_000


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.silent: list[str] = []
        self.link: str | None = None
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block; remember where a link leads."""
        if tag in _SILENT:
            self.silent.append(tag)
        elif tag in _BLOCKS:
            self.pieces.append("\n- " if tag == "li" else "\n")
        elif tag == "a" and not self.silent:
            address = (dict(attrs).get("href") or "").strip()
            self.link = address if re.match(r"https?://[^\s<>\"]+\Z", address) else None
            self.linked = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Treat `<br/>` as a line, and an element that says nothing as none."""
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End a silent element, a link or a block."""
        if self.silent:
            if tag == self.silent[-1]:
                self.silent.pop()
        elif tag == "a" and self.link:
            if self.link not in "".join(self.linked):
                self.pieces.append(f" ({self.link})")
            self.link = None
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep words that are not within a silent element."""
        if not self.silent:
            self.pieces.append(data)
            if self.link:
                self.linked.append(data)


def plain(html: object) -> str:
    """Return the words of a piece of HTML, paragraphs apart; empty for what is no text."""
    if not isinstance(html, str):
        return ""
    reader = _Words()
    reader.feed(html[:MOST_HTML])
    if not reader.silent:
        reader.close()
    text = _UNFIT.sub("", "".join(reader.pieces))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def one_line(html: object, most: int = 200) -> str:
    """Return the words of a title in one line, cut at a word."""
    line = " ".join(plain(html).split())
    return line if len(line) <= most else line[: most - 2].rsplit(" ", 1)[0] + " …"
