# SPDX-License-Identifier: AGPL-3.0-or-later
"""A note as a PDF: A4, its letters embedded, its words to be selected and read, its tables ruled.

Words are escaped before they reach the library, which reads marks in them. A sign that the font
lacks is printed as the nearest it has: a narrow no-break space as a no-break space, anything else
as a question mark.
"""

from collections.abc import Sequence
from html import escape
from io import BytesIO

from beffroi.campaigns.rules.document import Block, Cell, Document

FONT, BOLD = "Vera", "VeraBd"
_NEAR = {"\u202f": "\u00a0", "\u2009": "\u00a0", "\u2011": "-", "\u2212": "-"}
_WIDE = 166
"""Width of the text in millimetres."""


def as_pdf(document: Document) -> bytes:
    """Return a document as a PDF."""
    # A fifth of a second to load, which only who makes a file waits for.
    from reportlab.lib.colors import HexColor
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

    font, bold = TTFont(FONT, f"{FONT}.ttf"), TTFont(BOLD, f"{BOLD}.ttf")
    for one in (font, bold):
        pdfmetrics.registerFont(one)
    letters = set(font.face.charToGlyph)
    text = ParagraphStyle("text", fontName=FONT, fontSize=9.5, leading=14, spaceAfter=7)
    quiet = HexColor("#5a5f66")
    styles = {
        "title": ParagraphStyle("title", text, fontName=BOLD, fontSize=17, leading=22),
        "subtitle": ParagraphStyle("subtitle", text, textColor=quiet, spaceAfter=12),
        "heading": ParagraphStyle("heading", text, fontName=BOLD, fontSize=12, spaceBefore=12),
        "caption": ParagraphStyle("caption", text, fontName=BOLD, spaceBefore=8, spaceAfter=3),
        "text": text,
        "cell": ParagraphStyle("cell", text, fontSize=8.5, leading=11.5, spaceAfter=0),
        "head": ParagraphStyle(
            "head", text, fontName=BOLD, fontSize=8.5, leading=11.5, spaceAfter=0
        ),
        "figure": ParagraphStyle(
            "figure", text, fontSize=8.5, leading=11.5, spaceAfter=0, alignment=2
        ),
        "figure head": ParagraphStyle(
            "figure head", text, fontName=BOLD, fontSize=8.5, leading=11.5, alignment=2
        ),
    }

    def words(given: str) -> str:
        printable = "".join(
            c if ord(c) in letters or c == "\n" else _NEAR.get(c, "?") for c in given
        )
        return escape(printable, quote=False).replace("\n", "<br/>")

    def cell(one: Cell, style: str) -> Flowable:
        said = words(one.words)
        if one.url:
            said = f'<a href="{escape(one.url)}" color="#2f4b6e">{said}</a>'
        return Paragraph(said, styles[style])

    def table(block: Block) -> list[Flowable]:
        right = set(block.numbers)
        rows = [[
            cell(Cell(head), "figure head" if n in right else "head")
            for n, head in enumerate(block.heads)
        ]]  # fmt: skip
        rows += [
            [cell(one, "figure" if n in right else "cell") for n, one in enumerate(row)]
            for row in block.rows
        ]
        line = HexColor("#b9bec4")
        drawn = Table(
            rows, colWidths=[part * mm for part in _widths(block)], repeatRows=1, hAlign="LEFT"
        )
        drawn.setStyle([
            ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, 0), 1, line),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, line), ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4), ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ])  # fmt: skip
        return [Paragraph(words(block.words), styles["caption"]), drawn, Spacer(1, 3 * mm)]

    def drawn(block: Block) -> list[Flowable]:
        if block.kind == "table":
            return table(block)
        parts = block.words.split("\n\n")
        return [Paragraph(words(part), styles[block.kind]) for part in parts if part.strip()]

    def numbered(canvas: object, page: object) -> None:
        canvas.setFont(FONT, 8)  # type: ignore[attr-defined]
        canvas.setFillColor(quiet)  # type: ignore[attr-defined]
        number = str(page.page)  # type: ignore[attr-defined]
        canvas.drawRightString(A4[0] - 22 * mm, 12 * mm, number)  # type: ignore[attr-defined]

    flow: list[Flowable] = [
        Paragraph(words(document.title), styles["title"]),
        Paragraph(words(document.subtitle), styles["subtitle"]),
    ]
    for block in document.blocks:
        flow += drawn(block)
    made = BytesIO()
    SimpleDocTemplate(
        made, pagesize=A4, topMargin=20 * mm, bottomMargin=20 * mm, leftMargin=22 * mm,
        rightMargin=22 * mm, title=document.title, author=document.author, lang=document.lang,
        invariant=1,
    ).build(flow, onFirstPage=numbered, onLaterPages=numbered)  # fmt: skip
    return made.getvalue()


def _widths(block: Block) -> Sequence[float]:
    """Return the widths of columns: figures narrow, the first column of words widest."""
    count = len(block.heads)
    figures = len(block.numbers)
    narrow = 24.0
    rest = _WIDE - narrow * figures
    words = count - figures
    first = next((n for n in range(count) if n not in block.numbers), 0)
    shares = words + 1  # the first one counts twice
    return [
        narrow if n in block.numbers else rest / shares * (2 if n == first else 1)
        for n in range(count)
    ]
