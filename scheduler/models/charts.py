"""What is charted in a session: rows that are only added, each saying when it happened and when it was written down."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from scheduler.models.base import TENTHS, THOUSANDTHS, Base, ClinicOwned, checked
from scheduler.models.sessions import EndKind
from scheduler.treatment import Phase


class ChartedKind(StrEnum):
    """What an infusion event says."""

    START = "start"
    RATE_CHANGE = "rate_change"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    DEVICE = "device"


class NoteKind(StrEnum):
    NOTE = "note"
    ADDENDUM = "addendum"


class AdverseEventCode(StrEnum):
    DISSOCIATION = "dissociation"
    DROWSINESS = "drowsiness"
    DIZZINESS = "dizziness"
    NAUSEA = "nausea"
    VOMITING = "vomiting"
    HEADACHE = "headache"
    ANXIETY = "anxiety"
    HYPERTENSION = "hypertension"
    HYPOTENSION = "hypotension"
    TACHYCARDIA = "tachycardia"
    BRADYCARDIA = "bradycardia"
    DESATURATION = "desaturation"
    APNOEA = "apnoea"
    BLURRED_VISION = "blurred_vision"
    HALLUCINATION = "hallucination"
    AGITATION = "agitation"
    DYSPHORIA = "dysphoria"
    URINARY_SYMPTOM = "urinary_symptom"
    IV_INFILTRATION = "iv_infiltration"
    PUMP_OR_MEDICATION_ERROR = "pump_or_medication_error"
    FALL = "fall"
    SYNCOPE = "syncope"
    SEIZURE = "seizure"
    ALLERGIC_REACTION = "allergic_reaction"
    HYPOMANIA = "hypomania"
    SUICIDAL_IDEATION = "suicidal_ideation"
    OTHER = "other"


class Relatedness(StrEnum):
    UNRELATED = "unrelated"
    UNLIKELY = "unlikely"
    POSSIBLE = "possible"
    PROBABLE = "probable"
    DEFINITE = "definite"


class ActionTaken(StrEnum):
    NONE = "none"
    RATE_REDUCED = "rate_reduced"
    PAUSED = "paused"
    STOPPED = "stopped"
    DRUG_GIVEN = "drug_given"


class EventOutcome(StrEnum):
    RESOLVED = "resolved"
    RESOLVING = "resolving"
    NOT_RESOLVED = "not_resolved"
    SEQUELAE = "sequelae"
    FATAL = "fatal"
    UNKNOWN = "unknown"


class Charted(ClinicOwned):
    """A fact of a session. A row that `replaces` another is its newer version; `reason` says why it was corrected."""

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 # SQLAlchemy calls it on the class
        table: str = cls.__tablename__  # type: ignore[attr-defined] # every table that is charted has one
        return (
            ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
            ForeignKeyConstraint(["clinic_id", "recorded_by"], ["staff.clinic_id", "staff.id"]),
            ForeignKeyConstraint(["clinic_id", "replaces_id"], [f"{table}.clinic_id", f"{table}.id"]),
            UniqueConstraint("clinic_id", "replaces_id"),
            Index(None, "clinic_id", "session_id", "occurred_at"),
            Index(None, "clinic_id", "recorded_by"),
            *cls.checks(),
        )

    @classmethod
    def checks(cls) -> tuple[Any, ...]:
        """Constraints of the table itself."""
        return ()

    session_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    replaces_id: Mapped[UUID | None]
    """The version this one takes the place of; a row is replaced once."""
    reason: Mapped[str | None]
    """Why it was corrected, or why this was done."""
    withdrawn: Mapped[bool] = mapped_column(default=False)
    """This version says that nothing of the kind happened: it was charted by mistake."""


class Vitals(Charted, Base):
    """One set of vitals and observations; integers but for oxygen (L/min) and temperature (degrees Celsius)."""

    __tablename__ = "vitals"

    phase: Mapped[Phase] = mapped_column(checked(Phase, "phase"))
    hr: Mapped[int | None]
    sbp: Mapped[int | None]
    dbp: Mapped[int | None]
    spo2: Mapped[int | None]
    o2_l_min: Mapped[Decimal | None] = mapped_column(TENTHS)
    rr: Mapped[int | None]
    etco2: Mapped[int | None]
    temp_c: Mapped[Decimal | None] = mapped_column(TENTHS)
    moaas: Mapped[int | None]
    rass: Mapped[int | None]
    distress: Mapped[int | None]
    nausea: Mapped[int | None]
    cadss6: Mapped[list[Any] | None]
    """Answers to the six items, 0 to 4 each."""
    note: Mapped[str | None]

    @classmethod
    def checks(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("sbp IS NULL OR dbp IS NULL OR dbp < sbp", "pressure"),
            CheckConstraint("spo2 BETWEEN 0 AND 100", "spo2"),
            CheckConstraint("moaas BETWEEN 0 AND 5", "moaas"),
            CheckConstraint("rass BETWEEN -5 AND 4", "rass"),
            CheckConstraint("distress BETWEEN 0 AND 10", "distress"),
            CheckConstraint("nausea BETWEEN 0 AND 3", "nausea"),
        )


class InfusionEventRow(Charted, Base):
    """What was done with the pump, or a device that was handed out."""

    __tablename__ = "infusion_events"

    kind: Mapped[ChartedKind] = mapped_column(checked(ChartedKind, "kind"))
    number: Mapped[int]
    """1 for what was charted first: of two events at one instant this says which came first. Versions share it."""
    rate_ml_h: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    end_kind: Mapped[EndKind | None] = mapped_column(checked(EndKind, "end_kind"))
    pump_ml: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    """The volume the pump showed."""
    computed_ml: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    """The volume given by then, from the events before; kept beside the pump's."""
    pump_reason: Mapped[str | None]
    """Why the two differ."""
    dose_mg: Mapped[Decimal | None] = mapped_column(THOUSANDTHS)
    """Of a device."""

    @classmethod
    def checks(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("(kind IN ('start', 'rate_change', 'resume')) = (rate_ml_h IS NOT NULL)", "rate"),
            CheckConstraint("rate_ml_h > 0", "rate_positive"),
            CheckConstraint("number >= 1", "number"),
            CheckConstraint("(kind = 'stop') = (end_kind IS NOT NULL)", "end"),
            CheckConstraint("(kind = 'device') = (dose_mg IS NOT NULL)", "dose"),
        )


