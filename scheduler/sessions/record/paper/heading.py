"""The head of the sheet: whose it is, of what, and whether anybody stands for it with their name."""

from scheduler.models import UNDER_WAY, SessionStatus
from scheduler.sessions.record.paper.fonts import BOLD, width
from scheduler.sessions.record.paper.pen import BLACK, DARK, MIDDLE, WHITE, Box, Pen
from scheduler.sessions.record.paper.words import STATES, Clock
from scheduler.sessions.record.sheet import Flowsheet

MARK = Box(0, 0, 178, 40)
"""How large the mark of the signature is."""
NAME_SIZES = (15, 13, 11, 9.5, 8)


def draw_heading(pen: Pen, box: Box, sheet: Flowsheet, clock: Clock) -> None:
    """From the top: the house and the mark, the patient, the visit."""
    head, room = sheet.head, box.width - MARK.width - 14
    pen.text(box.x, box.top - 9, f"Infusion session  |  {head.clinic}", size=8.5, ink=DARK, room=room)
    y = _name(pen, box.x, box.top - 27, sheet, room)
    known = f"born {head.birth_date.isoformat()}   MRN {head.mrn}"
    pen.text(box.x, y - 13, known, size=9, bold=True, room=room)
    _mark(pen, Box(box.right - MARK.width, box.top - MARK.height, MARK.width, MARK.height), sheet, clock)
    _as_of(pen, box, sheet, clock)
    visit = f"{clock.date(sheet.times.checked_in_at)}   infusion {head.number} of {head.of}   {head.protocol}"
    staff = [("Chair", head.chair), ("Nurse", head.nurse), ("Prescriber", head.prescriber)]
    pen.text(box.x, box.y + 13, visit, size=8, room=box.width)
    named = "   ".join(f"{label} {name}" for label, name in staff if name)
    pen.text(box.x, box.y + 3, named, size=8, room=box.width)
    pen.line((box.x, box.y - 1), (box.right, box.y - 1), weight=0.8)


def _name(pen: Pen, x: float, y: float, sheet: Flowsheet, room: float) -> float:
    """The name as large as it fits on a line, else on two, and where the last line stands."""
    family, given = sheet.head.family_name, sheet.head.given_name
    whole = f"{family}, {given}"
    for size in NAME_SIZES:
        if width(whole, size, BOLD) <= room:
            pen.text(x, y, whole, size=size, bold=True)
            return y
    pen.text(x, y + 3, f"{family},", size=NAME_SIZES[-1], bold=True, room=room)
    pen.text(x, y - 6, given, size=NAME_SIZES[-1], bold=True, room=room)
    return y - 4


def _mark(pen: Pen, box: Box, sheet: Flowsheet, clock: Clock) -> None:
    """Signed, in a frame; everything else white on black, so that nobody takes it for more than it is."""
    session = sheet.session
    signed = session.status is SessionStatus.CLOSED and session.signed_at is not None
    ink = BLACK if signed else WHITE
    pen.box(box, fill=None if signed else BLACK, ink=BLACK, weight=1)
    if signed and session.signed_at is not None:
        lines = ("SIGNED", f"Signed by {session.signed_by}", f"at {clock.moment(session.signed_at)}")
    elif session.status is SessionStatus.ENTERED_IN_ERROR:
        lines = ("ENTERED IN ERROR", "This session did not take place.", "")
    else:
        since = "since" if session.status is SessionStatus.RECOVERING else "at"
        standing = f"{STATES[session.status]} {since} {clock.time(session.status_at)}"
        lines = ("NOT SIGNED", standing, "This record is not complete.")
    pen.text(box.x + 7, box.top - 13, lines[0], size=11, bold=True, ink=ink)
    for number, line in enumerate(lines[1:]):
        pen.text(box.x + 7, box.top - 24 - 10 * number, line, size=7.5, ink=ink, room=box.width - 14)


def _as_of(pen: Pen, box: Box, sheet: Flowsheet, clock: Clock) -> None:
    """As of when, where it matters: what is over is the same whenever it is looked at."""
    if sheet.as_of is None and sheet.session.status not in UNDER_WAY:
        return
    x, y = box.right - MARK.width, box.top - MARK.height - 11
    words = "As known at" if sheet.as_of else "As of"
    pen.text(x, y, f"{words} {clock.moment(sheet.at)}", size=8, bold=True, room=MARK.width)
    pen.line((x, y - 3), (box.right, y - 3), ink=MIDDLE)
