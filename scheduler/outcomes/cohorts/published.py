"""What others have reported, beside which a clinic may hold its own figures: data, each with its scale and its source.

Scales differ and are never mixed: a response on one is not a response on another, nor after other numbers of infusions.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Measure(StrEnum):
    RESPONSE = "response"
    REMISSION = "remission"
    DETERIORATION = "any_worse"
    IDEATION = "ideation_improved"
    EFFECT = "effect_size"
    CHANGE = "mean_change"
    DURABLE_28 = "durable_28"
    DURABLE_56 = "durable_56"
    RELAPSE_MEDIAN = "relapse_median_days"
    DROP_OUT = "drop_out"
    COMPLETE_DATA = "both_captured"


@dataclass(frozen=True)
class Published:
    """One figure of one study. `value` is a percentage unless the measure says otherwise."""

    study: str
    citation: str
    n: int | None
    design: str
    scale: str
    """As our scales are keyed; empty where the study named none."""
    measure: Measure
    value: float
    note: str = ""


@dataclass(frozen=True)
class _Study:
    """What all figures of a study share."""

    name: str
    citation: str
    n: int | None
    design: str
    scale: str

    def found(self, measure: Measure, value: float, note: str = "") -> Published:
        return Published(self.name, self.citation, self.n, self.design, self.scale, measure, value, note)


MURROUGH = _Study(
    "Murrough 2013", "Murrough et al. 2013, PMC3725185", 24,
    "six open infusions in 12 days, unmedicated", "madrs",
)  # fmt: skip
PHILLIPS = _Study(
    "Phillips 2019", "Phillips et al. 2019, doi 10.1176/appi.ajp.2018.18070834", 41,
    "six open infusions, thrice weekly, after a crossover", "madrs",
)  # fmt: skip
SINGH = _Study(
    "Singh 2016", "Singh et al. 2016, doi 10.1176/appi.ajp.2016.16010037", 68,
    "randomised, twice or thrice weekly against placebo, day 15", "madrs",
)  # fmt: skip
ANAND = _Study(
    "Anand 2023 (ELEKT-D)", "Anand et al. 2023, the ELEKT-D trial", 195,
    "randomised against electroconvulsive therapy, six infusions in three weeks", "qids_sr16",
)  # fmt: skip
EKSTRAND = _Study(
    "Ekstrand 2022", "Ekstrand et al. 2022, PMC9154276", 186,
    "randomised against electroconvulsive therapy, inpatients, up to twelve sessions", "madrs",
)  # fmt: skip
BIO_K = _Study("Bio-K 2023", "The Bio-K trial, 2023", 75, "three open infusions in 11 days", "madrs")
ALNEFEESI = _Study(
    "Alnefeesi 2022", "Alnefeesi et al. 2022, PubMed 35688035", 2665,
    "meta-analysis of 79 real-world studies, several scales", "",
)  # fmt: skip
MCINNES = _Study(
    "McInnes 2022", "McInnes et al. 2022", 537,
    "178 practices; 14 to 31 days after induction; 537 of 9,016 had adequate scores", "phq9",
)  # fmt: skip
HIETAMIES = _Study(
    "Hietamies 2023", "Hietamies et al. 2023", 714,
    "10 clinics, after six infusions; 714 of 2,758 treated had an induction", "qids_sr16",
)  # fmt: skip
OLIVER = _Study("Oliver 2022", "Oliver et al. 2022", 424, "chart review of one clinic", "phq9")
CRTCE = _Study(
    "CRTCE 2020", "Canadian Rapid Treatment Center of Excellence, 2020", 213, "after four infusions", "qids_sr16"
)
VETERANS = _Study("Veterans Affairs 2024", "Veterans Affairs ketamine programme, 2024", 215, "six weeks", "phq9")
GUTIERREZ = _Study(
    "Gutierrez", "Gutierrez et al.; year not confirmed", 71, "free public clinic over five years, low dose", ""
)
PILOT = _Study("Veterans pilot", "Pilot study of veterans; year not confirmed", 20, "six sessions", "phq9")
IN_MUSCLE = _Study(
    "Intramuscular clinic 2022", "doi 10.1186/s12888-022-04268-5", 452, "median of four treatments", "phq9"
)
LEAFLET = _Study("Marketing claim", "A leaflet, without a source", None, "no study", "")

M = Measure
PUBLISHED: tuple[Published, ...] = (
    LEAFLET.found(M.RESPONSE, 70, '"about 70 %" rapid relief'),
    MURROUGH.found(M.RESPONSE, 70.8),
    MURROUGH.found(M.RELAPSE_MEDIAN, 18, "days"),
    PHILLIPS.found(M.RESPONSE, 59),
    SINGH.found(M.CHANGE, 18.4, "points, twice weekly; placebo 5.7"),
    SINGH.found(M.CHANGE, 17.7, "points, thrice weekly; placebo 3.1"),
    ANAND.found(M.RESPONSE, 55.4, "electroconvulsive therapy 41.2"),
    EKSTRAND.found(M.REMISSION, 46, "electroconvulsive therapy 63; 70 of 100 remitters relapsed in a year"),
    BIO_K.found(M.RESPONSE, 67),
    BIO_K.found(M.REMISSION, 52),
    ALNEFEESI.found(M.RESPONSE, 45, "plus or minus 10"),
    ALNEFEESI.found(M.REMISSION, 30, "plus or minus 5.9"),
    replace(MCINNES.found(M.COMPLETE_DATA, 6, "537 of 9,016"), n=9016),
    MCINNES.found(M.RESPONSE, 53.6),
    MCINNES.found(M.REMISSION, 28.9),
    MCINNES.found(M.DETERIORATION, 8.4),
    MCINNES.found(M.IDEATION, 73.0),
    MCINNES.found(M.EFFECT, 1.5, "d"),
    MCINNES.found(M.DURABLE_28, 80),
    MCINNES.found(M.DURABLE_56, 60),
    HIETAMIES.found(M.RESPONSE, 50, "about"),
    HIETAMIES.found(M.REMISSION, 25, "about"),
    HIETAMIES.found(M.EFFECT, 1.56, "d"),
    OLIVER.found(M.RESPONSE, 50, "within six weeks"),
    OLIVER.found(M.REMISSION, 20, "within six weeks"),
    OLIVER.found(M.RESPONSE, 72, "after ten infusions, of those who went on"),
    OLIVER.found(M.REMISSION, 38, "after ten infusions, of those who went on"),
    CRTCE.found(M.RESPONSE, 27),
    CRTCE.found(M.REMISSION, 13),
    VETERANS.found(M.RESPONSE, 26),
    VETERANS.found(M.REMISSION, 15, "a total of 5 or less"),
    GUTIERREZ.found(M.RESPONSE, 54.9),
    GUTIERREZ.found(M.DROP_OUT, 11.3),
    IN_MUSCLE.found(M.CHANGE, 5.5, "points, from 16.3 to 10.8; another way of giving it"),
    PILOT.found(M.RESPONSE, 35),
    PILOT.found(M.REMISSION, 10),
    PILOT.found(M.CHANGE, 4.5, "points, from 17.0 to 12.5"),
)


def published_for(scale: str, measure: Measure) -> tuple[Published, ...]:
    """What was reported of a measure on this very scale."""
    return tuple(each for each in PUBLISHED if each.scale == scale and each.measure is measure)
