"""A session that buys A, worked through a real ledger and measured: for the tests of what it cost."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from plan_columns import ORDER_COLUMNS, by_column
from quality_tables import CLOSE, DAY, at, bar, quote, recorded

from orderworks.ledger.accounts import open_account
from orderworks.ledger.connection import Ledger
from orderworks.ledger.corporate_actions import (
    OrderTerms,
    book_corporate_actions,
    change_terms,
)
from orderworks.ledger.leases import Lease, take_lease
from orderworks.ledger.movements import EventRecord, Release, book, permit
from orderworks.ledger.runs import Plan, freeze_plan, start_run
from orderworks.market.replay import ReplayMarket
from orderworks.model.corporate_action import ActionKind, AppliedAction
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.state import OrderEvent, OrderState, transition
from orderworks.quality.report import SessionQuality, measure_session
from orderworks.settings import Outliers, Quality, QualityThresholds

ACCOUNT = "SIM-1"
SPLIT = 3 * 86_400
"""When a split comes into force, in seconds after the open."""
LIMITS = Quality(
    alert_slippage_bps=10,
    alert_latency_ms=5000,
    alert_order_efficiency=15,
    market_symbol="",
    thresholds=QualityThresholds(by_route={}, by_symbol={}),
    outliers=Outliers(deviations=8, days=60, minimum_orders=30),
)


def rising_market(directory: Path) -> ReplayMarket:
    """A is quoted at 10.05, from second 300 on at 10.08, and trades once."""
    return recorded(
        directory, [quote(30, 10.04, 10.06), quote(300, 10.07, 10.09)], [bar(90, 10.06, 300)]
    )


def open_desk(ledger: Ledger) -> Lease:
    """The account is opened with a million, and worked."""
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    ledger.execute("INSERT INTO cash (account, balance) VALUES (%s, 1000000)", (ACCOUNT,))
    taken = take_lease(ledger, ACCOUNT, "a test", 60)
    assert taken is not None
    return taken


def plan_orders(ledger: Ledger, run_key: str, names: Sequence[str], days: int = 0) -> None:
    """Parents that buy 1,000 A, decided at 10.00, each with one child ``<name>-0``."""

    def order(name: str, parent: str | None) -> tuple[Any, ...]:
        return (
            *(name, ACCOUNT, parent, 0, "momentum", "A", "buy", 1000, 1000, "limit"),
            *(Decimal("10.10"), None, "day", "twap", at(60), at(660), "DEFAULT", "{}"),
            *(Decimal("10.00"), at(0)),
        )

    run = start_run(ledger, ACCOUNT, run_key, "daily", DAY + timedelta(days=days), {})
    orders = [order(name, None) for name in names]
    orders += [order(f"{name}-0", name) for name in names]
    columns = by_column(ORDER_COLUMNS, orders)
    freeze_plan(ledger, run, Plan("hash", at(60), at(660), {}, {}, columns))


def events(
    name: str, seconds: float, state: OrderState, *happened: OrderEvent
) -> list[EventRecord]:
    """What happened to an order that stood in ``state``."""
    records = []
    for event in happened:
        records.append(EventRecord(name, event, state, transition(state, event), at(seconds)))
        state = transition(state, event)
    return records


def release(ledger: Ledger, lease: Lease, name: str) -> None:
    """A parent's child is sent with a limit of 10.08, at a mid of 10.05."""
    limit, bid, ask = Decimal("10.08"), Decimal("10.04"), Decimal("10.06")
    permit(
        ledger,
        lease,
        [Release(f"{name}-0", 1000, "limit", limit, bid, ask, 1)],
        at(60),
    )


def fill(ledger: Ledger, lease: Lease, name: str, quantity: int, price: str) -> None:
    """A parent's child is acknowledged, and filled at second 120 with a commission of 14."""
    ended = OrderEvent.COMPLETE if quantity == 1000 else OrderEvent.FILL
    paid = Decimal(14)
    book(
        ledger,
        lease,
        [
            *events(name, 60.5, OrderState.NEW, OrderEvent.START, ended),
            *events(f"{name}-0", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE, ended),
        ],
        [Fill(f"x-{name}", f"{name}-0", "A", Side.BUY, quantity, Decimal(price), paid, at(120))],
    )


def measure(ledger: Ledger, market: ReplayMarket) -> SessionQuality:
    """The session is over and measured."""
    return measure_session(ledger, ACCOUNT, DAY, CLOSE, market, LIMITS, CLOSE)


def stored(ledger: Ledger, table: str) -> list[dict[str, Any]]:
    """The rows of a table, in order."""
    return ledger.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4".encode()).fetchall()


def split(ledger: Ledger, lease: Lease, ratio: Fraction, terms: OrderTerms) -> None:
    """Three days later A is split, and the broker makes that of what rests."""
    ledger.execute(
        "INSERT INTO snapshots (account, session, kind, at, cash, positions) "
        "VALUES (%s, %s, 'opening', %s, 1000000, '{}')",
        (ACCOUNT, DAY, at(0)),
    )
    action = AppliedAction(
        *("split", DAY + timedelta(days=3), "A", ActionKind.SPLIT, ratio, None, 0),
        *(Decimal(0), at(SPLIT)),
    )
    book_corporate_actions(ledger, lease, [action])
    change_terms(ledger, [terms], at(SPLIT))
