"""The forms of a visit that speak of its patient's safety, and what they say."""

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from scheduler import clinic_time
from scheduler.models import Assessment, TreatmentSession
from scheduler.models.replaced import nothing_replaces
from scheduler.outcomes.scales import SCALES
from scheduler.outcomes.scales.cssrs_screener import CSSRS_SCREENER, level
from scheduler.outcomes.scales.definition import Level
from scheduler.outcomes.scales.elements import SUICIDAL_IDEATION
from scheduler.outcomes.scales.phq9 import ITEM_9, PHQ9
from scheduler.records.zone import read_zone
from scheduler.sessions.leaving.discharging import Finding

ASKED = tuple(key for key, scale in SCALES.items() if scale.safety)
"""The scales that ask about safety."""
FINDINGS = tuple(Finding)
"""From the least grave on."""


def forms_of_visit(db: Session, session: TreatmentSession) -> Sequence[Assessment]:
    """The forms of this visit that ask about safety, as they were corrected: those logged for its appointment, or for
    none on the same local day.
    """
    zone = read_zone(db, session.clinic_id)
    day = clinic_time.day_span(clinic_time.local_date(session.arrived_at, zone), zone)
    taken = Assessment.taken_at
    same_day = and_(taken >= clinic_time.from_minute(day.start), taken < clinic_time.from_minute(day.end))
    of_none = and_(Assessment.appointment_id.is_(None), same_day)
    found = (
        select(Assessment)
        .where(Assessment.clinic_id == session.clinic_id, Assessment.patient_id == session.patient_id)
        .where(Assessment.scale.in_(ASKED), nothing_replaces(Assessment))
        .where(or_(Assessment.appointment_id == session.appointment_id, of_none))
    )
    return db.scalars(found).all()


def phq9_among(forms: Iterable[Assessment]) -> list[Assessment]:
    """The PHQ-9 forms."""
    return [form for form in forms if form.scale == PHQ9.key]


def item9_of(forms: Iterable[Assessment]) -> int | None:
    """The gravest answer to item 9 of the PHQ-9; None where nobody gave one."""
    answers = (form.answers[ITEM_9] for form in phq9_among(forms))
    return max((answer for answer in answers if answer is not None), default=None)


def thoughts_in(forms: Iterable[Assessment]) -> Level | None:
    """How grave the answers about suicidal thoughts are, whichever scale asked; None where none is positive."""
    found = [
        rule.finding(form.answers[rule.item - 1])
        for form in forms
        for rule in SCALES[form.scale].safety
        if rule.kind == SUICIDAL_IDEATION
    ]
    levels = {each.level for each in found if each is not None}
    return Level.URGENT if Level.URGENT in levels else next(iter(levels), None)


def screened(forms: Iterable[Assessment]) -> Finding | None:
    """The gravest finding of the C-SSRS forms; None where there is none.

    An incomplete one has found something only where its answers are as grave as can be: the rest may be graver.
    """
    mine = [form for form in forms if form.scale == CSSRS_SCREENER.key]
    return gravest(Finding(form.band) if form.band else _so_far(form) for form in mine)


def gravest(findings: Iterable[Finding | None]) -> Finding | None:
    """The gravest of those there are."""
    return max((each for each in findings if each is not None), key=FINDINGS.index, default=None)


def _so_far(form: Assessment) -> Finding | None:
    return Finding.HIGH if Finding(level(tuple(form.answers))) is Finding.HIGH else None
