"""What a manager reads of cohorts over HTTP: figures, the courses behind them, a table and pictures."""

import re
from csv import DictReader
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random

import pytest
from sqlalchemy import select, update

from scheduler.actors import Role
from scheduler.models import AuditRow, Clinic, Patient
from scheduler.outcomes.cohorts.published import PUBLISHED
from scheduler.outcomes.cohorts.rows import figure_names
from tests.builders import build_clinic
from tests.clients import Client, real_app, token_of
from tests.counting import counted
from tests.scheduler.outcomes.cohorts.histories import FIRST, random_history

PERIOD = f"from={FIRST}&to={FIRST + timedelta(days=150)}"
PICTURES = ["completeness", "response", "durability", "dropout", "change"]


@pytest.fixture
def history(clinic):
    return random_history(clinic, Random(11), 30)


@pytest.fixture
def manager(as_, history):
    return as_(Role.MANAGER)


def test_completeness_comes_first_and_every_share_tells_its_numbers(manager):
    answer = manager.get(f"/outcomes/cohort?{PERIOD}&by=diagnosis")

    whole = answer.json["whole"]
    topics = [rate["topic"] for rate in whole["rates"]]
    assert topics == sorted(topics, key=["completeness", "outcome", "carried", "missing_is_no", "course"].index)
    for rate in whole["rates"]:
        assert rate["share"] == pytest.approx(rate["numerator"] / rate["denominator"])
        assert rate["interval"]["low"] <= rate["share"] <= rate["interval"]["high"]
        assert rate["patients"] <= rate["denominator"]
        assert rate["population"].endswith(".")
        assert rate["formula"].endswith(".")
    assert sum(part["courses"] for part in answer.json["parts"]) == whole["courses"]


def test_what_others_report_stands_beside_with_its_scale(manager):
    published = manager.get(f"/outcomes/cohort?{PERIOD}").json["published"]

    assert len(published) == len(PUBLISHED)
    assert {each["scale"] for each in published if each["same_scale"]} == {"phq9"}
    mcinnes = {each["measure"]: each["value"] for each in published if each["study"] == "McInnes 2022"}
    assert (mcinnes["response"], mcinnes["remission"], mcinnes["any_worse"]) == (53.6, 28.9, 8.4)


def test_a_cohort_of_nobody_is_an_answer(as_):
    answer = as_(Role.MANAGER).get(f"/outcomes/cohort?{PERIOD}&by=protocol")

    assert (answer.status_code, answer.json["whole"]["courses"], answer.json["parts"]) == (200, 0, [])
    assert all(rate["share"] is None for rate in answer.json["whole"]["rates"])
    for name in PICTURES:
        assert as_(Role.MANAGER).get(f"/outcomes/cohort/pictures/{name}?{PERIOD}").status_code == 200


def test_every_figure_opens_into_its_courses(manager):
    whole = manager.get(f"/outcomes/cohort?{PERIOD}").json["whole"]
    told = {rate["figure"]: (rate["numerator"], rate["denominator"]) for rate in whole["rates"]}
    told |= {
        f"durability_{each['since']}_{each['care']}": (each["events"], each["count"]) for each in whole["durability"]
    }

    for figure in figure_names():
        rows = manager.get(f"/outcomes/cohort/rows?{PERIOD}&figure={figure}&limit=200").json["items"]

        counts = sum(row["counted"] for row in rows), len(rows)
        assert figure not in told or counts == told[figure], figure
        assert counts[1] <= whole["courses"]


def test_the_courses_come_page_by_page_each_once(manager):
    path, seen, cursor = f"/outcomes/cohort/rows?{PERIOD}&figure=courses&limit=7", [], ""
    while cursor is not None:
        page = manager.get(path + (f"&cursor={cursor}" if cursor else "")).json
        seen += [row["pseudonym"] for row in page["items"]]
        cursor = page["next"]

    assert len(seen) == manager.get(f"/outcomes/cohort?{PERIOD}").json["whole"]["courses"]
    assert seen == sorted(set(seen))


def test_a_course_behind_a_figure_names_nobody(manager, clinic, history, db):
    text = manager.get(f"/outcomes/cohort/rows?{PERIOD}&figure=courses&limit=200").text

    known = [*db.scalars(select(Patient).where(Patient.clinic_id == clinic.id))]
    ids = [str(row["id"]) for row in (*history.series, *history.visits, *history.forms)]
    names = [word for patient in known for word in (patient.mrn, patient.family_name, str(patient.id))]
    assert known
    assert not any(word in text for word in (*names, *ids, "1980-05-17", "2025-0"))


def test_a_pseudonym_changes_with_the_clinics_key_which_nobody_is_shown(manager, clinic, db):
    path = f"/outcomes/cohort/rows?{PERIOD}&figure=courses&limit=200"
    before, key = manager.get(path), db.scalar(select(Clinic.report_key).where(Clinic.id == clinic.id))
    db.execute(update(Clinic).where(Clinic.id == clinic.id).values(report_key="another"))

    after = manager.get(path)

    assert {row["pseudonym"] for row in before.json["items"]}.isdisjoint(
        row["pseudonym"] for row in after.json["items"]
    )
    assert len(key) == 64
    assert key not in before.text + manager.get("/clinic").text


