"""The figures of a cohort once more, from the base rows, plainly and slowly, by the words of the definitions alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tests.scheduler.outcomes.cohorts.histories import History

LIVE = ("booked", "confirmed", "arrived", "in_session", "completed")
PREPARE, INFUSE = timedelta(minutes=30), timedelta(minutes=40)
"""As the standard clinic's protocol has it."""
SHORT = timedelta(hours=36)


@dataclass
class Counted:
    """One induction course, counted by hand."""

    series: dict[str, Any]
    given: list[tuple[datetime, datetime]]
    baseline: dict[str, Any] | None
    scores: list[dict[str, Any]]
    """Those that count, after the first infusion, up to the first infusion of a later course."""
    all_scores: list[dict[str, Any]]
    """The same, whatever was given later."""
    further: datetime | None
    left: bool

    @property
    def over(self) -> bool:
        return self.left or self.series["status"] != "active" or len(self.given) >= self.series["infusions"]


class Recount:
    """Everything the report says, from the rows of a history."""

    def __init__(self, history: History, first: date, last: date, now: datetime) -> None:
        self.history, self.zone, self.now = history, history.clinic.zone, now
        self.courses = [
            course
            for series in history.series
            if series["follows_id"] is None and (course := self._course(series)) is not None
            and not self._carries_on(course) and first <= self.day(course.given[0][0]) <= last
        ]  # fmt: skip

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def given(self, series: dict[str, Any]) -> list[tuple[datetime, datetime]]:
        found = []
        for visit in self.history.visits:
            if visit["series_id"] != series["id"] or visit["status"] not in LIVE:
                continue
            kept = [each for each in self.history.sessions if each["appointment_id"] == visit["id"]]
            if kept and kept[0]["started_at"] is not None:
                found.append((kept[0]["started_at"], kept[0]["ended_at"]))
            elif not kept and visit["status"] == "completed":
                begins = visit["starts_at"] + PREPARE
                found.append((begins, begins + INFUSE))
        return sorted(found)

    def _course(self, series: dict[str, Any]) -> Counted | None:
        given = self.given(series)
        if not given:
            return None
        mine = [each for each in self.history.series if each["patient_id"] == series["patient_id"]]
        others = [at for each in mine if each["id"] != series["id"] for at in self.given(each)]
        before = [at for at, _ in others if at < given[0][0]]
        after = sorted(at for at, _ in others if at > given[-1][0])
        forms = [form for form in self._standing(series) if not before or form["taken_at"] > max(before)]
        fit = [form for form in forms if form["total"] is not None and not self._short(form, [*given, *others])]
        until = after[0] if after else None
        begins = self.day(given[0][0])
        early = [
            form for form in fit if form["taken_at"] <= given[0][0] and (begins - self.day(form["taken_at"])).days <= 14
        ]
        later = [form for form in fit if form["taken_at"] > given[0][0]]
        own = [form for form in later if until is None or form["taken_at"] <= until]
        left = self._left(series, given)
        return Counted(series, given, early[-1] if early else None, own, later, until, left)

    def _carries_on(self, course: Counted) -> bool:
        """Whether an earlier course of the patient had its last infusion less than 28 days before this one began."""
        return any(self._goes_on_in(other, course) for other in self._series_of(course))

    def restarts(self) -> int:
        """Courses from which another took over so soon, linked by nobody."""
        found = 0
        for course in self.courses:
            later = (other for other in self._series_of(course) if other["follows_id"] is None and self.given(other))
            found += any(self._goes_on_in(course.series, self._course(other)) for other in later)
        return found

    def _series_of(self, course: Counted) -> list[dict[str, Any]]:
        mine = [each for each in self.history.series if each["patient_id"] == course.series["patient_id"]]
        return [each for each in mine if each["id"] != course.series["id"]]

    def _goes_on_in(self, earlier: dict[str, Any], later: Counted | None) -> bool:
        given = self.given(earlier)
        if later is None or not given:
            return False
        begins = later.given[0][0]
        return given[0][0] < begins and begins - given[-1][0] < timedelta(days=28)

    def _left(self, series: dict[str, Any], given: list[tuple[datetime, datetime]]) -> bool:
        if series["status"] != "active" or len(given) >= series["infusions"]:
            return False
        booked = [visit for visit in self.history.visits if visit["series_id"] == series["id"]]
        ahead = [visit for visit in booked if visit["status"] in LIVE and visit["starts_at"] + PREPARE > self.now]
        return not ahead and self.now - given[-1][0] > timedelta(days=45)

    def _standing(self, series: dict[str, Any]) -> list[dict[str, Any]]:
        replaced = {form["replaces_id"] for form in self.history.forms}
        forms = [form for form in self.history.forms if form["patient_id"] == series["patient_id"]]
        return sorted((form for form in forms if form["id"] not in replaced), key=lambda form: form["taken_at"])

    def _short(self, form: dict[str, Any], infusions: Iterable[tuple[datetime, datetime]]) -> bool:
        return any(began < form["taken_at"] and form["taken_at"] - ended < SHORT for began, ended in infusions)

    def window(self, course: Counted) -> dict[str, Any] | None:
        if not course.over:
            return None
        last = self.day(course.given[-1][0])
        inside = [form for form in course.scores if 14 <= (self.day(form["taken_at"]) - last).days <= 31]
        return inside[0] if inside else None

    def observed(self) -> list[tuple[Counted, dict[str, Any], dict[str, Any]]]:
        told = ((course, course.baseline, self.window(course)) for course in self.courses)
        return [(course, before, after) for course, before, after in told if before and after]

    def carried(self) -> list[tuple[Counted, dict[str, Any], dict[str, Any]]]:
        found = []
        for course in self.courses:
            if course.baseline is None or not course.over:
                continue
            closes = self.day(course.given[-1][0]) + timedelta(days=31)
            reached = [form for form in course.scores if self.day(form["taken_at"]) <= closes]
            last = self.window(course) or (reached[-1] if reached and self.day(self.now) > closes else None)
            if last:
                found.append((course, course.baseline, last))
        return found

    def rates(self) -> dict[str, tuple[int, int]]:
        """Numerator and denominator of every share."""
        every, due = self.courses, [course for course in self.courses if self._due(course)]
        ended = [course for course in every if course.over]
        shares = {
            "baseline_captured": (sum(c.baseline is not None for c in every), len(every)),
            "endpoint_captured": (sum(self.window(c) is not None for c in every), len(every)),
            "both_captured": (len(self.observed()), len(every)),
            "endpoint_captured_when_due": (sum(self.window(c) is not None for c in due), len(due)),
            "completed": (sum(len(c.given) >= c.series["infusions"] for c in ended), len(ended)),
            "ideation_improved": self._ideation(),
        }
        for suffix, told in (("", self.observed()), ("_locf", self.carried())):
            totals = [(before["total"], after["total"]) for _, before, after in told]
            shares |= {name + suffix: counts for name, counts in _outcomes(totals).items()}
        treated = [(course.baseline, self.window(course)) for course in self.courses if self._due(course)]
        filled = [(before["total"], (after or before)["total"]) for before, after in treated if before]
        gains = ("response", "remission", "reliable_improvement")
        return shares | {f"{name}_missing_is_no": _outcomes(filled)[name] for name in gains}

    def _due(self, course: Counted) -> bool:
        if self.window(course) is not None:
            return True
        return course.over and (self.day(self.now) - self.day(course.given[-1][0])).days > 31

    def _ideation(self) -> tuple[int, int]:
        told = [(before["answers"][8], after["answers"][8]) for _, before, after in self.observed()]
        affirmed = [(before, after) for before, after in told if before >= 1]
        return sum(after < before for before, after in affirmed), len(affirmed)

    def first_responses(self) -> list[tuple[int, int]]:
        """Day and infusions of the first response of each course that had one."""
        found = []
        for course in self.courses:
            score = next((form for form in course.scores if course.baseline and responds(course.baseline, form)), None)
            if score:
                before = sum(began < score["taken_at"] for began, _ in course.given)
                found.append(((self.day(score["taken_at"]) - self.day(course.given[0][0])).days, before))
        return found

    def drop_outs(self) -> dict[tuple[int, str], int]:
        gone = [course for course in self.courses if course.over and len(course.given) < course.series["infusions"]]
        return dict(Counter((len(course.given), course.series["reason"] or "not_said") for course in gone))

    def given_up(self) -> list[tuple[int, int, int]]:
        """After which infusion how many gave up, of how many who had it and were to have more."""
        ended = [
            (len(course.given), max(course.series["infusions"], len(course.given)), course)
            for course in self.courses
            if course.over or len(course.given) >= course.series["infusions"]
        ]
        found = []
        for number in range(1, max((planned for _, planned, _ in ended), default=1)):
            reached = [given for given, planned, _ in ended if given >= number and planned > number]
            found.append((number, reached.count(number), len(reached)))
        return found

    def adverse_events(self) -> tuple[int, int, int]:
        """Charted infusions, those with an event, events."""
        ids = {course.series["id"] for course in self.courses}
        visits = {visit["id"] for visit in self.history.visits if visit["series_id"] in ids}
        kept = [each for each in self.history.sessions if each["appointment_id"] in visits and each["started_at"]]
        replaced = {event["replaces_id"] for event in self.history.events}
        standing = Counter(event["session_id"] for event in self.history.events if event["id"] not in replaced)
        counts = [standing[each["id"]] for each in kept]
        return len(kept), sum(count > 0 for count in counts), sum(counts)

    def spans(self, since: str, care: str) -> list[tuple[int, bool, int | None]]:
        found = []
        for course in self.courses:
            span = self._span(course, since, care) if course.baseline else None
            if span:
                found.append(span)
        return sorted(found, key=str)

    def _span(self, course: Counted, since: str, care: str) -> tuple[int, bool, int | None] | None:
        baseline = course.baseline
        assert baseline is not None
        start: dict[str, Any] | None
        if since == "endpoint":
            start = self.window(course)
            start = start if start and responds(baseline, start) else None
        else:
            start = next((form for form in course.scores if responds(baseline, form)), None)
        if start is None:
            return None
        watched = [form for form in course.all_scores if form["taken_at"] >= start["taken_at"]]
        until = watched[-1]["taken_at"]
        if care == "unaided" and course.further:
            watched = [form for form in watched if form["taken_at"] <= course.further]
            until = min(until, course.further)
        relapse, unconfirmed = _losses(baseline, watched)
        first = self.day(start["taken_at"])
        days = [(self.day(at) - first).days if at else None for at in (relapse or until, unconfirmed)]
        return days[0], relapse is not None, days[1]


