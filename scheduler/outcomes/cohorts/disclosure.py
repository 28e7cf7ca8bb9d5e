"""A report as it may leave the house: every figure, told or withheld. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from scheduler.outcomes.cohorts.facts import NOT_SAID, CourseFacts, Ending
from scheduler.outcomes.cohorts.figures import Topic, counted
from scheduler.outcomes.cohorts.followup import CURVES, Curve
from scheduler.outcomes.cohorts.report import Report, Section
from scheduler.outcomes.cohorts.statistics import Survival
from scheduler.outcomes.cohorts.suppression import LEAST, Cell, Family, Name, shown

REASONS = ("patient_wish", "clinical_decision", "missed_visits", "other", NOT_SAID)
"""As the desk ends a series, or says nothing."""
COURSES, DROPPED, EVENTS, CHARTED, RESPONDED = "courses", "dropped_out", "adverse_events", "charted", "responded"
RESTARTS, PATIENTS = "restarts", "patients"


@dataclass(frozen=True)
class Disclosure:
    """What may be told of a report."""

    report: Report
    told: frozenset[Name]

    def tells(self, part: str | None, name: str) -> bool:
        """Whether this number of this part, None for the whole, may be told."""
        return (part, name) in self.told


def of_denominator(key: str) -> str:
    return f"{key}/n"


def after(infusions: int) -> str:
    return f"{DROPPED}/after/{infusions}"


def because(reason: str) -> str:
    return f"{DROPPED}/reason/{reason}"


def of_curve(curve: Curve, *, at_worst: bool = False) -> str:
    return f"durability/{curve.since}/{curve.care}" + ("/at_worst" if at_worst else "")


def disclose(report: Report) -> Disclosure:
    """Withhold whatever is, or would let be reckoned, a group of fewer than five."""
    made = _Cells({id(course): place for place, course in enumerate(report.whole.courses)})
    sections = (report.whole, *report.parts)
    for section in sections:
        made.add(section, report)
    across = defaultdict[str, list[Cell]](list)
    for cell in made.cells:
        if cell.name[0] is not None:
            across[cell.name[1]].append(cell)
    return Disclosure(report, shown(made.cells, [*across.values(), *made.families]))


@dataclass
class _Cells:
    """The cells of all sections, the whole first, and within each in the order in which they matter."""

    places: dict[int, int]
    """Where the bit of each course stands."""
    cells: list[Cell] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)

    def add(self, section: Section, report: Report) -> None:
        whole = Cell((section.key, COURSES), len(section.courses))
        self.cells.append(whole)
        self.cells.append(Cell((section.key, RESTARTS), section.restarts, whole.name, whole.size - section.restarts))
        self.cells.extend(self._rates(section, report))
        self.cells.extend(self._course_ends(section))
        self.cells.extend(_responded(section))
        self.cells.extend(_adverse_events(section))
        self.cells.extend(self._durability(section))

    def _members(self, courses: Iterable[CourseFacts]) -> int:
        row = bytearray(len(self.places) // 8 + 1)
        for course in courses:
            place = self.places[id(course)]
            row[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(row, "little")

    def _rates(self, section: Section, report: Report) -> Iterator[Cell]:
        for rate in section.rates:
            name, whole = (section.key, rate.figure.key), (section.key, of_denominator(rate.figure.key))
            yield Cell(whole, rate.denominator)
            if rate.figure.topic is Topic.COMPLETENESS:
                yield Cell(name, rate.numerator)
            else:
                asked = counted(rate.figure, section.courses, report.cohort.yardstick.lines)
                members, rest = (self._members(one for one, claim in asked if claim is said) for said in (True, False))
                yield Cell(name, rate.numerator, whole, rate.denominator - rate.numerator, members, rest)

    def _course_ends(self, section: Section) -> Iterator[Cell]:
        """Who dropped out, after how many infusions, and why; with the completed they make up the ended courses."""
        completed = section.rate("completed")
        ended = completed.denominator if completed else 0
        gone = [course for course in section.courses if course.ending is Ending.DROPPED_OUT]
        total = Cell((section.key, DROPPED), len(gone), (section.key, of_denominator("completed")), ended - len(gone))
        kept = Cell((section.key, "completed"), ended - len(gone), total.of, len(gone))
        self.families.append([total, kept])
        yield total
        for names in ([after(course.given) for course in gone], [because(course.head.reason) for course in gone]):
            parts = sorted(Counter(names).items())
            cells = [Cell((section.key, name), size, total.name, ended - size) for name, size in parts]
            self.families.append(cells)
            yield from cells

    def _durability(self, section: Section) -> Iterator[Cell]:
        """A curve is told where five or more relapsed and five or more did not: its steps are single people.

        So is the second, with losses that nobody has confirmed, where it has none more, or five or more.
        """
        for curve in CURVES:
            spans = [(course, course.spans[curve]) for course in section.courses if curve in course.spans]
            if not spans:
                continue
            whole = (section.key, of_denominator(of_curve(curve)))
            yield Cell(whole, len(spans))
            for at_worst in (False, True):
                parts: dict[bool, list[CourseFacts]] = {True: [], False: []}
                for course, span in spans:
                    parts[(span.at_worst if at_worst else span).relapsed].append(course)
                lost, kept = parts[True], parts[False]
                name = section.key, of_curve(curve, at_worst=at_worst)
                yield Cell(name, len(lost), whole, len(kept), self._members(lost), self._members(kept))


def _responded(section: Section) -> Iterator[Cell]:
    responses = sum(course.first_response is not None for course in section.courses)
    measured = sum(course.baseline is not None for course in section.courses)
    yield Cell((section.key, RESPONDED), responses, (section.key, "baseline_captured"), measured - responses)


def _adverse_events(section: Section) -> Iterator[Cell]:
    events, charted = section.adverse_events, (section.key, CHARTED)
    yield Cell(charted, events.charted)
    yield Cell((section.key, EVENTS), events.with_event, charted, events.charted - events.with_event)


def drop_outs_by_infusion(disclosure: Disclosure, section: Section) -> list[tuple[str, int]]:
    """After how many infusions courses were given up, from the first to the last before the planned end of any."""
    most = max((course.planned for course in disclosure.report.whole.courses), default=1)
    found = Counter[int]()
    for each in section.drop_outs:
        found[each.after] += each.courses
    return [(after(infusions), found[infusions]) for infusions in range(1, most)]


def reached(disclosure: Disclosure, section: Section) -> dict[str, int]:
    """How many had each infusion and were to have more; of nobody, where one number would let another be reckoned.

    From one infusion to the next those are missing who gave up between, and those who were to have no more.
    """
    told = [(after(each.after), each) for each in section.given_up]
    counts = [each.reached for _, each in told] + [0]
    steps = [counts[place] - each.courses - counts[place + 1] for place, (_, each) in enumerate(told)]
    is_open = all(disclosure.tells(section.key, name) or not each.courses for name, each in told)
    tells = is_open and disclosure.tells(section.key, DROPPED)
    return {name: each.reached for name, each in told} if tells and not any(0 < step < LEAST for step in steps) else {}


def told_patients(disclosure: Disclosure) -> int | None:
    """Whose courses the whole cohort has; None where fewer than five courses are of a patient with others."""
    whole = disclosure.report.whole
    is_near = 0 < len(whole.courses) - whole.patients < LEAST
    return whole.patients if disclosure.tells(None, COURSES) and whole.patients >= LEAST and not is_near else None


def drop_outs_by_reason(section: Section) -> list[tuple[str, int]]:
    """For which of the desk's reasons courses were given up."""
    found = Counter[str]()
    for each in section.drop_outs:
        found[each.reason] += each.courses
    return [(because(reason), found[reason]) for reason in REASONS]


def lasting(
    disclosure: Disclosure, section: Section, curve: Curve, *, at_worst: bool = False
) -> tuple[Survival, int] | None:
    """A curve, and to which day it may be drawn: while five or more are watched; None where it may not."""
    found = section.lasting(curve)
    names = {of_curve(curve), of_curve(curve, at_worst=at_worst)}
    if found is None or not all(disclosure.tells(section.key, name) for name in names):
        return None
    left = found.at_worst if at_worst else found.survival
    last = max((step.day for step in left.steps if step.at_risk >= LEAST), default=None)
    return None if last is None else (left, last)


def sections(report: Report) -> Sequence[Section]:
    return (report.whole, *report.parts)
