"""Promises about the code itself."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import Table, UniqueConstraint

from api import problems
from api.app import create_app
from api.identity import Access, Work
from config import READERS, BadSettings, Settings
from scheduler.actors import Role
from scheduler.errors import DomainError
from scheduler.models import Base

ROOT = Path(__file__).parents[1]
CODE = sorted([*ROOT.glob("scheduler/**/*.py"), *ROOT.glob("api/**/*.py"), ROOT / "config.py"])
MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_FUNCTION = 400, 40

OF_NO_CLINIC = {"clinics"}
"""What everything else belongs to."""

COMMITTERS = {"api/app.py", "scheduler/models/engine.py"}
OF_NO_ROWS = {"reports.measures"}
"""What a manager reads that stands in the code."""
OPENER = "scheduler/records/access.py"
"""Who alone may use the patients' table; everyone else names it as a type."""


def sources(pattern: str) -> set[str]:
    """The files of the program in which this is written, comments and all."""
    return {str(path.relative_to(ROOT)) for path in CODE if re.search(pattern, path.read_text())}


def refusals(kind: type[DomainError] = DomainError) -> set[type[DomainError]]:
    return {found for child in kind.__subclasses__() for found in {child, *refusals(child)}}


def test_every_view_says_who_may_call_it():
    app = create_app(Settings(), database=object())

    for name, view in app.view_functions.items():
        assert isinstance(view.access, Access), name
        assert view.access.public != bool(view.access.roles), name


def test_what_a_manager_alone_may_read_is_read_in_one_snapshot():
    app = create_app(Settings(), database=object())

    works = {
        rule.endpoint: getattr(view, "work", Work.BY_METHOD)
        for rule in app.url_map.iter_rules()
        if (view := app.view_functions[rule.endpoint]).access.roles == {Role.MANAGER} and "GET" in rule.methods
    }

    assert {name for name, work in works.items() if work is not Work.READS_ONE_SNAPSHOT} == OF_NO_ROWS


def test_every_refusal_has_a_status():
    assert refusals() == set(problems.STATUSES)
    assert all(400 <= status < 600 for status in problems.STATUSES.values())


def test_every_refusal_has_a_code_of_its_own_and_words():
    codes = [refusal.code for refusal in refusals()]

    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
    assert all(refusal.title.endswith(".") for refusal in refusals())


def test_every_setting_stands_in_the_settings_table():
    table = (ROOT / "docs" / "operations.md").read_text()

    documented = re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)

    assert {field.name.upper() for field in fields(Settings)} <= set(documented)


def test_every_setting_can_be_read_and_every_fault_is_told_at_once():
    assert set(READERS) == {field.name for field in fields(Settings)}

    with pytest.raises(BadSettings) as caught:
        Settings.from_env({"PORT": "x", "DATABASE_URL": "mysql://", "DEMO_PASSWORD": "short", "LOG_LEVEL": "loud"})

    assert all(name in str(caught.value) for name in ("PORT", "DATABASE_URL", "DEMO_PASSWORD", "LOG_LEVEL"))


@pytest.mark.parametrize("text", ["0", "65536", "80.5", "-1", "\u0661", "8" * 30])
def test_a_port_is_a_port(text):
    with pytest.raises(BadSettings):
        Settings.from_env({"PORT": text})


@pytest.mark.parametrize(
    "text", ["clinic.example", "ftp://clinic.example", "https://", "https://a b", "https://a/?q=1"]
)
def test_where_patients_reach_the_server_is_a_plain_address(text):
    with pytest.raises(BadSettings, match="PUBLIC_URL"):
        Settings.from_env({"PUBLIC_URL": text})


def test_a_stroke_at_the_end_of_the_servers_address_does_not_matter():
    assert Settings.from_env({"PUBLIC_URL": "https://a.example/x/"}).public_url == "https://a.example/x"


def test_what_is_unset_or_empty_is_the_default():
    assert Settings.from_env({"PORT": "", "HOME": "/root"}) == Settings()
    assert Settings.from_env({"PORT": "81", "LOG_LEVEL": "debug"}) == Settings(port=81, log_level="DEBUG")


@pytest.mark.parametrize(
    "table", [table for name, table in Base.metadata.tables.items() if name not in OF_NO_CLINIC], ids=str
)
def test_every_key_of_a_clinics_table_begins_with_the_clinic(table: Table):
    uniques = [item for item in table.constraints if isinstance(item, UniqueConstraint)]
    uniques += [index for index in table.indexes if index.unique]

    assert next(iter(table.primary_key.columns)).name == "clinic_id"
    assert all(next(iter(unique.columns)).name == "clinic_id" for unique in uniques)
    for key in table.foreign_key_constraints:
        if key.referred_table.name not in OF_NO_CLINIC:
            assert key.elements[0].parent.name == key.elements[0].column.name == "clinic_id", key.name


def test_a_commit_stands_only_where_a_transaction_ends():
    assert sources(r"\.commit\(") <= COMMITTERS


def uses(tree: ast.AST, name: str) -> list[ast.AST]:
    """Where a name stands for a value: annotations aside, `module.name` and `import ... as` included."""
    notes = {inner for outer in ast.walk(tree) for note in annotations(outer) for inner in ast.walk(note)}
    named = [node for node in ast.walk(tree) if node not in notes and getattr(node, "id", None) == name]
    reached = [node for node in ast.walk(tree) if node not in notes and getattr(node, "attr", None) == name]
    renamed = [node for node in ast.walk(tree) if isinstance(node, ast.alias) and node.name == name and node.asname]
    return named + reached + renamed


def annotations(node: ast.AST) -> list[ast.AST]:
    return [found for found in (getattr(node, "annotation", None), getattr(node, "returns", None)) if found]


def test_nobody_reads_the_patients_table_but_the_one_door():
    users = {str(path.relative_to(ROOT)) for path in CODE if uses(ast.parse(path.read_text()), "Patient")}

    assert users == {OPENER}
    assert sources(r"(?i)\b(FROM|JOIN|UPDATE|INTO) patients\b|tables\[.patients.\]|\bpatients\.(c|columns)\b") == set()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("select(Alert, Patient)", True),
        ("rows.join(Patient, on)", True),
        ("models.Patient", True),
        ("from scheduler.models import Patient as P", True),
        ("class Listed:\n    patient: Patient", False),
        ("from scheduler.models import Patient\ndef one(known: Patient) -> Page[Patient]: ...", False),
    ],
)
def test_a_use_of_a_table_is_told_from_an_annotation(line, found):
    assert bool(uses(ast.parse(line), "Patient")) == found


def test_the_domain_asks_neither_the_clock_nor_the_environment():
    asked = sources(r"datetime\.now\(|utcnow\(|date\.today\(|time\.time\(|os\.environ|getenv")

    assert not {path for path in asked if path.startswith("scheduler/")}


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path):
    text = path.read_text()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]

    long = [node.name for node in functions if node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION]

    assert len(text.splitlines()) <= MOST_LINES_OF_A_FILE
    assert long == []


def test_nothing_is_skipped_by_the_linters_without_a_reason():
    for path in [*CODE, *ROOT.glob("tests/**/*.py"), *ROOT.glob("migrations/**/*.py")]:
        for line in path.read_text().splitlines():
            ignored = re.search(r"# (type: ignore|noqa)\b(.*)", line)
            if ignored and path != Path(__file__):
                assert re.match(r"(\[[\w, -]+\]|: [A-Z]+\d+(, [A-Z]+\d+)*)( +#| -) \S", ignored[2]), f"{path}: {line}"
