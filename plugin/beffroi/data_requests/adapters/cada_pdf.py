# SPDX-License-Identifier: AGPL-3.0-or-later
"""A file for the CADA or another body as a PDF: A4, letters embedded, words to be selected.

Words are escaped before they reach the library, which reads marks in them; a letter that its font
lacks is printed as a question mark, and the text file always holds it.
"""

from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import Any

from beffroi.data_requests.rules.cada import Block, CadaFile, blocks

FONT, BOLD = "Vera", "VeraBd"


def as_pdf(file: CadaFile) -> bytes:
    """Return the file as a PDF."""
    return pdf_of(blocks(file), author=file.asker.name)


def pdf_of(pieces: Sequence[Block], *, author: str) -> bytes:
    """Return the pieces of a file as a PDF; the first is its title."""
    # A fifth of a second to load, which only who makes a file waits for.
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer

    font, bold = TTFont(FONT, f"{FONT}.ttf"), TTFont(BOLD, f"{BOLD}.ttf")
    for one in (font, bold):
        pdfmetrics.registerFont(one)
    letters, styles = set(font.face.charToGlyph), _styles()

    def words(given: str) -> str:
        printable = "".join(c if ord(c) in letters or c == "\n" else "?" for c in given)
        return escape(printable, quote=False).replace("\n", "<br/>")

    def drawn(block: Block) -> list[Flowable]:
        if block.kind == "items":
            return [Paragraph(words(i), styles["items"], bulletText="–") for i in block.items]
        parts = block.words.split("\n\n") if block.kind == "text" else [block.words]
        return [Paragraph(words(part), styles[block.kind]) for part in parts if part.strip()]

    def numbered(canvas: Any, page: Any) -> None:
        canvas.setFont(FONT, 8)
        canvas.drawRightString(A4[0] - 22 * mm - 6, 12 * mm, str(page.page))

    flow: list[Flowable] = []
    for block in pieces:
        flow += drawn(block)
        if block.kind == "title":
            flow.append(Spacer(1, 4 * mm))
    made = BytesIO()
    SimpleDocTemplate(
        made, pagesize=A4, topMargin=20 * mm, bottomMargin=20 * mm, leftMargin=22 * mm,
        rightMargin=22 * mm, title=pieces[0].words, author=author, lang="fr-FR",
        invariant=1,
    ).build(flow, onFirstPage=numbered, onLaterPages=numbered)  # fmt: skip
    return made.getvalue()


def _styles() -> dict[str, Any]:
    """Return how each kind of piece is set; words that are quoted stand on a tint."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.units import mm

    text = ParagraphStyle("text", fontName=FONT, fontSize=9.5, leading=14, spaceAfter=7)
    strong = ParagraphStyle("strong", text, fontName=BOLD)
    return {
        "title": ParagraphStyle("title", strong, fontSize=14, leading=19, spaceAfter=6),
        "heading": ParagraphStyle("heading", strong, fontSize=11, spaceBefore=10, keepWithNext=1),
        "text": text,
        "quote": ParagraphStyle(
            "quote", text, leftIndent=6 * mm, rightIndent=2 * mm, spaceBefore=5, spaceAfter=12,
            borderPadding=5, backColor=HexColor("#f2f1ed"),
        ),
        "items": ParagraphStyle("items", text, leftIndent=6 * mm, bulletIndent=2 * mm),
    }  # fmt: skip
