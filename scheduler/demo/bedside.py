"""What a nurse of the demo clinic does for one patient in a chair, each through the functions of a real clinic."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from scheduler import clinic_time
from scheduler.actors import Actor
from scheduler.clinic_time import MINUTE
from scheduler.demo import asking, mishaps
from scheduler.demo.asking import Interview
from scheduler.demo.body import Effect, Untoward, cadss6, draw_effect, reading
from scheduler.demo.forms import NOTES, UNSEEN_FOR, log, log_scale, look_after, see_to
from scheduler.demo.house import ZONE
from scheduler.demo.living import Course, Life, Visit, Visitor
from scheduler.demo.stories import YEAR
from scheduler.models import (
    SAFETY_KINDS,
    ActionTaken,
    Alert,
    AlertLevel,
    DeferralReason,
    EndKind,
    EventOutcome,
    LedgerKind,
    Order,
    ProtocolVersion,
    Relatedness,
    SessionSettings,
    Template,
    TreatmentSession,
)
from scheduler.models.base import Base
from scheduler.outcomes.scales.phq9 import ITEM_9
from scheduler.records import access
from scheduler.sessions import steps
from scheduler.sessions.drug import devices, infusing
from scheduler.sessions.drug.infusing import PumpEvent
from scheduler.sessions.drug.infusion import EventKind
from scheduler.sessions.leaving import closing, discharge
from scheduler.sessions.leaving.departures import DISPOSITION, open_alerts
from scheduler.sessions.ledger import ledger
from scheduler.sessions.visit import answering, checking_in, clearance, deferral
from scheduler.sessions.watch import adverse_events, vitals

LOOKED_AT = (
    "Repeated by hand: the same. Patient feels well; watched closely.",
    "Expected effect of the drug. Prescriber informed.",
    "Patient repositioned, breathing slowly; falling again.",
)
CHECKED_AGAIN = "Known before; asked again today. No plan, no intent."
SIGNED = "Came calm and fasted. Tolerated the treatment; left steady on the feet and oriented. Next visit as booked."
SIGNED_EARLY = "The infusion was stopped at the patient's wish. Recovered without trouble; seen by the prescriber."
SENT_HOME = "No drug was given today. The reason was explained; another day will be found."
NO_SCORES = "The patient left an item out and did not want to go back to it."
SCREENED = {1: (1, 0, None, None, None, 0, None), 2: (1, 1, 0, 0, 0, 0, None), 3: (1, 1, 1, 0, 0, 0, None)}
"""What is answered to the C-SSRS after an item 9."""
OVERLOOKED = 0.35
"""Of warnings; urgent alerts never are."""
CADSS_NEAR = range(38, 44)
"""Minutes after the start about which the CADSS is asked."""


@dataclass
class Bedside:
    """A patient's session under way, begun by `check_in`."""

    life: Life
    course: Course
    visit: Visit
    effect: Effect
    session: TreatmentSession
    complete: bool = True
    """Whether the form of this visit was filled in to the end."""
    item9_positive: bool = False

    @property
    def visitor(self) -> Visitor:
        return self.course.visitor

    @property
    def nurse(self) -> Actor:
        return self.life.house.clinician

    @property
    def session_id(self) -> UUID:
        return self.session.id

    @cached_property
    def order(self) -> Order:
        """Of a patient who was cleared."""
        return self.life.db.get_one(Order, (self.life.house.clinic_id, self.session.order_id))

    @property
    def chair_is_taken(self) -> bool:
        return self.session.chair_id in self.life.seated

    def sit_down(self, now: datetime) -> None:
        self.life.seated.add(self.session.chair_id)
        checking_in.room(self.life.db, self._locked(), actor=self.nurse, now=now)

    def fill_in(self, now: datetime) -> None:
        """The form before the dose; whatever it alarms about, and did before, is looked at before anything is given."""
        logged = log(self.life, self.visitor, self.visit.id, now)
        self.complete = logged.assessment.complete
        item9 = logged.assessment.answers[ITEM_9]
        self.item9_positive = item9 > 0
        if self.item9_positive:
            self.life.later(now + MINUTE, _screen, self, item9)
        self.life.later(now + 2 * MINUTE, _look_at_all, self)
        for alert in logged.alerts:
            if alert.kind not in SAFETY_KINDS:
                see_to(self.life, self.visitor, alert, now)

    def measure(self, now: datetime, **beyond: int) -> None:
        """A set of vitals; somebody looks at what it alarms about."""
        dice, started = self.visitor.dice, self.session.started_at
        minute = -1 if started is None else (now - started) // MINUTE
        ended = self._wears_off_from()
        values = reading(dice, self.visitor.body, self.effect, minute, ended) | beyond
        if started is None or minute in CADSS_NEAR:
            values["cadss6"] = cadss6(dice, self.effect, minute)
        for alert in vitals.chart_vitals(self.life.db, self.session_id, values, actor=self.nurse, now=now).alerts:
            self._see_to(alert, now)

    def _wears_off_from(self) -> int | None:
        """How many minutes after the start the drug had been given."""
        session = self.session
        if session.started_at is None or session.ended_at is None:
            return None
        return max((session.ended_at - session.started_at) // MINUTE, 40 if self.order.bag_ml is None else 0)

    def _see_to(self, alert: Alert, now: datetime) -> None:
        dice = self.visitor.dice
        may_wait = alert.level is AlertLevel.WARN and self.life.until - now < UNSEEN_FOR
        if may_wait and dice.random() < OVERLOOKED:
            return
        self.life.later(now + dice.randint(1, 4) * MINUTE, look_after, alert.id, dice.choice(LOOKED_AT))

    def clear(self, now: datetime) -> None:
        items = answering.items_of(self.life.db, self.session).values()
        said = list(asking.before(items, self._interview(now), now))
        session, appointment = steps.lock_visit(self.life.db, self.session_id, actor=self.nurse)
        answering.answer(self.life.db, session, said, actor=self.nurse, now=now)
        clearance.clear(self.life.db, session, appointment, actor=self.nurse, now=now)

    def _interview(self, now: datetime) -> Interview:
        today = clinic_time.local_date(now, ZONE)
        age = today.year - self.visitor.story.birth_date.year
        return Interview(self.visitor.body, self.effect, age, today, self.item9_positive)

    def draw_up(self, now: datetime) -> None:
        """The drug is drawn from a vial before a witness."""
        life, order = self.life, self.order
        vial_id, ml = life.pharmacy.take(life.db, life.house, order.drug, order.dose_mg, now)
        witness_id = life.house.witness.staff_id
        ledger.draw(life.db, self.session_id, vial_id, ml, witness_id=witness_id, actor=self.nurse, now=now)

    def waste(self, now: datetime) -> None:
        """What was drawn and not given is thrown away before a witness."""
        left = ledger.reconcile(self.life.db, self.session).outstanding
        if left > 0:
            ledger.put_aside(
                self.life.db, self.session_id, LedgerKind.WASTED, left, witness_id=self.life.house.witness.staff_id,
                actor=self.nurse, now=now,
            )  # fmt: skip

    def pump(
        self, kind: EventKind, now: datetime, *, rate: Decimal | None = None, reason: str | None = None,
        end: EndKind | None = None, shows: Decimal | None = None,
    ) -> None:  # fmt: skip
        said = PumpEvent(kind, rate, reason, end, shows)
        infusing.record_event(self.life.db, self.session_id, said, actor=self.nurse, now=now)

    def give_device(self, now: datetime) -> None:
        devices.give_device(self.life.db, self.session_id, actor=self.nurse, now=now)

    def begin(self, now: datetime) -> None:
        """The drug begins, and what the patient will feel of it."""
        self.visitor.given += 1
        for each in self.effect.felt:
            self.life.later(now + each.onset * MINUTE, _report, self, each)

    def let_go(self, now: datetime) -> None:
        """Everything is asked that is asked before leaving, and the patient is ready."""
        items = answering.items_of(self.life.db, self.session).values()
        said = list(asking.on_leaving(items, self._interview(now), now))
        session = self._locked()
        grave = [each for each in said if each.item == DISPOSITION]  # a prescriber's to say
        if grave:
            answering.answer(self.life.db, session, grave, actor=self.life.house.prescriber, now=now)
        asked = [each for each in said if each not in grave]
        answering.answer(self.life.db, session, asked, actor=self.nurse, now=now)
        discharge.ready(self.life.db, session, actor=self.nurse, now=now)

    def leave(self, now: datetime) -> None:
        session, appointment = steps.lock_visit(self.life.db, self.session_id, actor=self.nurse)
        discharge.discharge(self.life.db, session, appointment, actor=self.nurse, now=now)

    def free_chair(self, now: datetime) -> None:
        self.life.seated.discard(self.session.chair_id)
        discharge.release_chair(self.life.db, self._locked(), actor=self.nurse, now=now)

    def put_off(self, reason: DeferralReason, now: datetime) -> None:
        note = mishaps.NOTES[reason]
        deferral.defer(self.life.db, self._locked(), reason=reason, note=note, actor=self.nurse, now=now)

    def go_home(self, now: datetime) -> None:
        """A patient to whom nothing was given goes home."""
        self.life.seated.discard(self.session.chair_id)
        deferral.depart(self.life.db, self._locked(), actor=self.nurse, now=now)

    def sign(self, now: datetime) -> None:
        session, appointment = steps.lock_visit(self.life.db, self.session_id, actor=self.nurse)
        closing.sign(
            self.life.db, session, appointment, note=_note(session),
            scores_waived=None if self.complete else NO_SCORES, actor=self.nurse, now=now,
        )  # fmt: skip

    def _locked(self) -> TreatmentSession:
        return steps.lock_session(self.life.db, self.session_id, actor=self.nurse)


def check_in(life: Life, course: Course, visit: Visit, now: datetime) -> Bedside:
    """The session of a patient who has come begins; a consent that is on paper only is entered first."""
    _enter_consent(life, course.visitor, now)
    session = checking_in.check_in(life.db, visit.id, actor=life.house.clinician, now=now)
    life.kept.update(_judged_by(life, session))
    visitor = course.visitor
    return Bedside(life, course, visit, draw_effect(visitor.dice, visitor.body, visitor.given), session)


def _judged_by(life: Life, session: TreatmentSession) -> Iterator[Base]:
    """What is read with everything that is charted; once kept in memory it is not read again."""
    clinic_id = session.clinic_id
    yield life.db.get_one(SessionSettings, (clinic_id, session.settings_id))
    yield life.db.get_one(ProtocolVersion, (clinic_id, session.protocol_version_id))
    for template_id in (session.clearance_id, session.discharge_id):
        yield life.db.get_one(Template, (clinic_id, template_id))


def _enter_consent(life: Life, visitor: Visitor, now: datetime) -> None:
    desk, today = life.house.scheduler, clinic_time.local_date(now, ZONE)
    patient = access.open_record(life.db, visitor.patient_id, action="record.opened", actor=desk, now=now)
    if patient.consent_until is None:
        changes = {"consent_until": today + timedelta(days=YEAR)}
        access.change_patient(life.db, patient, changes, actor=desk, now=now)


def _screen(life: Life, bedside: Bedside, item9: int, now: datetime) -> None:
    """Who has thoughts of death is asked at the same visit how far they go; nobody here has a plan or an intent."""
    log_scale(life, bedside.visitor, "cssrs_screener", SCREENED[item9], bedside.visit.id, now)


def _look_at_all(life: Life, bedside: Bedside, now: datetime) -> None:
    """Every open alert about the patient's answers, one of an earlier form included."""
    note = bedside.visitor.story.rng.choice(NOTES)
    for alert_id in open_alerts(life.db, bedside.session):
        look_after(life, alert_id, note, now)


def _report(life: Life, bedside: Bedside, felt: Untoward, now: datetime) -> None:
    """The patient says what they feel."""
    event = adverse_events.Untoward(
        felt.code, felt.severity, serious=False, relatedness=Relatedness.PROBABLE, action=ActionTaken.NONE
    )
    row = adverse_events.report(life.db, bedside.session_id, event, actor=bedside.nurse, now=now)
    life.later(now + (felt.resolved - felt.onset) * MINUTE, _resolve, bedside, row.id)


def _resolve(life: Life, bedside: Bedside, event_id: UUID, now: datetime) -> None:
    """It is over."""
    changes = {"resolved_at": now, "outcome": EventOutcome.RESOLVED, "closed": True}
    adverse_events.tell_on(life.db, bedside.session_id, event_id, changes, actor=bedside.nurse, now=now)


def _note(session: TreatmentSession) -> str:
    if session.started_at is None:
        return SENT_HOME
    return SIGNED if session.end_kind is EndKind.COMPLETED else SIGNED_EARLY
