"""What the exchange has to say, and when: reports that take their time to reach the client."""

from dataclasses import dataclass, replace
from datetime import datetime

from orderworks.brokers.adapter import Report


@dataclass(frozen=True, slots=True)
class OnItsWay:
    """A report of an order's execution, or where there is no ``exec_id`` of its end."""

    number: int
    exec_id: str | None
    report: Report


class Outbox:
    """Reports by the time at which they are said. Those of one order are said in their order."""

    def __init__(self) -> None:
        self.pending: list[OnItsWay] = []
        self._last: dict[int, datetime] = {}

    def put(self, number: int, report: Report) -> datetime:
        """Takes a report to be said at its ``ts``, or after the one before it; returns when."""
        said = max(report.ts, self._last.get(number, report.ts))
        if said != report.ts:
            report = replace(report, ts=said)
        self._last[number] = said
        self.pending.append(
            OnItsWay(number, None if report.fill is None else report.fill.exec_id, report)
        )
        return said

    def last(self, number: int) -> datetime | None:
        """When the last pending report of an order is said; None where none is pending."""
        return self._last.get(number)

    def take_said(self, until: datetime) -> list[Report]:
        """Takes out what is said by then, in order of time."""
        said = [one.report for one in self.pending if one.report.ts <= until]
        self.pending = [one for one in self.pending if one.report.ts > until]
        self._last = {one.number: self._last[one.number] for one in self.pending}
        return sorted(said, key=lambda report: report.ts)
