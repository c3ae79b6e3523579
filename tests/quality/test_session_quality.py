"""A session measured from a real ledger, stored there, and told once."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from plan_columns import ORDER_COLUMNS, by_column
from quality_tables import CLOSE, DAY, at, bar, quote, recorded

from orderworks.ledger.accounts import open_account
from orderworks.ledger.alert_deliveries import undecided
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.leases import Lease, take_lease
from orderworks.ledger.movements import EventRecord, Release, book, permit
from orderworks.ledger.quality import load_for_measuring, store_quality
from orderworks.ledger.runs import Plan, freeze_plan, start_run
from orderworks.market.replay import ReplayMarket
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.state import OrderEvent, OrderState, transition
from orderworks.quality.report import SessionQuality, measure_session
from orderworks.settings import Outliers, Quality, QualityThresholds

ACCOUNT = "SIM-1"
LIMITS = Quality(
    alert_slippage_bps=10,
    alert_latency_ms=5000,
    alert_order_efficiency=15,
    market_symbol="",
    thresholds=QualityThresholds(by_route={}, by_symbol={}),
    outliers=Outliers(deviations=8, days=60, minimum_orders=30),
)


@pytest.fixture
def market(tmp_path: Path) -> ReplayMarket:
    return recorded(
        tmp_path, [quote(30, 10.04, 10.06), quote(300, 10.07, 10.09)], [bar(90, 10.06, 300)]
    )


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
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
    limit, bid, ask = Decimal("10.08"), Decimal("10.04"), Decimal("10.06")
    permit(
        ledger,
        lease,
        [Release(f"{name}-0", 1000, "limit", limit, bid, ask, 1)],
        at(60),
    )


def fill(ledger: Ledger, lease: Lease, name: str, quantity: int, price: str) -> None:
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
    return measure_session(ledger, ACCOUNT, DAY, CLOSE, market, LIMITS, CLOSE)


def stored(ledger: Ledger, table: str) -> list[dict[str, Any]]:
    return ledger.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4".encode()).fetchall()


def test_what_is_measured_of_a_session(ledger: Ledger, lease: Lease, market: ReplayMarket) -> None:
    plan_orders(ledger, "daily", ["filled", "never-sent"])
    plan_orders(ledger, "another day", ["yesterday"], days=-1)
    for name in ("filled", "yesterday"):
        release(ledger, lease, name)
        fill(ledger, lease, name, 700, "10.07")
    parents, fills = load_for_measuring(ledger, ACCOUNT, DAY)
    assert parents["client_order_id"].tolist() == ["filled"]
    assert fills["parent_id"].tolist() == ["filled"]
    # The limit that the child was sent with, not the one that was planned.
    assert fills["limit_price"].tolist() == [Decimal("10.08")]

    quality = measure(ledger, market)
    (row,) = stored(ledger, "order_quality")
    assert (row["account"], row["session"], row["client_order_id"]) == (ACCOUNT, DAY, "filled")
    assert row["shortfall_total"] == Decimal(87)
    assert row["shortfall_bps"] == pytest.approx(87)
    assert row["latency_ack_ms"] == pytest.approx(500)
    assert row["slippage_limit_bps"] == pytest.approx(-0.01 / 10.08 * 1e4)
    assert row["end_price"] == Decimal("10.08")
    assert len(quality.per_order) == 1
    daily = stored(ledger, "daily_quality")
    assert [(r["dimension"], r["key"]) for r in daily] == [
        *(("algo", "twap"), ("day", "all"), ("hour", "9"), ("order_type", "limit")),
        *(("route_rule", "DEFAULT"), ("side", "buy"), ("size_bucket", "unknown")),
        *(("strategy", "momentum"), ("symbol", "A")),
    ]
    assert {r["shortfall_total"] for r in daily} == {Decimal(87)}


def test_unknowns_are_stored_as_null(ledger: Ledger, lease: Lease, tmp_path: Path) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    measure(ledger, recorded(tmp_path / "empty", []))
    (row,) = stored(ledger, "order_quality")
    unknown = ["twap_price", "vwap_price", "end_price", "slippage_twap_bps", "slippage_vwap_bps"]
    unknown += ["shortfall_opportunity", "shortfall_total", "shortfall_bps"]
    assert [row[name] for name in unknown] == [None] * len(unknown)
    day = next(row for row in stored(ledger, "daily_quality") if row["dimension"] == "day")
    assert (day["unmeasured"], day["shortfall_total"], day["slippage_twap_bps"]) == (1, None, None)


def test_measuring_again_replaces_the_day_and_tells_nothing_twice(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    first = measure(ledger, market)
    tables = ("order_quality", "fill_quality", "daily_quality")
    before = [stored(ledger, table) for table in tables]
    again = measure(ledger, market)
    assert all(before)
    assert [stored(ledger, table) for table in tables] == before
    assert [a.kind for a in first.alerts] == ["slippage_breach", "day_slippage_breach"]
    assert again.alerts == []
    assert len(undecided(ledger, ACCOUNT)) == 2

    plan_orders(ledger, "a later run", ["q"])
    release(ledger, lease, "q")
    fill(ledger, lease, "q", 1000, "10.08")
    assert [a.cause for a in measure(ledger, market).alerts] == ["slippage_breach:q"]
    assert len(stored(ledger, "order_quality")) == 2


def test_a_day_is_stored_whole_or_not_at_all(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    quality = measure(ledger, market)
    before = stored(ledger, "order_quality")
    broken = quality.per_fill.assign(size_bucket="immense")
    with pytest.raises(Exception, match="size_bucket_check"):
        store_quality(ledger, ACCOUNT, DAY, quality.per_order.iloc[:0], broken)
    assert stored(ledger, "order_quality") == before


def test_two_who_measure_the_same_day_take_turns(
    ledger: Ledger, ledger_url: str, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    quality = measure(ledger, market)
    with open_ledger(ledger_url) as other:
        other.execute("SET lock_timeout = '100ms'")
        with ledger.transaction():
            store_quality(ledger, ACCOUNT, DAY, quality.per_order, quality.per_fill)
            with pytest.raises(Exception, match="lock timeout"):
                store_quality(other, ACCOUNT, DAY, quality.per_order, quality.per_fill)
        store_quality(other, ACCOUNT, DAY, quality.per_order, quality.per_fill)
    assert len(stored(ledger, "order_quality")) == 1


def test_a_day_without_orders_is_measured_as_nothing(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    quality = measure(ledger, market)
    assert (len(quality.per_order), len(quality.daily), quality.alerts) == (0, 0, [])


def test_before_the_close_an_open_order_is_measured_up_to_now(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    now = at(200)
    quality = measure_session(ledger, ACCOUNT, DAY, CLOSE, market, LIMITS, now)
    assert quality.per_order["end_price"].tolist() == [Decimal("10.05")]
