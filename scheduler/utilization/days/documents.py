"""How a day that was reckoned is kept: as plain JSON values, and read back in bulk. Pure.

A year of a clinic is a hundred thousand cells: they stand in columns of whole numbers, with every id and every word
once.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from scheduler.utilization.days import loads
from scheduler.utilization.days.loads import DayLoads
from scheduler.utilization.ledger.tallies import Cell, Tally

FORMAT = 2
"""Raise it whenever days are reckoned or written otherwise than before: what is kept of another format is not used."""
WORDS = ("kind", "chair", "version", "prescriber")
"""What of a cell is a word, or none; the rest are numbers."""

_cell = partial(tuple.__new__, Cell)


@dataclass(frozen=True)
class DayFigures:
    """What a day came to, as far as it has come."""

    date: date
    tally: Tally
    loads: DayLoads


def as_document(day: DayFigures) -> dict[str, Any]:
    """A day as it is kept, the same for the same day."""
    cells = sorted(day.tally, key=str)
    words = sorted({getattr(cell, name) for cell in cells for name in WORDS} - {None})
    place = {None: 0, **{word: number for number, word in enumerate(words, 1)}}
    columns = {name: [_plain(getattr(cell, name), place) for cell in cells] for name in Cell._fields}
    numbers = [day.tally[cell] for cell in cells]
    return {"words": [None, *words], "cells": columns, "numbers": numbers, "loads": loads.as_document(day.loads)}


def _plain(value: Any, place: Mapping[Any, int]) -> int:
    return place[value] if value is None or isinstance(value, str) else int(value)


def from_document(day: date, document: Mapping[str, Any]) -> DayFigures:
    """The day that `as_document` wrote."""
    columns, word = document["cells"], document["words"].__getitem__
    values: Iterable[Any] = (
        map(word, columns[name]) if name in WORDS else map(bool, columns[name]) if name == "prime" else columns[name]
        for name in Cell._fields
    )
    tally: Tally = Counter(dict(zip(map(_cell, zip(*values, strict=True)), document["numbers"], strict=True)))
    return DayFigures(day, tally, loads.from_document(document["loads"]))
