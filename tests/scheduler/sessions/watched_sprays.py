"""Patients who had a spray and have left: what their monitoring forms are filled, completed and sent from."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from scheduler.models import Mode, MonitoringForm, SessionStatus, TreatmentSession
from scheduler.protocols import Phases
from scheduler.sessions.leaving import monitoring_forms
from scheduler.sessions.leaving.monitoring_forms import FormState
from tests.builders import MDD_INDUCTION, ClinicCast
from tests.scheduler.sessions.leavers import after, recovering, take

SPRAY = replace(
    MDD_INDUCTION, key="spravato", drug="esketamine", route="intranasal", dose=Decimal(56), dose_unit="mg",
    phases=Phases(30, 40, 60, 15),
)  # fmt: skip
NOW = after(150)
LEFT = after(125)
TYPED = {
    "sex": "female", "clinician_phone": "212 555 0100", "setting_address": "1 Main Street", "acceptable_before": "yes",
    "would_be_ready_minutes": "90", "dissociation": "no",
    **dict.fromkeys(("benzodiazepines", "sedative_hypnotics", "psychostimulants", "maois"), "no"),
}  # fmt: skip


def sprayed(cast: ClinicCast, **changes: Any) -> TreatmentSession:
    """A session of two devices whose patient was watched for 125 minutes and has left."""
    usual = {
        "mode": Mode.DEVICES, "ended_at": after(5), "discharged_at": LEFT, "since": LEFT, "chair_free_at": LEFT,
        "dose_given_mg": Decimal(56),
    }  # fmt: skip
    session = of_the_spray(cast, recovering(cast, SessionStatus.DISCHARGED, **{**usual, **changes}))
    take(cast, session, 42, sbp=138, dbp=84, moaas=4)
    take(cast, session, 120, sbp=124, dbp=82)
    return session


def of_the_spray(cast: ClinicCast, session: TreatmentSession) -> TreatmentSession:
    """The session, its protocol being that of the spray."""
    protocol = cast.protocols.get(SPRAY.key) or cast.add_protocol(SPRAY)
    session.protocol_version_id = protocol.current_id
    return session


def fill(cast: ClinicCast, session: TreatmentSession, *, now: datetime = NOW) -> MonitoringForm:
    return monitoring_forms.fill(cast.db, session, actor=cast.clinician, now=now)


def complete(
    cast: ClinicCast, form: MonitoringForm, values: Mapping[str, str] = TYPED, *, now: datetime = NOW
) -> MonitoringForm:
    """Type in what no record tells."""
    return monitoring_forms.complete(cast.db, form.id, values, actor=cast.clinician, now=now).form


def send(cast: ClinicCast, form: MonitoringForm, *, now: datetime = NOW) -> MonitoringForm:
    locked = monitoring_forms.lock_newest(cast.db, form.id, actor=cast.clinician)
    return monitoring_forms.mark_sent(cast.db, locked, actor=cast.clinician, now=now).form


def listed(
    cast: ClinicCast, state: FormState, *, now: datetime = NOW, after: Any = None, limit: int = 50
) -> list[UUID]:
    """The forms on the list, by their ids."""
    rows = monitoring_forms.list_forms(cast.db, state, after=after, limit=limit, actor=cast.clinician, now=now)
    return [row.form.id for row in rows]