class ChecklistAnswer(Charted, Base):
    """One item of a checklist or of the discharge criteria, answered by a person."""

    __tablename__ = "checklist_answers"

    item: Mapped[str]
    """The key of the item in the template the session keeps."""
    value: Mapped[dict[str, Any]]
    """What was answered, by name; most items have `value` alone."""
    note: Mapped[str | None]


class AdverseEvent(Charted, Base):
    """Something untoward. It happened at `occurred_at`; later versions say how it went on."""

    __tablename__ = "adverse_events"

    code: Mapped[AdverseEventCode] = mapped_column(checked(AdverseEventCode, "code"))
    resolved_at: Mapped[datetime | None]
    severity: Mapped[int]
    serious: Mapped[bool]
    criteria: Mapped[list[Any]]
    """What makes it serious, as codes."""
    relatedness: Mapped[Relatedness | None] = mapped_column(checked(Relatedness, "relatedness"))
    action: Mapped[ActionTaken | None] = mapped_column(checked(ActionTaken, "action"))
    rescue_drug: Mapped[str | None]
    rescue_dose: Mapped[str | None]
    outcome: Mapped[EventOutcome | None] = mapped_column(checked(EventOutcome, "outcome"))
    description: Mapped[str | None]
    closed: Mapped[bool]

    @classmethod
    def checks(cls) -> tuple[Any, ...]:
        return (
            CheckConstraint("severity BETWEEN 1 AND 5", "severity"),
            CheckConstraint("resolved_at IS NULL OR occurred_at <= resolved_at", "order"),
            CheckConstraint(
                "NOT (closed AND serious) OR (relatedness IS NOT NULL AND action IS NOT NULL AND outcome IS NOT NULL"
                " AND description IS NOT NULL)",
                "serious_closed",
            ),
        )


class SessionNote(Charted, Base):
    """The closing note, or what was added after it was signed."""

    __tablename__ = "session_notes"

    kind: Mapped[NoteKind] = mapped_column(checked(NoteKind, "kind"))
    text: Mapped[str]

    @classmethod
    def checks(cls) -> tuple[Any, ...]:
        return (CheckConstraint("length(text) > 0", "text"),)
