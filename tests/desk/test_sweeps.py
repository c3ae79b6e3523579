"""What is swept is as its parent was, and as protected as its parent says."""

from decimal import Decimal
from typing import Any

import pytest
from working_orders import at, family, happened, order, plan_orders

from orderworks.desk.desk import Desk
from orderworks.desk.exits import exits_of
from orderworks.desk.settling import plan_sweeps
from orderworks.ledger.movements import book
from orderworks.ledger.orders import open_orders
from orderworks.model.order import Order, OrderType, Side, TimeInForce
from orderworks.model.state import OrderEvent, OrderState

STOP, TARGET = Decimal("98.01"), Decimal("105.00")
RUN_KEY = "intraday:2025-11-20T10:30"


def sweep_and_parent(**changes: Any) -> tuple[Any, Any]:
    parent = order("q", 100, remainder="sweep", **changes)
    return order("q-2", 40, route_rule="SWEEP", remainder="sweep", **changes), parent


@pytest.mark.parametrize("side", list(Side))
def test_a_sweep_has_the_exits_that_its_parent_states(side: Side) -> None:
    entry, parent = sweep_and_parent(
        side=side.value, stop_loss_price=STOP, take_profit_price=TARGET, reduce_only=False
    )
    stop, target = exits_of(entry, parent, RUN_KEY)
    assert (stop.order_type, stop.stop_price, stop.limit_price) == ("stop", STOP, None)
    assert (target.order_type, target.stop_price, target.limit_price) == ("limit", None, TARGET)
    assert (stop.route_rule, target.route_rule) == ("STOP_LOSS", "TAKE_PROFIT")
    assert (stop.decision_price, target.decision_price) == (STOP, TARGET)
    assert stop.oca_group == target.oca_group == "oca-q-2"
    for one in (stop, target):
        assert (one.side, one.quantity, one.attached_to) == (side.opposite.value, 40, "q-2")
        assert (one.parent_id, one.algo, one.tif, one.remainder) == (None, "none", "gtc", "keep")
        assert one.reaches_broker
    again = exits_of(entry, parent, RUN_KEY)
    names = [one.client_order_id for one in (stop, target)]
    assert [one.client_order_id for one in again] == names
    others = [one.client_order_id for one in exits_of(entry, parent, "daily:2025-11-21")]
    assert len({*names, *others, "q", "q-2"}) == 6


def test_a_sweep_has_one_exit_alone_or_none() -> None:
    assert exits_of(*sweep_and_parent(), RUN_KEY) == []
    (stop,) = exits_of(*sweep_and_parent(stop_loss_price=STOP), RUN_KEY)
    (target,) = exits_of(*sweep_and_parent(take_profit_price=TARGET), RUN_KEY)
    assert (stop.stop_price, target.limit_price) == (STOP, TARGET)
    assert stop.oca_group is target.oca_group is None


async def test_the_rest_of_an_order_that_is_good_till_a_time_is_swept(desk: Desk) -> None:
    """Its exits outlast that time: they are good till cancelled."""
    parents = family(
        "q",
        60,
        remainder="sweep",
        tif="gtd",
        good_till=at(3600),
        stop_loss_price=STOP,
        take_profit_price=TARGET,
    )
    plan_orders(desk.ledger, *parents, run_key=RUN_KEY)
    book(desk.ledger, desk.held_lease, happened("q-0", OrderEvent.WITHDRAW))
    await desk.clock.sleep_until(at(295))
    orders = open_orders(desk.ledger, desk.account)
    assert await plan_sweeps(desk, orders) == 3
    assert await plan_sweeps(desk, orders) == 0
    added = [
        one for one in open_orders(desk.ledger, desk.account).values() if one.due_at == at(295)
    ]
    sweep, *exits = sorted(added, key=lambda one: one.is_exit)
    assert (sweep.quantity, sweep.tif, sweep.good_till) == (60, "gtd", at(3600))
    assert {(one.tif, one.good_till, one.attached_to) for one in exits} == {
        ("gtc", None, sweep.client_order_id)
    }
    for one in added:
        assert (one.state, one.filled_quantity, one.attempts) == (OrderState.NEW, 0, 0)
        _sent(one)


def _sent(one: Any) -> Order:
    """The order as the broker is sent it."""
    limit = Decimal(100) if one.route_rule == "SWEEP" else one.limit_price
    return Order(
        *(one.client_order_id, one.account, one.symbol, Side(one.side), one.quantity),
        *(OrderType(one.order_type), limit, TimeInForce(one.tif), one.stop_price),
        good_till=one.good_till,
        oca_group=one.oca_group,
        attached_to=one.attached_to,
    )
