"""What the exchange has to say, and when: reports that take their time to reach the client."""

from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from orderworks.brokers.adapter import Report


class OnItsWay(NamedTuple):
    """A report, with the number of its order."""

    number: int
    report: Report

    @property
    def exec_id(self) -> str | None:
        """Of the execution that is reported; None where it is an end."""
        return None if self.report.fill is None else self.report.fill.exec_id


class Outbox:
    """Reports by the time at which they are said. Those of one order are said in their order."""

    def __init__(self) -> None:
        self.pending: list[OnItsWay] = []
        self._last: dict[int, datetime] = {}

    def put(self, number: int, report: Report) -> datetime:
        """Takes a report to be said at its ``ts``, or after the one before it; returns when."""
        said, last = report.ts, self._last.get(number)
        if last is not None and last > said:
            said, report = last, report._replace(ts=last)
        self._last[number] = said
        self.pending.append(OnItsWay(number, report))
        return said

    def last(self, number: int) -> datetime | None:
        """When the last pending report of an order is said; None where none is pending."""
        return self._last.get(number)

    def take_said(self, until: datetime) -> list[Report]:
        """Takes out what is said by then, in order of time."""
        said = [one.report for one in self.pending if one.report.ts <= until]
        self.pending = [one for one in self.pending if one.report.ts > until]
        self._last = {one.number: self._last[one.number] for one in self.pending}
        return sorted(said, key=attrgetter("ts"))
