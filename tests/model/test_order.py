"""An order that cannot be is never made, and a fill moves cash the right way."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orderworks.model.fill import Fill
from orderworks.model.order import Order, OrderType, Side

MARKET = Order("ow-1", "SIM1", "A", Side.BUY, 10, OrderType.MARKET)
LIMIT = replace(MARKET, order_type=OrderType.LIMIT, limit_price=Decimal("10.01"))


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
    ],
)
def test_an_order_that_cannot_be_names_its_field(
    order: Order, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(order, **changes)


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
