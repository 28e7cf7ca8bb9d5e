"""What draws on the sheet: points from the lower left corner, a few greys, and no more."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from scheduler.sessions.record.paper.fonts import BOLD, PLAIN, shortened, width

BLACK, DARK, MIDDLE, LIGHT, PALE, WHITE = 0.0, 0.3, 0.55, 0.8, 0.92, 1.0
RED, BLUE = (0.6, 0.05, 0.05), (0.05, 0.2, 0.55)
"""Dark enough to stay readable where only black is printed."""
Ink = float | tuple[float, float, float]


class Align(Enum):
    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Mark(Enum):
    """The shape of a reading, so that no colour is needed to tell it."""

    DOWN = "down"
    UP = "up"
    CROSS = "cross"
    DOT = "dot"
    SQUARE = "square"


@dataclass(frozen=True)
class Box:
    """A part of the sheet."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def top(self) -> float:
        return self.y + self.height


class Pen:
    """Draws on a canvas of reportlab."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas

    def text(
        self, x: float, y: float, words: str, *, size: float = 7, bold: bool = False, ink: Ink = BLACK,
        align: Align = Align.LEFT, room: float | None = None,
    ) -> None:  # fmt: skip
        """Words from, around or up to `x`; cut with a mark beyond their room."""
        font = BOLD if bold else PLAIN
        words = words if room is None else shortened(words, room, size, font)
        taken = width(words, size, font)
        left = {Align.LEFT: x, Align.CENTRE: x - taken / 2, Align.RIGHT: x - taken}[align]
        self._canvas.setFont(font, size)
        self._canvas.setFillColorRGB(*_rgb(ink))
        self._canvas.drawString(left, y, words)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], *, ink: Ink = BLACK, weight: float = 0.5,
        dash: tuple[float, ...] = (),
    ) -> None:  # fmt: skip
        self.path([start, end], ink=ink, weight=weight, dash=dash)

    def path(
        self, points: list[tuple[float, float]], *, ink: Ink = BLACK, weight: float = 0.5, dash: tuple[float, ...] = ()
    ) -> None:
        """One line through all the points."""
        self._canvas.setStrokeColorRGB(*_rgb(ink))
        self._canvas.setLineWidth(weight)
        self._canvas.setDash(*(list(dash), 0) if dash else ())
        path = self._canvas.beginPath()
        path.moveTo(*points[0])
        for point in points[1:]:
            path.lineTo(*point)
        self._canvas.drawPath(path, stroke=1, fill=0)
        self._canvas.setDash()

    def box(self, box: Box, *, fill: Ink | None = None, ink: Ink | None = None, weight: float = 0.5) -> None:
        """A filled area, a frame, or both."""
        if fill is not None:
            self._canvas.setFillColorRGB(*_rgb(fill))
        if ink is not None:
            self._canvas.setStrokeColorRGB(*_rgb(ink))
            self._canvas.setLineWidth(weight)
        self._canvas.rect(box.x, box.y, box.width, box.height, stroke=int(ink is not None), fill=int(fill is not None))

    def mark(self, x: float, y: float, mark: Mark, *, ink: Ink = BLACK, size: float = 2.2) -> None:
        """One reading."""
        if mark is Mark.CROSS:
            self.line((x - size, y - size), (x + size, y + size), ink=ink)
            self.line((x - size, y + size), (x + size, y - size), ink=ink)
            return
        self._canvas.setFillColorRGB(*_rgb(ink))
        if mark is Mark.DOT:
            self._canvas.circle(x, y, size * 0.8, stroke=0, fill=1)
            return
        path = self._canvas.beginPath()
        first, *rest = _corners(x, y, mark, size)
        path.moveTo(*first)
        for corner in rest:
            path.lineTo(*corner)
        path.close()
        self._canvas.drawPath(path, stroke=0, fill=1)


def _corners(x: float, y: float, mark: Mark, size: float) -> list[tuple[float, float]]:
    """A triangle's tip lies on the reading, as on a chart of an anaesthetist."""
    if mark is Mark.SQUARE:
        half = size * 0.75
        return [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    away = 1.7 * size * (1 if mark is Mark.DOWN else -1)
    return [(x, y), (x - size, y + away), (x + size, y + away)]


def _rgb(ink: Ink) -> tuple[float, float, float]:
    return ink if isinstance(ink, tuple) else (ink, ink, ink)
