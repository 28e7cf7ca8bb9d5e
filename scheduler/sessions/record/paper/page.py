"""One sheet of A4: a flowsheet as it goes into the paper chart, or with the patient into an ambulance.

The same record makes the same bytes: nothing on it tells when it was made, and what is still going on says as of when.
"""

from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from scheduler.sessions.record.paper import fonts
from scheduler.sessions.record.paper.blocks import blocks_of, draw_blocks
from scheduler.sessions.record.paper.drug import GIVEN, drug_lines
from scheduler.sessions.record.paper.heading import draw_heading
from scheduler.sessions.record.paper.pen import DARK, LIGHT, MIDDLE, Align, Box, Pen
from scheduler.sessions.record.paper.picture import draw_picture
from scheduler.sessions.record.paper.states import draw_states
from scheduler.sessions.record.paper.table import draw_vitals
from scheduler.sessions.record.paper.words import Clock, clock_of
from scheduler.sessions.record.sheet import Flowsheet

WIDE, HIGH = A4
MARGIN, GUTTER = 30.0, 12.0
INNER = WIDE - 2 * MARGIN
HEADING, BOXES, PICTURE, FOOT = 84.0, 132.0, 232.0, 12.0
LEFT_COLUMN = 300.0
TITLE = "Infusion session"


def draw(sheet: Flowsheet) -> bytes:
    """The sheet as a PDF of one page, with its fonts."""
    fonts.register()
    clock, buffer = clock_of(sheet), BytesIO()
    with fonts.WRITING:
        canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1, lang="en")
        canvas.setTitle(TITLE)
        canvas.setAuthor("")
        canvas.setSubject(str(sheet.session.id))
        _draw(Pen(canvas), sheet, clock)
        canvas.showPage()
        canvas.save()
    return buffer.getvalue()


def _draw(pen: Pen, sheet: Flowsheet, clock: Clock) -> None:
    top = HIGH - MARGIN
    draw_heading(pen, Box(MARGIN, top - HEADING, INNER, HEADING), sheet, clock)
    top -= HEADING + 4
    half = (INNER - GUTTER) / 2
    _draw_drug(pen, Box(MARGIN, top - BOXES, half, BOXES), sheet, clock)
    draw_states(pen, Box(MARGIN + half + GUTTER, top - BOXES, half, BOXES), sheet, clock)
    top -= BOXES + 8
    draw_picture(pen, Box(MARGIN, top - PICTURE, INNER, PICTURE), sheet, clock)
    top -= PICTURE + 6
    bottom = MARGIN + FOOT
    draw_vitals(pen, Box(MARGIN, bottom, LEFT_COLUMN, top - bottom), sheet, clock)
    right = MARGIN + LEFT_COLUMN + GUTTER
    pen.line((right - GUTTER / 2, bottom), (right - GUTTER / 2, top), ink=LIGHT)
    draw_blocks(pen, Box(right, bottom, WIDE - MARGIN - right, top - bottom), blocks_of(sheet, clock))
    _draw_foot(pen, sheet)


def _draw_drug(pen: Pen, box: Box, sheet: Flowsheet, clock: Clock) -> None:
    pen.box(box, ink=MIDDLE)
    pen.text(
        box.x + 5, box.top - 11, f"Drug: {sheet.head.drug}, {sheet.head.route}", size=8, bold=True, room=box.width - 10
    )
    y, bottom = box.top - 23, box.y + 4
    for label, words in drug_lines(sheet, clock):
        lines = fonts.wrapped(words, box.width - 76, 7, fonts.BOLD if label == GIVEN else fonts.PLAIN)
        if y - 9 * (len(lines) - 1) < bottom:
            pen.text(box.x + 5, bottom, "… more in the record", size=6.6, ink=DARK)
            return
        pen.text(box.x + 5, y, label, size=7, ink=DARK, room=62)
        for line in lines:
            pen.text(box.x + 70, y, line, size=7, bold=label == GIVEN)
            y -= 9
        y -= 1.5


def _draw_foot(pen: Pen, sheet: Flowsheet) -> None:
    y = MARGIN - 4
    pen.line((MARGIN, y + 9), (WIDE - MARGIN, y + 9), ink=LIGHT)
    marks = "! alert   * corrected   bef before, inf infusing, rec recovery"
    pen.text(MARGIN, y, f"Times of the clinic's wall clock ({sheet.head.timezone}).   {marks}", size=6, ink=DARK)
    pen.text(WIDE - MARGIN, y, f"Session {sheet.session.id}", size=6, ink=DARK, align=Align.RIGHT)
