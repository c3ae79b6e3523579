"""A small ledger, written through its own functions."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from plan_columns import DECISION_COLUMNS, ORDER_COLUMNS, SIGNAL_COLUMNS, by_column
from typer.testing import Result

from orderworks.ledger.accounts import book_opening, open_account
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease, take_lease
from orderworks.ledger.movements import EventRecord, Release, book, permit
from orderworks.ledger.quality import FILL_QUALITY, ORDER_QUALITY, store_quality
from orderworks.ledger.reconciliations import record_reconciliation
from orderworks.ledger.runs import Plan, finish_run, freeze_plan, start_run
from orderworks.model.fill import Fill
from orderworks.model.ids import client_order_id
from orderworks.model.order import Side
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.state import TRANSITIONS, OrderEvent, OrderState
from orderworks.quality.periods import store_day

ACCOUNT = "SIM1"
SESSION = date(2026, 11, 20)
RUN_KEY = "daily:2026-11-20"
START = datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
END = START + timedelta(minutes=5)
REASON = "QUOTE_STALE: bid 10.01, ask 10.05 after waiting 10 s for a sound quote"

Says = Callable[..., Result]


def records(result: Result) -> list[dict[str, Any]]:
    """The objects that a command printed, if it succeeded."""
    assert result.exit_code == 0, result.output
    parsed = json.loads(result.stdout)
    assert isinstance(parsed, list)
    return parsed


def column(ledger: Ledger, query: str) -> list[Any]:
    """The first column of what a query answers."""
    return [next(iter(row.values())) for row in ledger.execute(query.encode())]


def names(found: list[dict[str, Any]], field: str = "client_order_id") -> list[Any]:
    """One field of every object."""
    return [record[field] for record in found]


def name_of(symbol: str, side: str, position: str) -> str:
    return client_order_id(ACCOUNT, RUN_KEY, "momentum", symbol, side, position)


def planned(symbol: str, side: str, position: str, quantity: int, **others: Any) -> tuple[Any, ...]:
    """A row of a plan."""
    values = {
        "client_order_id": name_of(symbol, side, position),
        "account": ACCOUNT,
        "parent_id": None if position == "parent" else name_of(symbol, side, "parent"),
        "slice_index": 0,
        "strategy": "momentum",
        "symbol": symbol,
        "side": side,
        "planned_quantity": quantity,
        "quantity": quantity,
        "order_type": "limit",
        "limit_price": Decimal("100.10"),
        "stop_loss_price": None,
        "tif": "day",
        "algo": "none",
        "due_at": START,
        "ends_at": END,
        "route_rule": "NORMAL",
        "route_saw": "{}",
        "decision_price": Decimal("100.00"),
        "signal_ts": START - timedelta(minutes=10),
    } | others
    return tuple(values[name] for name in ORDER_COLUMNS)


def happened(symbol: str, side: str, position: str, *events: OrderEvent) -> list[EventRecord]:
    """The transitions of an order that has not been sent yet."""
    name, state, taken = name_of(symbol, side, position), OrderState.NEW, []
    for number, event in enumerate(events):
        reason = REASON if event is OrderEvent.REJECT else None
        at = START + timedelta(seconds=number)
        taken.append(EventRecord(name, event, state, TRANSITIONS[state, event], at, reason))
        state = TRANSITIONS[state, event]
    return taken


def write_books(ledger: Ledger) -> None:
    """A run that bought AAPL in two slices, one of them half, and MSFT not at all for its quote."""
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    held = {"IBM": Position("IBM", 30, Decimal("200.5")), "XOM": Position("XOM", -7, Decimal("90"))}
    book_opening(ledger, Portfolio(ACCOUNT, Decimal("1000000.00"), held), SESSION, START)
    lease = take_lease(ledger, ACCOUNT, "process 1 on here", 60)
    assert lease is not None
    _plan(ledger)
    _work(ledger, lease)
    start_run(ledger, ACCOUNT, "intraday:2026-11-20T11:00", "intraday", SESSION, {})
    alerts = [
        Alert("slippage", "slippage:1", "slippage was 12.5 bps", START, None, {"bps": 12.5}),
        Alert("late_fill", "late:1", "[late] a fill came late", END, name_of("AAPL", "buy", "c0")),
    ]
    raise_alerts(ledger, ACCOUNT, alerts)
    two = [("position", "IBM", "30", "29", "IBM"), ("cash", ACCOUNT, "10.00", "11.00", None)]
    record_reconciliation(ledger, lease, None, START, 0, two)
    record_reconciliation(ledger, lease, None, END, 1, two[:1])
    _measure(ledger)


def _plan(ledger: Ledger) -> None:
    run = start_run(ledger, ACCOUNT, RUN_KEY, "daily", SESSION, {})
    ts = START - timedelta(minutes=10)
    aapl = {"algo": "twap", "route_rule": "LARGE"}
    later = {**aapl, "slice_index": 1, "due_at": START + timedelta(minutes=1, microseconds=1)}
    saw = json.dumps({"bid": 99.99, "adv": None})
    freeze_plan(
        ledger,
        run,
        Plan(
            inputs_hash="ab" * 32,
            starts_at=START,
            ends_at=END,
            signals=by_column(
                SIGNAL_COLUMNS,
                [(1, "momentum", "AAPL", "long", Decimal("0.5"), Decimal("100"), ts, "{}")],
            ),
            decisions=by_column(
                DECISION_COLUMNS,
                [
                    ("momentum", "AAPL", True, "ACCEPTED", "it passed every rule", "{}"),
                    ("momentum", "MSFT", True, "ACCEPTED", "it passed every rule", "{}"),
                    ("momentum", "GME", False, "RESTRICTED", "GME is on the restricted list", saw),
                ],
            ),
            orders=by_column(
                ORDER_COLUMNS,
                [
                    planned("AAPL", "buy", "parent", 10, **aapl, route_saw=saw),
                    planned("MSFT", "sell", "parent", 5, stop_loss_price=Decimal("410.25")),
                    planned("AAPL", "buy", "c0", 7, **aapl),
                    planned("AAPL", "buy", "c1", 3, **later),
                ],
            ),
        ),
    )
    finish_run(ledger, run, "FAILED", "the broker went away")


def _work(ledger: Ledger, lease: Lease) -> None:
    send, ack, fill, reject = (
        OrderEvent.SEND,
        OrderEvent.ACKNOWLEDGE,
        OrderEvent.FILL,
        OrderEvent.REJECT,
    )
    parent = happened("AAPL", "buy", "parent", OrderEvent.START, fill)
    child = happened("AAPL", "buy", "c0", send, ack, fill)
    release = Release(
        name_of("AAPL", "buy", "c0"),
        7,
        "limit",
        Decimal("100.10"),
        Decimal("100.01"),
        Decimal("100.03"),
        1,
    )
    permit(ledger, lease, [release], START)
    fills = [
        Fill(
            f"{ACCOUNT}.1.{number}",
            name_of("AAPL", "buy", "c0"),
            "AAPL",
            Side.BUY,
            quantity,
            price,
            Decimal("0.350"),
            START + timedelta(seconds=number, microseconds=number - 1),
        )
        for number, (quantity, price) in enumerate(
            [(1, Decimal("100.0200")), (2, Decimal("100.03"))], start=1
        )
    ]
    book(ledger, lease, [*parent, *child[1:]], fills)
    book(ledger, lease, happened("MSFT", "sell", "parent", reject))


def _measure(ledger: Ledger) -> None:
    order = {
        "client_order_id": name_of("AAPL", "buy", "parent"),
        "strategy": "momentum",
        "symbol": "AAPL",
        "side": "buy",
        "order_type": "limit",
        "route_rule": "LARGE",
        "algo": "twap",
        "quantity": 10,
        "filled_quantity": 3,
        "fill_rate": 0.3,
        "filled_notional": Decimal("300.08"),
        "decision_price": Decimal("100.00"),
        "arrival_price": Decimal("100.02"),
        "twap_price": 100.1 + 0.2,
        "slippage_arrival_bps": 0.66653,
        "shortfall_fees": Decimal("0.700"),
        "shortfall_total": Decimal("0.78"),
        "hour": 9,
        "size_bucket": "0.1-1%",
    }
    store_quality(
        ledger,
        ACCOUNT,
        SESSION,
        pd.DataFrame([order]).reindex(columns=list(ORDER_QUALITY)),
        pd.DataFrame(columns=list(FILL_QUALITY)),
    )
    store_day(ledger, ACCOUNT, SESSION)
