"""The protocols a clinic begins with, as published, for the clinic to confirm or change.

Minutes: prepare 30, turn over 15; recovery 60 after an intravenous infusion; an esketamine patient is watched for 120
from the first device, whose giving counts as the infusion. Where a source says "twice a week" the gaps
say so in days: 3 to 5 keeps Monday and Thursday, and never three visits in a week.

Measures: every protocol asks for the PHQ-9, as its only screen for thoughts of suicide, and beside it for the scale of
what is treated. For pain none is shipped: a clinic adds a question of its own from 0 to 10.
"""

from decimal import Decimal

from scheduler.protocols import (
    USUAL_MEASURES,
    Gap,
    Leg,
    Measure,
    Moment,
    Phases,
    ProtocolDefinition,
    ResourceKind,
    measured,
)

PREPARE = 30
START = PREPARE + 10
"""Until ten minutes into the infusion a patient has the nurse's closer attention."""
SHORT = Phases(PREPARE, 40, 60, 15)
LONG = Phases(PREPARE, 240, 60, 15)
OBSERVED = Phases(PREPARE, 10, 110, 15)

TWICE_WEEKLY = Gap(3, 5)
THRICE_WEEKLY = Gap(2, 4)
WEEKLY = Gap(6, 8)
FORTNIGHTLY = Gap(13, 15)
MONTHLY = Gap(26, 35)

FOR_TRAUMA = (*USUAL_MEASURES, *measured("pcl5", Moment.BASELINE, Moment.ENDPOINT))
"""The PCL-5 asks about a month: asked more often it would ask about the same days again."""
FOR_UPKEEP = measured("phq9", Moment.BASELINE, Moment.PRE_INFUSION, Moment.MONTHLY)
"""At each visit, and monthly once there are none."""


def _legs(phases: Phases, prescriber_from: int) -> tuple[Leg, ...]:
    """The chair to the end; a nurse until recovered, closer at the start; a prescriber until recovered."""
    recovered = phases.total - phases.turn_over
    return (
        Leg(ResourceKind.CHAIR, 0, phases.total, 1),
        Leg(ResourceKind.NURSE, 0, START, 2),
        Leg(ResourceKind.NURSE, START, recovered, 1),
        Leg(ResourceKind.PRESCRIBER, prescriber_from, recovered, 1),
    )


def _ketamine(
    key: str, name: str, gaps: tuple[Gap, ...], span_days: int, source: str, *,
    phases: Phases = SHORT, dose: str | None = "0.5", dose_unit: str | None = "mg/kg",
    measures: tuple[Measure, ...] = USUAL_MEASURES,
) -> ProtocolDefinition:  # fmt: skip
    return ProtocolDefinition(
        key=key, name=name, drug="ketamine", route="iv",
        dose=None if dose is None else Decimal(dose), dose_unit=dose_unit,
        phases=phases, legs=_legs(phases, prescriber_from=PREPARE), gaps=gaps, span_days=span_days, source=source,
        measures=measures,
    )  # fmt: skip


SHIPPED = (
    _ketamine(
        "mdd_induction_2x", "Depression, induction, twice weekly", (TWICE_WEEKLY,) * 5, 21,
        "Anand et al. 2023: 0.5 mg/kg over 40 min, twice weekly for three weeks.",
    ),
    _ketamine(
        "mdd_induction_3x", "Depression, induction, thrice weekly", (THRICE_WEEKLY,) * 5, 14,
        "PubMed 30922101 and PMC3725185: six infusions of 0.5 mg/kg over 40 min within twelve days.",
    ),
    _ketamine(
        "mdd_induction_4", "Depression, induction, four infusions", (Gap(2, 5),) * 3, 14,
        "Rodrigues et al. 2020 and PubMed 33031861: four in one to two weeks, 0.5 mg/kg twice, then up to 0.75.",
    ),
    _ketamine(
        "bipolar_induction", "Bipolar depression, induction", (TWICE_WEEKLY,) * 7, 28,
        "doi 10.2147/NDT.S325000: eight infusions of 0.5 mg/kg over 40 min, twice weekly, added to a mood stabiliser.",
    ),
    _ketamine(
        "ptsd_induction", "Post-traumatic stress, induction", (THRICE_WEEKLY,) * 5, 14,
        "doi 10.1176/appi.focus.23021014: six infusions of 0.5 mg/kg over 40 min, thrice weekly for two weeks.",
        measures=FOR_TRAUMA,
    ),
    _ketamine(
        "pain_crps_outpatient", "Complex regional pain, outpatient", (Gap(1, 3),) * 9, 14,
        "ASRA/AAPM/ASA guideline 2018: 0.35 mg/kg/h over four hours, ten weekdays.",
        phases=LONG, dose="0.35", dose_unit="mg/kg/h",
    ),
    _ketamine(
        "maintenance_taper", "Maintenance, tapering", (WEEKLY,) * 3 + (FORTNIGHTLY,) * 4 + (MONTHLY,) * 3, 190,
        "CAN-BIND (PMC7265624): four weekly, fortnightly for two months, monthly for three; dose as in induction.",
        dose=None, dose_unit=None, measures=FOR_UPKEEP,
    ),
    _ketamine(
        "booster_single", "Booster, single", (), 1,
        "Clinic practice: one infusion on request or after a review; dose as in induction.",
        dose=None, dose_unit=None,
    ),
    ProtocolDefinition(
        key="spravato_trd", name="Spravato, treatment-resistant depression", drug="esketamine", route="intranasal",
        dose=Decimal(56), dose_unit="mg",
        phases=OBSERVED, legs=_legs(OBSERVED, prescriber_from=0),
        gaps=(Gap(3, 4),) * 7 + (Gap(4, 8),) + (WEEKLY,) * 3, span_days=56,
        source="Spravato prescribing information and REMS: twice weekly for four weeks, weekly for four; 56 mg first, "
        "then 56 or 84; two hours under observation, a prescriber on site throughout.",
    ),
)  # fmt: skip
"""In the order in which they are offered."""
