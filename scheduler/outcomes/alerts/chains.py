"""Courses that took over from one another, read as one: what the first has won, a later one can lose. Pure."""

from dataclasses import replace
from datetime import datetime

from scheduler.outcomes.trajectories.courses import Course, PatientCourses
from scheduler.outcomes.trajectories.trajectory import Trajectory, read_course
from scheduler.outcomes.trajectories.yardstick import Yardstick


def chain_of(record: PatientCourses, course: Course) -> tuple[Course, ...]:
    """The courses up to this one, each of which took over from the one before."""
    by_id = {each.series_id: each for each in record.courses}
    chain = [course]
    while (follows := chain[0].follows_id) in by_id and by_id[follows] not in chain:
        chain.insert(0, by_id[follows])
    return tuple(chain)


def read_chain(
    record: PatientCourses, course: Course, scale: str, yardstick: Yardstick, *, now: datetime
) -> Trajectory | None:
    """This course with those it follows, against the baseline of the first; None for one that follows none."""
    chain = chain_of(record, course)
    if len(chain) == 1:
        return None
    given = sorted((infusion for each in chain for infusion in each.given), key=lambda infusion: infusion.at)
    whole = replace(chain[0], infusions=tuple(given), planned=0, ended=False)
    others = tuple(each for each in record.courses if each not in chain)
    return read_course(replace(record, courses=(whole, *others)), whole, scale, yardstick, now=now)
