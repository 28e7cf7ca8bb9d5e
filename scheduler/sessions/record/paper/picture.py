"""The picture: pressures and pulse, saturation and rate over the time of the session."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from scheduler.models import Mode, Vitals
from scheduler.sessions.record.paper.axis import Times, Values, times_of, values_of
from scheduler.sessions.record.paper.fonts import width
from scheduler.sessions.record.paper.pen import (
    BLACK,
    BLUE,
    DARK,
    LIGHT,
    MIDDLE,
    PALE,
    RED,
    WHITE,
    Align,
    Box,
    Ink,
    Mark,
    Pen,
)
from scheduler.sessions.record.paper.words import Clock, amount, letter
from scheduler.sessions.record.sheet import Flowsheet
from scheduler.sessions.watch.observations import mean_arterial

AXIS, STRIP, SATURATION, RATE, GAP, LABELS = 12.0, 28.0, 34.0, 34.0, 8.0, 26.0
SMALL = 5.8
CROWDED = 40
"""From so many readings on, marks are smaller."""


@dataclass(frozen=True)
class Curve:
    """What of a set is drawn, and how."""

    name: str
    read: Callable[[Vitals], int | None]
    mark: Mark
    ink: Ink = BLACK
    dash: tuple[float, ...] = ()


def _mean(row: Vitals) -> int | None:
    return None if row.sbp is None or row.dbp is None else mean_arterial(row.sbp, row.dbp)


CURVES = (
    Curve("SBP", attrgetter("sbp"), Mark.DOWN),
    Curve("DBP", attrgetter("dbp"), Mark.UP),
    Curve("MAP", _mean, Mark.CROSS, MIDDLE, (1, 1.5)),
    Curve("HR", attrgetter("hr"), Mark.DOT, RED, (3, 1.5)),
)
SPO2 = Curve("SpO2", attrgetter("spo2"), Mark.SQUARE, BLUE)


def draw_picture(pen: Pen, box: Box, sheet: Flowsheet, clock: Clock) -> None:
    """The whole picture within the box, its three panels over one axis of time."""
    left, wide = box.x + LABELS, box.width - LABELS
    rate = Box(left, box.y + AXIS, wide, RATE)
    saturation = Box(left, rate.top + GAP, wide, SATURATION)
    upper = Box(left, saturation.top + GAP, wide, box.top - STRIP - saturation.top - GAP)
    times = times_of(sheet, upper)
    for panel in (upper, saturation, rate):
        _shade(pen, panel, sheet, times)
        _time_grid(pen, panel, times, clock)
    _curves(pen, upper, sheet, times)
    _saturation(pen, saturation, sheet, times)
    _rate(pen, rate, sheet, times)
    for panel in (upper, saturation, rate):
        pen.box(panel, ink=DARK, weight=0.4)
    _clock_labels(pen, rate, times, clock)
    _happenings(pen, Box(left, rate.y, wide, upper.top - rate.y), sheet, times)
    _legend(pen, Box(box.x, box.top - 8, box.width, 8))


def _shade(pen: Pen, panel: Box, sheet: Flowsheet, times: Times) -> None:
    """While the drug ran, the ground is grey; a pause is a gap in it."""
    for run in sheet.given.stretches if sheet.given else ():
        x = times.x(run.start)
        pen.box(Box(x, panel.y, times.x(run.end) - x, panel.height), fill=PALE)


def _time_grid(pen: Pen, panel: Box, times: Times, clock: Clock) -> None:
    for at in _ticks(times, clock):
        pen.line((times.x(at), panel.y), (times.x(at), panel.top), ink=LIGHT, weight=0.3)


def _ticks(times: Times, clock: Clock) -> list[datetime]:
    offset = times.first.astimezone(clock.zone).utcoffset()
    return [] if offset is None else list(times.ticks(offset))


def _clock_labels(pen: Pen, panel: Box, times: Times, clock: Clock) -> None:
    for at in _ticks(times, clock):
        pen.text(times.x(at), panel.y - 8, clock.time(at), size=SMALL + 0.5, align=Align.CENTRE)


def _value_grid(pen: Pen, panel: Box, scale: Values, ticks: Sequence[float]) -> None:
    for value in ticks:
        y = scale.y(value)
        pen.line((panel.x, y), (panel.right, y), ink=LIGHT, weight=0.3)
        pen.text(panel.x - 3, y - 2, f"{value:g}", size=SMALL, align=Align.RIGHT)


def _curves(pen: Pen, panel: Box, sheet: Flowsheet, times: Times) -> None:
    rows = [entry.row for entry in sheet.vitals]
    found = [float(value) for curve in CURVES for value in map(curve.read, rows) if value is not None]
    scale = values_of(panel, found, usual=(40, 180), step=20)
    _value_grid(pen, panel, scale, range(int(scale.least), int(scale.most) + 1, 20))
    for curve in CURVES:
        _curve(pen, curve, rows, times, scale)
    if not rows:
        _say(pen, panel, "No vitals recorded yet")


def _curve(pen: Pen, curve: Curve, rows: Sequence[Vitals], times: Times, scale: Values) -> None:
    """A line through what was measured: sets without this value are passed over."""
    read = ((row.occurred_at, curve.read(row)) for row in rows)
    points = [(times.x(at), scale.y(value)) for at, value in read if value is not None]
    if len(points) > 1:
        pen.path(points, ink=curve.ink, weight=0.6, dash=curve.dash)
    for x, y in points:
        pen.mark(x, y, curve.mark, ink=curve.ink, size=1.6 if len(points) > CROWDED else 2.2)


def _say(pen: Pen, panel: Box, words: str) -> None:
    """Words in the middle of an empty panel."""
    x, y, wide = panel.x + panel.width / 2, panel.y + panel.height / 2 - 3, width(words, 8) + 8
    pen.box(Box(x - wide / 2, y - 3, wide, 12), fill=WHITE)
    pen.text(x, y, words, size=8, ink=DARK, align=Align.CENTRE)


def _saturation(pen: Pen, panel: Box, sheet: Flowsheet, times: Times) -> None:
    rows = [entry.row for entry in sheet.vitals]
    found = [float(row.spo2) for row in rows if row.spo2 is not None]
    scale = values_of(panel, found, usual=(88, 100), step=4)
    _value_grid(pen, panel, scale, [scale.least, (scale.least + scale.most) / 2, scale.most])
    _curve(pen, SPO2, rows, times, scale)
    pen.text(panel.x + 3, panel.y + 3, "SpO2 %", size=SMALL, ink=DARK)


def _rate(pen: Pen, panel: Box, sheet: Flowsheet, times: Times) -> None:
    devices = sheet.session.mode is Mode.DEVICES
    pen.text(panel.x + 3, panel.top - 7, "Devices, mg" if devices else "Rate, mL/h", size=SMALL, ink=DARK)
    if devices:
        _devices(pen, panel, sheet, times)
        return
    runs = sheet.given.stretches if sheet.given else ()
    scale = values_of(panel, [float(run.rate_ml_h) for run in runs], usual=(0, 100), step=100)
    scale = Values(scale.least, scale.most * 1.35, scale.bottom, scale.height)
    free = panel.x
    for run in runs:
        start, end, y = times.x(run.start), times.x(run.end), scale.y(float(run.rate_ml_h))
        pen.path([(start, panel.y), (start, y), (end, y), (end, panel.y)], weight=1)
        label = amount(run.rate_ml_h)
        if start >= free:
            pen.text(start + 1.5, y + 2, label, size=SMALL, bold=True)
            free = start + 4 + width(label, SMALL)
    if not runs:
        _say(pen, panel, "Not started")


def _devices(pen: Pen, panel: Box, sheet: Flowsheet, times: Times) -> None:
    free = panel.x
    for entry in sheet.infusion_events:
        if entry.row.dose_mg is None:
            continue
        x, label = times.x(entry.row.occurred_at), amount(entry.row.dose_mg)
        pen.line((x, panel.y), (x, panel.y + panel.height * 0.55), weight=2)
        if x >= free:
            pen.text(x, panel.y + panel.height * 0.55 + 3, label, size=SMALL, bold=True, align=Align.CENTRE)
            free = x + 3 + width(label, SMALL)


def _happenings(pen: Pen, area: Box, sheet: Flowsheet, times: Times) -> None:
    """Adverse events by their letters, alerts by exclamation marks, and when the patient left."""
    y = area.top + 10
    for alert in sheet.alerts:
        pen.text(times.x(alert.raised_at), area.top + 2, "!", size=6.5, bold=True, ink=RED, align=Align.CENTRE)
    for index, entry in enumerate(sheet.adverse_events):
        x = times.x(entry.row.occurred_at)
        pen.line((x, area.y), (x, y), ink=DARK, weight=0.6, dash=(2, 2))
        pen.box(Box(x - 4, y - 2, 8, 8.5), fill=BLACK)
        pen.text(x, y, letter(index), size=6.5, bold=True, ink=1.0, align=Align.CENTRE)
    left = sheet.times.discharged_at
    if left is not None:
        x = times.x(left)
        pen.line((x, area.y), (x, area.top), weight=1)
        pen.text(x - 2, area.top - 7, "left", size=SMALL, align=Align.RIGHT)


def _legend(pen: Pen, strip: Box) -> None:
    x, y = strip.x, strip.y + 2
    for curve in (*CURVES, SPO2):
        pen.mark(x + 3, y + 2.2, curve.mark, ink=curve.ink)
        pen.text(x + 8, y, curve.name, size=6.5)
        x += 14 + width(curve.name, 6.5)
    rest = "mmHg and beats a minute    grey: drug running    A, B: adverse events    !: alert"
    pen.text(x + 4, y, rest, size=6.5, ink=DARK)
