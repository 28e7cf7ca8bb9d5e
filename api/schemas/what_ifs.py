"""Shapes of questions of "what if", and of what came out."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.schemas.base import Clock, Instant, Shape, Text, Weekday, Whole
from scheduler.models import SimulationState
from scheduler.protocols import LONGEST_CLAIM_MINUTES
from scheduler.utilization.what_if.question import (
    LEAST_SEEDS,
    MOST_MORE,
    MOST_SEEDS,
    MOST_WEEKS,
    USUAL_SEEDS,
    USUAL_WEEKS,
)

LONGEST_KEY = 100
MOST_PROTOCOLS = 20
WEEKS = {"description": "The demand of the last so many whole weeks is simulated."}
SEEDS = {"description": "How many pairs of runs: more make the intervals narrower, and take longer."}
CHANGE = {"description": "Exactly one of these."}
HOURS = {"description": "Other hours on these weekdays; the others keep theirs."}
PHASES = {"description": "Other lengths of the phases of visits under these protocols."}
OVERLAP = {"description": "A start takes one unit of its nurse, so that two may overlap."}
CLOSED = {"description": "Leave out both times for a day that is closed."}


class OtherHoursShape(Shape):
    weekday = Weekday(required=True)
    opens = Clock(data_key="from", load_default=None, allow_none=True, metadata=CLOSED)
    closes = Clock(data_key="to", load_default=None, allow_none=True)


class OtherPhasesShape(Shape):
    protocol = Text(LONGEST_KEY, required=True, metadata={"description": "Its key."})
    prepare = Whole(least=0, most=LONGEST_CLAIM_MINUTES, required=True)
    infuse = Whole(least=0, most=LONGEST_CLAIM_MINUTES, required=True)
    recover = Whole(least=0, most=LONGEST_CLAIM_MINUTES, required=True)
    turn_over = Whole(least=0, most=LONGEST_CLAIM_MINUTES, required=True)


class WhatIfChangeShape(Shape):
    more_chairs = Whole(least=1, most=MOST_MORE)
    more_nurses = Whole(
        least=1, most=MOST_MORE, metadata={"description": "Each there whenever the clinic is open, as able as most."}
    )
    hours = fields.List(fields.Nested(OtherHoursShape), validate=validate.Length(1, 7), metadata=HOURS)
    phases = fields.List(fields.Nested(OtherPhasesShape), validate=validate.Length(1, MOST_PROTOCOLS), metadata=PHASES)
    overlapping_starts = fields.Boolean(truthy={True}, falsy={False}, metadata=OVERLAP)


class WhatIfIn(Shape):
    weeks = Whole(least=1, most=MOST_WEEKS, load_default=USUAL_WEEKS, metadata=WEEKS)
    seeds = Whole(least=LEAST_SEEDS, most=MOST_SEEDS, load_default=USUAL_SEEDS, metadata=SEEDS)
    change = fields.Nested(WhatIfChangeShape, required=True, metadata=CHANGE)

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return {"document": said}


class EffectMeasureOut(Shape):
    key = fields.String(required=True)
    title = fields.String(required=True)
    unit = fields.String(required=True)
    formula = fields.String(required=True)
    population = fields.String(required=True)


class EffectOut(Shape):
    """A measure in the clinic as it is and as it would be, each as the mean over seeds, and the difference."""

    measure = fields.Nested(EffectMeasureOut, required=True)
    base = fields.Float(required=True, allow_none=True, metadata={"description": "As it is."})
    changed = fields.Float(required=True, allow_none=True, metadata={"description": "As it would be."})
    difference = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True, metadata={"description": "From here"})
    high = fields.Float(required=True, allow_none=True, metadata={"description": "to here goes its 95 % interval."})
    seeds = fields.Integer(required=True, metadata={"description": "Of how many pairs of runs."})


class WhatIfResultOut(Shape):
    weeks = fields.Integer(required=True)
    warm_up_weeks = fields.Integer(
        required=True, metadata={"description": "How long the books filled before anything counted."}
    )
    difference = fields.String(required=True, metadata={"description": "How differences and intervals are reckoned."})
    notes = fields.List(fields.String(), required=True, metadata={"description": "What to know of the numbers."})
    effects = fields.List(fields.Nested(EffectOut), required=True)


class WhatIfOut(Shape):
    id = fields.UUID(required=True, attribute="simulation.id")
    weeks = fields.Integer(required=True, attribute="simulation.question.weeks")
    seeds = fields.Integer(required=True, attribute="simulation.seeds")
    change = fields.Nested(WhatIfChangeShape, required=True, attribute="simulation.question.change")
    state = fields.Enum(SimulationState, by_value=True, required=True, attribute="simulation.state")
    done = fields.Integer(required=True, metadata={"description": "How many of the seeds have been run."})
    asked_at = Instant(required=True, attribute="simulation.asked_at")
    asked_by = fields.UUID(required=True, allow_none=True, attribute="simulation.asked_by")
    ended_at = Instant(required=True, allow_none=True, attribute="simulation.ended_at")
    failure = fields.String(required=True, allow_none=True, metadata={"description": "Why it failed, if it did."})
    result = fields.Nested(WhatIfResultOut, required=True, allow_none=True)
    version = fields.Integer(required=True, metadata={"description": "Its ETag is this in double quotes."})
