"""A ledger in the middle of a busy session, of any size, written through its own functions."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd
from plan_columns import DECISION_COLUMNS, ORDER_COLUMNS, SIGNAL_COLUMNS, by_column

from orderworks.ledger.accounts import book_opening, open_account
from orderworks.ledger.alerts import Alert, raise_alerts
from orderworks.ledger.bulk import copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease, take_lease
from orderworks.ledger.movements import EventRecord, Release, book, permit
from orderworks.ledger.quality import FILL_QUALITY, ORDER_QUALITY, store_quality
from orderworks.ledger.reconciliations import record_reconciliation
from orderworks.ledger.runs import Plan, freeze_plan, start_run
from orderworks.model.fill import Fill
from orderworks.model.ids import client_order_id
from orderworks.model.order import Side
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.state import TRANSITIONS, OrderEvent, OrderState

ACCOUNT = "SIM1"
SESSION = date(2026, 11, 20)
RUN_KEY = "daily:2026-11-20"
START = datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
END = START + timedelta(minutes=30)
SYMBOLS = (
    *("AAPL", "MSFT", "AMZN", "NVDA", "GOOG", "META", "IBM", "XOM", "JPM", "BAC"),
    *("WMT", "KO", "PEP", "DIS", "INTC", "CSCO", "ORCL", "HD", "MCD", "NKE"),
)
STRATEGIES = ("momentum", "reversion", "carry")
SLICES = 4
ROUTES = (
    ("market", "none", "URGENT"),
    ("limit", "none", "NORMAL"),
    ("limit", "twap", "LARGE"),
    ("limit", "none", "SMALL"),
    ("limit", "vwap", "LARGE"),
)


def write_session(ledger: Ledger, parents: int, *, sliced: bool = True, sessions: int = 30) -> None:
    """A run of ``parents``, three in five of them filled, one in twenty refused; quality of days before.

    With ``sliced`` two in five are worked through children.
    """
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    held = {
        name: Position(name, 100 * at, Decimal(9_000 * at))
        for at, name in enumerate(SYMBOLS[:8], 1)
    }
    book_opening(ledger, Portfolio(ACCOUNT, Decimal("2500000.00"), held), SESSION, START)
    lease = take_lease(ledger, ACCOUNT, "process 4711 on desk", 3600)
    assert lease is not None
    orders = _orders(parents, sliced)
    plan_run(ledger, RUN_KEY, orders)
    _work(ledger, lease, orders)
    record_reconciliation(ledger, lease, None, START, 0, [("position", "IBM", "700", "690", "IBM")])
    first = orders[0]["client_order_id"]
    raise_alerts(
        ledger,
        ACCOUNT,
        [
            Alert(
                "slippage",
                "slippage:1",
                "AAPL: 14.2 bps against arrival, above 10 bps",
                START,
                first,
            ),
            Alert("latency", "latency:1", "MSFT: acknowledged after 6.1 s, above 5 s", END),
        ],
    )
    _measure(ledger, sessions, orders)


def plan_run(ledger: Ledger, run_key: str, orders: list[dict[str, Any]]) -> None:
    """A run of these orders, frozen."""
    run = start_run(ledger, ACCOUNT, run_key, run_key.partition(":")[0], SESSION, {})
    freeze_plan(
        ledger,
        run,
        Plan(
            inputs_hash="ab" * 32,
            starts_at=START,
            ends_at=END,
            signals=by_column(SIGNAL_COLUMNS, []),
            decisions=by_column(DECISION_COLUMNS, []),
            orders=by_column(
                ORDER_COLUMNS, [tuple(one[name] for name in ORDER_COLUMNS) for one in orders]
            ),
        ),
    )


def order_of(number: int, run_key: str = RUN_KEY, **others: Any) -> dict[str, Any]:
    """A planned order, told from others by its number."""
    symbol, strategy = SYMBOLS[number % len(SYMBOLS)], STRATEGIES[number % len(STRATEGIES)]
    side = "sell" if number % 4 == 3 else "buy"
    order_type, algo, rule = ROUTES[number % len(ROUTES)]
    price = Decimal(50 + 10 * (number % len(SYMBOLS)))
    return {
        "client_order_id": client_order_id(ACCOUNT, run_key, strategy, symbol, side, f"p{number}"),
        "account": ACCOUNT,
        "parent_id": None,
        "slice_index": 0,
        "strategy": strategy,
        "symbol": symbol,
        "side": side,
        "planned_quantity": 100 * (1 + number % 9) * SLICES,
        "quantity": 100 * (1 + number % 9) * SLICES,
        "order_type": order_type,
        "limit_price": price + Decimal("0.05") if order_type == "limit" else None,
        "stop_loss_price": None,
        "tif": "day",
        "algo": algo,
        "due_at": START + timedelta(seconds=number % 900),
        "ends_at": END,
        "route_rule": rule,
        "route_saw": "{}",
        "decision_price": price,
        "signal_ts": START - timedelta(minutes=10),
    } | others


def _orders(parents: int, sliced: bool) -> list[dict[str, Any]]:
    plain = {} if sliced else {"algo": "none"}
    made = []
    for number in range(parents):
        parent = order_of(number, **plain)
        made.append(parent)
        if parent["algo"] != "none":
            name, size = parent["client_order_id"], parent["quantity"] // SLICES
            made += [
                parent
                | {
                    "client_order_id": f"{name[:30]}.{index}",
                    "parent_id": name,
                    "slice_index": index,
                    "planned_quantity": size,
                    "quantity": size,
                    "due_at": parent["due_at"] + timedelta(minutes=index),
                }
                for index in range(SLICES)
            ]
    return made


def _work(ledger: Ledger, lease: Lease, orders: list[dict[str, Any]]) -> None:
    """Orders that reach the broker, one after another: filled, filled in part, resting, refused, waiting."""
    random = Random(7)
    numbers = {
        one["client_order_id"]: at
        for at, one in enumerate(one for one in orders if not one["parent_id"])
    }
    sent, events, fills = [], [], []
    for one in orders:
        name, parent = one["client_order_id"], one["parent_id"]
        if one["algo"] != "none" and parent is None:
            continue
        number = numbers[parent or name]
        if number % 20 == 19 and parent is None:
            events += _happened(name, OrderEvent.REJECT)
            continue
        if number % 10 >= 8 or one["slice_index"] > number % SLICES:
            continue
        filled = (
            one["quantity"] if number % 10 < 6 else one["quantity"] // 4 if number % 10 == 6 else 0
        )
        whole = filled == one["quantity"]
        last = (OrderEvent.COMPLETE if whole else OrderEvent.FILL,) if filled else ()
        sent.append(one)
        # The first is recorded with the attempt.
        events += _happened(name, OrderEvent.SEND, OrderEvent.ACKNOWLEDGE, *last)[1:]
        if parent and one["slice_index"] == 0:
            events += _happened(parent, OrderEvent.START, *((OrderEvent.FILL,) if filled else ()))
        if filled:
            fills.append(_fill(one, filled, len(fills), random))
    releases = [
        Release(
            one["client_order_id"],
            one["quantity"],
            one["order_type"],
            one["limit_price"],
            one["decision_price"] - Decimal("0.01"),
            one["decision_price"] + Decimal("0.01"),
            1,
        )
        for one in sent
    ]
    permit(ledger, lease, releases, START)
    book(ledger, lease, events, fills)


def _fill(one: dict[str, Any], quantity: int, number: int, random: Random) -> Fill:
    price = one["decision_price"] + Decimal(random.randint(-3, 5)) / 100
    at = one["due_at"] + timedelta(seconds=2, microseconds=number % 1_000_000)
    return Fill(
        f"{ACCOUNT}.{number}",
        one["client_order_id"],
        one["symbol"],
        Side(one["side"]),
        quantity,
        price,
        Decimal("1.05"),
        at,
    )


def _happened(name: str, *events: OrderEvent) -> list[EventRecord]:
    state, taken = OrderState.NEW, []
    for number, event in enumerate(events):
        following = TRANSITIONS[state, event]
        reason = "QUOTE_STALE: no sound quote in 10 s" if event is OrderEvent.REJECT else None
        at = START + timedelta(seconds=number)
        taken.append(EventRecord(name, event, state, following, at, reason))
        state = following
    return taken


def _measure(ledger: Ledger, sessions: int, orders: list[dict[str, Any]]) -> None:
    random = Random(11)
    for back in range(sessions):
        cost = random.gauss(2.0, 4.0)
        day = {
            "dimension": "day",
            "key": "all",
            "orders": 40,
            "unmeasured": 1,
            "quantity": 40_000,
            "filled_quantity": 38_000,
            "notional": Decimal("3800000.00"),
            "fill_rate": 0.95,
            "shortfall_total": Decimal(round(cost * 380)),
            "shortfall_bps": None if back == 4 else cost,
            "slippage_arrival_bps": cost / 2 + random.gauss(0, 1),
            "fees": Decimal("41.30"),
        }
        of_orders = [
            {
                name: one[name]
                for name in ("client_order_id", "strategy", "symbol", "side", "order_type")
            }
            | {name: one[name] for name in ("route_rule", "algo", "quantity", "decision_price")}
            | {
                "hour": 9,
                "size_bucket": "unknown",
                "filled_quantity": one["quantity"],
                "fill_rate": 1.0,
                "filled_notional": Decimal("9000"),
            }
            | {"shortfall_bps": random.gauss(2, 5), "slippage_arrival_bps": random.gauss(1, 3)}
            for one in orders[:40]
            if back == 0 and one["parent_id"] is None
        ]
        session = SESSION - timedelta(days=back)
        store_quality(
            ledger,
            ACCOUNT,
            session,
            pd.DataFrame(of_orders).reindex(columns=list(ORDER_QUALITY)),
            pd.DataFrame(columns=list(FILL_QUALITY)),
        )
        copy_rows(
            ledger,
            "daily_quality",
            ("account", "session", *day),
            [(ACCOUNT, session, *day.values())],
        )
