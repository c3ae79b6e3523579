"""Orders that belong together: a compound that cannot be is never made, and names its field."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.compound import Bracket, Oco
from orderworks.model.order import Order, OrderType, Side, TimeInForce

ENTRY = Order("ow-e", "SIM1", "A", Side.BUY, 10, OrderType.LIMIT, Decimal(100))
STOP = Order(
    "ow-s",
    "SIM1",
    "A",
    Side.SELL,
    10,
    OrderType.STOP,
    tif=TimeInForce.GTC,
    stop_price=Decimal(98),
    oca_group="g",
    attached_to="ow-e",
)
TARGET = replace(
    STOP,
    client_order_id="ow-t",
    order_type=OrderType.LIMIT,
    stop_price=None,
    limit_price=Decimal(105),
)
CENTS = st.integers(1, 100_000).map(lambda cents: Decimal(cents) / 100)


def test_a_bracket_may_lack_its_target_and_a_market_entry_its_price() -> None:
    Bracket(ENTRY, STOP, TARGET)
    Bracket(ENTRY, replace(STOP, oca_group=None))
    Bracket(replace(ENTRY, order_type=OrderType.MARKET, limit_price=None), STOP, TARGET)


@pytest.mark.parametrize(
    ("leg", "changes", "message"),
    [
        ("stop", {"side": Side.BUY}, "side must be sell on both, not buy on ow-s"),
        ("stop", {"symbol": "B"}, "symbol must be A on both"),
        ("stop", {"account": "SIM2"}, "account must be SIM1 on both"),
        ("stop", {"quantity": 11}, "quantity must be 10 on both, not 11"),
        ("stop", {"attached_to": None}, "attached_to must be the entry ow-e, not None"),
        ("stop", {"stop_price": Decimal(100)}, "entry price must be above the stop price 100"),
        ("target", {"limit_price": Decimal(100)}, "target price must be above the entry price 100"),
        ("target", {"oca_group": "h"}, "oca_group must be the same on both, not g and h"),
        ("target", {"side": Side.BUY}, "side must be sell on both"),
    ],
)
def test_a_bracket_that_cannot_be_names_its_field(
    leg: str, changes: dict[str, object], message: str
) -> None:
    legs = {"stop": STOP, "target": TARGET}
    legs[leg] = replace(legs[leg], **changes)
    with pytest.raises(ValueError, match=message):
        Bracket(ENTRY, legs["stop"], legs["target"])


def test_the_legs_of_a_bracket_have_their_own_types() -> None:
    with pytest.raises(ValueError, match="stop must be a stop order, not a limit order"):
        Bracket(ENTRY, TARGET, TARGET)
    with pytest.raises(ValueError, match="target must be a limit order, not a stop order"):
        Bracket(ENTRY, STOP, STOP)


@given(side=st.sampled_from(list(Side)), stop=CENTS, entry=CENTS, target=CENTS)
def test_a_bracket_is_made_exactly_where_its_prices_are_in_order(
    side: Side, stop: Decimal, entry: Decimal, target: Decimal
) -> None:
    legs = (
        replace(ENTRY, side=side, limit_price=entry),
        replace(STOP, side=side.opposite, stop_price=stop),
        replace(TARGET, side=side.opposite, limit_price=target),
    )
    if side.sign * stop < side.sign * entry < side.sign * target:
        Bracket(*legs)
    else:
        with pytest.raises(ValueError, match="price must be"):
            Bracket(*legs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"symbol": "B"}, "symbol must be A on both"),
        ({"side": Side.BUY}, "side must be sell on both"),
        ({"quantity": 9}, "quantity must be 10 on both"),
        ({"oca_group": None}, "oca_group must be the same on both"),
        ({"client_order_id": "ow-s"}, "client_order_id must tell the legs apart"),
    ],
)
def test_legs_that_cannot_cancel_one_another_name_their_field(
    changes: dict[str, object], message: str
) -> None:
    Oco(STOP, TARGET)
    with pytest.raises(ValueError, match=message):
        Oco(STOP, replace(TARGET, **changes))
