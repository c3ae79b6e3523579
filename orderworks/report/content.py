"""Everything that the report is made of, gathered: rows of the ledger, and the market's where it is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from orderworks.ledger import report_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.schedules import filled_steps, planned_steps
from orderworks.market.data import MarketData
from orderworks.model.errors import OrderworksError
from orderworks.model.listing import Listing
from orderworks.quality.aggregating import aggregate, known_of
from orderworks.report.figures import Day, Measure, Rows, days_of, measures_of, worst_of
from orderworks.report.order_chart import shown_period

DAYS_BEFORE = 20
MOST_WORST = 10

Steps = Sequence[tuple[datetime, float]]

MarketOf = Callable[[date], MarketData | None]
"""The market of a session, None where there is none on record."""


@dataclass(frozen=True, slots=True)
class Worked:
    """One of the worst orders: its row, its fills, and the quotes of its time, if there are any."""

    order: Mapping[str, Any]
    fills: Rows
    quotes: pd.DataFrame | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was planned and done in a session: times, and notional of each step."""

    session: date
    planned: Steps
    done: Steps


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of the sessions from ``first`` to ``last`` of an account, and of the days before.

    ``left_out`` is how many orders of a session were released and not measured, where there are any:
    no figure knows of them.
    """

    account: str
    first: date
    last: date
    orders: Rows
    left_out: Mapping[date, int]
    days: Sequence[Day]
    measures: Sequence[Measure]
    schedules: Sequence[Schedule]
    worst: Sequence[Worked]
    drawn: Rows
    rejects: Listing
    refusals: Listing
    breaks: Listing
    alerts: Listing

    @property
    def earlier(self) -> list[Day]:
        """The measured days before the period."""
        return [day for day in self.days if day.session < self.first]

    @property
    def within(self) -> list[Day]:
        """The measured days of the period."""
        return [day for day in self.days if day.session >= self.first]


def gather(ledger: Ledger, account: str, first: date, last: date, market_of: MarketOf) -> Content:
    """Reads all of it; of a market that cannot be read, nothing."""
    orders = report_rows.measured_orders(ledger, account, first, last)
    days = days_of(report_rows.daily_costs(ledger, account, first, last, DAYS_BEFORE))
    sessions = sorted({order["session"] for order in orders})
    return Content(
        account=account,
        first=first,
        last=last,
        orders=orders,
        left_out=report_rows.unmeasured_parents(ledger, account, first, last),
        days=days,
        measures=measures_of(
            aggregate(ledger, account, first, last), known_of(ledger, account, first, last)
        ),
        schedules=[
            Schedule(
                session,
                planned_steps(ledger, account, session),
                filled_steps(ledger, account, session),
            )
            for session in sessions
        ],
        worst=_worst(ledger, orders, market_of),
        drawn=report_rows.experiment_orders(ledger, account, first, last),
        rejects=report_rows.rejects(ledger, account, first, last),
        refusals=report_rows.refusals(ledger, account, first, last),
        breaks=report_rows.breaks(ledger, account, first, last),
        alerts=report_rows.alerts(ledger, account, first, last),
    )


def _worst(ledger: Ledger, orders: Rows, market_of: MarketOf) -> list[Worked]:
    worst = worst_of(orders, MOST_WORST)
    fills = report_rows.fills_of(ledger, [order["client_order_id"] for order in worst])
    return [
        Worked(
            order,
            [fill for fill in fills if fill["parent_id"] == order["client_order_id"]],
            _quotes(order, market_of),
        )
        for order in worst
    ]


def _quotes(order: Mapping[str, Any], market_of: MarketOf) -> pd.DataFrame | None:
    try:
        market = market_of(order["session"])
        if market is None:
            return None
        quotes = market.quotes_between(order["symbol"], *shown_period(order), prevailing=True)
    except OrderworksError:
        # The order is shown all the same, and that its quotes could not be had.
        return None
    return quotes if len(quotes) else None
