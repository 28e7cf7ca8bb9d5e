"""A proposal travels as a string and comes back as the plan it was, or not at all."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from json import dumps, loads
from uuid import UUID
from zlib import compress, decompress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.plans import PlannedVisit, SeriesPlan, Wishes
from scheduler.booking.proposals import from_text, to_text
from scheduler.errors import Invalid
from scheduler.protocols import ResourceKind

PLAN = SeriesPlan(
    patient_id=UUID(int=1),
    protocol_id=UUID(int=2),
    protocol_version_id=UUID(int=3),
    visits=(PlannedVisit(1, datetime(2026, 3, 2, 14, tzinfo=UTC), {ResourceKind.CHAIR: UUID(int=4)}),),
    wishes=Wishes(date(2026, 3, 2), date(2026, 4, 2), frozenset({0, 3}), (540, 780), nurse_id=UUID(int=5)),
)


def forged(**changes):
    """A proposal whose digest is right and whose content is not."""
    text = to_text(PLAN)
    document = loads(decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4))[8:]))
    body = compress(dumps({**document, **changes}).encode())
    return urlsafe_b64encode(sha256(body).digest()[:8] + body).decode()


@given(
    minutes=st.lists(st.integers(16_000_000, 100_000_000), min_size=1, max_size=12),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    same_time=st.booleans(),
    chair=st.none() | st.uuids(),
)
def test_a_plan_survives_its_journey(minutes, weekdays, same_time, chair):
    visits = tuple(
        PlannedVisit(number, datetime.fromtimestamp(60 * minute, UTC), {ResourceKind.NURSE: UUID(int=minute)})
        for number, minute in enumerate(minutes, 1)
    )
    wishes = replace(PLAN.wishes, weekdays=weekdays, same_time=same_time, chair_id=chair)
    plan = replace(PLAN, visits=visits, wishes=wishes)

    assert from_text(to_text(plan)) == plan


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_anything_else_is_refused(text):
    with pytest.raises(Invalid):
        from_text(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"visits": []},
        {"visits": [[1, 10**15, {}]]},
        {"visits": [[1, 1, {}]]},
        {"visits": [[1, "x", {}]]},
        {"visits": [[0, 29541000, {}]]},
        {"visits": [[True, 29541000, {}]]},
        {"visits": [[1, 29541000, {"bed": "00"}]]},
        {"follows": "nobody"},
        {"follows": ""},
        {"follows": []},
        {"patient": "nobody"},
        {"wishes": {}},
        {"wishes": {"earliest": "0001-01-01", "latest": "2026-04-02", "weekdays": [0], "window": [0, 5]}},
        {"wishes": {"earliest": "2026-03-02", "latest": "2026-04-02", "weekdays": [9], "window": [0, 5]}},
        {"wishes": {"earliest": "2026-03-02", "latest": "2026-04-02", "weekdays": [0], "window": [0.5, 5]}},
    ],
)
def test_a_forged_plan_that_cannot_be_is_refused(changes):
    with pytest.raises(Invalid):
        from_text(forged(**changes))


def test_a_proposal_that_was_cut_short_or_is_too_long_is_refused():
    for text in (to_text(PLAN)[:-3], "A" * 70_000):
        with pytest.raises(Invalid):
            from_text(text)
