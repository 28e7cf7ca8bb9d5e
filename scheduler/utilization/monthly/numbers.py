"""A figure as it stands on paper: its value in its unit, how it changed, and what it is made of. Pure."""

from math import floor

from scheduler.utilization.figures.figures import Figure, Unit
from scheduler.utilization.pictures.words import BOUND, NOTHING, length, percent

MINUS = "\u2212"


def value(figure: Figure) -> str:
    """`68.8 %`, `122 h 20 min`, `1,204`, or a dash where there is none."""
    return NOTHING if figure.value is None else _said(_exact(figure, figure.value), figure.measure.unit)


def _exact(figure: Figure, value: float) -> float:
    """A share from its two numbers: rounded once, where it is written."""
    if figure.measure.unit is not Unit.SHARE or figure.numerator is None or not figure.denominator:
        return value
    return figure.numerator / figure.denominator


def _said(number: float, unit: Unit) -> str:
    if unit is Unit.SHARE:
        return percent(number)
    if unit is Unit.MINUTES:
        return length(floor(number + 0.5))
    said = f"{int(number):,}" if number == int(number) else f"{number:,.2f}"
    return f"{said}{BOUND}{'day' if number == 1 else 'days'}" if unit is Unit.DAYS else said


def change(figure: Figure, earlier: Figure) -> str:
    """How much more than the month before, with its sign; of shares in points of percent."""
    if figure.value is None or earlier.value is None:
        return ""
    unit = figure.measure.unit
    more = round(_exact(figure, figure.value) - _exact(earlier, earlier.value), 4)
    said = percent(abs(more)).replace("%", "pt") if unit is Unit.SHARE else _said(abs(more), unit)
    return f"{'+' if more > 0 else MINUS}{said}" if more else "="


def made_of(figure: Figure) -> str:
    """The two numbers of a share, or of how many a median is."""
    if figure.denominator is not None:
        return f"{figure.numerator:,} / {figure.denominator:,}"
    return f"of {figure.population:,}" if figure.numerator is None and figure.population else ""
