"""A session's whole record over HTTP, as JSON and on paper, and the board of this moment."""

import subprocess
import sys

import pytest

from scheduler.actors import Role
from scheduler.models import SessionStatus
from tests.api.test_access_matrix import APP
from tests.clients import Client, token_of
from tests.scheduler.sessions.charts import at, corrected, past_session, running_session

LATER = at(200)


@pytest.fixture
def as_(app, db, clinic):
    """Signed in in the afternoon of the session's day, on which everything here is looked at."""
    app.clock = lambda: LATER

    def signed_in(role, where=clinic):
        return Client(app, token_of(db, where, where.staff[role], now=at(0)))

    return signed_in


@pytest.fixture
def past(clinic):
    return past_session(clinic).session


def test_the_whole_record_is_one_call(as_, past):
    answer = as_(Role.CLINICIAN).get(f"/sessions/{past.id}/flowsheet")

    sheet = answer.json
    assert answer.status_code == 200
    assert (sheet["head"]["family_name"], sheet["session"]["signed_by"]) == ("Byron", "Prescriber")
    assert [step["to_status"] for step in sheet["steps"]][-3:] == ["ready_for_discharge", "discharged", "closed"]
    assert (sheet["given"]["delivered_mg"], sheet["balance"]["outstanding"]) == ("35", "0")
    assert (sheet["vitals"][4]["mean_pressure"], sheet["vitals"][4]["cadss6_total"]) == (123, 4)
    assert (len(sheet["alerts"]), sheet["unasked"]) == (2, [])


def test_the_record_is_read_as_it_was_known_then(db, as_, clinic):
    chart = running_session(clinic)
    wrong = chart.vitals(60, 210, 90, 80, 98)
    corrected(chart, wrong, 90, sbp=120)
    ask = as_(Role.CLINICIAN).get

    then = ask(f"/sessions/{chart.session.id}/flowsheet?as_of=2026-03-02T10:15:00-05:00").json["vitals"][-1]
    now = ask(f"/sessions/{chart.session.id}/flowsheet").json["vitals"][-1]

    assert (then["sbp"], then["earlier"]) == (210, [])
    assert (now["sbp"], now["reason"], [row["sbp"] for row in now["earlier"]]) == (120, "Mistyped.", [210])


@pytest.mark.parametrize(
    "asked", ["as_of=2026-03-03T10:00:00Z", "as_of=2026-03-02T06:00:00Z", "as_of=today", "as-of=2026-03-02T16:00:00Z"]
)
@pytest.mark.parametrize("kind", ["", ".pdf"])
def test_a_moment_of_which_nothing_is_known_is_refused(as_, past, asked, kind):
    answer = as_(Role.CLINICIAN).get(f"/sessions/{past.id}/flowsheet{kind}?{asked}")

    assert answer.status_code == 422
    assert answer.json["errors"]


def test_the_sheet_of_paper_is_named_for_its_day_and_stored_nowhere(as_, past):
    answer = as_(Role.CLINICIAN).get(f"/sessions/{past.id}/flowsheet.pdf")

    assert answer.status_code == 200
    assert (answer.mimetype, answer.data[:5]) == ("application/pdf", b"%PDF-")
    assert answer.headers["Content-Disposition"] == 'inline; filename="flowsheet-2026-03-02.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_whoever_draws_is_not_loaded_when_the_application_starts():
    loaded = "import sys, api.app; sys.exit(bool({'reportlab', 'matplotlib', 'pypdf'} & sys.modules.keys()))"

    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0


@pytest.mark.parametrize("path", ["/sessions/{}/flowsheet", "/sessions/{}/flowsheet.pdf", "/board/live"])
@pytest.mark.parametrize("role", [Role.SCHEDULER, Role.MANAGER, Role.ADMINISTRATOR])
def test_only_clinicians_see_what_was_charted(as_, past, path, role):
    assert as_(role).get(path.format(past.id)).status_code == 403


@pytest.mark.parametrize("kind", ["", ".pdf"])
def test_the_record_of_another_clinic_is_not_there(as_, elsewhere, past, kind):
    assert as_(Role.CLINICIAN, elsewhere).get(f"/sessions/{past.id}/flowsheet{kind}").status_code == 404


def test_the_board_of_this_moment_tells_what_goes_on_in_every_chair(as_, app, clinic):
    app.clock = lambda: at(50)
    running_session(clinic)

    (a, b) = as_(Role.CLINICIAN).get("/board/live").json["chairs"]

    seen = a["session"]
    assert (a["name"], b["name"], b["session"], b["next"]) == ("A", "B", None, None)
    assert (seen["initials"], seen["phase"], seen["minutes_in_phase"]) == ("AB", SessionStatus.INFUSING, 20)
    assert (seen["minutes_left"], seen["delivered_mg"], seen["rate_ml_h"]) == (20, "17.5", "150")
    assert seen["next_vitals"]["at"] == "2026-03-02T14:50:00Z"


def test_the_routes_say_that_paper_is_paper():
    document = next(iter(APP.extensions["flask-smorest"]["apis"].values()))["ext_obj"].spec.to_dict()

    found = document["paths"]["/api/v1/sessions/{session_id}/flowsheet.pdf"]["get"]["responses"]["200"]

    assert list(found["content"]) == ["application/pdf"]
