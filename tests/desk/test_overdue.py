"""What a dead run never sent is given up, but never what protects a position."""

from dataclasses import replace
from decimal import Decimal

from unreliable_broker import received
from working_orders import ACCOUNT, at, order, plan_orders, state_of

from orderworks.desk.desk import Desk
from orderworks.desk.ending import withdraw_overdue
from orderworks.desk.releasing import Due
from orderworks.desk.reports import follow
from orderworks.desk.submission import send
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.orders import open_orders


async def test_the_exit_of_a_filled_entry_is_sent_and_that_of_an_unsent_one_given_up(
    desk: Desk,
) -> None:
    bought = order("bought", 10, algo="none", order_type="market", limit_price=None)
    unsent = order("unsent", 10, algo="none", due_at=at(200))
    stops = [
        replace(
            entry,
            client_order_id=f"stop of {entry.client_order_id}",
            attached_to=entry.client_order_id,
            side="sell",
            route_rule="SIGNAL",
            order_type="limit",
            limit_price=Decimal("130.00"),
        )
        for entry in (bought, unsent)
    ]
    plan_orders(desk.ledger, bought, unsent, *stops, run_key="a run that died")
    orders = open_orders(desk.ledger, ACCOUNT)
    await send(desk, orders, [Due(orders["bought"], 10)], at(60))
    await follow(desk, at(10), orders)
    # The horizon of all is over before anybody looks again.
    await desk.clock.sleep_until(at(301))
    withdraw_overdue(desk)
    assert state_of(desk.ledger, "unsent") == "CANCELLED"
    await work_wave(desk, Wave(1, at(301), at(310)))
    assert state_of(desk.ledger, "bought") == "FILLED"
    assert "stop of bought" in await received(desk)
    assert state_of(desk.ledger, "stop of unsent") == "CANCELLED"
