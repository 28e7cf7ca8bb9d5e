"""The sets of vitals as a table: the columns that have anything in them, and as many rows as there is room for."""

from collections.abc import Callable
from dataclasses import dataclass

from scheduler.models import Vitals
from scheduler.sessions.record.paper.choosing import thinned
from scheduler.sessions.record.paper.pen import DARK, LIGHT, PALE, Align, Box, Pen
from scheduler.sessions.record.paper.words import Clock, amount
from scheduler.sessions.record.sheet import Entry, Flowsheet

LEAST_ROW, MOST_ROW, HEAD_ROWS, SIZE = 8.8, 11.5, 3, 6.4
WIDEST = 1.5
"""By so much columns are widened where there are few of them."""
Cell = Callable[[Entry[Vitals]], str]


@dataclass(frozen=True)
class Column:
    """`needed` columns are there even where nobody measured anything."""

    name: str
    width: float
    cell: Cell
    needed: bool = False


def _number(name: str) -> Cell:
    def cell(entry: Entry[Vitals]) -> str:
        value = getattr(entry.row, name)
        return "" if value is None else str(value)

    return cell


def _decimal(name: str) -> Cell:
    def cell(entry: Entry[Vitals]) -> str:
        value = getattr(entry.row, name)
        return "" if value is None else amount(value)

    return cell


def _pressure(entry: Entry[Vitals]) -> str:
    if entry.mean_pressure is None:
        return "" if entry.row.sbp is None else f"{entry.row.sbp}/-"
    return f"{entry.row.sbp}/{entry.row.dbp} ({entry.mean_pressure})"


def _dissociation(entry: Entry[Vitals]) -> str:
    return "" if entry.cadss6_total is None else str(entry.cadss6_total)


COLUMNS = (
    Column("", 13, lambda entry: entry.row.phase[:3], needed=True),
    Column("BP (MAP)", 56, _pressure, needed=True),
    Column("HR", 20, _number("hr"), needed=True),
    Column("SpO2", 24, _number("spo2"), needed=True),
    Column("O2", 18, _decimal("o2_l_min")),
    Column("RR", 18, _number("rr")),
    Column("CO2", 20, _number("etco2")),
    Column("°C", 22, _decimal("temp_c")),
    Column("MOAA/S", 33, _number("moaas")),
    Column("RASS", 24, _number("rass")),
    Column("Distr", 22, _number("distress")),
    Column("Naus", 22, _number("nausea")),
    Column("CADSS", 27, _dissociation),
)


@dataclass(frozen=True)
class Grid:
    """How large the table is drawn: rows are higher and letters larger where there is room."""

    left: float
    time: float
    row: float
    scale: float

    @property
    def size(self) -> float:
        return SIZE * min(self.row / LEAST_ROW, 1.15) * min(1, self.scale)


def draw_vitals(pen: Pen, box: Box, sheet: Flowsheet, clock: Clock) -> None:
    """The table, from the top of its box down."""
    chosen = thinned(len(sheet.vitals), int(box.height // LEAST_ROW) - HEAD_ROWS, keep=_notable(sheet))
    pen.text(box.x, box.top - 7, _title(sheet, len(chosen)), size=7.2, bold=True, room=box.width)
    pen.text(box.x, box.top - 16, _due(sheet, clock), size=SIZE, ink=DARK, room=box.width)
    columns = [each for each in COLUMNS if each.needed or any(each.cell(entry) for entry in sheet.vitals)]
    grid = _grid(box, columns, len(chosen), with_offset=clock.with_offset)
    y = box.top - 17 - grid.row
    pen.text(box.x + 1, y, "Time", size=grid.size, bold=True)
    _cells(pen, grid, y, [(column, column.name) for column in columns], bold=True)
    pen.line((box.x, y - 2.2), (box.right, y - 2.2), ink=LIGHT)
    alerted = {alert.vitals_id for alert in sheet.alerts}
    for number, index in enumerate(chosen):
        entry, y = sheet.vitals[index], y - grid.row
        if number % 2 == 0:
            pen.box(Box(box.x, y - 2.2, box.width, grid.row), fill=PALE)
        mark = ("!" if entry.row.id in alerted else "") + ("*" if entry.earlier else "")
        pen.text(box.x + 1, y, clock.time(entry.row.occurred_at) + mark, size=grid.size, bold=bool(mark))
        _cells(pen, grid, y, [(column, column.cell(entry)) for column in columns])


def _grid(box: Box, columns: list[Column], rows: int, *, with_offset: bool) -> Grid:
    time = 52.0 if with_offset else 34.0
    scale = min(WIDEST, (box.width - time) / sum(column.width for column in columns))
    row = min(MOST_ROW, max(LEAST_ROW, (box.height - 17) / (rows + 1)))
    return Grid(box.x, time, row, scale)


def _cells(pen: Pen, grid: Grid, y: float, cells: list[tuple[Column, str]], *, bold: bool = False) -> None:
    x = grid.left + grid.time
    for column, words in cells:
        x += column.width * grid.scale
        pen.text(x - 2, y, words, size=grid.size, bold=bold, align=Align.RIGHT)


def _title(sheet: Flowsheet, shown: int) -> str:
    number = len(sheet.vitals)
    if not number:
        return "Vitals: none recorded yet"
    return "Vitals" if shown == number else f"Vitals: {shown} of {number} sets shown; all in the record"


def _due(sheet: Flowsheet, clock: Clock) -> str:
    """Which of the sets that were due were taken, and what is due next."""
    due = sheet.next_due
    coming = [f"next due {clock.time(due.at)}{f', {due.late_minutes} min late' if due.overdue else ''}"] if due else []
    if not sheet.due:
        return "; ".join(coming).capitalize()
    missed = [clock.time(point.at) for point in sheet.missed]
    taken = f"{len(sheet.due) - len(missed)} of {len(sheet.due)} due sets taken"
    return "; ".join([taken, *([f"missed {', '.join(missed)}"] if missed else []), *coming])


def _notable(sheet: Flowsheet) -> set[int]:
    """Sets with an alert, and those with an extreme: a table that is thinned must not leave these out."""
    alerted = {alert.vitals_id for alert in sheet.alerts}
    kept = {index for index, entry in enumerate(sheet.vitals) if entry.row.id in alerted}
    for name, extreme in (("sbp", max), ("sbp", min), ("dbp", max), ("hr", max), ("hr", min), ("spo2", min)):
        found = [(getattr(entry.row, name), i) for i, entry in enumerate(sheet.vitals)]
        known = [each for each in found if each[0] is not None]
        if known:
            kept.add(extreme(known)[1])
    return kept
