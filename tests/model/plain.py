"""The plain model: what a clinic holds, in dicts, and what may happen to it, counted out without any cleverness.

It knows the promise and nothing of how it is kept: no bit masks, no statements, no locks.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.booking.plans import PlannedVisit
from scheduler.models import EntryState, HoldState, Outcome, OverrideRule
from scheduler.protocols import ProtocolDefinition, ResourceKind
from tests.builders import CLOSES, OPENS
from tests.model.plain_things import (
    MINUTE,
    STILL_TO_COME,
    Asked,
    Choice,
    Claim,
    Course,
    Entry,
    Fault,
    Judgement,
    Kept,
    Offered,
    Span,
    Visit,
)


@dataclass
class Clinic:
    """Everything there is, by id."""

    zone: ZoneInfo
    kinds: dict[UUID, ResourceKind]
    capacity: dict[UUID, int]
    shifts: dict[UUID, Span]
    whose: dict[UUID, UUID]
    """The resource of a shift."""
    consent: dict[UUID, date | None]
    closures: dict[UUID, tuple[UUID | None, Span]] = field(default_factory=dict)
    courses: dict[UUID, Course] = field(default_factory=dict)
    visits: dict[UUID, Visit] = field(default_factory=dict)
    holds: dict[UUID, Kept] = field(default_factory=dict)
    entries: dict[UUID, Entry] = field(default_factory=dict)
    offers: dict[UUID, Offered] = field(default_factory=dict)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def instant(self, day: date, minute: int) -> datetime:
        """No hour of the clinic's day is one that clocks skip or repeat."""
        return datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self.zone).astimezone(UTC)

    def of(self, series: UUID) -> list[Visit]:
        """The visits of a series, in the order they were booked."""
        return [visit for visit in self.visits.values() if visit.series == series]

    def live_of(self, series: UUID) -> list[Visit]:
        return sorted((visit for visit in self.of(series) if visit.live), key=lambda visit: visit.number)

    def missing(self, course: Course) -> list[int]:
        """The numbers of its infusions that are to have a place: not those a later one has overtaken."""
        live = {visit.number: visit.status for visit in self.live_of(course.id)}
        given = [number for number, status in live.items() if status not in STILL_TO_COME]
        return [number for number in range(max(given, default=0) + 1, course.infusions + 1) if number not in live]

    def leave(self, entry: Entry, now: datetime) -> None:
        """One who waits no longer; what is out to them is over."""
        entry.state = EntryState.WITHDRAWN
        for offer in self.offers.values():
            hold = self.holds[offer.hold]
            if (offer.entry, offer.outcome) == (entry.id, Outcome.OPEN):
                offer.deadline = min(offer.deadline, now)
                hold.state = HoldState.EXPIRED if hold.state is HoldState.OPEN else hold.state

    def leave_with(self, course: Course, now: datetime) -> None:
        """Nobody waits for a visit of a series that ends or rests."""
        for entry in self.entries.values():
            if entry.series == course.id and entry.state is EntryState.WAITING:
                self.leave(entry, now)

    def anchor_of(self, follows: UUID | None) -> date | None:
        """The last infusion of the series that is taken over from."""
        before = self.live_of(follows) if follows else []
        return max((self.day_of(visit.at) for visit in before), default=None)

    def of_patient(self, patient: UUID) -> list[Visit]:
        return [visit for visit in self.visits.values() if visit.live and self.courses[visit.series].patient == patient]

    def protocol_of(self, visit: Visit) -> ProtocolDefinition:
        return self.courses[visit.series].protocol

    def is_open(self, hold: Kept, now: datetime) -> bool:
        return hold.state is HoldState.OPEN and hold.until > now

    def claims_of(self, place: PlannedVisit, protocol: ProtocolDefinition) -> Iterator[Claim]:
        for leg in protocol.legs:
            begin, end = place.starts_at + leg.start * MINUTE, place.starts_at + leg.end * MINUTE
            yield place.resources[leg.kind], begin, end, leg.units

    def judge(self, asked: Asked, now: datetime) -> Judgement:
        """Every reason why this may not be."""
        rules = frozenset(fault for fault in self.rules(asked, now) if fault[1] not in asked.waived)
        return Judgement(rules, frozenset() if rules else frozenset(self.guards(asked, now)))

    def set_aside(self, asked: Asked, now: datetime, accepted: set[Fault] | None = None) -> Iterator[tuple[int, str]]:
        """Each rule that is broken and set aside, with the number of the visit that bears it."""
        least = min(place.number for place in asked.places)
        for where, code in sorted(self.rules(asked, now, accepted)):
            if code in asked.waived:
                yield int(where.partition(".")[2] or least), code

    def rules(self, asked: Asked, now: datetime, accepted: set[Fault] | None = None) -> set[tuple[str, str]]:
        """Every rule that is broken, but for what has been accepted of this before."""
        known = self.accepted(asked, now) if accepted is None else accepted
        return {fault[:2] for fault in self._faults(asked, asked.places, now) if fault not in known}

    def accepted(self, asked: Asked, now: datetime) -> set[Fault]:
        """What was so before of a visit that keeps its time, and of a series that grows no longer."""
        old = {place.number: place.starts_at for place in asked.before}
        borne = {f"appointments.{place.number}" for place in asked.places if old.get(place.number) == place.starts_at}
        if self._extent(asked, asked.places) <= self._extent(asked, asked.before):
            borne.add("appointments")
        policy = {rule.value for rule in OverrideRule}
        faults = self._faults(asked, asked.before, now)
        return {fault for fault in faults if fault[0] in borne and fault[1] in policy}

    def _faults(self, asked: Asked, places: Sequence[PlannedVisit], now: datetime) -> Iterator[Fault]:
        """Where, what, and how much of it."""
        for place in places:
            where, day = f"appointments.{place.number}", self.day_of(place.starts_at)
            consent = self.consent[asked.patient]
            if place.starts_at <= now:
                yield where, "past", ""
            if self._is_near_another(asked, day):
                yield where, "rest", ""
            if consent and day > consent:
                yield where, "consent", ""
            if not self._is_within_hours(place, asked.protocol):
                yield where, "hours", ""
            for kind in self._away(place, asked.protocol):
                yield where, f"{kind}-away", ""
        new = {place.number: self.day_of(place.starts_at) for place in places}
        yield from self._spacing(asked, new)
        yield from self._span(asked, places)

    def _spacing(self, asked: Asked, new: dict[int, date]) -> Iterator[Fault]:
        """Neighbours keep least and most; across one without a place only the least counts."""
        days = {visit.number: self.day_of(visit.at) for visit in asked.kept} | new
        for before, after in pairwise(sorted(days)):
            apart, gap = (days[after] - days[before]).days, asked.protocol.gap_after(before)
            most = gap.most if after == before + 1 else None
            if {before, after} & new.keys() and (apart < gap.least or (most and apart > most)):
                yield f"appointments.{after if after in new else before}", "spacing", f"{apart} {gap.least} {most}"
        if asked.anchor and 1 in new:
            apart, least, most = (
                (new[1] - asked.anchor).days,
                asked.protocol.rest_days,
                asked.protocol.gap_after(1).most,
            )
            if not least <= apart <= most:
                yield "appointments.1", "spacing", f"{apart} {least} {most}"

    def _span(self, asked: Asked, places: Sequence[PlannedVisit]) -> Iterator[Fault]:
        touched = any(place.number <= asked.protocol.infusions for place in places)
        if touched and self._extent(asked, places) > asked.protocol.span_days:
            yield "appointments", "span", ""

    def _extent(self, asked: Asked, places: Sequence[PlannedVisit]) -> int:
        """How many days the infusions of the protocol span."""
        new = {place.number: self.day_of(place.starts_at) for place in places}
        days = {visit.number: self.day_of(visit.at) for visit in asked.kept} | new
        course = sorted(number for number in days if number <= asked.protocol.infusions)
        return (days[course[-1]] - days[course[0]]).days + 1 if course else 0

    def _is_near_another(self, asked: Asked, day: date) -> bool:
        mine = {visit.id for visit in asked.kept} | set(asked.lifted)
        others = [self.day_of(visit.at) for visit in self.of_patient(asked.patient) if visit.id not in mine]
        return any(abs((day - other).days) < asked.protocol.rest_days for other in others)

    def _is_within_hours(self, place: PlannedVisit, protocol: ProtocolDefinition) -> bool:
        local = place.starts_at.astimezone(self.zone)
        begins = local.hour * 60 + local.minute
        return local.weekday() < 5 and begins >= OPENS and begins + protocol.visit_minutes <= CLOSES

    def _away(self, place: PlannedVisit, protocol: ProtocolDefinition) -> set[ResourceKind]:
        claims = list(self.claims_of(place, protocol))
        return {self.kinds[claim[0]] for claim in claims if not self.is_there(claim[0], claim[1], claim[2])}

    def is_there(self, resource: UUID, begin: datetime, end: datetime) -> bool:
        """On shift, and neither the clinic nor the resource closed; opening hours aside."""
        for owner, (start, until) in self.closures.values():
            if owner in (None, resource) and start < end and begin < until:
                return False
        if self.kinds[resource] not in (ResourceKind.NURSE, ResourceKind.PRESCRIBER):
            return True
        rostered = (shift for shift, (start, until) in self.shifts.items() if start <= begin and end <= until)
        return any(self.whose[shift] == resource for shift in rostered)

    def guards(self, asked: Asked, now: datetime) -> Iterator[str]:
        new = [claim for place in asked.places for claim in self.claims_of(place, asked.protocol)]
        if self.is_crowded(new, without=asked.lifted, from_hold=asked.from_hold, now=now):
            yield "slot-taken"
        if self._is_busy(asked):
            yield "patient-busy"

    def is_crowded(
        self, new: Sequence[Claim], *, without: Collection[UUID] = (), from_hold: UUID | None = None, now: datetime
    ) -> bool:
        """Whether these claims would take some resource above its capacity at some instant."""
        old = [claim for claim in self.standing(now, without, from_hold) if any(meet(claim, one) for one in new)]
        every = [*old, *new]
        return any(load(every, resource, begin) > self.capacity[resource] for resource, begin, _, _ in every)

    def overbooked(self, now: datetime) -> set[UUID]:
        """The resources claimed above their capacity at some instant."""
        every = list(self.standing(now))
        return {one for one, begin, _, _ in every if load(every, one, begin) > self.capacity[one]}

    def standing(self, now: datetime, without: Collection[UUID] = (), from_hold: UUID | None = None) -> Iterator[Claim]:
        """Everything that is claimed, by visits and by holds that are open and not past their time."""
        for visit in self.visits.values():
            if visit.live and visit.id not in without:
                yield from self.claims_of(visit.place, self.protocol_of(visit))
        for hold in self.holds.values():
            if self.is_open(hold, now) and hold.id != from_hold:
                yield from hold.claims

    def envelope(self, choices: Sequence[Choice]) -> Iterator[Claim]:
        """What the plan that needs most needs, instant by instant, less what it gives back itself."""
        takes = [self._all_claims(choice.plan.visits, choice.protocol) for choice in choices]
        gives = [self._all_claims(choice.moving, choice.protocol) for choice in choices]
        for resource in {claim[0] for claims in takes for claim in claims}:
            corners = sorted({at for claims in (*takes, *gives) for claim in claims for at in claim[1:3]})
            for begin, end in pairwise(corners):
                needs = (load(a, resource, begin) - load(b, resource, begin) for a, b in zip(takes, gives, strict=True))
                most = max(needs)
                if most > 0:
                    yield resource, begin, end, most

    def _all_claims(self, places: Iterable[PlannedVisit], protocol: ProtocolDefinition) -> list[Claim]:
        return [claim for place in places for claim in self.claims_of(place, protocol)]

    def _is_busy(self, asked: Asked) -> bool:
        """Whether the patient would have two visits on one day; one that reaches into the next day is none of ours."""
        stay = [visit for visit in self.of_patient(asked.patient) if visit.id not in asked.lifted]
        days = [self.day_of(visit.at) for visit in stay] + [self.day_of(place.starts_at) for place in asked.places]
        return len(set(days)) < len(days)

    def lacking(self, now: datetime) -> set[tuple[object, ...]]:
        """What visits claim from now on that is not there at its time, and what is there while the clinic is closed."""
        found: set[tuple[object, ...]] = set()
        for visit in self.visits.values():
            for resource, begin, end, _ in self.claims_of(visit.place, self.protocol_of(visit)) if visit.live else ():
                there = self.is_there(resource, begin, end)
                if end > now and not there:
                    found.add((visit.id, resource, begin, "presence"))
                if end > now and not (there and self._is_open_all(begin, end)):
                    found.add((visit.id, resource, begin, "hours"))
        return found

    def _is_open_all(self, begin: datetime, end: datetime) -> bool:
        start, until = begin.astimezone(self.zone), end.astimezone(self.zone)
        minutes = [each.hour * 60 + each.minute for each in (start, until)]
        return start.date() == until.date() and start.weekday() < 5 and OPENS <= minutes[0] <= minutes[1] <= CLOSES


def meet(one: Claim, other: Claim) -> bool:
    """Whether they are of one resource and overlap."""
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def load(claims: Iterable[Claim], resource: UUID, at: datetime) -> int:
    return sum(units for one, begin, end, units in claims if one == resource and begin <= at < end)


def profile(claims: Iterable[Claim]) -> dict[UUID, list[tuple[datetime, int]]]:
    """How much is claimed of each resource from when on: the same for the same load, however it is cut into claims."""
    found: dict[UUID, list[tuple[datetime, int]]] = {}
    kept = list(claims)
    for resource in {claim[0] for claim in kept}:
        mine = [claim for claim in kept if claim[0] == resource]
        steps = [(at, load(mine, resource, at)) for at in sorted({at for claim in mine for at in claim[1:3]})]
        found[resource] = [step for before, step in pairwise([(None, 0), *steps]) if step[1] != before[1]]
    return found
