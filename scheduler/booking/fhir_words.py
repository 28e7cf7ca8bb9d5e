"""What FHIR R4 calls each state: `Appointment.status` has ten words, and every one of them is used here."""

from scheduler.models import AppointmentStatus

FHIR_STATUS: dict[AppointmentStatus, str] = {
    AppointmentStatus.BOOKED: "booked",
    AppointmentStatus.CONFIRMED: "booked",
    AppointmentStatus.ARRIVED: "arrived",
    AppointmentStatus.IN_SESSION: "checked-in",
    AppointmentStatus.COMPLETED: "fulfilled",
    AppointmentStatus.CANCELLED: "cancelled",
    AppointmentStatus.NO_SHOW: "noshow",
    AppointmentStatus.ENTERED_IN_ERROR: "entered-in-error",
}
"""A session that has begun is checked in: how far it has come is told by its Encounter."""

FHIR_PROPOSED, FHIR_HELD, FHIR_WAITING = "proposed", "pending", "waitlist"
"""Of a visit that is only proposed, one that is held or offered, and an entry of the waiting list."""
