"""A month as a PDF of A4 pages, printable in grey. Of the same figures always the same bytes."""

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from typing import Any

from reportlab.platypus import SimpleDocTemplate

from scheduler.sessions.record.paper import fonts
from scheduler.utilization.monthly.pages import story
from scheduler.utilization.monthly.reading import Month
from scheduler.utilization.monthly.style import FOOT, GREY, HIGH, MARGIN, PADDING, WIDE
from scheduler.utilization.pictures import drawing
from scheduler.utilization.pictures.sheet import about, shortened

TITLE = "Where the hours went"
SIZE = 7


def draw(month: Month) -> bytes:
    """The report with its pictures and its fonts."""
    return write(month, {name: drawing.draw(name, "png", month.pictured) for name in drawing.PICTURES})


def write(month: Month, pictures: Mapping[str, bytes]) -> bytes:
    """The report with these pictures."""
    fonts.register()
    written = BytesIO()
    flowing = list(story(month, pictures))
    with fonts.WRITING:
        document = SimpleDocTemplate(
            written, pagesize=(WIDE, HIGH), invariant=1, pageCompression=1, lang="en", author="",
            title=f"{TITLE}: {month.first:%B %Y}", leftMargin=MARGIN - PADDING, rightMargin=MARGIN - PADDING,
            topMargin=MARGIN, bottomMargin=MARGIN + FOOT / 2,
        )  # fmt: skip
        foot = partial(_draw_foot, month)
        document.build(flowing, onFirstPage=foot, onLaterPages=foot)
    return written.getvalue()


def _draw_foot(month: Month, canvas: Any, _document: Any) -> None:
    """Whose it is and of when, on every page: paper falls apart."""
    room = WIDE - 2 * MARGIN - 40
    said = f"{shortened(month.pictured.clinic)}  |  {about(month.pictured)}"
    canvas.setFont(fonts.PLAIN, SIZE)
    canvas.setFillColor(GREY)
    canvas.drawString(MARGIN, FOOT, fonts.shortened(said, room, SIZE))
    canvas.drawRightString(WIDE - MARGIN, FOOT, f"Page {canvas.getPageNumber()}")
