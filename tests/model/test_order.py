"""An order that cannot be is never made, and a fill moves cash the right way."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from orderworks.model.fill import Fill
from orderworks.model.order import (
    Algo,
    NativeAlgo,
    Order,
    OrderType,
    Priority,
    Replacement,
    Side,
    TimeInForce,
)

MARKET = Order("ow-1", "SIM1", "A", Side.BUY, 10, OrderType.MARKET)
LIMIT = replace(MARKET, order_type=OrderType.LIMIT, limit_price=Decimal("10.01"))
STOP = replace(MARKET, order_type=OrderType.STOP, stop_price=Decimal("9.50"))
STOP_LIMIT = replace(STOP, order_type=OrderType.STOP_LIMIT, limit_price=Decimal("9.40"))
TRAIL = replace(MARKET, order_type=OrderType.TRAILING_STOP, trail_amount=Decimal("0.25"))
MIDPRICE = replace(MARKET, order_type=OrderType.MIDPRICE)
LATER = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
HOURS = {"starts_at": LATER.replace(hour=19), "ends_at": LATER}
VWAP: dict[str, Any] = {"algo": Algo.IBKR_VWAP, "max_volume_pct": Decimal(10), **HOURS}


@pytest.mark.parametrize(
    ("order", "changes", "message"),
    [
        (MARKET, {"quantity": 0}, "quantity must be positive, not 0"),
        (MARKET, {"quantity": -5}, "quantity must be positive, not -5"),
        (MARKET, {"limit_price": Decimal(1)}, "limit_price is set on a market order"),
        (LIMIT, {"limit_price": None}, "limit_price is missing on a limit order"),
        (LIMIT, {"limit_price": Decimal(0)}, "limit_price must be positive and finite, not 0"),
        (LIMIT, {"limit_price": Decimal(-1)}, "limit_price must be positive and finite, not -1"),
        (LIMIT, {"limit_price": Decimal("NaN")}, "limit_price must be positive and finite"),
        (LIMIT, {"limit_price": Decimal("Infinity")}, "limit_price must be positive and finite"),
        (LIMIT, {"stop_price": Decimal(1)}, "stop_price is set on a limit order"),
        (STOP, {"stop_price": None}, "stop_price is missing on a stop order"),
        (STOP, {"stop_price": Decimal(0)}, "stop_price must be positive and finite, not 0"),
        (STOP, {"limit_price": Decimal(1)}, "limit_price is set on a stop order"),
        (STOP, {"trail_amount": Decimal(1)}, "trail_amount is set on a stop order"),
        (STOP_LIMIT, {"limit_price": None}, "limit_price is missing on a stop_limit order"),
        (STOP_LIMIT, {"stop_price": None}, "stop_price is missing on a stop_limit order"),
        (TRAIL, {"trail_amount": None}, "trail_amount or trail_percent is missing"),
        (TRAIL, {"trail_percent": Decimal("0.1")}, "trail_amount and trail_percent are both set"),
        (TRAIL, {"trail_amount": Decimal(0)}, "trail_amount must be positive and finite, not 0"),
        (TRAIL, {"stop_price": Decimal(1)}, "stop_price is set on a trailing_stop order"),
        *(
            (
                TRAIL,
                {"trail_amount": None, "trail_percent": Decimal(percent)},
                f"trail_percent must be strictly between 0 and 1, not {percent}",
            )
            for percent in ("0", "1", "-0.1", "NaN")
        ),
        (MIDPRICE, {"limit_price": Decimal(0)}, "limit_price must be positive and finite"),
        (MIDPRICE, {"stop_price": Decimal(1)}, "stop_price is set on a midprice order"),
        (MIDPRICE, {"tif": TimeInForce.GTC}, "tif gtc does not go with a midprice order"),
        (MIDPRICE, {"native": NativeAlgo(**VWAP)}, "native ibkr_vwap does not go with a midprice"),
        (
            LIMIT,
            {"native": NativeAlgo(**VWAP), "tif": TimeInForce.GTC},
            "native ibkr_vwap does not go with tif gtc",
        ),
        (LIMIT, {"tif": TimeInForce.GTD}, "good_till is missing on a gtd order"),
        (LIMIT, {"good_till": LATER}, "good_till is set on a day order"),
        (
            LIMIT,
            {"tif": TimeInForce.GTD, "good_till": LATER.replace(tzinfo=None)},
            "good_till must be a time with a zone",
        ),
        *(
            (STOP, {"tif": tif}, f"tif {tif} does not go with a stop order")
            for tif in (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS)
        ),
    ],
)
def test_an_order_that_cannot_be_names_its_field(
    order: Order, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(order, **changes)


@pytest.mark.parametrize("tif", [tif for tif in TimeInForce if tif is not TimeInForce.GTD])
def test_market_and_limit_orders_go_with_every_time_in_force(tif: TimeInForce) -> None:
    for order in (MARKET, LIMIT):
        assert replace(order, tif=tif).tif is tif
    assert replace(LIMIT, tif=TimeInForce.GTD, good_till=LATER).good_till == LATER


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"quantity": 0}, "quantity must be positive, not 0"),
        ({"limit_price": Decimal(0)}, "limit_price must be positive and finite"),
        ({"stop_price": Decimal("NaN")}, "stop_price must be positive and finite"),
    ],
)
def test_a_replacement_that_cannot_be_names_its_field(terms: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Replacement("ow-1", **{"quantity": 5, **terms})


def test_only_a_correction_may_leave_nothing_of_an_execution() -> None:
    at = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    bust = Fill("x.02", "ow-1", "A", Side.BUY, 0, Decimal(10), Decimal(0), at, replaces="x.01")
    assert bust.cash_change == 0
    for wrong in ({"replaces": None}, {"quantity": -1}):
        with pytest.raises(ValueError, match=r"quantity of execution x\.02 cannot be"):
            replace(bust, **wrong)


@pytest.mark.parametrize(("side", "change"), [(Side.BUY, "-101.35"), (Side.SELL, "98.65")])
def test_a_fill_moves_cash_by_its_value_and_always_costs_commission(
    side: Side, change: str
) -> None:
    at = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    fill = Fill("x", "ow-1", "A", side, 10, Decimal("10.00"), Decimal("1.35"), at)
    assert fill.cash_change == Decimal(change)


def test_sides_mirror_each_other() -> None:
    for side in Side:
        assert side.opposite.opposite is side
        assert side.sign == -side.opposite.sign
    assert Side.BUY.sign == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algo": Algo.TWAP}, "algo must be one that a broker runs, not twap"),
        ({"starts_at": None}, "starts_at is missing on a ibkr_vwap order"),
        ({"ends_at": LATER.replace(tzinfo=None)}, "ends_at must be a time with a zone"),
        ({"ends_at": LATER.replace(hour=19)}, "ends_at must be after starts_at"),
        ({"max_volume_pct": None}, "max_volume_pct is missing on a ibkr_vwap order"),
        ({"max_volume_pct": Decimal("0.1")}, r"max_volume_pct must be 1 to 50, not 0\.1"),
        ({"max_volume_pct": Decimal("NaN")}, "max_volume_pct must be 1 to 50, not NaN"),
        ({"priority": Priority.URGENT}, "priority is set on a ibkr_vwap order"),
        ({"algo": Algo.IBKR_TWAP}, "max_volume_pct is set on a ibkr_twap order"),
        ({"algo": Algo.IBKR_ADAPTIVE}, "starts_at is set on a ibkr_adaptive order"),
    ],
)
def test_an_algorithm_that_cannot_be_is_never_made(changes: dict[str, Any], message: str) -> None:
    assert NativeAlgo(**VWAP)
    with pytest.raises(ValueError, match=message):
        NativeAlgo(**VWAP | changes)
