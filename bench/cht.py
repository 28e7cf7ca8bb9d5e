"""Public instances of day-hospital chemotherapy as batches of new series: first-fit, the greedy answer and the solver.

A slot is one tick of five minutes, so that the grid is theirs. Nurses are one pool of units, six to a nurse, of which
those not on duty are claimed; so are doctors; the pharmacy is a resource that is closed in its closed slots; the seats
are one pool. What does not map stands in `notes.md`.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.report import Report
from scheduler import clinic_time
from scheduler.booking.availability import Availability
from scheduler.booking.calendar import Bookable, ClinicCalendar
from scheduler.booking.planning.ground import Ground
from scheduler.booking.planning.problem import Answer, Course, Problem, Visit, price
from scheduler.booking.planning.replan import greedy
from scheduler.booking.planning.solver import solve
from scheduler.booking.plans import PlannedVisit
from scheduler.intervals import Interval
from scheduler.opening import Hours, Span
from scheduler.protocols import Gap, Leg, Phases, ProtocolDefinition, ResourceKind
from tests.homes import Home

DATA = Path(__file__).with_name("data") / "cht_i"
FIRST = date(2026, 3, 2)
ZONE = ZoneInfo("UTC")
OPENS = 8 * 60
SLOT = clinic_time.GRID_MINUTES
SEATS, NURSES, DOCTORS, PHARMACY = (
    ResourceKind.CHAIR, ResourceKind.NURSE, ResourceKind.PRESCRIBER, ResourceKind.PUMP,
)  # fmt: skip
MOST_MIXED = 100


def measure(home: Home, report: Report, *, seconds: float = 20) -> None:  # noqa: ARG001 - all of it is pure
    """Patients placed and days to the first session, instance by instance."""
    if report.engine == "SQLite":
        for path in sorted(DATA.glob("*.json")):
            problem = problem_of(json.loads(path.read_text(encoding="utf-8")))
            _compare(report, path.stem, problem, seconds)


def _compare(report: Report, name: str, problem: Problem, seconds: float) -> None:
    solved = solve(problem, seconds=seconds)
    answers = {"first-fit": first_fit(problem), "greedy": greedy(problem), "solver": solved.answer}
    told = (f"{who} {_placed(problem, found)}, {price(problem, found).total} points" for who, found in answers.items())
    known = f"{solved.status}, bound {solved.bound}, gap {solved.gap:.2%} after {solved.seconds:.1f} s"
    report.tell(
        f"CHT-I {name.removeprefix('instance_')}, {len(problem.courses)} patients, {len(problem.visits)} sessions: "
        "patients placed, mean days to the first session",
        "; ".join([*told, known]),
    )


def _placed(problem: Problem, answer: Answer) -> str:
    firsts = [
        (problem.day_of(place) - problem.first).days
        for visits in problem.by_series.values()
        if (place := answer[visits[0].key])
    ]
    return f"{len(firsts)} ({mean(firsts):.2f})" if firsts else "0"


def first_fit(problem: Problem) -> dict[UUID, PlannedVisit | None]:
    """Patient by patient, the first day from which every session finds a place, each at the first free start."""
    ground = Ground(problem)
    for visits in problem.by_series.values():
        for day in clinic_time.days(problem.first, problem.last):
            if all(_take_first(ground, visit, on) for visit, on in _dated(visits, day)):
                break
            for visit in visits:
                ground.put(visit, None)
    return ground.places


def _dated(visits: tuple[Visit, ...], day: date) -> Iterator[tuple[Visit, date]]:
    for visit in visits:
        yield visit, day
        if visit.number < visit.protocol.infusions:
            day += timedelta(days=visit.protocol.gap_after(visit.number).least)


def _take_first(ground: Ground, visit: Visit, day: date) -> bool:
    place = ground.options(visit, day).other if day <= ground.problem.last else None
    if place:
        ground.put(visit, ground.settle(visit, place))
    return place is not None


def problem_of(instance: dict[str, Any]) -> Problem:
    """An instance as a batch: every patient a new series with exact gaps."""
    calendar = _calendar(instance["param"])
    names = {demand["id"]: UUID(int=demand["id"] + 1) for demand in instance["demands"]}
    visits = tuple(
        Visit(UUID(int=1000 * (demand["id"] + 1) + number), names[demand["id"]], number, protocol)
        for demand in instance["demands"]
        for number, protocol in enumerate(_protocols(demand["rdvDemands"]), 1)
    )
    now = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    held = list(_off_duty(instance["param"], calendar))
    availability = Availability(calendar, visits[0].protocol, [], {}, frozenset(), now, held)
    courses = {name: Course(name, strict=True) for name in names.values()}
    return Problem(availability, calendar.first, calendar.last, courses, visits)


def _protocols(sessions: list[dict[str, Any]]) -> Iterator[ProtocolDefinition]:
    """One for each session: all have the gaps of the patient, each the legs of its own."""
    gaps = tuple(Gap(each["afterLastRequest"] + 1, each["afterLastRequest"] + 1) for each in sessions[1:])
    for session in sessions:
        consult, mix = int(session["needingConsultation"]), session["medPrepDuration"] * session["medPreparedSameDay"]
        begin = consult + max(mix, 1)  # the treatment begins when mixing and installing are over
        end = begin + session["treatmentDuration"]
        spans = [(SEATS, begin - 1, end, 1), (NURSES, begin - 1, begin, 6), (NURSES, begin, end, 1)]
        spans += [(DOCTORS, 0, consult, 1), (PHARMACY, consult, consult + mix, 1)]
        legs = tuple(Leg(kind, SLOT * start, SLOT * stop, units) for kind, start, stop, units in spans if start < stop)
        yield ProtocolDefinition(
            key="cht", name="CHT-I", drug="", route="iv", dose=None, dose_unit=None, source="CHT-I",
            phases=Phases(SLOT * begin, SLOT * (end - begin), 0, 0), legs=legs, gaps=gaps,
            span_days=1 + sum(gap.least for gap in gaps),
        )  # fmt: skip


def _calendar(param: dict[str, Any]) -> ClinicCalendar:
    last, closes = FIRST + timedelta(days=param["days"] - 1), OPENS + SLOT * param["numTimeSlots"]
    units = {
        SEATS: param["numMaterials"],
        NURSES: param["multitasks"] * max(map(max, param["nurses"])),
        DOCTORS: max(map(max, _doctors(param))),
        PHARMACY: MOST_MIXED,
    }
    resources = [Bookable(UUID(int=n), kind, kind, most, 0) for n, (kind, most) in enumerate(units.items(), 1)]
    whole = tuple(_span(day, 0, param["numTimeSlots"]) for day in range(1, param["days"] + 1))
    shut = tuple(
        _span(day, slot, slot + 1)
        for day in range(1, param["days"] + 1)
        for slot in range(param["numTimeSlots"])
        if not param["pharmacy"][day][slot]
    )
    return ClinicCalendar(
        zone=ZONE, version=1, first=FIRST, last=last, resources=tuple(resources), closures={resources[3].id: shut},
        hours=tuple(Hours(weekday, OPENS, closes, FIRST) for weekday in range(7)),
        shifts={each.id: whole for each in resources[1:3]},
    )  # fmt: skip


def _doctors(param: dict[str, Any]) -> list[list[int]]:
    """By day and slot. The instances we have know one sector."""
    (sector,) = param["doctors"].values()
    return list(sector)


def _off_duty(param: dict[str, Any], calendar: ClinicCalendar) -> Iterator[tuple[UUID, int, int, int]]:
    """Of nurses and doctors, the units that are not there: claimed, slot by slot."""
    duty = ((calendar.of_kind(NURSES)[0], param["multitasks"], param["nurses"]),
            (calendar.of_kind(DOCTORS)[0], 1, _doctors(param)))  # fmt: skip
    for pool, each, on_duty in duty:
        for day in range(1, param["days"] + 1):
            for slot in range(param["numTimeSlots"]):
                missing = pool.capacity - each * on_duty[day][slot]
                span = _span(day, slot, slot + 1)
                if missing:
                    yield pool.handle, span.start, span.end, missing


def _span(day: int, first: int, beyond: int) -> Span:
    start = clinic_time.minute_of(clinic_time.instant(FIRST + timedelta(days=day - 1), OPENS, ZONE))
    return Interval(start + SLOT * first, start + SLOT * beyond)
