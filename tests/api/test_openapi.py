"""What the OpenAPI document says holds for whatever anyone sends, in each role."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from scheduler.actors import Role
from scheduler.administration import sign_in
from scheduler.errors import NotSignedIn
from scheduler.models.engine import Database
from tests.api.matrix_rows import ROWS
from tests.api.test_access_matrix import DOCUMENT
from tests.builders import ClinicCast, build_clinic
from tests.clients import SETTINGS, Client, token_of
from tests.conftest import NOW
from tests.homes import SqliteHome

EXAMPLES = 10
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"missing_required_header": {"expected-statuses": [400, 401, 403, 404, 415, 422, 428]}}}
)
LOOSER = [positive_data_acceptance]
"""The document cannot say every rule: a date of birth in the future fits its shape, and is refused all the same."""


@dataclass
class House:
    """A clinic behind the application, and how to sign in."""

    database: Database
    clinic: ClinicCast
    rows: dict[str, str]
    tokens: dict[Role, str] = field(default_factory=dict)

    def headers(self, role: Role) -> dict[str, str]:
        """Signed in, anew if what was sent before ended the sign-in."""
        if not self._is_signed_in(role):
            with self.database.committing() as db:
                self.tokens[role] = token_of(db, self.clinic, self.clinic.staff[role], now=NOW)
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def _is_signed_in(self, role: Role) -> bool:
        with self.database.reading() as db, suppress(KeyError, NotSignedIn):
            sign_in.authenticate(db, self.tokens[role], now=NOW)
            return True
        return False


APP = create_app(replace(SETTINGS, sign_in_failures=10_000), clock=lambda: NOW, database=object())
"""Its routes are read before there is a database."""

schema = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
schema.app = APP


@pytest.fixture(scope="module")
def house(sqlite: SqliteHome) -> Iterator[House]:
    with sqlite.fresh() as url:
        database = Database(url, pool_size=4)
        with database.committing() as db:
            clinic = build_clinic(db, now=NOW)
            rows = {name: str(make(clinic)) for name, make in ROWS.items()}
            rows["staff_id"] = str(clinic.add_staff("spare", Role.MANAGER).id)
        APP.database = database
        yield House(database, clinic, rows)
        database.close()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_no_answer_breaks_the_document(house: House, case: Case) -> None:
    if case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE:
        point_at_own_rows(case, house.rows)

    for role in Role:
        case.call_and_validate(headers=house.headers(role), excluded_checks=LOOSER)


def point_at_own_rows(case: Case, rows: dict[str, str]) -> None:
    """Made-up ids name nothing: half of what is tried names rows that are there."""
    for name in set(case.path_parameters or {}) & set(rows):
        case.path_parameters[name] = rows[name]
    if isinstance(case.body, dict):
        case.body.update({name: rows[name] for name in set(case.body) & set(rows)})


def test_the_document_is_openapi_3_1_and_names_what_each_route_needs() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    change = DOCUMENT["paths"]["/api/v1/patients/{patient_id}"]["patch"]
    assert change["x-roles"] == ["clinician", "scheduler"]
    assert {parameter["name"] for parameter in change["parameters"]} == {"If-Match"}
    assert {"200", "401", "403", "404", "412", "428", "422", "default"} <= set(change["responses"])


def test_every_operation_has_an_id_of_its_own_and_a_summary() -> None:
    operations = [found for path in DOCUMENT["paths"].values() for found in path.values() if isinstance(found, dict)]

    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation["summary"].endswith(".") for operation in operations)


def test_the_page_of_the_document_needs_nobody_else(client: Client) -> None:
    with client.get("/docs") as page:
        text = page.get_data()

    assert page.status_code == 200
    assert b"http" not in text
    for name in ("docs/start.js", "docs/assets/swagger-ui-bundle.js", "docs/assets/swagger-ui.css"):
        assert name.encode() in text
        with client.get(f"/{name}") as file:
            assert file.status_code == 200


@pytest.mark.parametrize("name", ["..%2f__init__.py", "nothing.js", "..", "%00"])
def test_no_other_file_is_served(client: Client, name: str) -> None:
    assert client.get(f"/docs/assets/{name}").status_code == 404
