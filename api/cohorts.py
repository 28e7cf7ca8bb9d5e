"""What the clinic reaches with its induction courses."""

from importlib import import_module
from typing import Any

from flask import Response, g

from api.identity import allow, one_snapshot
from api.openapi import Blueprint
from api.paging import Page, page, page_of
from api.schemas.cohorts import CohortIn, CohortOut, CohortPictureIn, CohortRowOut, CohortRowsIn
from scheduler.actors import Role
from scheduler.outcomes.cohorts import export, reading
from scheduler.outcomes.cohorts.report import Report
from scheduler.outcomes.cohorts.rows import Row

CSV = "text/csv"
TYPES = {"svg": "image/svg+xml", "png": "image/png"}
TABLE = {"description": "A line a figure.", "content": {CSV: {"schema": {"type": "string"}}}}
PICTURE = {
    "description": "The picture, with nothing of fewer than five in it.",
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES.values()},
}
PICTURES = {
    "completeness": "Draw how many courses have their scores.",
    "response": "Draw what was reached, beside what others have reported on the same scale.",
    "durability": "Draw how long responses lasted.",
    "dropout": "Draw who gave up, after how many infusions and why.",
    "change": "Draw the totals before and after.",
}

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


def _picture(name: str, promise: str) -> None:
    """One picture under an address of its own."""

    def view(asked: dict[str, Any]) -> Response:
        disclosure = reading.read_for_export(g.db, asked["asked"], actor=g.actor, now=g.now)
        return Response(_drawn(name, asked["format"], disclosure), content_type=TYPES[asked["format"]])

    view.__name__, view.__doc__ = f"picture_of_{name}", f"{promise} Nothing of fewer than five people is drawn."
    told = blueprint.doc(responses={"200": PICTURE})
    asks = blueprint.arguments(CohortPictureIn, location="query")
    blueprint.get(f"/cohort/pictures/{name}")(told(asks(one_snapshot(allow(Role.MANAGER)(view)))))


for _name, _promise in PICTURES.items():
    _picture(_name, _promise)


def _drawn(name: str, kind: str, disclosure: Any) -> bytes:
    """What draws is large, and imported by the first who asks for a picture."""
    drawn: bytes = import_module("scheduler.outcomes.cohorts.pictures").draw(name, kind, disclosure)
    return drawn
