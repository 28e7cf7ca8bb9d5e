"""What a patient's scores say over a series, as figures and as a picture."""

from typing import Any
from uuid import UUID

from flask import g

from api.identity import allow
from api.openapi import Blueprint
from api.schemas.trajectories import TrajectoryOut, TrajectoryQuery
from scheduler.actors import Role
from scheduler.outcomes.trajectories import reading
from scheduler.outcomes.trajectories.trajectory import Trajectory

blueprint = Blueprint("trajectories", __name__, description="What a patient's scores say over a series.")


@blueprint.get("/patients/<uuid:patient_id>/trajectory")
@blueprint.response(200, TrajectoryOut)
@blueprint.arguments(TrajectoryQuery, location="query")
@allow(Role.CLINICIAN)
def read_trajectory(asked: dict[str, Any], patient_id: UUID) -> Trajectory:
    """A patient's scores over one series: baseline, each score among the infusions, and where they stand now."""
    return reading.read_trajectory(g.db, patient_id, **asked, actor=g.actor, now=g.now)
