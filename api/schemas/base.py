"""What every shape is made of: strict fields that know how they are documented."""

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, fields, validate

from scheduler import clinic_time

LARGEST = 2**31 - 1
"""The databases' integers go no further."""
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Dates outside these years are slips of the finger, and days could not be counted from them without overflow."""
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"


class Shape(Schema):
    """A body or a set of parameters; whatever it does not name is refused."""

    may_be_absent: ClassVar[bool] = False
    """Whether a request without a body says as much as one with `{}`."""

    class Meta:
        unknown = RAISE


class FaultOut(Shape):
    """One thing wrong: in a refusal, or in the way of what might be asked next."""

    where = fields.String(required=True, metadata={"description": "Where in the request or the record, as a path."})
    code = fields.String(required=True)
    message = fields.String(required=True)


class Whole(fields.Integer):
    """A true integer: neither true, nor 1.0, nor "1"."""

    def __init__(self, *, least: int = -LARGEST, most: int = LARGEST, **options: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most), **options)


class Amount(fields.Field[Decimal]):
    """An exact amount, written as text: `"82.5"`. Numbers with a point are floats on the way, and a dose is none.

    Answered without zeros at its end: "5.0" has been read as 50, and what is stored has more places than were asked.
    """

    default_error_messages = {
        "amount": "Give a decimal number as text, with at most {places} places.",
        "range": "This goes from {least} to {most}.",
    }

    def __init__(self, places: int, *, least: str = "0", most: str = "1000000", **options: Any) -> None:
        self._places, self._least, self._most = places, Decimal(least), Decimal(most)
        options["metadata"] = {"pattern": _amount(places), **options.get("metadata", {})}
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if not isinstance(value, str) or not re.fullmatch(_amount(self._places), value):
            raise self.make_error("amount", places=self._places)
        found = Decimal(value)
        if not self._least <= found <= self._most:
            raise self.make_error("range", least=self._least, most=self._most)
        return found

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else plain(value)


def plain(value: Decimal) -> str:
    """A decimal in digits, without zeros at its end: 35.0 is `35`, and 150 stays `150`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amount(places: int) -> str:
    return rf"^-?[0-9]{{1,9}}(\.[0-9]{{1,{places}}})?$"


class Digits(fields.Integer):
    """An integer of a query string, where everything is text."""

    default_error_messages = {"digits": "Give a whole number in digits."}

    def __init__(self, *, least: int = 0, most: int = LARGEST, **options: Any) -> None:
        super().__init__(validate=validate.Range(least, most), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,10}", value):
            raise self.make_error("digits")
        return int(value)


class Text(fields.String):
    """1 to `most` characters once the blanks around them are gone; `lines` welcomes line breaks and tabs."""

    default_error_messages = {
        "blank": "This may not be blank.",
        "long": "At most {most} characters are allowed.",
        "control": "Control characters are not allowed.",
    }

    def __init__(self, most: int, *, lines: bool = False, **options: Any) -> None:
        self._most, self._allowed = most, "\n\r\t" if lines else ""
        pattern = {} if lines else {"pattern": PRINTABLE}
        options["metadata"] = {"minLength": 1, "maxLength": most, **pattern, **options.get("metadata", {})}
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if not text:
            raise self.make_error("blank")
        if len(text) > self._most:
            raise self.make_error("long", most=self._most)
        if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in self._allowed for letter in text):
            raise self.make_error("control")
        return text


class LocalDate(fields.Date):
    """`YYYY-MM-DD` of the clinic's calendar."""

    default_error_messages = {"date": "Give a date as YYYY-MM-DD, from 1900 to 2199."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not DATE.fullmatch(value):
            raise self.make_error("date")
        try:
            found = date.fromisoformat(value)
        except ValueError as fault:
            raise self.make_error("date") from fault
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise self.make_error("date")
        return found


class Instant(fields.AwareDateTime):
    """RFC 3339 with its offset; answered in UTC."""

    default_error_messages = {"instant": "Give an RFC 3339 time with its offset."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not RFC_3339.fullmatch(value):
            raise self.make_error("instant")
        try:
            found = datetime.fromisoformat(value.upper())
        except ValueError as fault:
            raise self.make_error("instant") from fault
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise self.make_error("instant")
        return found.astimezone(UTC)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else utc_text(value)


def utc_text(at: datetime) -> str:
    """An instant as the API writes it: `2026-03-02T14:00:00Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Clock(fields.Field[int]):
    """`HH:MM` outside, minutes after midnight inside; 24:00 is the end of the day."""

    default_error_messages = {"clock": "Give a time of day as HH:MM."}

    def __init__(self, **options: Any) -> None:
        options["metadata"] = {"pattern": f"^({CLOCK.pattern})$", **options.get("metadata", {})}
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not CLOCK.fullmatch(value):
            raise self.make_error("clock")
        return 60 * int(value[:2]) + int(value[3:])

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else clinic_time.clock(value)


class Weekday(fields.Field[int]):
    """`mon` .. `sun` outside, 0 .. 6 inside."""

    default_error_messages = {"weekday": "Give a weekday: mon, tue, wed, thu, fri, sat or sun."}

    def __init__(self, **options: Any) -> None:
        options["metadata"] = {"enum": list(clinic_time.WEEKDAYS), **options.get("metadata", {})}
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or value not in clinic_time.WEEKDAYS:
            raise self.make_error("weekday")
        return clinic_time.WEEKDAYS.index(value)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else clinic_time.WEEKDAYS[value]
