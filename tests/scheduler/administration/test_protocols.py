"""Protocols: shipped, added, changed as new versions, retired."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from scheduler.administration.protocols import (
    add_protocol,
    change_protocol,
    find_protocol,
    list_protocols,
    retire_protocol,
    ship_protocols,
)
from scheduler.administration.shipped_protocols import SHIPPED
from scheduler.errors import Invalid, NameTaken, NotFound, Retired
from scheduler.models import Clinic, ProtocolVersion
from scheduler.models.constraints import refusal_of
from scheduler.outcomes.scales import SCALES
from scheduler.protocols import (
    USUAL_MEASURES,
    Gap,
    Measure,
    MeasureWindow,
    Moment,
    ResourceKind,
    as_document,
    from_document,
    measured,
)

BY_KEY = {definition.key: definition for definition in SHIPPED}
BOOSTER = BY_KEY["booster_single"]
SPRAVATO_DATES = [date(2026, 1, day) for day in (5, 8, 12, 15, 19, 22, 26, 29)] + [
    date(2026, 2, day) for day in (2, 9, 16, 23)
]
"""The published course: Mondays and Thursdays for four weeks, then four Mondays."""


def is_allowed(protocol, days):
    gaps = [(after - before).days for before, after in pairwise(days)]
    fits = all(gap.least <= found <= gap.most for gap, found in zip(protocol.gaps, gaps, strict=True))
    return fits and (days[-1] - days[0]).days < protocol.span_days


def from_first_of_january(*numbers):
    return [date(2026, 1, 5) + timedelta(days=number - 1) for number in numbers]


@pytest.mark.parametrize(
    ("key", "infusions", "visit"),
    [
        ("mdd_induction_2x", 6, 145), ("mdd_induction_3x", 6, 145), ("mdd_induction_4", 4, 145),
        ("bipolar_induction", 8, 145), ("ptsd_induction", 6, 145), ("pain_crps_outpatient", 10, 345),
        ("maintenance_taper", 11, 145), ("booster_single", 1, 145), ("spravato_trd", 12, 165),
    ],
)  # fmt: skip
def test_a_shipped_protocol_has_its_infusions_and_block(key, infusions, visit):
    protocol = BY_KEY[key]

    assert (protocol.infusions, protocol.visit_minutes) == (infusions, visit)
    assert protocol.source


def test_nothing_else_is_shipped():
    assert len(BY_KEY) == len(SHIPPED) == 9


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("mdd_induction_2x", from_first_of_january(1, 4, 8, 11, 15, 18)),
        ("mdd_induction_3x", from_first_of_january(1, 3, 5, 8, 10, 12)),
        ("mdd_induction_4", from_first_of_january(1, 3, 8, 10)),
        ("bipolar_induction", from_first_of_january(1, 4, 8, 11, 15, 18, 22, 25)),
        ("pain_crps_outpatient", from_first_of_january(1, 2, 3, 4, 5, 8, 9, 10, 11, 12)),
        ("maintenance_taper", from_first_of_january(1, 8, 15, 22, 36, 50, 64, 78, 108, 138, 168)),
        ("spravato_trd", SPRAVATO_DATES),
    ],
)
def test_the_published_days_are_allowed(key, days):
    assert is_allowed(BY_KEY[key], days)


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("mdd_induction_2x", from_first_of_january(1, 3, 8, 11, 15, 18)),
        ("mdd_induction_2x", from_first_of_january(1, 6, 11, 16, 21, 26)),
        ("mdd_induction_3x", from_first_of_january(1, 2, 5, 8, 10, 12)),
        ("pain_crps_outpatient", from_first_of_january(1, 2, 3, 4, 5, 8, 9, 10, 11, 15)),
    ],
)
def test_days_too_near_too_far_or_too_many_are_not(key, days):
    assert not is_allowed(BY_KEY[key], days)


def test_an_infusion_claims_closer_attention_until_ten_minutes_in():
    nurse = BY_KEY["mdd_induction_2x"].legs_of(ResourceKind.NURSE)

    assert [(leg.start, leg.end, leg.units) for leg in nurse] == [(0, 40, 2), (40, 130, 1)]


@pytest.mark.parametrize(("key", "begins", "ends"), [("mdd_induction_2x", 30, 130), ("spravato_trd", 0, 150)])
def test_a_prescriber_is_there_for_the_infusion_or_the_whole_esketamine_visit(key, begins, ends):
    (leg,) = BY_KEY[key].legs_of(ResourceKind.PRESCRIBER)

    assert (leg.start, leg.end, leg.units) == (begins, ends, 1)


def test_an_esketamine_patient_is_watched_for_two_hours_from_the_first_device():
    phases = BY_KEY["spravato_trd"].phases

    assert phases.infuse + phases.recover == 120


def test_shipped_protocols_read_back_as_they_were_written(db, now, elsewhere):
    clinic = elsewhere.keep(Clinic(id=uuid4(), name="New", timezone="UTC", created_at=now))
    actor = replace(elsewhere.administrator, clinic_id=clinic.id)

    ship_protocols(db, clinic.id, now=now)

    listed = list_protocols(db, actor=actor)
    assert [protocol.definition for protocol in listed] == sorted(SHIPPED, key=lambda one: one.key)
    assert {protocol.version for protocol in listed} == {1}


def test_an_added_protocol_can_be_found(db, clinic, now):
    added = add_protocol(db, BOOSTER, actor=clinic.administrator, now=now)

    assert find_protocol(db, added.id, actor=clinic.administrator).definition == BOOSTER


def test_a_key_is_used_once(db, clinic, now):
    add_protocol(db, BOOSTER, actor=clinic.administrator, now=now)

    with pytest.raises(IntegrityError) as broken:
        add_protocol(db, BOOSTER, actor=clinic.administrator, now=now)

    assert isinstance(refusal_of(broken.value), NameTaken)


def test_a_change_is_a_new_version_and_the_old_one_stays(db, clinic, now):
    added = add_protocol(db, BOOSTER, actor=clinic.administrator, now=now)
    stronger = replace(BOOSTER, dose=Decimal("0.75"), dose_unit="mg/kg", gaps=(Gap(2, 5),), span_days=6)

    changed = change_protocol(db, added, stronger, actor=clinic.administrator, now=now)

    versions = db.scalars(
        select(ProtocolVersion).where(ProtocolVersion.protocol_id == added.id).order_by(ProtocolVersion.number)
    ).all()
    assert (changed.version, changed.definition) == (2, stronger)
    assert find_protocol(db, added.id, actor=clinic.administrator).definition == stronger
    assert [(each.number, each.definition) for each in versions] == [(1, BOOSTER), (2, stronger)]
    assert versions[1].author_id == clinic.administrator.staff_id


def test_a_protocol_keeps_its_key(db, clinic, now):
    added = add_protocol(db, BOOSTER, actor=clinic.administrator, now=now)

    with pytest.raises(Invalid) as refusal:
        change_protocol(db, added, replace(BOOSTER, key="other"), actor=clinic.administrator, now=now)

    assert [fault.where for fault in refusal.value.faults] == ["key"]


def test_a_retired_protocol_is_not_offered_but_can_be_read(db, clinic, now):
    added = add_protocol(db, BOOSTER, actor=clinic.administrator, now=now)

    retire_protocol(db, added, actor=clinic.administrator, now=now)

    assert [each.definition.key for each in list_protocols(db, actor=clinic.administrator)] == ["mdd_induction_2x"]
    assert find_protocol(db, added.id, actor=clinic.administrator).row.retired_at == now


def test_a_retired_protocol_takes_no_change(db, clinic, now):
    added = add_protocol(db, BOOSTER, actor=clinic.administrator, now=now)
    retire_protocol(db, added, actor=clinic.administrator, now=now)

    with pytest.raises(Retired):
        change_protocol(db, added, BOOSTER, actor=clinic.administrator, now=now)
    with pytest.raises(Retired):
        retire_protocol(db, added, actor=clinic.administrator, now=now)


def test_another_clinics_protocol_is_as_unknown_as_none(db, clinic, elsewhere):
    for protocol_id in (elsewhere.protocol.id, uuid4()):
        with pytest.raises(NotFound):
            find_protocol(db, protocol_id, actor=clinic.administrator)


def test_protocols_are_listed_in_one_statement(db, clinic, now, connection):
    add_protocol(db, BOOSTER, actor=clinic.administrator, now=now)
    db.flush()
    statements = []
    event.listen(connection, "before_cursor_execute", lambda *seen: statements.append(seen[2]))

    list_protocols(db, actor=clinic.administrator)

    assert len(statements) == 1


def test_a_document_without_measures_reads_as_the_usual_ones():
    document = as_document(BOOSTER)
    del document["measures"]

    assert from_document(document).measures == USUAL_MEASURES


def test_what_a_protocol_asks_for_is_kept_with_it():
    window = MeasureWindow(100, 168, 200)
    own = replace(
        BOOSTER,
        measures=(Measure("gad7", Moment.POST_7D, required=False), Measure("phq9", Moment.WEEKLY, window=window)),
    )

    assert from_document(json.loads(json.dumps(as_document(own)))) == own


def test_a_document_without_windows_reads_as_asking_at_the_usual_times():
    document = as_document(BOOSTER)
    for measure in document["measures"]:
        del measure["window"]

    assert from_document(document) == BOOSTER


@pytest.mark.parametrize("key", BY_KEY)
def test_every_shipped_protocol_asks_for_a_screen_before_every_infusion(key):
    assert Measure("phq9", Moment.PRE_INFUSION) in BY_KEY[key].measures
    assert {measure.scale for measure in BY_KEY[key].measures} <= SCALES.keys()


def test_a_protocol_asks_for_a_scale_once_at_each_moment():
    with pytest.raises(Invalid) as caught:
        replace(BOOSTER, measures=measured("phq9", Moment.WEEKLY, Moment.MONTHLY, Moment.WEEKLY))

    assert [(fault.where, fault.code) for fault in caught.value.faults] == [("measures.2", "twice")]


@pytest.mark.parametrize(
    ("moment", "hours", "faults"),
    [
        (Moment.POST_24H, (0, 0, 1), []),
        (Moment.POST_24H, (20, 30, 30), []),
        (Moment.ENDPOINT, (0, 720, 1440), []),
        (Moment.WEEKLY, (84, 168, 252), []),
        (Moment.POST_24H, (30, 20, 40), [("", "order")]),
        (Moment.POST_24H, (20, 41, 40), [("", "order")]),
        (Moment.POST_24H, (20, 20, 20), [("", "order")]),
        (Moment.WEEKLY, (84, 168, 253), [("", "overlap")]),
        (Moment.MONTHLY, (0, 720, 721), [("", "overlap")]),
        (Moment.PRE_INFUSION, (0, 1, 2), [("", "before")]),
        (Moment.BASELINE, (-1, -2, 1441),
         [("", "before"), (".opens_hours", "range"), (".due_hours", "range"), (".closes_hours", "range"),
          ("", "order")]),
    ],
)  # fmt: skip
def test_a_window_that_contradicts_itself_is_refused_with_every_fault(moment, hours, faults):
    measure = Measure("phq9", moment, window=MeasureWindow(*hours))

    assert [(fault.where, fault.code) for fault in faults_of(measure)] == [
        (f"measures.0.window{where}", code) for where, code in faults
    ]


def faults_of(measure):
    try:
        replace(BOOSTER, measures=(measure,))
    except Invalid as refusal:
        return refusal.faults
    return ()


def test_a_protocol_asks_for_so_many_forms_at_most():
    with pytest.raises(Invalid):
        replace(BOOSTER, measures=tuple(Measure(str(n), Moment.WEEKLY) for n in range(41)))


def test_a_scale_nobody_knows_can_be_asked_for_by_no_protocol(db, clinic):
    strange = replace(BOOSTER, measures=measured("mood", Moment.WEEKLY))
    current = find_protocol(db, clinic.protocol.id, actor=clinic.administrator)

    with pytest.raises(Invalid) as added:
        add_protocol(db, replace(strange, key="own"), actor=clinic.administrator, now=clinic.now)
    with pytest.raises(Invalid) as changed:
        change_protocol(db, current, replace(strange, key="x"), actor=clinic.administrator, now=clinic.now)

    assert [fault.where for fault in added.value.faults] == ["measures.0.scale"]
    assert [fault.where for fault in changed.value.faults] == ["measures.0.scale", "key"]
