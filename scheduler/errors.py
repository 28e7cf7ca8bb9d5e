"""Every refusal the domain can give: a class with a public code, and the constraints that become one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what was asked: where in the request, a code, and words for the person at the desk."""

    where: str
    code: str
    message: str
    days: int | None = field(default=None, compare=False)
    """How far apart two are, where that is what is wrong; for those who reckon on with it."""


class DomainError(Exception):
    """A refusal. `code` and `title` are public and stable; `detail` speaks to the person at the desk.

    Neither `detail` nor a fault may carry patient data: both reach logs.
    """

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str | None = None, *, faults: Sequence[Fault] = (), **facts: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.faults = tuple(faults)
        self.facts = facts


class Malformed(DomainError):
    code, title = "malformed", "The request is not well-formed."


class NotJson(DomainError):
    code, title = "not-json", "Send the body as application/json."


class NotSignedIn(DomainError):
    code, title = "not-signed-in", "Sign in first, or sign in again."


class WrongPassword(DomainError):
    code, title = "wrong-password", "The e-mail address and the password do not belong together."


class TooManyAttempts(DomainError):
    code, title = "too-many-attempts", "Too many sign-ins have failed: wait before the next one."


class NotAllowed(DomainError):
    code, title = "not-allowed", "Your role does not cover this."


class NotFound(DomainError):
    code, title = "not-found", "There is no such record."


class Invalid(DomainError):
    """The request was understood, but what it says cannot be."""

    code, title = "invalid", "What was sent cannot be accepted."


def refuse(faults: Iterable[Fault]) -> None:
    """Raise `Invalid` with all of them, if there are any."""
    found = tuple(faults)
    if found:
        raise Invalid(faults=found)


class ClinicNeeded(Invalid):
    code, title = "clinic-needed", "This address and this password open several clinics: say which."


class NonexistentLocalTime(Invalid):
    code, title = "nonexistent-local-time", "The clocks skip this local time."


class AmbiguousLocalTime(Invalid):
    code, title = "ambiguous-local-time", "The clocks show this local time twice: give its offset."


class KeyReused(Invalid):
    code, title = "idempotency-key-reused", "This Idempotency-Key was already used for another request."


class KeyNeeded(DomainError):
    code, title = (
        "idempotency-key-needed",
        "Send an Idempotency-Key header, so that a repeated request cannot act twice.",
    )


class MrnTaken(DomainError):
    code, title = "mrn-taken", "Another patient of this clinic has this medical record number."


class EmailTaken(DomainError):
    code, title = "email-taken", "This person already works in this clinic."


class LastAdministrator(DomainError):
    code, title = "last-administrator", "A clinic keeps at least one administrator."


class NameTaken(DomainError):
    code, title = "name-taken", "This clinic already has one of this name."


class PlanRefused(DomainError):
    """A plan cannot be booked as it stands; nothing of it was written.

    `conflicts` names what was found up to the refusal, `plan` what was refused: `booking.book` tells the rest.
    `hold_id` is the hold it was to be booked from, whose places are nobody else's.
    """

    code, title = "plan-refused", "This plan cannot be carried out as proposed; nothing was written."

    def __init__(
        self, conflicts: Sequence[Fault] = (), *, plan: Any = None, hold_id: UUID | None = None, **facts: Any
    ) -> None:
        super().__init__(faults=conflicts, **facts)
        self.plan = plan
        self.hold_id = hold_id


class SlotTaken(DomainError):
    code, title = "slot-taken", "Someone else has just taken this place."


class PatientBusy(DomainError):
    code, title = "patient-busy", "The patient already has an appointment then, or on that day."


class CapacityInUse(DomainError):
    code, title = "capacity-in-use", "Appointments on record need more than this: retire it, and add it anew with less."


class AppointmentsStand(DomainError):
    """A change of hours, closures, shifts or resources would leave booked appointments without what they need."""

    code, title = "appointments-stand", "Booked appointments stand in the way of this change."


class Retired(DomainError):
    code, title = "retired", "This has been retired and takes no more changes."


class ShiftOverlaps(DomainError):
    code, title = "shift-overlaps", "This person already has a shift then."


class AlreadyAcknowledged(DomainError):
    code, title = "already-acknowledged", "This alert has already been acknowledged."


class IllegalTransition(DomainError):
    code, title = "illegal-transition", "From this state it cannot go there."


class OutOfTime(DomainError):
    """A step that belongs to another hour: `since` and `until` say when it may be recorded."""

    code, title = "out-of-time", "This cannot be recorded at this time."


class CannotReturn(DomainError):
    """A visit that was given up cannot have its place again; the faults say what is in the way."""

    code, title = "cannot-return", "This visit cannot go back to its place."


class SeriesEnded(DomainError):
    code, title = "series-ended", "This series has already ended."


class SeriesPaused(DomainError):
    code, title = "series-paused", "This series is paused: rebook it first, and it runs again."


