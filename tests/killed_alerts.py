"""A process that calls others for alerts nobody answers, again and again, and is killed each time one statement later.

python -m tests.killed_alerts URL NOW CLINIC < a line for each try

It prints what became of each try: the signal or the exit code of the child that made it.
"""

import sys
from datetime import datetime
from functools import partial
from uuid import UUID

from scheduler.outcomes.alerts.escalating import escalate
from tests.killed_repair import attempt


def main(url: str, now: str, clinic: str) -> None:
    taken = partial(escalate, clinic_id=UUID(clinic), now=datetime.fromisoformat(now))
    for number, _ in enumerate(sys.stdin, 1):
        print(attempt(url, number, taken), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
