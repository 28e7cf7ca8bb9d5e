"""What stands on the pages, in order: key figures, pictures, tables, and the formula of every number."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from reportlab.platypus import Image, KeepTogether, PageBreak, Spacer

from scheduler.utilization.chairs.measures import CAUSES
from scheduler.utilization.figures.figures import Measure
from scheduler.utilization.ledger.kinds import Kind
from scheduler.utilization.monthly.reading import CHAIRS, Compared, Month
from scheduler.utilization.monthly.style import ABOUT, HEADING, INNER, SMALL, TEXT, TITLE, words
from scheduler.utilization.monthly.tables import compared_table, formulas_table, has_any, lines_table
from scheduler.utilization.pictures.sheet import about, shortened
from scheduler.utilization.pictures.sums import Sums, whole
from scheduler.utilization.pictures.words import length, part

KEY_FIGURES = (
    "scheduled_utilization", "actual_utilization", "prime_scheduled_utilization", "prime_actual_utilization",
    "actual_utilization_of_open", "infusions", "infusions_per_chair_day", "no_show_rate", "late_cancellation_rate",
    "open", "used", "turnover", "lost", "overtime",
)  # fmt: skip
CHAIR_COLUMNS = ("open", "scheduled_utilization", "actual_utilization", "infusions_per_chair_day", "lost", "overtime")
PROTOCOL_COLUMNS = ("used", "actual_utilization", "infusions", "kept", "missed", "no_show_rate")
OF_CHAIRS = frozenset({*KEY_FIGURES, *CHAIR_COLUMNS, *PROTOCOL_COLUMNS, *CAUSES})
NAMES = {
    CHAIRS: "Chairs", "staffing": "Nurses and prescribers", "access": "Access", "series": "Series", "flow": "Flow",
}  # fmt: skip
CHOSEN = {
    "staffing": (
        "nurse_utilization", "nurse_planned_utilization", "nurse_peak_ratio", "nurse_quarters_above", "nurse_idle",
        "nurse_overloaded", "nurse_overtime", "nurse_most_starts", "prescriber_utilization", "prescriber_peak_ratio",
    ),
    "access": (
        "lag", "third_next_today", "third_next", "fill_at_start", "fill_day_before", "cancellation_notice", "backfill",
        "lead_time", "longest_waiting",
    ),
    "series": ("started", "completed_in_window", "on_schedule", "gap_breaches", "dropped_out"),
    "flow": (
        "wait_median", "wait_p90", "on_time_start", "cycle_median", "cycle_beyond_plan_median", "cycle_shorter",
        "cycle_in_band", "cycle_longer", "recovery_median", "kept_by_desk",
    ),
}  # fmt: skip
"""What the paper has of a report; of one that is not here it has all."""
LINES = {
    "staffing": (
        "Nurse", ("nurse_utilization", "nurse_peak_ratio", "nurse_idle", "nurse_overloaded", "nurse_overtime"),
    ),
    "flow": (
        "Protocol",
        ("cycle_median", "cycle_beyond_plan_median", "cycle_shorter", "cycle_in_band", "cycle_longer", "wait_median"),
    ),
}  # fmt: skip
"""Of which reports the lines have a table, of which measures."""


def story(month: Month, pictures: Mapping[str, bytes]) -> Iterator[Any]:
    """All of it, as what flows over the pages."""
    yield from _front(month)
    yield from _pictures(pictures, "waterfall", "heat_map", "load_curve", "trend")
    yield from _by_chair_and_protocol(month)
    for name, compared in month.compared.items():
        if name != CHAIRS:
            yield from _other(name, compared)
    yield PageBreak()
    yield from _formulas(month)


def _front(month: Month) -> Iterator[Any]:
    sums = whole(month.pictured.days)
    yield words(f"Where the hours went: {month.first:%B %Y}", TITLE)
    yield words(shortened(month.pictured.clinic), TEXT)
    yield words(about(month.pictured), ABOUT)
    if month.goes_on:
        yield words("The month is not over: what adds up is of fewer days than that of the month before.", ABOUT)
    yield words("Chairs", HEADING)
    yield compared_table(month.compared[CHAIRS], KEY_FIGURES)
    yield words("Every open minute, accounted for", HEADING)
    yield from (words(line, TEXT) for line in _identity(sums))


def _identity(sums: Sums) -> Iterator[str]:
    """The sum that must come out, with its numbers; and where most was lost."""
    used, turnover = sums.of[Kind.USED], sums.of[Kind.TURNOVER]
    yield f"Open = used + turnover + lost: {sums.open:,} = {used:,} + {turnover:,} + {sums.lost:,} minutes."
    for kind, minutes in sums.causes()[:1]:
        title, meaning = CAUSES[kind]
        yield (
            f"Most was lost to: {title.lower()} ({meaning}), {length(minutes)}, "
            f"{part(minutes, sums.lost)} of what was lost."
        )


def _pictures(pictures: Mapping[str, bytes], *names: str) -> Iterator[Any]:
    """Those that are there; the first stands on the first page."""
    for name in filter(pictures.__contains__, names):
        image = Image(BytesIO(pictures[name]), lazy=0)
        image.drawWidth, image.drawHeight = INNER, INNER * image.imageHeight / image.imageWidth
        yield image


def _by_chair_and_protocol(month: Month) -> Iterator[Any]:
    chairs = month.compared[CHAIRS].report
    yield KeepTogether([words("By chair", HEADING), lines_table(chairs, "Chair", CHAIR_COLUMNS)])
    yield KeepTogether([words("By protocol", HEADING), lines_table(month.protocols, "Protocol", PROTOCOL_COLUMNS)])
    yield from _notes(chairs.notes[1:] + month.protocols.notes[-1:])


def _other(name: str, compared: Compared) -> Iterator[Any]:
    """What has no figure in either month is left out."""
    yield words(_named(name), HEADING)
    yield compared_table(compared, [measure.key for measure in _printed(name, compared)])
    if name in LINES and any(has_any(line, LINES[name][1]) for line in compared.report.lines):
        yield Spacer(0, 6)
        yield lines_table(compared.report, *LINES[name])
    yield from _notes(compared.report.notes)


def _named(name: str) -> str:
    return NAMES.get(name, name.capitalize())


def _notes(notes: Sequence[str]) -> Iterator[Any]:
    yield from (words(note, SMALL) for note in dict.fromkeys(notes))


def _formulas(month: Month) -> Iterator[Any]:
    yield words("What the numbers mean", TITLE)
    yield words(
        "Reports look back: what is later than the moment they were reckoned is not counted. Available: open and not "
        "blocked. pt: points of percent.", SMALL,
    )  # fmt: skip
    yield formulas_table((_named(name), _printed(name, compared)) for name, compared in month.compared.items())


def _printed(name: str, compared: Compared) -> list[Measure]:
    """The measures of which the paper has a figure."""
    if name == CHAIRS:
        return [each for each in compared.measures if each.key in OF_CHAIRS]
    chosen = CHOSEN.get(name) or [each.key for each in compared.measures]
    return [each for each in compared.measures if each.key in chosen and compared.has(each.key)]
