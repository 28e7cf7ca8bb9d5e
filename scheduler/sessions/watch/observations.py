"""What is observed at a session: a set of vitals, and the scales in which a person's state is put into a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from scheduler.treatment import Phase


@dataclass(frozen=True)
class VitalsSet:
    """What was measured at one moment; None where it was not.

    Pressures and EtCO2 in mmHg (an EtCO2 of 0 is the flat line), SpO2 in percent, rates a minute, oxygen in L/min,
    temperature in degrees Celsius; the scores are those of `SCALES`.
    """

    at: datetime
    phase: Phase
    hr: int | None = None
    sbp: int | None = None
    dbp: int | None = None
    spo2: int | None = None
    rr: int | None = None
    etco2: int | None = None
    moaas: int | None = None
    rass: int | None = None
    distress: int | None = None
    nausea: int | None = None
    o2_l_min: Decimal | None = None
    temp_c: Decimal | None = None
    cadss6: tuple[int, ...] | None = None


class Taken(Protocol):
    """What `is_full` needs to know of a set."""

    @property
    def hr(self) -> int | None: ...
    @property
    def sbp(self) -> int | None: ...
    @property
    def dbp(self) -> int | None: ...
    @property
    def spo2(self) -> int | None: ...
    @property
    def moaas(self) -> int | None: ...
    @property
    def rass(self) -> int | None: ...


FULL = ("hr", "sbp", "dbp", "spo2")
SEDATION = ("moaas", "rass")
"""Either score says how awake somebody is."""


def is_full(vitals: Taken) -> bool:
    """Whether a set tells how the patient is: both pressures, pulse, SpO2 and a score of sedation.

    Only such a set is the one that was due; a value on its own is charted beside it.
    """
    measured = all(getattr(vitals, name) is not None for name in FULL)
    return measured and any(getattr(vitals, name) is not None for name in SEDATION)


@dataclass(frozen=True)
class ObserverScale:
    """One version of a score from `least` to `most`; `labels` names the steps that have words, as (score, words)."""

    key: str
    version: str
    name: str
    least: int
    most: int
    labels: tuple[tuple[int, str], ...]
    source: str


MOAAS = ObserverScale(
    key="moaas",
    version="0-5",
    name="MOAA/S",
    least=0,
    most=5,
    labels=(
        (5, "Responds readily to name spoken in normal tone"),
        (4, "Lethargic response to name spoken in normal tone"),
        (3, "Responds only after name is called loudly or repeatedly"),
        (2, "Responds only after mild prodding or shaking"),
        (1, "Responds only after painful trapezius squeeze"),
        (0, "No response after painful trapezius squeeze"),
    ),
    source="The labels of table 2 of BMC Anesthesiology 2022, doi:10.1186/s12871-022-01788-1.",
)
"""Older forms name 1 and 0 otherwise, and one for children goes from 1 to 6: hence the version."""
RASS = ObserverScale(
    key="rass",
    version="1",
    name="RASS",
    least=-5,
    most=4,
    labels=(
        (4, "Combative"),
        (3, "Very agitated"),
        (2, "Agitated"),
        (1, "Restless"),
        (0, "Alert and calm"),
        (-1, "Drowsy"),
        (-2, "Light sedation"),
        (-3, "Moderate sedation"),
        (-4, "Deep sedation"),
        (-5, "Unarousable"),
    ),
    source="Sessler CN et al. Am J Respir Crit Care Med 2002;166:1338-1344.",
)
DISTRESS = ObserverScale(
    key="distress",
    version="1",
    name="Distress",
    least=0,
    most=10,
    labels=((0, "None"), (10, "The worst imaginable")),
    source="A numeric rating of the house.",
)
NAUSEA = ObserverScale(
    key="nausea",
    version="1",
    name="Nausea",
    least=0,
    most=3,
    labels=((0, "None"), (1, "Mild"), (2, "Moderate"), (3, "Severe")),
    source="A rating of the house.",
)
SCALES = {scale.key: scale for scale in (MOAAS, RASS, DISTRESS, NAUSEA)}
"""By the field of a set that holds the score."""

CADSS6_VERSION = "cadss-6"
CADSS6_ITEMS = (1, 2, 6, 7, 15, 22)
"""Which items of the full CADSS its short form asks, in order; their text is not free to be shipped."""
CADSS6_LEAST, CADSS6_MOST = 0, 4
CADSS6_SOURCE = "Rodrigues NB et al. 2021: the six items follow the full scale with a rho of 0.91 to 0.95."


def mean_arterial(sbp: int, dbp: int) -> int:
    """(SBP + 2 DBP) / 3 to the nearest mmHg; a third is never halfway, so no tie needs a rule."""
    return (2 * (sbp + 2 * dbp) + 3) // 6


def cadss6_total(answers: Sequence[int]) -> int:
    """The sum of the six answers, 0 to 24; it has no bands."""
    return sum(answers)
