"""Pieces as small as can be, and as they are."""

import pytest

from scheduler.outcomes.importing import runs


@pytest.fixture(params=[1, runs.PIECE])
def piece(request, monkeypatch) -> int:
    """How many rows a transaction takes."""
    monkeypatch.setattr(runs, "PIECE", request.param)
    return request.param
