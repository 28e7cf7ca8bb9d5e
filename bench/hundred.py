"""`python -m bench hundred`: a hundred clinics over three years, too large a network for every `make bench`."""

from bench import network
from bench.report import Report
from tests.homes import Home

CLINICS, DAYS = 100, 3 * 365


def measure(home: Home, report: Report, *, rounds: int = 9) -> None:
    """4.5 million visits on PostgreSQL, and the three years of one clinic on SQLite."""
    network.measure(home, report, clinics=CLINICS, days=DAYS, rounds=rounds)
