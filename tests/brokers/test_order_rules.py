"""Times in force and prices that an order may have."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from small_market import ACCOUNT, SESSION, at

from orderworks.brokers.simulated.order_rules import price_refusal, time_refusal
from orderworks.market.calendar import require_session
from orderworks.model.order import Order, OrderType, Side, TimeInForce

MARK = Decimal(100)
PLAIN = Order("ow-1", ACCOUNT, "A", Side.BUY, 10, OrderType.MARKET)
LAST = 23_400 - 600


@pytest.mark.parametrize(
    ("tif", "second", "reason"),
    [
        (TimeInForce.DAY, -1, "the market is closed at 14:29:59 UTC"),
        (TimeInForce.DAY, 0, None),
        (TimeInForce.OPG, -1, None),
        (TimeInForce.OPG, 0, None),
        (
            TimeInForce.OPG,
            1,
            "the opening auction of 2026-11-20 was over at 14:30:00 UTC; an opg order must come "
            "before it",
        ),
        (TimeInForce.CLS, LAST - 1, None),
        (
            TimeInForce.CLS,
            LAST,
            "orders for the closing auction of 2026-11-20 were received until 20:50:00 UTC",
        ),
        (TimeInForce.CLS, 23_400, "the market is closed at 21:00:00 UTC"),
        (TimeInForce.FOK, 23_399, None),
    ],
)
def test_a_time_in_force_has_its_hours(tif: TimeInForce, second: int, reason: str | None) -> None:
    assert time_refusal(replace(PLAIN, tif=tif), at(second), SESSION) == reason


def test_the_closing_auction_of_a_half_day_is_earlier() -> None:
    half = require_session(date(2026, 11, 27))
    order = replace(PLAIN, tif=TimeInForce.CLS)
    assert time_refusal(order, half.close - timedelta(minutes=11), half) is None
    refused = time_refusal(order, half.close - timedelta(minutes=10), half)
    assert refused is not None
    assert "17:50:00 UTC" in refused


def test_an_order_good_till_a_time_comes_before_it() -> None:
    order = replace(PLAIN, tif=TimeInForce.GTD, good_till=at(10))
    assert time_refusal(order, at(9), SESSION) is None
    assert time_refusal(order, at(10), SESSION) == "good_till 2026-11-20 14:30:10 UTC is over"


@pytest.mark.parametrize(
    ("kind", "prices", "reason"),
    [
        ("limit", {"limit_price": "100.01"}, None),
        ("limit", {"limit_price": "100.015"}, "limit 100.015 is not a multiple of 0.01"),
        ("stop", {"stop_price": "110.005"}, "stop 110.005 is not a multiple of 0.01"),
        ("stop", {"stop_price": "150"}, None),
        ("stop_limit", {"stop_price": "150", "limit_price": "151"}, None),
        (
            "stop_limit",
            {"stop_price": "100", "limit_price": "121"},
            "limit 121 is 21 % through its stop at 100, more than 20 %",
        ),
        ("trailing_stop", {"trail_amount": "0.25"}, None),
        ("trailing_stop", {"trail_amount": "0.255"}, "trail 0.255 is not a multiple of 0.01"),
        ("trailing_stop", {"trail_percent": "0.0333"}, None),
        (
            "limit",
            {"limit_price": "121"},
            "limit 121 is 21 % through the market at 100, more than 20 %",
        ),
        ("limit", {"limit_price": "121", "attached_to": "ow-0"}, None),
    ],
)
def test_prices_are_on_the_grid_and_near(
    kind: str, prices: dict[str, str], reason: str | None
) -> None:
    values: dict[str, Any] = {
        name: text if name == "attached_to" else Decimal(text) for name, text in prices.items()
    }
    order = replace(PLAIN, order_type=OrderType(kind), **values)
    assert price_refusal(order, MARK) == reason