def test_the_book_names_the_patients_of_a_page_and_counts_those_of_a_report(manager, db):
    whole = manager.get(f"/outcomes/cohort?{PERIOD}&diagnosis=ptsd").json["whole"]
    manager.get(f"/outcomes/cohort/rows?{PERIOD}&figure=response&limit=3")
    manager.get(f"/outcomes/cohort.csv?{PERIOD}")

    rows = db.scalars(select(AuditRow).where(AuditRow.action.startswith("cohort.")).order_by(AuditRow.sequence)).all()

    read, opened, exported = rows
    assert (read.action, read.details["courses"], read.details["diagnosis"]) == (
        "cohort.read",
        whole["courses"],
        "ptsd",
    )
    assert (opened.action, opened.details["figure"], len(opened.details["patients"])) == (
        "cohort.opened",
        "response",
        4,
    )
    assert exported.action == "cohort.exported"
    assert "patients" not in read.details | exported.details


def test_a_table_withholds_what_is_fewer_than_five(manager):
    answer = manager.get(f"/outcomes/cohort.csv?{PERIOD}&by=diagnosis")

    lines = list(DictReader(StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert {line["part"] for line in lines} > {"all", "ptsd"}
    assert any(line["withheld"] == "yes" for line in lines)
    shares = [line for line in lines if line["unit"] == "share" and line["numerator"]]
    assert all(int(line["numerator"]) >= 5 for line in shares)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_alike_every_time_and_names_nobody(manager, name):
    path = f"/outcomes/cohort/pictures/{name}?{PERIOD}&by=baseline_band"

    svg, again, png = manager.get(path), manager.get(path), manager.get(f"{path}&format=png")

    assert (svg.mimetype, png.mimetype) == ("image/svg+xml", "image/png")
    assert svg.data == again.data
    assert re.search(r"<title[^>]*>\w.+</title>\s*<desc[^>]*>\w.+</desc>", svg.text)
    assert png.data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "query",
    [
        "", "?from=2025-02-03", f"?{PERIOD}&by=age", f"?{PERIOD}&diagnosis=flu", f"?{PERIOD}&scale=none",
        f"?{PERIOD}&protocol=none", f"?{PERIOD}&baseline_band=none", "?from=2025-02-03&to=2025-02-02",
        "?from=2001-01-01&to=2025-01-01", f"?{PERIOD}&more=1", "?from=1900-01-01&to=1900-01-02&scale=",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(as_, query):
    for path in ("/outcomes/cohort", "/outcomes/cohort.csv", "/outcomes/cohort/pictures/response"):
        assert as_(Role.MANAGER).get(path + query).status_code == 422


@pytest.mark.parametrize("query", ["", "&figure=none", "&figure=response&cursor=x", "&figure=response&limit=0"])
def test_rows_of_no_figure_are_refused(as_, query):
    assert as_(Role.MANAGER).get(f"/outcomes/cohort/rows?{PERIOD}{query}").status_code == 422


@pytest.mark.parametrize("period", ["from=1900-01-01&to=1900-01-01", "from=2199-12-31&to=2199-12-31"])
def test_the_ends_of_the_calendar_are_days_like_others(as_, period):
    assert as_(Role.MANAGER).get(f"/outcomes/cohort?{period}").status_code == 200


def test_no_number_of_courses_makes_it_ask_more(manager, clinic, db):
    sent = []
    for _ in range(2):
        manager.get(f"/outcomes/cohort?{PERIOD}")
        with counted(db) as statements:
            manager.get(f"/outcomes/cohort?{PERIOD}&by=protocol")
        sent.append(len(statements))
        random_history(clinic, Random(12), 20)

    assert sent[0] == sent[1]


def test_every_statement_of_a_report_sees_the_same_moment(database):
    """A form that comes in while the report is read is in none of its figures."""
    now = datetime(2026, 3, 1, 17, tzinfo=UTC)
    with database.committing() as db:
        cast = build_clinic(db, now=now)
        random_history(cast, Random(13), 3)
        token = token_of(db, cast, cast.staff[Role.MANAGER], now=now)
    client = Client(real_app(database, now), token)
    before = client.get(f"/outcomes/cohort?{PERIOD}").json

    with database.reading(one_snapshot=True) as db:
        first = db.scalar(select(AuditRow.sequence).order_by(AuditRow.sequence.desc()).limit(1))
        client.get(f"/outcomes/cohort?{PERIOD}")
        second = db.scalar(select(AuditRow.sequence).order_by(AuditRow.sequence.desc()).limit(1))

    assert (first, client.get(f"/outcomes/cohort?{PERIOD}").json) == (second, before)
