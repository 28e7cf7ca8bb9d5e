"""Who comes to the demo clinic, what they come for, and the clinic that is at work meanwhile."""

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from scheduler.demo.body import Body, draw_body
from scheduler.demo.house import House
from scheduler.demo.names import Name
from scheduler.demo.pharmacy import Pharmacy
from scheduler.demo.scores import ScoreCourse, draw_companions
from scheduler.demo.stories import DIAGNOSED, DIAGNOSES, TRAUMA, Story
from scheduler.demo.timeline import Timeline
from scheduler.models import Diagnosis
from scheduler.models.base import Base

Script = Generator[datetime, datetime, None]
"""What happens one after the other: it yields the moment at which it goes on, and is told when that has come."""


@dataclass
class Visitor:
    """A patient, and how far they have come. `scores` is what they answer from now on."""

    story: Story
    patient_id: UUID
    scores: ScoreCourse
    given: int = 0

    @cached_property
    def dice(self) -> Random:
        """What draws all that the drug does to them, apart from what draws the rest of their story."""
        return Random(f"{' '.join(self.story.name)} in the chair")

    @cached_property
    def pen(self) -> Random:
        """What draws all that they answer beside the PHQ-9."""
        return Random(f"{' '.join(self.story.name)} on paper")

    @cached_property
    def beside(self) -> Mapping[str, int]:
        """The other scales they answer, with the total they came with."""
        return draw_companions(self.pen, trauma=self.story.protocol == TRAUMA)

    @cached_property
    def diagnosis(self) -> Diagnosis | None:
        """For what they are treated; now and then nobody said so."""
        return DIAGNOSES.get(self.story.protocol or "") if self.pen.random() < DIAGNOSED else None

    @cached_property
    def body(self) -> Body:
        return draw_body(self.dice)


@dataclass(frozen=True)
class Visit:
    """An appointment where it stands; moved it is another visit."""

    id: UUID
    number: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Course:
    """A series under way: the visits its patient means to come to, by number; no other takes place."""

    visitor: Visitor
    protocol: str
    series_id: UUID
    visits: dict[int, Visit]
    whole: bool = False
    """Whether the patient means to come to all of them, so that one that falls through is made good."""

    def stands(self, visit: Visit) -> bool:
        return self.visits.get(visit.number) == visit

    def is_inner(self, visit: Visit) -> bool:
        """Whether there is a visit before it and one after it, so that it can be made good between them."""
        return 1 < visit.number < max(self.visits)


@dataclass
class Life:
    """The clinic at work; what comes after `until` has not happened yet when somebody looks at what is past."""

    db: Session
    house: House
    until: datetime
    cast: Collection[Name] = ()
    """Those whom others know by name, and to whom nothing happens by chance."""
    recorded_from: datetime | None = None
    """From when on there is a record of every session; of visits before it is known that they took place."""
    timeline: Timeline = field(default_factory=Timeline)
    known: dict[Name, UUID] = field(default_factory=dict)
    """Every patient, by name."""
    pharmacy: Pharmacy = field(default_factory=Pharmacy)
    seated: set[UUID] = field(default_factory=set)
    """The chairs in which somebody sits."""
    kept: set[Base] = field(default_factory=set)
    """What is looked up time and again."""

    def later(self, moment: datetime, act: Callable[..., None], *subjects: object) -> None:
        """Let `act(life, *subjects, now)` happen at a moment."""
        self.timeline.at(moment.astimezone(UTC), partial(act, self, *subjects))

    def follow(self, script: Script) -> None:
        """Let everything in a script happen, each at its moment."""
        self.later(next(script), _go_on, script)

    def is_recorded(self, moment: datetime) -> bool:
        return self.recorded_from is not None and moment >= self.recorded_from


def _go_on(life: Life, script: Script, now: datetime) -> None:
    try:
        moment = script.send(now)
    except StopIteration:
        return
    life.later(max(moment, now), _go_on, script)