def responds(baseline: dict[str, Any], form: dict[str, Any]) -> bool:
    return baseline["total"] > 0 and form["total"] * 2 <= baseline["total"]


def _outcomes(totals: list[tuple[int, int]]) -> dict[str, tuple[int, int]]:
    some = [(before, after) for before, after in totals if before > 0]
    ill = [(before, after) for before, after in totals if before >= 10]
    return {
        "response": (sum(after * 2 <= before for before, after in some), len(some)),
        "remission": (sum(after < 5 for _, after in ill), len(ill)),
        "reliable_improvement": (sum(before - after >= 6 for before, after in totals), len(totals)),
        "deterioration": (sum(after - before >= 6 for before, after in totals), len(totals)),
        "any_worse": (sum(after > before for before, after in totals), len(totals)),
    }


def _losses(baseline: dict[str, Any], watched: list[dict[str, Any]]) -> tuple[datetime | None, datetime | None]:
    """When a loss came that the next score at least three days later bore out; without one, when one still open."""
    for place, form in enumerate(watched):
        if _lost(baseline, form):
            late = form["taken_at"] + timedelta(days=3)
            deciding = [other for other in watched[place + 1 :] if other["taken_at"] >= late]
            if not deciding:
                return None, form["taken_at"]
            if _lost(baseline, deciding[0]):
                return form["taken_at"], None
    return None, None


def _lost(baseline: dict[str, Any], form: dict[str, Any]) -> bool:
    return form["total"] * 2 > baseline["total"] and form["total"] >= 10
