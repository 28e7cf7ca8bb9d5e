"""Sets of vitals charted in a session that is under way, and what is told of them."""

from typing import Any

from scheduler.models import TreatmentSession, Vitals
from scheduler.sessions.record.corrections import Correction, correct_vitals
from scheduler.sessions.watch.vitals import ChartedVitals, chart_vitals
from tests.builders import ClinicCast
from tests.drugs import MINUTE, NOON, START

WELL = {"hr": 70, "sbp": 120, "dbp": 75, "spo2": 98, "moaas": 5}
WORDLESS = ("hr", "sbp", "dbp", "spo2", "rr", "etco2", "moaas", "rass", "distress")


def take(cast: ClinicCast, session: TreatmentSession, minutes: float, **values: Any) -> ChartedVitals:
    """Chart a set taken so many minutes after `START`, whatever is unlikely in it being meant so."""
    at = START + minutes * MINUTE
    return chart_vitals(cast.db, session.id, values, occurred_at=at, confirmed=WORDLESS, actor=cast.clinician, now=NOON)


def charted_set(cast: ClinicCast, session: TreatmentSession, minutes: float, **values: Any) -> Vitals:
    """The row of a likely set taken so many minutes after `START`."""
    at = START + minutes * MINUTE
    return chart_vitals(cast.db, session.id, values, occurred_at=at, actor=cast.clinician, now=NOON).vitals


def correct(cast: ClinicCast, session: TreatmentSession, charted: ChartedVitals, **changes: Any) -> ChartedVitals:
    """Correct a set a minute later."""
    said = {name: changes.pop(name) for name in ("occurred_at", "withdrawn") if name in changes}
    return correct_vitals(
        cast.db, session.id, charted.vitals.id, Correction("Mistyped.", changes, **said), confirmed=WORDLESS,
        actor=cast.clinician, now=NOON + MINUTE,
    )  # fmt: skip
