"""Shapes of the manager's reports: measures, figures, and the rows behind one."""

from typing import Any

from marshmallow import fields, post_load, validate

from api.paging import PageIn
from api.schemas.base import Instant, LocalDate, Shape
from api.schemas.booking import LocalTime
from api.schemas.clinics import DatesIn
from scheduler.utilization.figures.figures import DECIMALS, Asked, By, Unit
from scheduler.utilization.flow.times import PHASES
from scheduler.utilization.reports import KINDS

MEASURE_KEYS = tuple(dict.fromkeys(measure.key for kind in KINDS.values() for measure in kind.measures))


class ReportIn(DatesIn):
    """Days that are past, or today as far as it has come; at most three years of them."""

    by = fields.Enum(
        By, by_value=True, load_default=None, metadata={"description": "Split by this; the lines add up to the whole."}
    )

    @post_load
    def gather(self, asked: dict[str, Any], **_options: Any) -> dict[str, Any]:
        asked["asked"] = Asked(asked.pop("first"), asked.pop("last"), asked.pop("by"))
        return asked


class FigureIn(ReportIn):
    measure = fields.String(required=True, validate=validate.OneOf(MEASURE_KEYS))
    line = fields.String(
        load_default=None, validate=validate.Length(1, 100),
        metadata={"description": "The key of a line of the report split `by` this; without, the whole."},
    )  # fmt: skip


class ReportRowsIn(FigureIn, PageIn):
    pass


class MeasureOut(Shape):
    """What a figure says, wherever it stands."""

    key = fields.String(required=True)
    title = fields.String(required=True)
    unit = fields.Enum(Unit, by_value=True, required=True)
    formula = fields.String(required=True)
    population = fields.String(required=True, metadata={"description": "Which minutes, visits or series it is of."})


class MeasuresOut(Shape):
    items = fields.List(fields.Nested(MeasureOut), required=True)
    next = fields.String(required=True, allow_none=True)


def number(what: str) -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata={"description": what})


def whole_number(what: str) -> fields.Integer:
    return fields.Integer(required=True, allow_none=True, metadata={"description": what})


class ReportFigureOut(Shape):
    value = number("To four decimals; null where there is nothing to divide by, or the split leaves no such figure.")
    numerator = whole_number("Null of a median.")
    denominator = whole_number("Null of a sum, and of a median.")
    population = fields.Integer(required=True, metadata={"description": "How many minutes, visits or series it is of."})


class ReportLineOut(Shape):
    """All figures of one day, chair, or whatever the report is split by."""

    key = fields.String(required=True, allow_none=True, metadata={"description": "With it the line is opened."})
    label = fields.String(required=True)
    figures = fields.Dict(
        keys=fields.String(), values=fields.Nested(ReportFigureOut), required=True,
        metadata={"description": "By the key of their measure."},
    )  # fmt: skip


class ReportOut(Shape):
    """A report on days that have begun, up to the moment it was read."""

    report = fields.String(required=True)
    first = LocalDate(data_key="from", required=True)
    last = LocalDate(data_key="to", required=True)
    by = fields.Enum(By, by_value=True, required=True, allow_none=True)
    until = Instant(required=True, metadata={"description": "What is still to come by then is not counted."})
    notes = fields.List(fields.String(), required=True, metadata={"description": "What whoever reads it must know."})
    measures = fields.List(fields.Nested(MeasureOut), required=True)
    whole = fields.Nested(ReportLineOut, required=True)
    lines = fields.List(fields.Nested(ReportLineOut), required=True)


