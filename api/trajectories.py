"""What a patient's scores say over a series, as figures and as a picture."""

from typing import Any
from uuid import UUID

from flask import Response, g

from api.identity import allow
from api.openapi import Blueprint
from api.pictures import TYPES, drawn, told
from api.schemas.trajectories import PictureQuery, TrajectoryOut, TrajectoryQuery
from scheduler.actors import Role
from scheduler.outcomes.trajectories import reading
from scheduler.outcomes.trajectories.trajectory import Trajectory

DRAWN = told(
    "The scores over days, with the infusions and their doses, to be shown to the patient. It names nobody and no date."
)

blueprint = Blueprint("trajectories", __name__, description="What a patient's scores say over a series.")


@blueprint.get("/patients/<uuid:patient_id>/trajectory")
@blueprint.response(200, TrajectoryOut)
@blueprint.arguments(TrajectoryQuery, location="query")
@allow(Role.CLINICIAN)
def read_trajectory(asked: dict[str, Any], patient_id: UUID) -> Trajectory:
    """A patient's scores over one series: baseline, each score among the infusions, and where they stand now."""
    return reading.read_trajectory(g.db, patient_id, **asked, actor=g.actor, now=g.now)


@blueprint.get("/patients/<uuid:patient_id>/trajectory/picture")
@blueprint.doc(responses=DRAWN)
@blueprint.arguments(PictureQuery, location="query")
@allow(Role.CLINICIAN)
def draw_trajectory(asked: dict[str, Any], patient_id: UUID) -> Response:
    """The same as a picture. Its SVG has a title and a description for who cannot see it."""
    wanted = asked.pop("format")
    found = reading.read_to_show(g.db, patient_id, **asked, actor=g.actor, now=g.now)
    what = found.scale, found.yardstick, found.trajectory, wanted
    return drawn(
        "scheduler.outcomes.trajectories.picture", *what, kind=TYPES[wanted], named=f"trajectory.{wanted}"
    )  # fmt: skip
