"""What IBKR works by itself: its algorithms and midprice orders, as messages and at a gateway."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from gateway.requests import Request
from gateway.small_session import SESSION
from served_broker import Serving, kinds, limit, shown

from orderworks.brokers.ibkr.orders import message_of
from orderworks.model.order import Algo, NativeAlgo, Order, OrderType, Priority, Replacement

START, END = SESSION.open + timedelta(seconds=10), SESSION.open + timedelta(seconds=18)
HOURS = {"starts_at": START, "ends_at": END}

TWAP = NativeAlgo(Algo.IBKR_TWAP, **HOURS)
VWAP = NativeAlgo(
    Algo.IBKR_VWAP, **HOURS, outlasts=True, max_volume_pct=Decimal(10), takes_liquidity=False
)
ADAPTIVE = NativeAlgo(Algo.IBKR_ADAPTIVE, priority=Priority.PATIENT)

TOLD = {
    "Twap": {
        "startTime": "09:30:10 US/Eastern",
        "endTime": "09:30:18 US/Eastern",
        "allowPastEndTime": "0",
    },
    "Vwap": {
        "maxPctVol": "0.1",
        "startTime": "09:30:10 US/Eastern",
        "endTime": "09:30:18 US/Eastern",
        "allowPastEndTime": "1",
        "noTakeLiq": "1",
    },
    "Adaptive": {"adaptivePriority": "Patient"},
}


def midprice(name: str, quantity: int, cap: str | None = None) -> Order:
    changes: dict[str, Any] = {"limit_price": None if cap is None else Decimal(cap)}
    return limit(name, quantity, "1", order_type=OrderType.MIDPRICE, **changes)


@pytest.mark.parametrize(
    ("native", "strategy"), [(TWAP, "Twap"), (VWAP, "Vwap"), (ADAPTIVE, "Adaptive")]
)
def test_an_algorithm_is_told_what_it_knows(native: NativeAlgo, strategy: str) -> None:
    message = message_of(limit("a", 100, "100.10", native=native))
    assert (message.algoStrategy, message.orderType, message.tif) == (strategy, "LMT", "DAY")
    assert {one.tag: one.value for one in message.algoParams} == TOLD[strategy]
    assert message_of(limit("a", 100, "100.10")).algoStrategy == ""


def test_summer_time_is_new_york_s() -> None:
    at = datetime(2026, 7, 1, 14, 0, 0, 999_000, tzinfo=UTC)
    native = NativeAlgo(Algo.IBKR_TWAP, starts_at=at, ends_at=at + timedelta(minutes=5))
    params = message_of(limit("a", 1, "100", native=native)).algoParams
    assert [one.value for one in params][:2] == ["10:00:00 US/Eastern", "10:05:00 US/Eastern"]


@pytest.mark.parametrize(
    ("native", "at", "expected"),
    [
        (TWAP, 5, ("SUBMITTED", 0)),
        (TWAP, 15, ("PARTIALLY_FILLED", None)),
        (TWAP, 30, ("CANCELLED", None)),
        (VWAP, 19, ("PARTIALLY_FILLED", None)),
        (ADAPTIVE, 5, ("PARTIALLY_FILLED", None)),
    ],
)
async def test_the_gateway_works_an_algorithm_in_its_time(
    serving: Serving, native: NativeAlgo, at: int, expected: tuple[str, int | None]
) -> None:
    state, filled = expected
    async with serving(speed=0) as served, served.working() as broker:
        placed = await broker.submit_orders([limit("a", 5_000, "100.01", native=native)])
        assert kinds(placed) == ["ACKNOWLEDGED"]
        await served.gateway.advance(at)
        [(is_now, has_filled, of)] = shown(await broker.snapshot(), "a")
        assert (is_now, of) == (state, 5_000)
        assert has_filled == filled if filled is not None else 0 < has_filled < 5_000
        assert served.gateway.log.placed_by_ref() == {"ow-a": 1}


async def test_an_algorithm_is_cancelled_and_its_price_changed_as_any_order(
    serving: Serving,
) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "90", native=ADAPTIVE)])
        [changed] = await broker.replace_orders([Replacement("ow-a", 100, Decimal("91"))])
        assert changed.kind.value == "REPLACED"
        assert kinds(await broker.cancel_orders(["ow-a"]))[-1] == "CANCELLED"
        assert shown(await broker.snapshot(), "a") == [("CANCELLED", 0, 100)]


async def test_what_the_broker_does_not_take_is_not_sent_again(serving: Serving) -> None:
    # It is over when it comes: 441.
    async with serving(speed=0) as served, served.working() as broker:
        await served.gateway.advance(30)
        order = limit("a", 100, "100.01", native=TWAP)
        assert await broker.submit_orders([order]) == []
        assert shown(await broker.snapshot(), "a") == []
        [refused] = await broker.submit_orders([order])
        assert refused.kind.value == "REJECTED"
        assert "(code 441)" in str(refused.reason)
        assert served.received(Request.PLACE_ORDER) == 1


@pytest.mark.parametrize(("cap", "shown_limit"), [(None, None), ("99.50", Decimal("99.5"))])
async def test_a_midprice_order_has_the_limit_that_it_was_given(
    serving: Serving, cap: str | None, shown_limit: Decimal | None
) -> None:
    async with serving(speed=0) as served, served.working() as broker:
        await served.gateway.advance(1)
        placed = await broker.submit_orders([midprice("a", 5_000, cap)])
        assert kinds(placed) == ["ACKNOWLEDGED"]
        sent = next(served.gateway.log.of(Request.PLACE_ORDER))
        assert (sent["orderType"], sent["lmtPrice"]) == (
            "MIDPRICE",
            str((cap and float(cap)) or ""),
        )
        await served.gateway.advance(4)
        [order] = (await broker.snapshot()).orders
        assert order.limit_price == shown_limit
        assert (order.filled_quantity > 0) == (cap is None)
