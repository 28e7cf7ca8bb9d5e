"""What the clinic reaches with its induction courses."""

from typing import Any

from flask import Response, g

from api.identity import allow, one_snapshot
from api.openapi import Blueprint
from api.paging import Page, page, page_of
from api.pictures import TYPES, drawn, told
from api.schemas.cohorts import CohortIn, CohortOut, CohortPictureIn, CohortRowOut, CohortRowsIn
from scheduler.actors import Role
from scheduler.outcomes.cohorts import export, reading
from scheduler.outcomes.cohorts.report import Report
from scheduler.outcomes.cohorts.rows import Row

CSV = "text/csv"
TABLE = {"description": "A line a figure.", "content": {CSV: {"schema": {"type": "string"}}}}
PICTURE = told("The picture, with nothing of fewer than five in it.")

blueprint = Blueprint("cohorts", __name__, url_prefix="/outcomes", description="What induction courses reach.")


@blueprint.get("/cohort")
@blueprint.response(200, CohortOut)
@blueprint.arguments(CohortIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def read(asked: dict[str, Any]) -> Report:
    """Read how complete the scores of a period's induction courses are, and what was reached, beside what others tell.

    The courses are those whose first infusion was given on these days and that follow no other series.
    """
    return reading.read_report(g.db, **asked, actor=g.actor, now=g.now)


@blueprint.get("/cohort/rows")
@blueprint.response(200, page_of(CohortRowOut))
@blueprint.arguments(CohortRowsIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def rows(asked: dict[str, Any]) -> Page[Row]:
    """Open a figure into its courses, under pseudonyms and in days since the first infusion."""

    def fetch(*, after: str | None, limit: int) -> list[Row]:
        return reading.read_rows(
            g.db, asked["asked"], asked["figure"], after=after, limit=limit, actor=g.actor, now=g.now
        )

    return page(asked, fetch, key=lambda row: (row.pseudonym,), kinds=(str,))


@blueprint.get("/cohort.csv")
@blueprint.doc(responses={"200": TABLE})
@blueprint.arguments(CohortIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def table(asked: dict[str, Any]) -> Response:
    """Take the figures away as a table; whatever is, or would let be reckoned, fewer than five people is withheld."""
    disclosure = reading.read_for_export(g.db, **asked, actor=g.actor, now=g.now)
    named = {"Content-Disposition": 'attachment; filename="cohort.csv"'}
    return Response(export.as_csv(disclosure), content_type=f"{CSV}; charset=utf-8", headers=named)


@blueprint.get("/cohort/pictures/<any(completeness, response, durability, dropout, change):name>")
@blueprint.doc(responses=PICTURE)
@blueprint.arguments(CohortPictureIn, location="query")
@one_snapshot
@allow(Role.MANAGER)
def picture(asked: dict[str, Any], name: str) -> Response:
    """Draw one side of it: how many courses have their scores, what was reached beside what others have reported on
    the same scale, how long responses lasted, who gave up and why, or the totals before and after.

    Nothing of fewer than five people is drawn.
    """
    disclosure = reading.read_for_export(g.db, asked["asked"], actor=g.actor, now=g.now)
    return drawn("scheduler.outcomes.cohorts.pictures", name, asked["format"], disclosure, kind=TYPES[asked["format"]])
