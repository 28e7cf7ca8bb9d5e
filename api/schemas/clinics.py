"""Shapes of a clinic, its settings, booking policy, hours and closures."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, post_load, validate

from api.schemas.base import Clock, Instant, LocalDate, Shape, Text, Weekday, Whole
from scheduler.administration import policies, settings
from scheduler.administration.weekly import MOST_SPANS
from scheduler.booking.policy import Policy

ACCENT = r"^#[0-9A-Fa-f]{6}$"


def _within(name: str, ranges: Mapping[str, tuple[int, int]] = settings.RANGES, **options: Any) -> Whole:
    least, most = ranges[name]
    return Whole(least=least, most=most, required=True, **options)


def _minutes(name: str, words: str) -> Whole:
    return _within(name, policies.RANGES, metadata={"description": words})


def _usual(name: str, words: str) -> Whole:
    """What has a default, since clinics have set their policy before there was such a thing."""
    least, most = policies.RANGES[name]
    return Whole(least=least, most=most, load_default=getattr(Policy(), name), metadata={"description": words})


class ClinicPatch(Shape):
    name = Text(200)
    timezone = Text(64, metadata={"description": "IANA name; it can change until something is booked."})
    contact = Text(
        200,
        metadata={"description": "How patients reach the clinic, as letters to them say it: a telephone number, say."},
    )
    accent = fields.String(
        validate=[validate.Length(equal=7), validate.Regexp(ACCENT, error="Give a colour as #rrggbb.")],
        metadata={"description": "The colour of its pages for patients, such as `#1f6f78`."},
    )


class ClinicOut(Shape):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    timezone = fields.String(required=True)
    contact = fields.String(required=True, allow_none=True)
    accent = fields.String(required=True, allow_none=True)


class SettingsIn(Shape):
    response_percent = _within("response_percent")
    remission_below = _within("remission_below")
    remission_baseline = _within("remission_baseline")
    reliable_change = _within("reliable_change")
    baseline_days = _within("baseline_days")
    effective_from = Instant(load_default=None, metadata={"description": "Now, unless told otherwise."})


class SettingsOut(SettingsIn):
    id = fields.UUID(required=True)
    author_id = fields.UUID(required=True, allow_none=True)
    effective_from = Instant(required=True)
    created_at = Instant(
        required=True, metadata={"description": "Of two in force from the same moment the later one holds."}
    )


class BookingPolicyIn(Shape):
    late_notice_minutes = _minutes("late_notice_minutes", "A cancellation with less notice than this is late.")
    grace_minutes = _minutes("grace_minutes", "How long after its start a visit may be recorded as missed.")
    hold_minutes = _minutes("hold_minutes", "How long a hold lasts; it may be renewed once.")
    offer_minutes = _minutes("offer_minutes", "How long a patient on the waiting list has to answer.")
    reminder_minutes = fields.List(
        Whole(least=policies.REMINDER_RANGE[0], most=policies.REMINDER_RANGE[1]),
        required=True, validate=validate.Length(max=policies.MOST_REMINDERS),
        metadata={"description": "How long before a visit its reminders go out; none where it is empty."},
    )  # fmt: skip
    prime_opens = _usual("prime_opens", "Prime time of the reports, from here, in minutes after local midnight,")
    prime_closes = _usual("prime_closes", "until here.")
    on_time_minutes = _usual("on_time_minutes", "How late an infusion may begin and still be on time.")
    effective_from = Instant(load_default=None, metadata={"description": "Now, unless told otherwise."})

    @post_load
    def gather(self, said: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return said | {"reminder_minutes": tuple(said["reminder_minutes"])}


class BookingPolicyOut(BookingPolicyIn):
    id = fields.UUID(required=True)
    author_id = fields.UUID(required=True, allow_none=True)
    effective_from = Instant(required=True)
    created_at = Instant(
        required=True, metadata={"description": "Of two in force from the same moment the later one holds."}
    )


class SpanOfWeek(Shape):
    weekday = Weekday(required=True)
    opens = Clock(required=True)
    closes = Clock(required=True)


class HoursIn(Shape):
    valid_from = LocalDate(required=True)
    hours = fields.List(fields.Nested(SpanOfWeek), required=True, validate=validate.Length(max=MOST_SPANS))


class HoursOut(SpanOfWeek):
    valid_from = LocalDate(required=True)
    valid_until = LocalDate(
        required=True, allow_none=True, metadata={"description": "The first date these hours no longer hold."}
    )


class DatesIn(Shape):
    """The first and the last day, both included."""

    first = LocalDate(data_key="from", required=True)
    last = LocalDate(data_key="to", required=True)


class ClosureIn(Shape):
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    reason = Text(500, required=True)
    resource_id = fields.UUID(load_default=None, metadata={"description": "Without, the whole clinic is closed."})


class ClosurePatch(Shape):
    starts_at = Instant()
    ends_at = Instant()
    reason = Text(500)


class ClosureOut(Shape):
    id = fields.UUID(required=True)
    resource_id = fields.UUID(required=True, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    reason = fields.String(required=True)
