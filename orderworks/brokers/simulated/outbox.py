"""What the exchange has to say, and when: reports that take their time to reach the client."""

from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.brokers.simulated.account import ExchangeOrder
from orderworks.brokers.simulated.latency import Latencies, Leg

NO_ORDER = 0
"""The number of no order: they begin with 1."""


class OnItsWay(NamedTuple):
    """A report, with the number of its order."""

    number: int
    report: Report

    @property
    def exec_id(self) -> str | None:
        """Of the execution that is reported; None where it is an end."""
        return None if self.report.fill is None else self.report.fill.exec_id


class Outbox:
    """Reports by the time at which they are said. Those of one order are said in their order.

    Args:
        latencies, seed: how long what is said takes to reach the client.
    """

    def __init__(self, latencies: Latencies, seed: int) -> None:
        self.pending: list[OnItsWay] = []
        self._latencies = latencies
        self._seed = seed
        self._last: dict[int, datetime] = {}

    def say(self, order: ExchangeOrder, leg: Leg, report: Report) -> datetime:
        """Sends a report of what happened to an order at its ``ts``; returns when it is said."""
        latency = self._latencies.of(
            leg,
            self._seed,
            lambda: f"{order.number}.{order.executions}@{report.ts.isoformat()}",
        )
        late = report._replace(ts=report.ts + latency) if latency else report
        return self.put(order.number, late)

    def refuse(self, kind: ReportKind, client_order_id: str, at: datetime, reason: str) -> datetime:
        """Answers what was asked at a time of an order that does not rest; returns when that is said."""

        def message() -> str:
            return f"{client_order_id}@{at.isoformat()}"

        done = at + self._latencies.of(Leg.CANCEL, self._seed, message)
        said = done + self._latencies.of(Leg.ACK, self._seed, message)
        return self.put(NO_ORDER, Report(kind, client_order_id, said, reason=reason))

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