class SeriesBegun(DomainError):
    code, title = "series-begun", "An infusion of this series has been given: stop it instead."


class SeriesNotBegun(DomainError):
    code, title = "series-not-begun", "No infusion of this series has been given: cancel it instead."


class SeriesUnfinished(DomainError):
    code, title = "series-unfinished", "A series is complete when its last visit is over and one was completed."


class HoldEnded(DomainError):
    code, title = "hold-ended", "This hold has expired, or was booked or released."


class HoldOfAnother(DomainError):
    code, title = "hold-of-another", "Somebody else holds this."


class AlreadyRenewed(DomainError):
    code, title = "already-renewed", "A hold is renewed once."


class EntryEnded(DomainError):
    code, title = "entry-ended", "This patient no longer waits: a place was found, or the entry was withdrawn."


class OfferOut(DomainError):
    code, title = "offer-out", "A place is being offered to this patient: see that answered first."


class OfferEnded(DomainError):
    code, title = "offer-ended", "This offer has been answered, or its time has run out."


class NobodyFits(DomainError):
    code, title = "nobody-fits", "Nobody on the waiting list can take this place."


class EnoughAsked(DomainError):
    code, title = "enough-asked", "As many simulations as may wait at once are not done yet: withdraw one, or wait."


class SessionOpen(DomainError):
    code, title = "session-open", "This appointment already has a session."


class SessionSigned(DomainError):
    code, title = "session-signed", "This session has been signed: it takes corrections and addenda only."


class SessionVoid(DomainError):
    code, title = "session-void", "This session was entered in error and takes nothing more."


class AlreadyCorrected(DomainError):
    code, title = "already-corrected", "Somebody has corrected this already: correct the newer version."


class AlreadyAnswered(DomainError):
    code, title = "already-answered", "These questions have been answered already."


class LinkEnded(DomainError):
    code, title = "link-ended", "This link can no longer be used."


class Blocked(DomainError):
    """Something must be done first; the faults say what."""

    code, title = "blocked", "Something is still missing for this step."


class ConfirmationNeeded(Invalid):
    """What was sent is possible but unlikely: `confirmed` may name the fields that are meant so."""

    code, title = "confirmation-needed", "Some values are unlikely: confirm that they are meant so."


class SignatureRefused(DomainError):
    code, title = "signature-refused", "The password is not that of the person who signs."


class OrderSigned(DomainError):
    code, title = "order-signed", "This order has been signed or withdrawn and keeps its figures."


class NotInVial(DomainError):
    code, title = "not-in-vial", "There is less in this vial than that."


class AlreadyReversed(DomainError):
    code, title = "already-reversed", "This entry has been reversed or resolved already."


class LabelTaken(DomainError):
    code, title = "label-taken", "Another vial of this clinic has this label."


class VersionNeeded(DomainError):
    code, title = "version-needed", "Send the ETag you read in If-Match."


class StaleVersion(DomainError):
    code, title = "stale-version", "Someone changed this meanwhile: read it again."


class Unavailable(DomainError):
    code, title = "unavailable", "The clinic's records cannot be reached just now: try again in a moment."


REFUSALS_BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "claims_capacity": SlotTaken,
    "resources_capacity_in_use": CapacityInUse,
    "appointments_patient_overlap": PatientBusy,
    "uq_appointments_patient_day": PatientBusy,
    "uq_patients_clinic_id_mrn": MrnTaken,
    "uq_staff_clinic_id_email": EmailTaken,
    "uq_resources_clinic_id_kind_name": NameTaken,
    "uq_protocols_clinic_id_key": NameTaken,
    "uq_clinic_scales_clinic_id_key_number": StaleVersion,
    "shifts_overlap": ShiftOverlaps,
    "uq_sessions_appointment": SessionOpen,
    "sessions_locked": SessionSigned,
    "sessions_signed": SessionSigned,
    "uq_assessments_clinic_id_replaces_id": AlreadyCorrected,
    "uq_assessments_clinic_id_questionnaire_id": AlreadyAnswered,
    "orders_signed": OrderSigned,
    "ledger_balance": NotInVial,
    "uq_ledger_entries_clinic_id_about_id": AlreadyReversed,
    "uq_ledger_entries_clinic_id_replaces_id": AlreadyReversed,
    "uq_vials_clinic_id_label": LabelTaken,
    "uq_templates_of_drug": StaleVersion,
    "uq_templates_clinic_id_purpose_drug_protocol_id_number": StaleVersion,
    **dict.fromkeys(
        (
            f"uq_{table}_clinic_id_replaces_id"
            for table in ("vitals", "infusion_events", "checklist_answers", "adverse_events", "session_notes")
        ),
        AlreadyCorrected,
    ),
    "uq_offers_open_entry": OfferOut,
    "uq_offers_clinic_id_chair_id_starts_at_entry_id": OfferOut,
}
