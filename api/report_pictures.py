"""Where the hours went as pictures, and a month of it on paper."""

from typing import Any

from flask import Response, g

from api.identity import allow, one_snapshot
from api.openapi import Blueprint
from api.pictures import PDF, TYPES, drawn, told
from api.schemas.report_pictures import MonthIn, ReportPictureIn
from scheduler.actors import Role
from scheduler.utilization.monthly.reading import read_month
from scheduler.utilization.pictures.reading import read_pictured

PICTURES = "scheduler.utilization.pictures.drawing"
PAPER = "scheduler.utilization.monthly.paper"

blueprint = Blueprint("report pictures", __name__, url_prefix="/reports", description="Where the hours went, drawn.")


@blueprint.get("/pictures/<any(heat_map, waterfall, load_curve, trend):name>")
@blueprint.doc(responses=told("The picture, with nobody in it."))
@blueprint.arguments(ReportPictureIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def picture(asked: dict[str, Any], name: str) -> Response:
    """Draw the use of the chairs by hour and weekday, the open minutes taken away cause by cause, what the day asked
    of the nurses, or utilization over time.

    Of at most three years of days, as far as they have come. Letters are outlines; the description says it in words.
    """
    pictured = read_pictured(g.db, name, asked["first"], asked["last"], actor=g.actor, now=g.now)
    return drawn(PICTURES, name, asked["format"], pictured, kind=TYPES[asked["format"]])


@blueprint.get("/monthly.pdf")
@blueprint.doc(responses=told("The report, A4, printable in grey.", PDF))
@blueprint.arguments(MonthIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def monthly(asked: dict[str, Any]) -> Response:
    """Take a month away as paper: its figures with last month's beside, the pictures, and every formula.

    Of a month that is not over, what has come of it. Nobody is named in it.
    """
    read = read_month(g.db, asked["month"], actor=g.actor, now=g.now)
    return drawn(PAPER, read, kind=PDF, named=f"report-{asked['month']:%Y-%m}.pdf")