class ReportRowOut(Shape):
    """One thing a figure counts."""

    key = fields.String(required=True, metadata={"description": "Unique within the figure; rows are in its order."})
    day = LocalDate(required=True)
    starts_at = LocalTime(required=True, allow_none=True)
    ends_at = LocalTime(required=True, allow_none=True)
    value = number("What it adds to the numerator.")
    counted = fields.Boolean(
        required=True, metadata={"description": "In the numerator; else only in what that is divided by."}
    )
    words = fields.String(required=True, metadata={"description": "What it is, or why it counts."})
    resource = fields.String(required=True, allow_none=True)
    protocol = fields.String(required=True, allow_none=True)
    appointment_id = fields.UUID(required=True, allow_none=True)
    series_id = fields.UUID(required=True, allow_none=True)
    patient_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "For those who work with patients; null for others."}
    )
    patient = fields.String(
        required=True, allow_none=True,
        metadata={"description": "Initials for those who work with patients; for others a pseudonym."},
    )  # fmt: skip


class PeakOut(Shape):
    """The minute with most asked of those on duty; nothing of nothing where there was none."""

    units = fields.Integer(required=True, attribute="load", data_key="load")  # a schema's own `load` reads a body
    capacity = fields.Integer(required=True)


class Rounded(fields.Float):
    """To four decimals, as figures are."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float:  # noqa: ARG002 # as declared by the parent
        return float(round(value, DECIMALS))


class CurvePointOut(Shape):
    """A quarter hour of the mean day; units are means over it, to four decimals.

    It opens by the hour with /reports/staffing/rows and `by=hour`: `actual` and `capacity` are what `nurse_utilization`
    divides, `planned` is of `nurse_planned_utilization`, `starts` of `nurse_starts`; of prescribers likewise.
    """

    time = fields.String(required=True, metadata={"description": "When it begins on the wall clock, such as 09:15."})
    capacity = Rounded(required=True, metadata={"description": "Units on duty."})
    planned = Rounded(required=True, metadata={"description": "Units asked by visits as they were booked."})
    actual = Rounded(required=True, metadata={"description": "Units asked by visits as they really took place."})
    starts = Rounded(required=True, metadata={"description": "Infusions begun."})
    high = Rounded(
        required=True, metadata={"description": "On 95 of a hundred days no more was really asked (nearest rank)."}
    )
    highest = Rounded(required=True, metadata={"description": "Of the day on which most was really asked."})


class CurveOut(Shape):
    days = fields.Integer(
        required=True, metadata={"description": "Those on which anybody was on duty, or anything was asked."}
    )
    peak = fields.Nested(PeakOut, required=True)
    points = fields.List(fields.Nested(CurvePointOut), required=True, metadata={"description": "All 96, from 00:00."})


class StaffCurvesOut(Shape):
    """The mean day of nurses and of prescribers."""

    first = LocalDate(data_key="from", required=True)
    last = LocalDate(data_key="to", required=True)
    until = Instant(required=True, metadata={"description": "What is still to come by then is not counted."})
    nurse = fields.Nested(CurveOut, required=True)
    prescriber = fields.Nested(CurveOut, required=True)


class PlannedLengthOut(Shape):
    """A phase as long as it is planned, and how long it took at the visits planned so."""

    protocol_id = fields.UUID(required=True)
    protocol = fields.String(required=True, metadata={"description": "Its name."})
    phase = fields.String(required=True, validate=validate.OneOf(PHASES))
    planned = fields.Integer(required=True, metadata={"description": "Minutes."})
    visits = fields.Integer(required=True, metadata={"description": "Of which both ends of the phase were charted."})
    median = number("Minutes it took; null where nobody charted any.")
    most = whole_number("Four of five visits took no longer.")
    outside = fields.Integer(
        required=True, metadata={"description": "Visits more than 10 minutes and more than 10 % off the plan."}
    )
    suggested = whole_number(
        "What four of five visits would keep to, in steps of five minutes: of 20 visits or more of which more than a "
        "third are outside. Null where the plan may stay."
    )
    measures = fields.List(
        fields.Nested(MeasureOut), required=True,
        metadata={
            "description": "Of `median` and of `most`: each opens with /reports/flow/rows by its key, `by=protocol` "
            "and this protocol as the line. A row says what was planned: versions planned otherwise are among them."
        },
    )  # fmt: skip


class PlannedLengthsOut(Shape):
    items = fields.List(fields.Nested(PlannedLengthOut), required=True)
    next = fields.String(required=True, allow_none=True)
