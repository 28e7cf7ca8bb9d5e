"""How the paper looks: two weights of one font, black on white, thin grey lines."""

from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, black
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

from scheduler.outcomes.trajectories.canvas import legible
from scheduler.sessions.record.paper.fonts import BOLD, PLAIN

WIDE, HIGH = A4
MARGIN, FOOT, PADDING = 40.0, 28.0, 6.0
INNER = WIDE - 2 * MARGIN
"""Points; the library keeps so much padding within a page's margins."""
GREY, FAINT, PALE = Color(0.35, 0.35, 0.35), Color(0.75, 0.75, 0.75), Color(0.94, 0.94, 0.94)

TITLE = ParagraphStyle("title", fontName=BOLD, fontSize=16, leading=20, textColor=black)
ABOUT = ParagraphStyle("about", fontName=PLAIN, fontSize=9, leading=12, textColor=GREY)
HEADING = ParagraphStyle(
    "heading", fontName=BOLD, fontSize=10.5, leading=13, spaceBefore=10, spaceAfter=3, keepWithNext=1
)
TEXT = ParagraphStyle("text", fontName=PLAIN, fontSize=8.5, leading=11.5)
CELL = ParagraphStyle("cell", fontName=PLAIN, fontSize=7.6, leading=9.4)
STRONG = ParagraphStyle("strong", parent=CELL, fontName=BOLD)
RIGHT = ParagraphStyle("right", parent=CELL, alignment=TA_RIGHT)
STRONG_RIGHT = ParagraphStyle("strong right", parent=STRONG, alignment=TA_RIGHT)
SMALL = ParagraphStyle("small", fontName=PLAIN, fontSize=7, leading=8.8, textColor=GREY)
DARK_SMALL = ParagraphStyle("dark small", parent=SMALL, textColor=black)
SMALL_RIGHT = ParagraphStyle("small right", parent=SMALL, alignment=TA_RIGHT)

RULES = [
    ("LINEBELOW", (0, 0), (-1, 0), 0.8, black),
    ("LINEBELOW", (0, 1), (-1, -1), 0.3, FAINT),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("TOPPADDING", (0, 0), (-1, -1), 1.6),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.9),
    ("LEFTPADDING", (0, 0), (-1, -1), 2),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
]
"""Of every table: a head, and a thin line under each row."""


TIGHT = [
    ("LINEBELOW", (0, 0), (-1, -1), 0.2, FAINT),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("TOPPADDING", (0, 0), (-1, -1), 0.8),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
    ("LEFTPADDING", (0, 0), (-1, -1), 2),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
]
"""Of the table of formulas, which is long."""


def words(text: str, style: ParagraphStyle) -> Any:
    """A text as it is, signs of the markup and unknown letters too."""
    return Paragraph(escape(legible(text)), style)
