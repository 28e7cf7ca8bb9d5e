"""The day's board, with whom a form should be put before: booking knows the chairs, outcomes know the forms."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from scheduler.actors import Actor
from scheduler.booking.board import Board, read_board
from scheduler.clinic_time import local_date
from scheduler.outcomes.timing.at_visits import AtVisits, read_at_visits
from scheduler.outcomes.timing.prompts import Today

NOTHING = AtVisits({}, {})


@dataclass(frozen=True)
class DayBoard:
    """A board, and what is missing at its visits; only today a form can be put before anybody."""

    board: Board
    forms: AtVisits = NOTHING


def read_day_board(db: Session, day: date, *, actor: Actor, now: datetime) -> DayBoard:
    """The board of a local day in five statements; today's in seven, for the forms that are due."""
    board = read_board(db, day, actor=actor, now=now)
    if day != local_date(now, board.zone):
        return DayBoard(board)
    return DayBoard(board, read_at_visits(db, actor.clinic_id, Today(now, board.zone)))
