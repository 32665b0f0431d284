# SPDX-License-Identifier: AGPL-3.0-or-later
"""A note as a PDF: A4, its letters embedded, its words to be selected and read, its tables ruled.

Words are escaped before they reach the library, which reads marks in them. A sign that the font
lacks is printed as the nearest it has: a narrow no-break space as a no-break space, anything else
as a question mark. The library takes a fifth of a second to load: import this where it is needed.
"""

from collections.abc import Sequence
from functools import partial
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    HRFlowable,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from beffroi.campaigns.rules.document import Block, Cell, Document

FONT, BOLD = "Vera", "VeraBd"
QUIET, RULE, LINK = HexColor("#5a5f66"), HexColor("#b9bec4"), "#2f4b6e"
MARGIN, WIDE, NARROW, PLACE = 22, 166, 24, 16
"""Margins, width of the text, of a column of figures and of one that opens a table, in mm."""
NEAR = {"\u202f": "\u00a0", "\u2009": "\u00a0", "\u2011": "-", "\u2212": "-"}
GRID = TableStyle([
    ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, 0), 1, RULE),
    ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE), ("LEFTPADDING", (0, 0), (0, -1), 0),
    ("LEFTPADDING", (1, 0), (-1, -1), 8), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
])  # fmt: skip


def as_pdf(document: Document) -> bytes:
    """Return a document as a PDF, the same bytes for the same document."""
    letters = _fonts()
    styles = _styles()

    def said(words: str, style: str) -> Paragraph:
        return Paragraph(_printable(words, letters), styles[style])

    flow: list[Flowable] = [said(document.title, "title"), said(document.subtitle, "subtitle")]
    flow.append(HRFlowable(width="100%", thickness=1.2, color=HexColor(LINK), spaceAfter=10))
    for block in document.blocks:
        if block.kind == "table":
            flow += [said(block.words, "caption"), _table(block, letters, styles)]
            flow.append(Spacer(1, 3 * mm))
        else:
            flow += [said(part, block.kind) for part in block.words.split("\n\n") if part.strip()]
    made = BytesIO()
    foot = f"{document.author} · {document.title}"
    page = PageTemplate("page", [_frame()], onPage=partial(_footed, _plain(foot, letters)))
    BaseDocTemplate(
        made, pagesize=A4, pageTemplates=[page], title=document.title, author=document.author,
        lang=document.lang, invariant=1,
    ).build(flow)  # fmt: skip
    return made.getvalue()


def _frame() -> Frame:
    """Return where the text stands on a page: as wide as its tables."""
    left, foot = MARGIN * mm, 20 * mm
    return Frame(
        left, foot, WIDE * mm, A4[1] - 2 * foot,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip


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
        "title": ParagraphStyle(
            "title", text, fontName=BOLD, fontSize=17, leading=22, spaceAfter=4
        ),
        "subtitle": ParagraphStyle("subtitle", text, textColor=QUIET, spaceAfter=4),
        "heading": ParagraphStyle(
            "heading",
            text,
            fontName=BOLD,
            fontSize=12,
            spaceBefore=14,
            spaceAfter=3,
            keepWithNext=1,
        ),
        "caption": ParagraphStyle(
            "caption", text, fontSize=8.5, textColor=QUIET, spaceAfter=2, keepWithNext=1
        ),
        "text": text,
        "cell": cell,
        "head": head,
        "figure": ParagraphStyle("figure", cell, alignment=2),
        "figure head": ParagraphStyle("figure head", head, alignment=2),
    }


def _plain(words: str, letters: frozenset[int]) -> str:
    return "".join(c if ord(c) in letters or c == "\n" else NEAR.get(c, "?") for c in words)


def _printable(words: str, letters: frozenset[int]) -> str:
    return escape(_plain(words, letters), quote=False).replace("\n", "<br/>")


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
    narrow = {n: PLACE if n == 0 else NARROW for n in columns if n in block.numbers}
    share = (WIDE - sum(narrow.values())) / (len(words) + 1)
    wide = {n: share * (2 if n == words[0] else 1) for n in words}
    return [{**narrow, **wide}[n] * mm for n in columns]


def _footed(foot: str, canvas: Any, page: Any) -> None:
    """Write at the foot of a page whose note it is, and its number."""
    canvas.setFont(FONT, 8)
    canvas.setFillColor(QUIET)
    shown = foot
    while len(shown) > 1 and pdfmetrics.stringWidth(shown, FONT, 8) > (WIDE - 15) * mm:
        shown = shown[:-2].rstrip() + "…"
    canvas.drawString(MARGIN * mm, 12 * mm, shown)
    canvas.drawRightString(A4[0] - MARGIN * mm, 12 * mm, str(page.page))
