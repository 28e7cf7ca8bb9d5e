"""A scripted clinician on a harder day: put off and taken up again, a pressure that alarms, and an adverse event."""

from collections.abc import Iterator
from typing import Any

from tests.replay import PEAK, Desk, Script

SPIKE = {**PEAK, "sbp": 205, "dbp": 98, "confirmed": ["sbp"]}
"""Urgent, and so far from the set before that it is asked about."""
FALLING = {**PEAK, "sbp": 162, "dbp": 92}
REALLY = 165
"""What a correction says the 205 was."""
EVENT = {"code": "hypertension", "severity": 2, "serious": False}


class EventfulScript(Script):
    """What a `Script` does, and what happens to this patient besides."""

    def arrive(self) -> Iterator[str]:
        yield from super().arrive()
        self.step("deferral", {"reason": "not_fasted", "occurred_at": self.at(-27)})
        yield "put off"
        self.step("return", {"occurred_at": self.at(-26)})
        yield "taken up again"

    def infuse(self) -> Iterator[str]:
        for done in super().infuse():
            yield done
            if done == "rate_change":
                yield from self.rise()

    def rise(self) -> Iterator[str]:
        """The pressure rises, somebody looks, and it falls again."""
        self.spike = self.chart("vitals", {**SPIKE, "occurred_at": self.at(20)})
        reported = self.chart("adverse-events", {**EVENT, "occurred_at": self.at(20)})
        yield "alarmed"
        for alert in self.spike["alerts"]:
            said = {"note": "Prescriber at the chair."}
            self.prescriber.ask("POST", f"/alerts/{alert['id']}/acknowledgement", said)
        yield "acknowledged"
        self.chart("vitals", {**FALLING, "occurred_at": self.at(27)})
        over = {"outcome": "resolved", "resolved_at": self.at(30), "closed": True}
        self.chart(f"adverse-events/{reported['id']}/versions", over)
        yield "over"

    def amend(self, desk: Desk) -> Any:
        """Correct the set that alarmed, and add to the note, the session being signed; what the correction answers."""
        path = f"/sessions/{self.session}"
        said = {"sbp": REALLY, "reason": "Cuff too small."}
        desk.ask("POST", f"{path}/addenda", {"text": "The pressure of 205 was measured with a small cuff."})
        return desk.ask("POST", f"{path}/vitals/{self.spike['vitals']['id']}/corrections", said)
