"""Where the hours went: a manager's reports, each figure with its formula and the rows behind it."""

from typing import Any

import orjson
from flask import Response, g

from api.identity import allow, one_snapshot
from api.openapi import Blueprint
from api.paging import Page, page, page_of
from api.schemas.base import utc_text
from api.schemas.clinics import DatesIn
from api.schemas.reports import (
    FigureIn,
    MeasuresOut,
    PlannedLengthsOut,
    ReportIn,
    ReportOut,
    ReportRowOut,
    ReportRowsIn,
    StaffCurvesOut,
)
from scheduler.actors import Role
from scheduler.utilization import reports
from scheduler.utilization.figures import tables
from scheduler.utilization.figures.figures import Asked, Line, Measure, Report, Row
from scheduler.utilization.flow.planned_lengths import PlannedLength, read_planned_lengths
from scheduler.utilization.staffing.curve import StaffCurves, read_curves

CSV = "text/csv"
TABLE = {"200": {"description": "A line a figure.", "content": {CSV: {"schema": {"type": "string"}}}}}
ROWS_TABLE = {"200": {"description": "A line a row.", "content": {CSV: {"schema": {"type": "string"}}}}}
NAME = f"<any({', '.join(reports.KINDS)}):name>"

blueprint = Blueprint("reports", __name__, url_prefix="/reports", description="Where the hours went.")


@blueprint.get(f"/{NAME}")
@blueprint.response(200, ReportOut)
@blueprint.arguments(ReportIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def read(asked: dict[str, Any], name: str) -> Response:
    """Read every figure of a report over a range of days, in all and split by day, chair, protocol or what you like.

    Staffing is split by time and by resource: by `protocol` and `prescriber` it is refused. Of the other reports each
    is told by any split; a figure that a split cannot tell is null in its lines.
    Every figure comes with what it is made of, and its measure with the formula. The lines of a sum add up to the
    whole.
    """
    found = reports.read_report(g.db, name, **asked, actor=g.actor, now=g.now)
    return Response(orjson.dumps(document(name, found)), content_type="application/json")


@blueprint.get(f"/{NAME}/measures")
@blueprint.response(200, MeasuresOut)
@allow(Role.MANAGER)
def measures(name: str) -> Page[Measure]:
    """Read what a report tells: every measure with its unit, its formula, and what it is of."""
    return Page(reports.KINDS[name].measures, None)


@blueprint.get(f"/{NAME}/rows")
@blueprint.response(200, page_of(ReportRowOut))
@blueprint.arguments(ReportRowsIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def rows(asked: dict[str, Any], name: str) -> Page[Row]:
    """Open a figure into what it counts, and what that is divided by: spans of a chair, visits, series.

    Whoever also works with patients sees their initials; others see pseudonyms.
    """

    def fetch(*, after: str | None, limit: int) -> list[Row]:
        return reports.read_rows(
            g.db, name, asked["asked"], asked["measure"], asked["line"], after=after, limit=limit,
            actor=g.actor, now=g.now,
        )  # fmt: skip

    return page(asked, fetch, key=lambda row: (row.key,), kinds=(str,))


@blueprint.get(f"/{NAME}.csv")
@blueprint.doc(responses=TABLE)
@blueprint.arguments(ReportIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def table(asked: dict[str, Any], name: str) -> Response:
    """Take a report away as a table, a line a figure, sent as it is written."""
    found = reports.read_report(g.db, name, **asked, actor=g.actor, now=g.now)
    return _sent(tables.report_table(found), f"{name}.csv")


@blueprint.get(f"/{NAME}/rows.csv")
@blueprint.doc(responses=ROWS_TABLE)
@blueprint.arguments(FigureIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def rows_table(asked: dict[str, Any], name: str) -> Response:
    """Take all rows behind a figure away as a table."""
    found = reports.read_rows(g.db, name, **asked, actor=g.actor, now=g.now)
    return _sent(tables.rows_table(found), f"{name}-{asked['measure']}.csv")


@blueprint.get("/staffing/curve")
@blueprint.response(200, StaffCurvesOut)
@blueprint.arguments(DatesIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def curve(dates: dict[str, Any]) -> StaffCurves:
    """Read the mean day of nurses and of prescribers by quarter hour: units asked, as planned and as it really was,
    against the units on duty.

    Over those of the days on which anybody was on duty or asked for; at most three years of days, up to now. It opens
    by the hour: into the rows of `nurse_utilization`, `nurse_planned_utilization` and `nurse_starts`, or those of
    prescribers, split `by=hour`.
    """
    return read_curves(g.db, **dates, actor=g.actor, now=g.now)


@blueprint.get("/flow/lengths")
@blueprint.response(200, PlannedLengthsOut)
@blueprint.arguments(DatesIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def lengths(dates: dict[str, Any]) -> Page[PlannedLength]:
    """Read where planned lengths are wrong: every phase of every protocol, how long it is planned, how long it took,
    and what four of five visits would keep to.

    Of charted visits at which drug was given on these days; at most three years of them, up to now. Each names the
    measures of the report on flow that open it into its visits.
    """
    return Page(read_planned_lengths(g.db, Asked(**dates), actor=g.actor, now=g.now), None)


def document(name: str, report: Report) -> dict[str, Any]:
    """The report as JSON values, straight from its figures: through a schema tens of thousands take seconds.

    `tests/api/test_reports.py` holds it to what `ReportOut` would say.
    """
    asked = report.asked
    return {
        "report": name, "from": asked.first.isoformat(), "to": asked.last.isoformat(), "by": asked.by,
        "until": utc_text(report.until), "notes": report.notes,
        "measures": [
            {
                "key": each.key, "title": each.title, "unit": each.unit, "formula": each.formula,
                "population": each.population,
            }
            for each in reports.KINDS[name].measures
        ],
        "whole": _line(report.whole), "lines": [_line(line) for line in report.lines],
    }  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    figures = {
        str(figure.measure.key): {
            "value": figure.value, "numerator": figure.numerator, "denominator": figure.denominator,
            "population": figure.population,
        }
        for figure in line.figures
    }  # fmt: skip
    return {"key": line.key, "label": line.label, "figures": figures}


def _sent(pieces: Any, named: str) -> Response:
    """A table, piece by piece; what it is made of has been read, so nothing of it is missing at the end."""
    headers = {"Content-Disposition": f'attachment; filename="{named}"'}
    return Response(pieces, content_type=f"{CSV}; charset=utf-8", headers=headers)
