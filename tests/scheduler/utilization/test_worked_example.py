"""The worked example of domain section 5.3, to the decimal."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, insert

from scheduler import clinic_time
from scheduler.models import (
    Appointment,
    AppointmentStatus,
    OpeningHours,
    SessionStatus,
    TreatmentSession,
)
from scheduler.utilization.kinds import Count, Kind
from scheduler.utilization.ledger import chair_days
from scheduler.utilization.reading import read_ground
from scheduler.utilization.tallies import sums_of, tally_of
from tests.builders import MONDAY
