# SPDX-License-Identifier: AGPL-3.0-or-later
"""A note as a PDF: A4, its letters embedded, its words to be selected and read, its tables ruled.

Words are escaped before they reach the library, which reads marks in them. A sign that the font
lacks is printed as the nearest it has: a narrow no-break space as a no-break space, anything else
as a question mark. The library takes a fifth of a second to load: import this where it is needed.
"""

from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from beffroi.campaigns.rules.document import Block, Cell, Document

FONT, BOLD = "Vera", "VeraBd"
QUIET, RULE, LINK = HexColor("#5a5f66"), HexColor("#b9bec4"), "#2f4b6e"
MARGIN, WIDE, NARROW = 22, 166, 24
"""Margins, width of the text and of a column of figures, in millimetres."""
NEAR = {"\u202f": "\u00a0", "\u2009": "\u00a0", "\u2011": "-", "\u2212": "-"}
GRID = TableStyle([
    ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, 0), 1, RULE),
    ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE), ("LEFTPADDING", (0, 0), (-1, -1), 2),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4), ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
])  # fmt: skip


def as_pdf(document: Document) -> bytes:
    """Return a document as a PDF, the same bytes for the same document."""
    letters = _fonts()
    styles = _styles()

    def said(words: str, style: str) -> Paragraph:
        return Paragraph(_printable(words, letters), styles[style])

    flow: list[Flowable] = [said(document.title, "title"), said(document.subtitle, "subtitle")]
    for block in document.blocks:
        if block.kind == "table":
            flow += [said(block.words, "caption"), _table(block, letters, styles)]
            flow.append(Spacer(1, 3 * mm))
        else:
            flow += [said(part, block.kind) for part in block.words.split("\n\n") if part.strip()]
    made = BytesIO()
    SimpleDocTemplate(
        made, pagesize=A4, topMargin=20 * mm, bottomMargin=20 * mm, leftMargin=MARGIN * mm,
        rightMargin=MARGIN * mm, title=document.title, author=document.author, lang=document.lang,
        invariant=1,
    ).build(flow, onFirstPage=_numbered, onLaterPages=_numbered)  # fmt: skip
    return made.getvalue()


def _fonts() -> frozenset[int]:
    """Register the fonts and return the letters that they have."""
    font = TTFont(FONT, f"{FONT}.ttf")
    for one in (font, TTFont(BOLD, f"{BOLD}.ttf")):
        pdfmetrics.registerFont(one)
    return frozenset(font.face.charToGlyph)


def _styles() -> dict[str, ParagraphStyle]:
    text = ParagraphStyle("text", fontName=FONT, fontSize=9.5, leading=14, spaceAfter=7)
    cell = ParagraphStyle("cell", text, fontSize=8.5, leading=11.5, spaceAfter=0)
    head = ParagraphStyle("head", cell, fontName=BOLD)
    return {
        "title": ParagraphStyle("title", text, fontName=BOLD, fontSize=17, leading=22),
        "subtitle": ParagraphStyle("subtitle", text, textColor=QUIET, spaceAfter=12),
        "heading": ParagraphStyle("heading", text, fontName=BOLD, fontSize=12, spaceBefore=12),
        "caption": ParagraphStyle("caption", text, fontName=BOLD, spaceBefore=8, spaceAfter=3),
        "text": text,
        "cell": cell,
        "head": head,
        "figure": ParagraphStyle("figure", cell, alignment=2),
        "figure head": ParagraphStyle("figure head", head, alignment=2),
    }


def _printable(words: str, letters: frozenset[int]) -> str:
    kept = "".join(c if ord(c) in letters or c == "\n" else NEAR.get(c, "?") for c in words)
    return escape(kept, quote=False).replace("\n", "<br/>")


def _table(block: Block, letters: frozenset[int], styles: dict[str, ParagraphStyle]) -> Table:
    def cell(one: Cell, column: int, *, head: bool = False) -> Paragraph:
        words = _printable(one.words, letters)
        if one.url:
            words = f'<a href="{escape(one.url)}" color="{LINK}">{words}</a>'
        figure = column in block.numbers
        name = ("figure head" if head else "figure") if figure else ("head" if head else "cell")
        return Paragraph(words, styles[name])

    rows = [[cell(Cell(words), n, head=True) for n, words in enumerate(block.heads)]]
    rows += [[cell(one, n) for n, one in enumerate(row)] for row in block.rows]
    drawn = Table(rows, colWidths=_widths(block), repeatRows=1, hAlign="LEFT")
    drawn.setStyle(GRID)
    return drawn


def _widths(block: Block) -> Sequence[float]:
    """Return the widths of columns: figures narrow, the first column of words twice as wide."""
    columns = range(len(block.heads))
    words = [n for n in columns if n not in block.numbers]
    share = (WIDE - NARROW * (len(columns) - len(words))) / (len(words) + 1)
    wide = {n: share * (2 if n == words[0] else 1) for n in words}
    return [wide.get(n, NARROW) * mm for n in columns]


def _numbered(canvas: Any, page: Any) -> None:
    canvas.setFont(FONT, 8)
    canvas.setFillColor(QUIET)
    canvas.drawRightString(A4[0] - MARGIN * mm, 12 * mm, str(page.page))
