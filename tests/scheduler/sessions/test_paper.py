"""A session on one sheet of paper."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from pypdf import PdfReader

from scheduler.models import (
    ActionTaken,
    AdverseEvent,
    AdverseEventCode,
    AlertKind,
    AlertLevel,
    ChartedKind,
    DeferralReason,
    NoteKind,
    SessionNote,
)
from scheduler.sessions.record.flowsheet import read_flowsheet
from scheduler.sessions.record.paper import blocks, choosing, fonts, words
from scheduler.sessions.record.paper.blocks import MORE
from scheduler.sessions.record.paper.page import draw
from tests.scheduler.sessions import charts
from tests.scheduler.sessions.charts import ARRIVED, LIFE, S, at, corrected, documents

GOLDEN = Path(__file__).parent / "golden" / "flowsheet.txt"
LATE = at(340)


@pytest.fixture
def sheet_of(db, clinic):
    return lambda chart, now=LATE, as_of=None: read_flowsheet(
        db, chart.session.id, as_of, actor=clinic.clinician, now=now
    )


@pytest.fixture
def text_of(sheet_of):
    """`text_of(chart)` is what stands on the sheet of a session."""
    return lambda chart, now=LATE, as_of=None: text(draw(sheet_of(chart, now, as_of)))


def text(pdf):
    (page,) = PdfReader(BytesIO(pdf)).pages
    return page.extract_text().replace(words.BOUND, " ")


def test_the_words_of_a_whole_session_are_those_agreed_on(clinic, text_of):
    found = text_of(charts.past_session(clinic, id=UUID(int=7)))

    assert found == GOLDEN.read_text(encoding="utf-8")


def test_the_same_record_makes_the_same_bytes(clinic, sheet_of):
    chart = charts.past_session(clinic)

    assert draw(sheet_of(chart)) == draw(sheet_of(chart, at(900)))


def test_the_fonts_are_within_and_the_patient_is_not_in_the_properties(clinic, sheet_of):
    pdf = PdfReader(BytesIO(draw(sheet_of(charts.past_session(clinic, given_name="Zenobia")))))

    embedded = [font.get_object() for font in pdf.pages[0]["/Resources"]["/Font"].values()]
    assert "Zenobia" not in str(dict(pdf.metadata))
    drawn = [font for font in embedded if "DejaVu" in str(font.get("/BaseFont"))]
    assert drawn
    assert all("/FontFile2" in font["/FontDescriptor"] for font in drawn)


@pytest.mark.parametrize("make", [charts.past_session, charts.bare_session, charts.long_session, charts.device_session])
def test_every_kind_of_session_fits_on_one_page(clinic, sheet_of, make):
    assert len(PdfReader(BytesIO(draw(sheet_of(make(clinic))))).pages) == 1


def test_nobody_takes_an_unsigned_record_for_more(clinic, text_of):
    found = text_of(charts.running_session(clinic), at(52))

    assert "NOT SIGNED" in found
    assert "As of Mon 2026-03-02 09:52" in found
    assert "19.25 mg (55 mL) of 35 mg by 09:52; now 150 mL/h" in " ".join(found.split())
    assert "Expected end" in found


def test_a_record_of_a_past_moment_says_so(clinic, text_of):
    found = text_of(charts.past_session(clinic), as_of=at(50))

    assert "As known at Mon 2026-03-02 09:50" in found
    assert "NOT SIGNED" in found


def test_a_session_that_was_none_says_so(clinic, text_of):
    steps = (*LIFE[:1], (S.ENTERED_IN_ERROR, 5))
    chart = charts.Chart(
        clinic, S.ENTERED_IN_ERROR, steps, documents=documents(), arrived_at=ARRIVED, checked_in_at=at(-4),
        status_at=at(5),
    )  # fmt: skip

    assert "ENTERED IN ERROR" in text_of(chart)


def test_a_deferral_is_told_where_leaving_would_be(clinic, text_of):
    steps = (*LIFE[:2], (S.DEFERRED, 10))
    chart = charts.Chart(
        clinic, S.DEFERRED, steps, documents=documents(), arrived_at=ARRIVED, checked_in_at=at(-4), roomed_at=at(2),
        status_at=at(10), deferral=DeferralReason.NOT_FASTED,
    )  # fmt: skip

    assert "Deferred: not fasted" in text_of(chart)


def test_why_there_are_no_scores_is_told(clinic, text_of):
    chart = charts.bare_session(clinic)
    chart.answer(0, "scores_waived", "The patient cannot read today.", value=True)

    found = " ".join(text_of(chart).split())

    assert "Scores waived. The patient cannot read today." in found


def test_an_override_of_discharge_names_who_why_and_what(clinic, text_of):
    chart = charts.device_session(clinic)
    chart.session.discharge_overridden_by = clinic.prescriber.staff_id
    chart.session.discharge_override = "Lives next door."
    chart.session.discharge_waived = ["recovery", str(UUID(int=1))]

    found = " ".join(text_of(chart).split())

    assert "OVERRIDDEN by Prescriber: Lives next door. (missing: an open alert, recovery)" in found


def test_what_is_open_or_serious_stands_out(clinic, text_of):
    chart = charts.running_session(clinic)
    high = chart.vitals(45, 205, 118, 120, 93)
    chart.alert(45, AlertKind.SBP_HIGH, AlertLevel.URGENT, vitals_id=high.id, value=205, threshold=200)
    charts.happened(chart)
    chart.put(
        AdverseEvent, 70, code=AdverseEventCode.SYNCOPE, severity=3, serious=True, criteria=["hospitalization"],
        closed=False, action=ActionTaken.STOPPED, description="Fell while standing up.",
    )  # fmt: skip

    found = text_of(chart, at(75))

    assert "09:45 URGENT SBP high 205 (limit 200): OPEN" in found
    assert "09:45!" in found
    assert found.index("SERIOUS: Hospitalization") < found.index("Nausea, grade 2")
    assert "still open" in found


def test_sets_that_do_not_fit_are_counted_and_the_extremes_are_kept(clinic, text_of):
    chart = charts.long_session(clinic)
    chart.vitals(153, 201, 99, 70, 97)
    chart.vitals(154, 120, 80, 70, 84)

    found = text_of(chart)

    assert "of 62 sets shown; all in the record" in found
    assert "201/99 (133)" in found
    assert "11:34" in found


def test_a_long_note_is_cut_with_a_mark_and_line_breaks_are_kept(clinic, text_of):
    chart = charts.running_session(clinic)
    chart.put(SessionNote, 60, kind=NoteKind.NOTE, text="\n".join(f"Line {n} of a long note." for n in range(90)))

    found = text_of(chart, at(75))

    assert "Line 0 of a long note." in found
    assert "Line 89" not in found
    assert MORE in found


def test_an_addendum_and_a_correction_are_told_as_such(clinic, text_of):
    chart = charts.running_session(clinic)
    chart.put(SessionNote, 60, kind=NoteKind.ADDENDUM, text="Called the next day.")
    corrected(chart, chart.vitals(50, 200, 90, 80, 98), 55, sbp=120)

    found = text_of(chart, at(75))

    assert "Addendum 10:00, Clinician: Called the next day." in found
    assert "09:50*" in found


def test_devices_and_their_time_are_told(clinic, text_of):
    found = text_of(charts.device_session(clinic))

    assert "3: 28 mg 09:30, 28 mg 09:35, 28 mg 09:40" in found
    assert "Devices, mg" in found


def test_a_session_with_nothing_yet_says_so(clinic, text_of):
    found = text_of(charts.bare_session(clinic), at(1))

    for said in ("No vitals recorded yet", "Not started", "Nothing has been ordered", "Nothing answered yet."):
        assert said in found


def test_a_long_name_in_any_of_three_alphabets_is_whole(clinic, text_of):
    family = "von Hohenzollern-Sigmaringen Щербакова de la Santísima Trinidad"
    chart = charts.past_session(clinic, given_name="Łucja Θεοδώρα Wilhelmina", family_name=family, mrn="M" * 60)

    found = text_of(chart)

    assert family in found
    assert "Łucja Θεοδώρα Wilhelmina" in found
    assert "born 1980-05-17" in found


def test_many_pauses_are_thinned_and_said_to_be(clinic, text_of):
    steps = [*LIFE[:4], *((S.PAUSED if n % 2 == 0 else S.INFUSING, 31 + n) for n in range(20))]
    chart = charts.Chart(
        clinic, S.INFUSING, steps, documents=documents(), arrived_at=ARRIVED, checked_in_at=at(-4), roomed_at=at(2),
        started_at=at(30), status_at=at(50),
    )  # fmt: skip

    assert "of 24 shown" in text_of(chart, at(60))


def test_rates_too_close_for_their_labels_leave_some_out(clinic, text_of):
    chart = charts.running_session(clinic)
    for number in range(12):
        chart.event(31 + number / 10, ChartedKind.RATE_CHANGE, f"{151 + number}")

    rates = text_of(chart, at(60)).split("Rate, mL/h")[1].split("Vitals")[0]

    assert "150" in rates
    assert "151" not in rates


def test_what_a_ledger_lacks_is_said(clinic, sheet_of):
    sheet = sheet_of(charts.past_session(clinic))
    short = replace(sheet.balance, wasted=Decimal(1), returned=Decimal("0.5"))

    found = text(draw(replace(sheet, balance=short)))

    assert "returned 0.5" in found
    assert "1 mg are not accounted for" in found


def test_a_drug_of_many_words_is_cut_with_a_mark(clinic, text_of):
    chart = charts.device_session(clinic)
    for number in range(60):
        chart.event(41 + number, ChartedKind.DEVICE, dose_mg=Decimal(28))

    assert "… more in the record" in text_of(chart)


def test_devices_given_at_once_share_a_label(clinic, text_of):
    chart = charts.device_session(clinic)
    chart.event(30.1, ChartedKind.DEVICE, dose_mg=Decimal(29))
    chart.event(30.2, ChartedKind.STOP, end_kind="completed")

    found = text_of(chart).split("Devices, mg")[1].split("09:00")[0]

    assert "28" in found
    assert "29" not in found


def test_what_was_not_measured_is_left_out(clinic, text_of):
    chart = charts.running_session(clinic)
    chart.vitals(50, 133, None, None, 98)

    found = text_of(chart, at(52))

    assert "133/-" in found


def test_an_event_of_which_little_is_known_says_that(clinic, text_of):
    chart = charts.running_session(clinic)
    chart.put(AdverseEvent, 50, code=AdverseEventCode.HEADACHE, severity=1, serious=False, criteria=[], closed=False)

    assert "A 09:50 Headache, grade 1; still open" in text_of(chart, at(52))


def test_a_bag_without_a_vial_says_its_strength_alone(clinic, sheet_of):
    chart = charts.running_session(clinic, ordered={"stock_ml": None, "vial_mg_ml": None})
    chart.session.expected_end_at = None

    found = text(draw(sheet_of(chart, at(52))))

    assert "100 mL at 0.35 mg/mL\n" in found
    assert "Expected end" not in found


def test_where_there_is_no_room_for_a_block_its_title_stands_alone():
    fonts.register()

    assert list(blocks.shown([("One line.",), ("Another.",)], 0)) == []


def test_where_the_clocks_change_every_time_says_its_offset(clinic, sheet_of):
    sheet = sheet_of(charts.past_session(clinic))
    night = timedelta(days=5, hours=16)
    times = replace(sheet.times, checked_in_at=at(0) + night, chair_free_at=at(120) + night)

    clock = words.clock_of(replace(sheet, times=times))

    assert (clock.time(times.checked_in_at), clock.time(times.chair_free_at)) == ("01:00-0500", "04:00-0400")


@pytest.mark.parametrize(
    ("wanted", "room", "given"),
    [([1, 2, 3], 9, [1, 2, 3]), ([1, 9, 3], 8, [1, 4, 3]), ([5, 5], 3, [2, 1]), ([2, 2], 0, [0, 0]), ([], 3, [])],
)
def test_the_longest_blocks_give_way_first(wanted, room, given):
    assert choosing.fit(wanted, room) == given


@pytest.mark.parametrize(
    ("number", "room", "keep", "shown"),
    [
        (3, 5, (), [0, 1, 2]),
        (10, 4, (), [0, 3, 7, 9]),
        (10, 5, (4,), [0, 2, 4, 7, 9]),
        (10, 3, (2, 4, 6), [0, 4, 9]),
        (10, 1, (), [0]),
        (10, 0, (), []),
    ],
)
def test_rows_are_thinned_evenly_around_those_that_must_stay(number, room, keep, shown):
    assert choosing.thinned(number, room, keep=keep) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [("35.000", "35"), ("0.50", "0.5"), ("100", "100"), ("0.000", "0"), ("12.345", "12.345")]
)
def test_an_amount_has_no_needless_nought(value, shown):
    assert words.amount(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("code", "said"), [("sbp_high", "SBP high"), ("etco2_low", "EtCO2 low"), ("not_fasted", "Not fasted")]
)
def test_codes_are_said_in_words(code, said):
    assert words.human(code) == said


def test_letters_go_on_as_numbers():
    assert [words.letter(index) for index in (0, 25, 26)] == ["A", "Z", "27"]


def test_a_word_wider_than_its_line_is_broken():
    fonts.register()

    lines = fonts.wrapped("W" * 40 + " and more", 60, 7)

    assert "".join(lines).replace(" ", "") == "W" * 40 + "andmore"
    assert all(fonts.width(line, 7) <= 60 for line in lines)


def test_a_missing_font_is_told(monkeypatch):
    fonts.register.cache_clear()
    monkeypatch.setattr(fonts, "find_spec", lambda _name: None)

    with pytest.raises(LookupError):
        fonts.register()
